// The few forms that answers of the local API take.
#pragma once

#include "node/api.h"

namespace sampan::node {

inline ApiResponse ok(std::string body) {
    ApiResponse out;
    out.body = std::move(body);
    return out;
}
inline ApiResponse fail(const Error& error) {
    return error_response(status_of(error), error);
}
inline ApiResponse answer(Result<std::string> body) {
    return body.ok() ? ok(std::move(*body)) : fail(body.error());
}

inline Error bad_request(std::string why) {
    return Error(NodeError::bad_request, std::move(why), "docs/openapi.yaml describes the request");
}

}  // namespace sampan::node
