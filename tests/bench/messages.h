// Submissions sealed and signed before a load begins, so that making them takes nothing from what is
// measured.
#pragma once

#include "sampan/transport/packet.h"
#include "support/exchange.h"

namespace sampan::bench {

struct Prepared {
    Bytes seal;
    Ed25519Signature signature;
};
struct PreparedMessages {
    std::vector<Prepared> messages;
    // The same for all: what no broker can tell from fresh ciphertext.
    Bytes stanzas, body;
    Submit submit(std::size_t index) const;
};

struct PreparedReader {
    std::string agency;
    LeafIndex bundle_index;
};
// `count` messages with a text of `text_bytes`. The first is sealed as a node seals it; the others differ in
// message id, and so in header, seal and signature.
PreparedMessages prepare(test::Exchange& exchange, const std::string& sender,
                         const std::vector<PreparedReader>& readers, std::size_t text_bytes,
                         std::size_t count);

// One message with one attachment of `bytes` random bytes.
struct PreparedAttachment {
    Submit submit;
    MessageId message_id;
    Bytes ciphertext;
    std::vector<MerkleProof> proofs;
    std::uint64_t frames() const { return proofs.size(); }
    PartFramePacket frame(std::uint64_t index) const;
};
PreparedAttachment prepare_attachment(test::Exchange& exchange, const std::string& folder,
                                      const std::string& sender, const std::vector<PreparedReader>& readers,
                                      std::size_t bytes);

}  // namespace sampan::bench
