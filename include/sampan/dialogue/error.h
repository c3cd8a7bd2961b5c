// What can be wrong with what officers write.
#pragma once

#include "sampan/base/result.h"

namespace sampan {

enum class BriefingError { bad_front_matter, unknown_kind, too_large, bad_document, portion_above_label };
constexpr std::string_view error_name(BriefingError e) {
    switch (e) {
        case BriefingError::bad_front_matter:
            return "bad_front_matter";
        case BriefingError::unknown_kind:
            return "unknown_kind";
        case BriefingError::too_large:
            return "briefing_too_large";
        case BriefingError::bad_document:
            return "bad_document";
        case BriefingError::portion_above_label:
            return "portion_above_label";
    }
    return "unknown";
}

}  // namespace sampan
