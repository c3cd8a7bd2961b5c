// A whole message as a broker and a reader take it: seal, signature, stanzas, body, the order of checks, and
// opening with a key that was disclosed. Only the message that was sealed opens.
#include "fuzz/fuzz.h"
#include "sampan/envelope/disclosed.h"
#include "sampan/envelope/part.h"

using namespace sampan;

SAMPAN_FUZZ_TARGET {
    fuzz::Input input(in);
    const ByteView seal_bytes = input.piece();
    const ByteView signature = input.piece();
    const ByteView stanza_bytes = input.piece();
    const ByteView key = input.piece();
    const ByteView certificate = input.piece();
    const ByteView body = input.rest();

    const auto seal = SignedSeal::parse(seal_bytes, signature);
    if (!seal.ok()) return;
    fuzz::hold(seal->seal_bytes.size() == seal_bytes.size(), "a seal is kept as it came");
    fuzz::hold(seal->subject == message_subject(seal_bytes, seal->signature),
               "the subject is of seal and signature");
    if (const auto sender = Certificate::parse_der(certificate); sender.ok()) {
        const Status verified = verify_seal_signature(*seal, *sender);
        fuzz::hold(!verified.ok() || sender->hash() == seal->header.sender_certificate,
                   "a signature is by the named certificate");
    }
    const auto stanzas = split_stanzas(stanza_bytes);
    if (stanzas.ok()) {
        const auto leaves = verify_stanzas(*seal, *stanzas);
        if (leaves.ok()) {
            const auto proofs = merkle_inclusion_all(*leaves);
            for (std::size_t i = 0; i < stanzas->size(); ++i) {
                fuzz::hold(verify_stanza(*seal, i, (*stanzas)[i], proofs[i]).ok(),
                           "every stanza has a proof");
                fuzz::hold(!verify_stanza(*seal, i + 1, (*stanzas)[i], proofs[i]).ok(),
                           "a stanza has one place");
            }
        }
    }
    const Status whole = verify_body(*seal, body);
    const auto content = open_body(*seal, body, key);
    fuzz::hold(whole.ok() || !content.ok(), "no other body opens");
    if (content.ok()) fuzz::hold(content->h1 == seal->h1, "content names its header");
}
