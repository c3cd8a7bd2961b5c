// Failures of the authority layer.
#pragma once

#include <string_view>

#include "sampan/base/result.h"

namespace sampan {

enum class AuthorityError { bad_file, exists, unknown_agency, already_member, no_change, bad_terms };
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
    }
    return "unknown";
}

}  // namespace sampan
