// What stands inside a seal: the content, its attachments' manifest, and the document that officers read.
#include "sampan/envelope/content.h"
#include "fuzz/fuzz.h"
#include "sampan/dialogue/briefing.h"
#include "sampan/wire/strict.h"

using namespace sampan;

SAMPAN_FUZZ_TARGET {
    const auto content = decode_content(in);
    if (content.ok()) {
        fuzz::same(encode_content(*content).reveal(k_reveal), in, "content is written as it was read");
        for (const AttachmentEntry& entry : content->attachments) {
            fuzz::hold(entry.name.find('/') == std::string::npos && entry.name != "..",
                       "a name leaves no folder");
            fuzz::hold(is_utf8(as_bytes(entry.name)), "a name is UTF-8");
        }
    }
    fuzz::round_trip(in, "a document is written as it was read", decode_document, encode_document);
}
