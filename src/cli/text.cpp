#include "cli/text.h"

#include <clocale>
#include <cstdio>
#include <cwchar>

namespace sampan::cli {
namespace {

constexpr char32_t k_replacement = 0xFFFD;

// The next code point of `text` at `at`, which moves past it; k_replacement for what is no UTF-8.
char32_t next_code_point(std::string_view text, std::size_t& at) {
    const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
    const unsigned char first = byte(at++);
    if (first < 0x80) return first;
    std::size_t more = 0;
    char32_t low = 0;
    char32_t value = 0;
    if (first >= 0xC2 && first <= 0xDF) {
        more = 1, low = 0x80, value = first & 0x1Fu;
    } else if (first >= 0xE0 && first <= 0xEF) {
        more = 2, low = 0x800, value = first & 0x0Fu;
    } else if (first >= 0xF0 && first <= 0xF4) {
        more = 3, low = 0x10000, value = first & 0x07u;
    } else {
        return k_replacement;
    }
    for (std::size_t i = 0; i < more; ++i) {
        if (at + i >= text.size() || (byte(at + i) & 0xC0u) != 0x80) return k_replacement;
        value = (value << 6) | (byte(at + i) & 0x3Fu);
    }
    if (value < low || value > 0x10FFFF || (value >= 0xD800 && value <= 0xDFFF)) return k_replacement;
    at += more;
    return value;
}

void put(std::string& out, char32_t c) {
    const auto add = [&](char32_t bits) {
        out.push_back(static_cast<char>(static_cast<unsigned char>(bits)));
    };
    if (c < 0x80) {
        add(c);
    } else if (c < 0x800) {
        add(0xC0 | (c >> 6)), add(0x80 | (c & 0x3F));
    } else if (c < 0x10000) {
        add(0xE0 | (c >> 12)), add(0x80 | ((c >> 6) & 0x3F)), add(0x80 | (c & 0x3F));
    } else {
        add(0xF0 | (c >> 18)), add(0x80 | ((c >> 12) & 0x3F)), add(0x80 | ((c >> 6) & 0x3F)),
            add(0x80 | (c & 0x3F));
    }
}

// Characters that change how others are shown, or that are not seen at all.
bool is_hidden_format(char32_t c) {
    return (c >= 0x80 && c <= 0x9F) || c == 0xAD || c == 0x61C || c == 0x180E || c == 0x200E || c == 0x200F ||
           (c >= 0x2028 && c <= 0x202E) || (c >= 0x2060 && c <= 0x206F) || c == 0xFEFF ||
           (c >= 0xFFF9 && c <= 0xFFFB) || (c >= 0xE0000 && c <= 0xE0FFF) || (c & 0xFFFE) == 0xFFFE;
}

void put_named(std::string& out, char32_t c) {
    char name[16];
    std::snprintf(name, sizeof name, "<U+%04X>", static_cast<unsigned>(c));
    out += name;
}

std::size_t width_of(char32_t c) {
    if (c < 0x80) return 1;
    // wcwidth() knows no character outside ASCII in the C locale.
    static const bool known = std::setlocale(LC_CTYPE, "C.UTF-8") != nullptr;
    if (!known) return 1;
    const int width = ::wcwidth(static_cast<wchar_t>(c));
    return width < 0 ? 1 : static_cast<std::size_t>(width);
}

// The end of the character at `at` with the marks that belong to it, and its width.
std::size_t cluster_end(std::string_view text, std::size_t at, std::size_t& width) {
    width = width_of(next_code_point(text, at));
    while (at < text.size()) {
        std::size_t next = at;
        if (width_of(next_code_point(text, next)) != 0) break;
        at = next;
    }
    return at;
}

// How far `columns` reach into one line, and how far to the last space within.
struct Reach {
    std::size_t end = 0;
    std::size_t after_space = 0;  // 0: no space
};
Reach reach(std::string_view line, std::size_t columns) {
    Reach out;
    std::size_t used = 0;
    while (out.end < line.size()) {
        std::size_t width = 0;
        const std::size_t end = cluster_end(line, out.end, width);
        if (used + width > columns && out.end > 0) return out;
        used += width;
        if (line[out.end] == ' ') out.after_space = end;
        out.end = end;
    }
    out.after_space = 0;  // all of it fits
    return out;
}

}  // namespace

std::string printable(std::string_view text, Lines lines) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t at = 0; at < text.size();) {
        const char32_t c = next_code_point(text, at);
        if (lines == Lines::many && c == '\n') {
            out.push_back('\n');
        } else if (lines == Lines::many && c == '\t') {
            out += "    ";
        } else if (c < 0x20) {
            put(out, 0x2400 + c);  // the pictures of control characters
        } else if (c == 0x7F) {
            put(out, 0x2421);
        } else if (is_hidden_format(c)) {
            put_named(out, c);
        } else {
            put(out, c);
        }
    }
    return out;
}

std::size_t display_width(std::string_view text) {
    std::size_t out = 0;
    for (std::size_t at = 0; at < text.size();) out += width_of(next_code_point(text, at));
    return out;
}

std::string truncated(std::string_view text, std::size_t columns) {
    if (display_width(text) <= columns) return std::string(text);
    if (columns == 0) return {};
    std::size_t at = 0;
    std::size_t used = 0;
    while (at < text.size()) {
        std::size_t width = 0;
        const std::size_t end = cluster_end(text, at, width);
        if (used + width > columns - 1) break;
        used += width;
        at = end;
    }
    return std::string(text.substr(0, at)) + "…";
}

std::string padded(std::string_view text, std::size_t columns, bool right_aligned) {
    const std::size_t width = display_width(text);
    const std::string space(width < columns ? columns - width : 0, ' ');
    return right_aligned ? space + std::string(text) : std::string(text) + space;
}

std::vector<std::string> wrapped(std::string_view text, std::size_t columns) {
    std::vector<std::string> out;
    while (true) {
        const auto feed = text.find('\n');
        std::string_view line = text.substr(0, feed);
        while (true) {
            const Reach at = reach(line, columns);
            const std::size_t cut = at.end < line.size() && at.after_space != 0 ? at.after_space : at.end;
            std::string_view piece = line.substr(0, cut);
            line.remove_prefix(cut);
            while (!line.empty() && piece.ends_with(' ')) piece.remove_suffix(1);
            out.emplace_back(piece);
            if (line.empty()) break;
        }
        if (feed == std::string_view::npos) return out;
        text.remove_prefix(feed + 1);
    }
}

std::string human_size(std::uint64_t bytes) {
    static constexpr const char* k_units[] = {"B", "KiB", "MiB", "GiB"};
    double value = static_cast<double>(bytes);
    std::size_t unit = 0;
    while (value >= 1024 && unit + 1 < std::size(k_units)) value /= 1024, ++unit;
    char out[32];
    std::snprintf(out, sizeof out, unit == 0 ? "%.0f %s" : "%.1f %s", value, k_units[unit]);
    return out;
}

}  // namespace sampan::cli
