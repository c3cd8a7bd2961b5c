// Failures of the command line, and the exit code that each failure of any layer ends with.
#pragma once

#include <string_view>

#include "sampan/base/result.h"

namespace sampan::cli {

inline constexpr int k_exit_ok = 0;
inline constexpr int k_exit_failure = 1;
inline constexpr int k_exit_usage = 2;
inline constexpr int k_exit_verification = 3;
inline constexpr int k_exit_not_allowed = 4;
inline constexpr int k_exit_unreachable = 5;
inline constexpr int k_exit_refused = 6;
inline constexpr int k_exit_partly = 7;
inline constexpr int k_exit_interrupted = 130;

// One for each exit code that is a failure.
enum class CliError {
    failed,
    usage,
    verification_failed,
    not_allowed,
    unreachable,
    refused,
    partly,
    interrupted
};
constexpr std::string_view error_name(CliError e) {
    switch (e) {
        case CliError::failed:
            return "failed";
        case CliError::usage:
            return "usage";
        case CliError::verification_failed:
            return "verification_failed";
        case CliError::not_allowed:
            return "not_allowed";
        case CliError::unreachable:
            return "unreachable";
        case CliError::refused:
            return "refused_by_policy";
        case CliError::partly:
            return "partly_done";
        case CliError::interrupted:
            return "interrupted";
    }
    return "unknown";
}

int exit_code_of(const Error& error);

// The failure that a node's answer of this HTTP status and error name stands for.
CliError kind_of_answer(unsigned http_status, std::string_view name);

}  // namespace sampan::cli
