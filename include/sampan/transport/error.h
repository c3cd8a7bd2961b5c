// Failures of the transport layer.
#pragma once

#include <string_view>

#include "sampan/base/result.h"

namespace sampan {

enum class TransportError { bad_address, unavailable, bad_frame, unsafe_library, channel_closed, library };
constexpr std::string_view error_name(TransportError e) {
    switch (e) {
        case TransportError::bad_address:
            return "bad_address";
        case TransportError::unavailable:
            return "unavailable";
        case TransportError::bad_frame:
            return "bad_frame";
        case TransportError::unsafe_library:
            return "unsafe_library";
        case TransportError::channel_closed:
            return "channel_closed";
        case TransportError::library:
            return "transport_library";
    }
    return "unknown";
}

}  // namespace sampan
