// STIX bundles from others, and the summary that goes on with a message.
#include "sampan/dialogue/stix.h"
#include "fuzz/fuzz.h"
#include "sampan/dialogue/document.h"

using namespace sampan;

SAMPAN_FUZZ_TARGET {
    fuzz::round_trip(in, "a summary is written as it was read", decode_stix_summary, encode_stix_summary);
    const auto read = read_stix(as_text(in));
    if (read.ok())
        fuzz::hold(decode_stix_summary(encode_stix_summary(*read)).ok(),
                   "the summary of a bundle can be read");
}
