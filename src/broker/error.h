// Names of the broker's own refusals and session errors. Those of lower layers keep their names.
#pragma once

#include <string_view>

#include "sampan/base/result.h"

namespace sampan {

enum class BrokerError {
    not_permitted,          // the packet is not allowed in this state or role
    bad_packet,             // the frame or packet is malformed
    wrong_agency,           // the packet speaks for another agency than the connection's
    version_unknown,        // no version in common
    bad_proof,              // the session's signature or certificate does not verify
    session_replaced,       // a newer session of the same agency
    try_again,              // over quota, or the store could not take it now
    conflicting_duplicate,  // another seal has this message id
    unknown_certificate,    // not of the newest or the previous logged descriptor
    prekey_not_logged,      // not a key of that agency's bundle at that log index
    prekey_superseded,      // a newer bundle was logged 14 days ago
    prekey_expired,         // the bundle was logged more than 90 days ago
    bad_anchor,             // not a root of this log
    bad_part,
    part_not_wanted,
    stale_statement,    // a counter that is not the next one
    equivocation,       // two statements under one counter
    not_in_mailbox,     // nothing of this subject is queued for this agency
    out_of_range,       // beyond the log
    too_many_requests,  // a bounded queue of this session is full
    stopping,
    restore_undeclared,  // a restored backup, and no new incarnation of the log in the registry
};
constexpr std::string_view error_name(BrokerError e) {
    switch (e) {
        case BrokerError::not_permitted:
            return "not_permitted";
        case BrokerError::bad_packet:
            return "bad_packet";
        case BrokerError::wrong_agency:
            return "wrong_agency";
        case BrokerError::version_unknown:
            return "version_unknown";
        case BrokerError::bad_proof:
            return "bad_proof";
        case BrokerError::session_replaced:
            return "session_replaced";
        case BrokerError::try_again:
            return "try_again";
        case BrokerError::conflicting_duplicate:
            return "conflicting_duplicate";
        case BrokerError::unknown_certificate:
            return "unknown_certificate";
        case BrokerError::prekey_not_logged:
            return "prekey_not_logged";
        case BrokerError::prekey_superseded:
            return "prekey_superseded";
        case BrokerError::prekey_expired:
            return "prekey_expired";
        case BrokerError::bad_anchor:
            return "bad_anchor";
        case BrokerError::bad_part:
            return "bad_part";
        case BrokerError::part_not_wanted:
            return "part_not_wanted";
        case BrokerError::stale_statement:
            return "stale_statement";
        case BrokerError::equivocation:
            return "equivocation";
        case BrokerError::not_in_mailbox:
            return "not_in_mailbox";
        case BrokerError::out_of_range:
            return "out_of_range";
        case BrokerError::too_many_requests:
            return "too_many_requests";
        case BrokerError::stopping:
            return "stopping";
        case BrokerError::restore_undeclared:
            return "restore_undeclared";
    }
    return "unknown";
}

}  // namespace sampan
