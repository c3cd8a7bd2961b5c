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
    message_ended,
    bad_anchor,  // its sender names a head that the broker neither had nor signed
    // people
    not_signed_in,
    wrong_credentials,
    code_needed,
    locked_out,
    role_missing,
    not_cleared,
    passphrase_must_change,
    weak_passphrase,
    passphrase_needed,
    unknown_officer,
    officer_exists,
    last_administrator,
    above_agency,
    too_many_sessions,
    same_person,
    release_changed,
    not_waiting,
    not_witnessed,
    // the desk
    draft_in_review,
    bad_draft,
    desk_full,
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
        case NodeError::message_ended:
            return "message_ended";
        case NodeError::bad_anchor:
            return "bad_anchor";
        case NodeError::not_signed_in:
            return "not_signed_in";
        case NodeError::wrong_credentials:
            return "wrong_credentials";
        case NodeError::code_needed:
            return "code_needed";
        case NodeError::locked_out:
            return "locked_out";
        case NodeError::role_missing:
            return "role_missing";
        case NodeError::not_cleared:
            return "not_cleared";
        case NodeError::passphrase_must_change:
            return "passphrase_must_change";
        case NodeError::weak_passphrase:
            return "weak_passphrase";
        case NodeError::passphrase_needed:
            return "passphrase_needed";
        case NodeError::unknown_officer:
            return "unknown_officer";
        case NodeError::officer_exists:
            return "officer_exists";
        case NodeError::last_administrator:
            return "last_administrator";
        case NodeError::above_agency:
            return "above_agency";
        case NodeError::too_many_sessions:
            return "too_many_sessions";
        case NodeError::same_person:
            return "same_person";
        case NodeError::release_changed:
            return "release_changed";
        case NodeError::not_waiting:
            return "not_waiting";
        case NodeError::not_witnessed:
            return "not_witnessed";
        case NodeError::draft_in_review:
            return "draft_in_review";
        case NodeError::bad_draft:
            return "bad_draft";
        case NodeError::desk_full:
            return "desk_full";
    }
    return "unknown";
}

}  // namespace sampan::node
