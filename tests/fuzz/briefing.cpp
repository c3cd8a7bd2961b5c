// A briefing file: TOML front matter and Markdown, as an officer, or whoever sent it to one, wrote it.
#include "sampan/dialogue/briefing.h"
#include "fuzz/fuzz.h"
#include "sampan/wire/strict.h"

using namespace sampan;

SAMPAN_FUZZ_TARGET {
    const auto briefing = parse_briefing(as_text(in));
    if (!briefing.ok()) return fuzz::hold(!briefing.error().name().empty(), "a refusal has a name");
    fuzz::hold(is_display_text(briefing->title, k_title_bytes), "a title can be shown");
    fuzz::hold(is_utf8(as_bytes(briefing->body)), "a body is UTF-8");
    fuzz::hold(!kind_name(briefing->kind).empty(), "a kind has a name");
    const Bytes document =
        encode_document({briefing->kind, briefing->title, briefing->language, briefing->body});
    fuzz::hold(document.size() > limits::k_body_padded_bytes || decode_document(document).ok(),
               "what an officer may write, a reader may read");
}
