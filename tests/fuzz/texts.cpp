// The smallest forms: hexadecimal, base64, dates, names, length-prefixed bytes; and text from others on a
// terminal.
#include "cli/text.h"
#include "fuzz/fuzz.h"
#include "sampan/base/encode.h"
#include "sampan/base/ids.h"
#include "sampan/base/time.h"
#include "sampan/wire/strict.h"

using namespace sampan;

namespace {

void terminal(std::string_view text) {
    for (const cli::Lines lines : {cli::Lines::one, cli::Lines::many}) {
        const std::string shown = cli::printable(text, lines);
        fuzz::hold(is_utf8(as_bytes(shown)), "what is shown is UTF-8");
        for (const char c : shown)
            fuzz::hold((static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) ||
                           (c == '\n' && lines == cli::Lines::many),
                       "no control character reaches a terminal");
        fuzz::hold(cli::printable(shown, lines) == shown, "what is shown once is shown again");
        fuzz::hold(cli::display_width(cli::truncated(shown, 20)) <= 20, "a line fits its columns");
        for (const std::string& line : cli::wrapped(shown, 20))
            fuzz::hold(is_utf8(as_bytes(line)), "a line is UTF-8");
    }
}

void length_prefixed(ByteView in) {
    Reader reader(in);
    const auto first = reader.lp(64);
    if (!first.ok()) return;
    const auto second = reader.lp(1 << 20);
    if (!second.ok() || !reader.finish().ok()) return;
    fuzz::same(Writer().lp(*first).lp(*second).bytes(), in, "length-prefixed bytes have one form");
}

}  // namespace

SAMPAN_FUZZ_TARGET {
    const auto texts = [](auto parse) { return [parse](ByteView v) { return parse(as_text(v)); }; };
    fuzz::round_trip(in, "hexadecimal has one form", texts(from_hex),
                     [](const Bytes& b) { return to_hex(b); });
    fuzz::round_trip(in, "base64 has one form", texts(from_base64),
                     [](const Bytes& b) { return to_base64(b); });
    fuzz::round_trip(in, "a name is kept as it came", texts(AgencyId::parse),
                     [](const AgencyId& id) { return id.text(); });
    const auto time = parse_rfc3339(as_text(in));
    if (time.ok()) {
        const auto again = parse_rfc3339(to_rfc3339(*time));
        fuzz::hold(again.ok() && *again == *time, "a date is read as it was written");
    }
    length_prefixed(in);
    terminal(as_text(in));
}
