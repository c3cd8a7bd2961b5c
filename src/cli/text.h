// Text from others on our terminal: what may be shown, how wide it is, and how it is cut. Pure functions.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace sampan::cli {

enum class Lines : std::uint8_t { one, many };

// What may be shown of text that others wrote. The result is UTF-8, and no terminal takes any of it for a
// command: control characters (C0, DEL, C1) become pictures or named code points, bidirectional controls,
// line separators, tags and other invisible format characters are named ("<U+202E>"), and what is no UTF-8
// becomes U+FFFD. Lines::many keeps line feeds and makes a tab four spaces; Lines::one keeps neither.
// Joiners and the zero-width space stay: Khmer, Thai, Lao and Burmese are written with them.
std::string printable(std::string_view text, Lines lines = Lines::one);

// Columns that printable text takes on a terminal: 0 for combining marks, 2 for wide East Asian characters.
std::size_t display_width(std::string_view text);
// At most `columns` wide, with "…" at the end when something was cut. Never cuts a mark from its base.
std::string truncated(std::string_view text, std::size_t columns);
// Padded with spaces to `columns`; unchanged when wider.
std::string padded(std::string_view text, std::size_t columns, bool right_aligned = false);
// Lines of at most `columns`, broken at spaces where there are any and between characters elsewhere (scripts
// without spaces). Line feeds in the text are kept.
std::vector<std::string> wrapped(std::string_view text, std::size_t columns);

// "1.4 MiB".
std::string human_size(std::uint64_t bytes);

}  // namespace sampan::cli
