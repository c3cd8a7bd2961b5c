#include "sampan/base/ids.h"

namespace sampan {

bool is_dns_label(std::string_view text) {
    if (text.empty() || text.size() > 32 || text.front() == '-' || text.back() == '-') return false;
    return std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}

bool is_dns_name(std::string_view text) {
    if (text.size() < 3 || text.size() > 128) return false;
    while (true) {
        auto dot = text.find('.');
        if (!is_dns_label(text.substr(0, dot))) return false;
        if (dot == std::string_view::npos) return true;
        text.remove_prefix(dot + 1);
    }
}

}  // namespace sampan
