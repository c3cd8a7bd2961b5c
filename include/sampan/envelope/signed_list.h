// One signature over many small items: the broker's answers to a batch of submissions, a node's outcomes of a
// batch of deliveries. The statement holds the RFC 6962 root over the items; each item can be kept, or shown
// to someone, with its own proof.
#pragma once

#include <span>

#include "sampan/crypto/merkle.h"
#include "sampan/envelope/header.h"

namespace sampan {

inline constexpr std::size_t k_list_statement_bytes = 512;
inline constexpr std::size_t k_answer_detail_bytes = 256;
// Of one item. A list of limits::k_signed_list_items of the largest fits one frame.
inline constexpr std::size_t k_list_item_bytes = 600;
inline constexpr std::size_t k_list_evidence_bytes =
    k_list_statement_bytes + 64 + k_list_item_bytes + limits::k_proof_hashes * 34 + 32;
static_assert(limits::k_signed_list_items * (k_list_item_bytes + 6) + k_list_statement_bytes + limits::k_kib <
              limits::k_frame_bytes);

enum class ListKind : std::uint8_t { answers = 1, outcomes = 2 };

struct ListStatement {
    ListKind kind = ListKind::answers;
    ExchangeName exchange;
    std::string signer;  // broker id, or agency id
    Epoch epoch;
    std::uint64_t counter = 0;
    UnixMillis time;
    std::uint32_t count = 0;
    MerkleHash root;
};
Bytes encode_list_statement(const ListStatement& statement);
Result<ListStatement> decode_list_statement(ByteView bytes);

enum class AnswerCode : std::uint8_t { accepted = 1, refused = 2 };
struct Answer {
    AgencyId sender;
    MessageId message_id;
    MessageSubject subject;
    AnswerCode code = AnswerCode::accepted;
    std::string reason;  // "" when accepted; else a refusal's name (a-z, 0-9, _)
    std::string detail;  // for people, when refused; cut to k_answer_detail_bytes of UTF-8 when encoded
    std::optional<LeafIndex> leaf_index;  // always there when accepted
    UnixMillis time;
    Epoch epoch;
};
Bytes encode_answer(const Answer& answer);
Result<Answer> decode_answer(ByteView bytes);

enum class OutcomeCode : std::uint8_t { delivered = 1, rejected, withheld, expired, recalled };
std::string_view outcome_name(OutcomeCode code);
struct Outcome {
    MessageSubject subject;
    OutcomeCode code = OutcomeCode::delivered;
    std::string reason;  // of a rejection always, of a delivery never
    UnixMillis time;
    // Whose copy: of withheld, expired and recalled (the broker decided) always, otherwise never.
    std::optional<AgencyId> recipient;
};
Bytes encode_outcome(const Outcome& outcome);
Result<Outcome> decode_outcome(ByteView bytes);

// As sent: items for other eyes are given by leaf hash.
struct SignedList {
    struct Item {
        Bytes bytes;      // empty: redacted
        MerkleHash leaf;  // of the item, either way
    };
    Bytes statement;
    Ed25519Signature signature;
    std::vector<Item> items;
    Sha256Digest hash() const;  // SHA-256(statement || signature): the log subject
};
// 1 to limits::k_signed_list_items items; fills in count and root.
Result<SignedList> sign_list(ListStatement statement, std::vector<Bytes> items, const Signer& signer);
// The same list with the items for which `keep` is false redacted.
SignedList redact(const SignedList& list, const std::vector<bool>& keep);
Bytes encode_signed_list(const SignedList& list);
Result<SignedList> decode_signed_list(ByteView bytes);
// Signature, count and root; gives the statement.
Result<ListStatement> verify_signed_list(const SignedList& list, const Ed25519PublicKey& key);

// One item with its proof, as kept.
struct ListEvidence {
    Bytes statement;
    Ed25519Signature signature;
    Bytes item;
    std::uint32_t index = 0;
    MerkleProof proof;
};
// Evidence for each item that is not redacted, in order.
std::vector<ListEvidence> evidence_of(const SignedList& list);
Bytes encode_list_evidence(const ListEvidence& evidence);
Result<ListEvidence> decode_list_evidence(ByteView bytes);
Result<ListStatement> verify_list_evidence(const ListEvidence& evidence, const Ed25519PublicKey& key);

}  // namespace sampan
