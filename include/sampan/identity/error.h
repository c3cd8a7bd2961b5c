// Failures of the identity layer.
#pragma once

#include <string_view>

#include "sampan/base/result.h"

namespace sampan {

enum class IdentityError {
    bad_registry,
    registry_rollback,
    registry_gap,
    registry_fork,
    registry_expired,
    bad_authority_signature,
    wrong_trust_anchor,
    unknown_agency,
    member_not_active,
    member_suspended,
    member_revoked,
    bad_descriptor,
    descriptor_rollback,
    bad_prekey_bundle,
    prekey_rollback,
    bad_joining_request,
    wrong_exchange,
};
constexpr std::string_view error_name(IdentityError e) {
    switch (e) {
        case IdentityError::bad_registry:
            return "bad_registry";
        case IdentityError::registry_rollback:
            return "registry_rollback";
        case IdentityError::registry_gap:
            return "registry_gap";
        case IdentityError::registry_fork:
            return "registry_fork";
        case IdentityError::registry_expired:
            return "registry_expired";
        case IdentityError::bad_authority_signature:
            return "bad_authority_signature";
        case IdentityError::wrong_trust_anchor:
            return "wrong_trust_anchor";
        case IdentityError::unknown_agency:
            return "unknown_agency";
        case IdentityError::member_not_active:
            return "member_not_active";
        case IdentityError::member_suspended:
            return "member_suspended";
        case IdentityError::member_revoked:
            return "member_revoked";
        case IdentityError::bad_descriptor:
            return "bad_descriptor";
        case IdentityError::descriptor_rollback:
            return "descriptor_rollback";
        case IdentityError::bad_prekey_bundle:
            return "bad_prekey_bundle";
        case IdentityError::prekey_rollback:
            return "prekey_rollback";
        case IdentityError::bad_joining_request:
            return "bad_joining_request";
        case IdentityError::wrong_exchange:
            return "wrong_exchange";
    }
    return "unknown";
}

}  // namespace sampan
