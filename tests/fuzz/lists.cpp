// Lists under one signature, their items, and the evidence that is kept of one item.
#include "fuzz/fuzz.h"
#include "sampan/envelope/signed_list.h"

using namespace sampan;

SAMPAN_FUZZ_TARGET {
    fuzz::round_trip(in, "a list's statement is written as it was read", decode_list_statement,
                     encode_list_statement);
    fuzz::round_trip(in, "an answer is written as it was read", decode_answer, encode_answer);
    fuzz::round_trip(in, "an outcome is written as it was read", decode_outcome, encode_outcome);
    fuzz::round_trip(in, "evidence is written as it was read", decode_list_evidence, encode_list_evidence);
    fuzz::round_trip(in, "a list is written as it was read", decode_signed_list, encode_signed_list);

    // A key of which nobody has the private half here: what it vouches for, it did not sign.
    const auto list = decode_signed_list(in);
    if (!list.ok()) return;
    fuzz::hold(!verify_signed_list(*list, Ed25519PublicKey{}).ok(), "a key of low order vouches for nothing");
    const SignedList hidden = redact(*list, std::vector<bool>(list->items.size(), false));
    fuzz::round_trip(encode_signed_list(hidden), "a redacted list is written as it was read",
                     decode_signed_list, encode_signed_list);
    for (const ListEvidence& evidence : evidence_of(*list))
        fuzz::round_trip(encode_list_evidence(evidence), "evidence of a list can be read",
                         decode_list_evidence, encode_list_evidence);
}
