// Failures of the authority layer.
#pragma once

#include <string_view>

#include "sampan/base/result.h"

namespace sampan {

enum class AuthorityError {
    bad_file,
    exists,
    unknown_agency,
    already_member,
    no_change,
    bad_terms,
    draft_waits,      // a draft of the next epoch waits for signatures already
    stale_draft,      // it does not follow the newest epoch
    not_a_signer,     // the key is none of the authority's, before or after
    more_signatures,  // fewer than the threshold have signed
};
constexpr std::string_view error_name(AuthorityError e) {
    switch (e) {
        case AuthorityError::bad_file:
            return "bad_file";
        case AuthorityError::exists:
            return "already_exists";
        case AuthorityError::unknown_agency:
            return "unknown_agency";
        case AuthorityError::already_member:
            return "already_member";
        case AuthorityError::no_change:
            return "no_change";
        case AuthorityError::bad_terms:
            return "bad_terms";
        case AuthorityError::draft_waits:
            return "draft_waits";
        case AuthorityError::stale_draft:
            return "stale_draft";
        case AuthorityError::not_a_signer:
            return "not_a_signer";
        case AuthorityError::more_signatures:
            return "more_signatures_needed";
    }
    return "unknown";
}

}  // namespace sampan
