// What the codecs of this layer share: naming a failure, and fixed-size fields.
#pragma once

#include <string>

#include "sampan/base/bytes.h"
#include "sampan/envelope/error.h"

namespace sampan {

// `code`, with the failure of a lower layer as its context.
inline Error as_error(EnvelopeError code, const Error& cause) {
    return Error(code, cause.text());
}
// SAMPAN_TRY for a lower layer's failure, named `code` here.
#define ENVELOPE_TRY(code, expression)                                               \
    do {                                                                             \
        auto envelope_status_ = (expression);                                        \
        if (!envelope_status_.ok()) return as_error(code, envelope_status_.error()); \
    } while (false)

// Reads a fixed-size field into `out`.
template <typename Fixed>
Status read_fixed(EnvelopeError code, std::string_view what, const std::string& field, Fixed& out) {
    auto parsed = Fixed::parse(as_bytes(field));
    if (!parsed.ok()) return as_error(code, parsed.error().within(what));
    out = std::move(parsed).value();
    return ok_status();
}
// Reads a name (agency, dialogue, exchange …) into `out`.
template <typename NameType>
Status read_name(EnvelopeError code, std::string_view what, const std::string& field, NameType& out) {
    auto parsed = NameType::parse(field);
    if (!parsed.ok()) return as_error(code, parsed.error().within(what));
    out = std::move(parsed).value();
    return ok_status();
}
inline void write_bytes(std::string& field, ByteView bytes) {
    field.assign(as_text(bytes));
}

// The latest time that RFC 3339 can write: 9999-12-31T23:59:59.999Z.
inline constexpr std::int64_t k_latest_time_ms = 253'402'300'799'999;
inline bool plausible_time(std::int64_t ms) {
    return ms > 0 && ms <= k_latest_time_ms;
}

}  // namespace sampan
