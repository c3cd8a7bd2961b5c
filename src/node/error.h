// Failures of the node, as the local API names them.
#pragma once

#include <string_view>

#include "sampan/base/result.h"

namespace sampan::node {

enum class NodeError {
    archive_locked,
    refused_by_policy,
    no_readers,
    reader_not_ready,
    registry_expired,
    unknown_upload,
    not_found,
    ambiguous_id,
    bad_request,
    bad_settings,
    not_connected,
};
constexpr std::string_view error_name(NodeError e) {
    switch (e) {
        case NodeError::archive_locked:
            return "archive_locked";
        case NodeError::refused_by_policy:
            return "refused_by_policy";
        case NodeError::no_readers:
            return "no_readers";
        case NodeError::reader_not_ready:
            return "reader_not_ready";
        case NodeError::registry_expired:
            return "registry_expired";
        case NodeError::unknown_upload:
            return "unknown_upload";
        case NodeError::not_found:
            return "not_found";
        case NodeError::ambiguous_id:
            return "ambiguous_id";
        case NodeError::bad_request:
            return "bad_request";
        case NodeError::bad_settings:
            return "bad_settings";
        case NodeError::not_connected:
            return "not_connected";
    }
    return "unknown";
}

}  // namespace sampan::node
