#include "cli/error.h"

#include <algorithm>
#include <array>

namespace sampan::cli {
namespace {

// Names that mean that something was altered or forged, whichever layer found it.
constexpr std::array<std::string_view, 15> k_tampering = {
    "bundle_altered",  "bad_signature",     "bad_certificate",         "bad_certificate_path",
    "bad_proof",       "bad_tag",           "bad_authority_signature", "wrong_trust_anchor",
    "registry_fork",   "registry_rollback", "bad_joining_request",     "bad_descriptor",
    "bad_cosignature", "log_forked",        "log_rolled_back"};

bool is_tampering(std::string_view name) {
    return std::find(k_tampering.begin(), k_tampering.end(), name) != k_tampering.end();
}

}  // namespace

int exit_code_of(const Error& error) {
    if (error.is(CliError::usage)) return k_exit_usage;
    if (error.is(CliError::verification_failed) || is_tampering(error.name())) return k_exit_verification;
    if (error.is(CliError::not_allowed) || error.name() == "wrong_passphrase") return k_exit_not_allowed;
    if (error.is(CliError::unreachable)) return k_exit_unreachable;
    if (error.is(CliError::refused)) return k_exit_refused;
    if (error.is(CliError::partly)) return k_exit_partly;
    if (error.is(CliError::interrupted)) return k_exit_interrupted;
    return k_exit_failure;
}

CliError kind_of_answer(unsigned http_status, std::string_view name) {
    if (is_tampering(name)) return CliError::verification_failed;
    if (http_status == 401 || http_status == 403 || http_status == 423 || name == "wrong_passphrase")
        return CliError::not_allowed;
    if (http_status == 422 || name == "no_readers" || name == "above_send_ceiling") return CliError::refused;
    if (http_status == 502 || http_status == 503 || http_status == 504) return CliError::unreachable;
    return CliError::failed;
}

}  // namespace sampan::cli
