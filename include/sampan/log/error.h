// Failures of the log layer.
#pragma once

#include <string_view>

#include "sampan/base/result.h"

namespace sampan {

enum class LogError {
    bad_entry,
    bad_note,
    bad_checkpoint,
    wrong_origin,
    rollback,
    fork,
    bad_tile,
    bad_log_proof,
    bad_export,
    bad_evidence
};
constexpr std::string_view error_name(LogError e) {
    switch (e) {
        case LogError::bad_entry:
            return "bad_log_entry";
        case LogError::bad_note:
            return "bad_note";
        case LogError::bad_checkpoint:
            return "bad_checkpoint";
        case LogError::wrong_origin:
            return "wrong_log_origin";
        case LogError::rollback:
            return "log_rollback";
        case LogError::fork:
            return "log_fork";
        case LogError::bad_export:
            return "bad_log_export";
        case LogError::bad_evidence:
            return "bad_evidence";
        case LogError::bad_tile:
            return "bad_tile";
        case LogError::bad_log_proof:
            return "bad_log_proof";
    }
    return "unknown";
}

}  // namespace sampan
