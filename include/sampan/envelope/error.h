// Failures of the envelope and seal layers, with the names they have on the wire.
#pragma once

#include <string_view>

#include "sampan/base/result.h"

namespace sampan {

enum class EnvelopeError {
    bad_header,
    unknown_version,
    unknown_suite,
    bad_seal,
    bad_certificate_hash,
    bad_message_signature,
    not_addressed,
    bad_stanza,
    bad_body,
    message_expired,
    awaiting_epoch,
    not_entitled,  // a label decision; the context explains
    above_send_ceiling,
    unknown_dialogue,
    bad_list,
    bad_part,
    bad_content,
    unopenable,  // anything from the stanza on, as the network may know it
    commitment_mismatch,
    prekey_unknown,    // never held
    prekey_destroyed,  // held once, destroyed by rule
    inner_mismatch,    // the content does not belong to this header
    no_prekey,         // a recipient has no usable bundle
    duplicate_prekey,
    too_large,
    stopped,  // by the caller, while a part was sealed or opened
};
constexpr std::string_view error_name(EnvelopeError e) {
    switch (e) {
        case EnvelopeError::bad_header:
            return "bad_header";
        case EnvelopeError::unknown_version:
            return "unknown_version";
        case EnvelopeError::unknown_suite:
            return "unknown_suite";
        case EnvelopeError::bad_seal:
            return "bad_seal";
        case EnvelopeError::bad_certificate_hash:
            return "bad_certificate_hash";
        case EnvelopeError::bad_message_signature:
            return "bad_message_signature";
        case EnvelopeError::not_addressed:
            return "not_addressed";
        case EnvelopeError::bad_stanza:
            return "bad_stanza";
        case EnvelopeError::bad_body:
            return "bad_body";
        case EnvelopeError::message_expired:
            return "message_expired";
        case EnvelopeError::awaiting_epoch:
            return "awaiting_epoch";
        case EnvelopeError::not_entitled:
            return "not_entitled";
        case EnvelopeError::above_send_ceiling:
            return "above_send_ceiling";
        case EnvelopeError::unknown_dialogue:
            return "unknown_dialogue";
        case EnvelopeError::bad_list:
            return "bad_list";
        case EnvelopeError::bad_part:
            return "bad_part";
        case EnvelopeError::bad_content:
            return "bad_content";
        case EnvelopeError::unopenable:
            return "unopenable";
        case EnvelopeError::commitment_mismatch:
            return "commitment_mismatch";
        case EnvelopeError::prekey_unknown:
            return "prekey_unknown";
        case EnvelopeError::prekey_destroyed:
            return "prekey_destroyed";
        case EnvelopeError::inner_mismatch:
            return "inner_mismatch";
        case EnvelopeError::no_prekey:
            return "no_prekey";
        case EnvelopeError::duplicate_prekey:
            return "duplicate_prekey";
        case EnvelopeError::too_large:
            return "message_too_large";
        case EnvelopeError::stopped:
            return "stopped";
    }
    return "unknown";
}

}  // namespace sampan
