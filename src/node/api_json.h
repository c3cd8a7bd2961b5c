// What the handlers of the local API share: JSON in, answers out. For .cpp files of the API alone.
#pragma once

#include <nlohmann/json.hpp>

#include "node/api.h"

namespace sampan::node {

using nlohmann::json;

ApiResponse ok(std::string body);
ApiResponse fail(const Error& error);
ApiResponse answer(Result<std::string> body);
Error bad_request(std::string why);
// Never throws on text that is not UTF-8.
std::string dump(const json& value);

// An object of known keys, at most 8 deep.
Result<json> parse_object(const Bytes& body, std::initializer_list<std::string_view> known);
Result<bool> flag(const json& in, const char* key);  // false when it is not there
Result<std::vector<std::string>> texts(const json& in, const char* key);
Result<std::string> need_text(const json& in, const char* key);
// The field "emergency": a reason of 10 to 1,000 characters on one line.
Result<std::string> emergency_reason(const json& in);
// Wiped where it stood. Empty when it is not there.
Result<SecretBuffer> take_secret(json& in, const char* key);

}  // namespace sampan::node
