// The accepted subset of Protocol Buffers: one canonical form for each value.
//
// Fields ascend by number and stand once (elements of a repeated field follow one another); varints are
// minimal; no scalar carries its default value unless it is a oneof member or an element of a repeated field
// or has explicit presence; enums and strings are known and valid UTF-8; packed fields are not empty; no
// unknown fields, no maps, no groups; depth at most 16. One scanner enforces it over the raw bytes before
// protobuf parses them. PROTOCOL.md states the same.
#pragma once

#include "sampan/base/bytes.h"

namespace google::protobuf {
class Message;
}

namespace sampan {

enum class WireError {
    too_large,
    truncated,
    not_canonical,
    unknown_field,
    unknown_enum,
    bad_utf8,
    too_deep,
    bad_value,
    out_of_range
};
constexpr std::string_view error_name(WireError e) {
    switch (e) {
        case WireError::too_large:
            return "too_large";
        case WireError::truncated:
            return "truncated";
        case WireError::not_canonical:
            return "not_canonical";
        case WireError::unknown_field:
            return "unknown_field";
        case WireError::unknown_enum:
            return "unknown_enum";
        case WireError::bad_utf8:
            return "bad_utf8";
        case WireError::too_deep:
            return "too_deep";
        case WireError::bad_value:
            return "bad_value";
        case WireError::out_of_range:
            return "out_of_range";
    }
    return "unknown";
}

// Scans, then parses into `out`. Errors name the message and the field ("Header.parts: fields out of order").
Status decode_strict(ByteView bytes, std::size_t limit, google::protobuf::Message& out);
// The canonical bytes; what decode_strict accepts, as long as every string is UTF-8.
Bytes encode_canonical(const google::protobuf::Message& message);

// RFC 3629: no overlong forms, no surrogates, nothing above U+10FFFF.
bool is_utf8(ByteView bytes);

}  // namespace sampan
