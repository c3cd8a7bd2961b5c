// The parts of a sealed message: header, seal, stanzas, body, and the frames of an attachment.
#include "fuzz/fuzz.h"
#include "sampan/crypto/padding.h"
#include "sampan/crypto/stream.h"
#include "sampan/envelope/part.h"

using namespace sampan;

namespace {

void header(ByteView in) {
    fuzz::round_trip(in, "a header is written as it was read", decode_header, encode_header);
    const auto value = decode_header(in);
    if (value.ok()) fuzz::hold(check_header(*value).ok(), "a header that was read may be written");
}

void seal(ByteView in) {
    fuzz::round_trip(in, "a seal is written as it was read", decode_seal, encode_seal);
}

void stanzas(ByteView in) {
    const auto value = split_stanzas(in);
    if (!value.ok()) return;
    fuzz::hold(value->size() <= limits::k_recipients, "no more stanzas than recipients");
    Bytes out;
    for (const Stanza& stanza : *value) append(out, stanza.view());
    fuzz::same(out, in, "stanzas are what they were split from");
}

void padding(ByteView in) {
    const auto content = unpad(in);
    if (!content.ok()) return;
    fuzz::same(pad(*content).reveal(k_reveal), in, "padding has one form");
}

}  // namespace

SAMPAN_FUZZ_TARGET {
    header(in);
    seal(in);
    stanzas(in);
    padding(in);
    const auto opened = stream_opened_size(in.size());
    if (opened.ok())
        fuzz::hold(stream_sealed_size(*opened) == in.size(), "a sealed length has one opened length");
}
