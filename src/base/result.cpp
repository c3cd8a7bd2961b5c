#include "sampan/base/result.h"

#include <cstdio>
#include <cstdlib>

namespace sampan {

void assertion_failed(const char* expression, const char* file, int line) noexcept {
    std::fprintf(stderr, "bug: assertion failed: %s at %s:%d\n", expression, file, line);
    std::abort();
}

std::string Error::text() const {
    std::string out(name_);
    if (!context_.empty()) out.append(": ").append(context_);
    if (!remedy_.empty()) out.append(" (").append(remedy_).append(")");
    return out;
}

Error Error::within(std::string_view doing) const {
    Error copy = *this;
    copy.context_ = context_.empty() ? std::string(doing) : std::string(doing) + ": " + context_;
    return copy;
}

Error Error::with_remedy(std::string remedy) const {
    Error copy = *this;
    copy.remedy_ = std::move(remedy);
    return copy;
}

}  // namespace sampan
