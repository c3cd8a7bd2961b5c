#include "sampan/envelope/signed_list.h"

#include <google/protobuf/arena.h>

#include <algorithm>

#include "envelope/codec.h"
#include "sampan/wire/strict.h"
#include "wire/message.pb.h"

namespace sampan {
namespace {

using google::protobuf::Arena;

static_assert(static_cast<int>(ListKind::answers) == wire::ANSWERS);
static_assert(static_cast<int>(ListKind::outcomes) == wire::OUTCOMES);

constexpr EnvelopeError k_bad = EnvelopeError::bad_list;

Error bad(std::string why) {
    return Error(k_bad, std::move(why));
}

Purpose purpose_of(ListKind kind) {
    return kind == ListKind::answers ? Purpose::answers : Purpose::outcomes;
}

std::vector<MerkleHash> leaves_of(const SignedList& list) {
    std::vector<MerkleHash> leaves;
    leaves.reserve(list.items.size());
    for (const auto& item : list.items) leaves.push_back(item.leaf);
    return leaves;
}

// As leaves_of, but an item that is shown is hashed, whatever the list says its leaf is.
std::vector<MerkleHash> hashed_leaves_of(const SignedList& list) {
    std::vector<MerkleHash> leaves;
    leaves.reserve(list.items.size());
    for (const auto& item : list.items)
        leaves.push_back(item.bytes.empty() ? item.leaf : merkle_leaf_hash(item.bytes));
    return leaves;
}

Status check_statement(const ListStatement& statement) {
    if (!is_dns_label(statement.signer)) return bad("the signer is not named");
    if (statement.epoch.get() == 0 || statement.counter == 0) return bad("epochs and counters begin at 1");
    if (!plausible_time(statement.time.get())) return bad("a time is out of range");
    if (statement.count == 0 || statement.count > limits::k_signed_list_items)
        return bad("a list has 1 to " + std::to_string(limits::k_signed_list_items) + " items");
    return ok_status();
}

Status read_proof(const google::protobuf::RepeatedPtrField<std::string>& from, MerkleProof& to) {
    if (from.size() > static_cast<int>(limits::k_proof_hashes)) return bad("a proof is too long");
    to.resize(static_cast<std::size_t>(from.size()));
    for (int i = 0; i < from.size(); ++i)
        SAMPAN_TRY(read_fixed(k_bad, "proof", from.Get(i), to[static_cast<std::size_t>(i)]));
    return ok_status();
}

Status read_item(const wire::ListItem& from, SignedList::Item& to) {
    if (from.item_case() == wire::ListItem::kLeafHash)
        return read_fixed(k_bad, "leaf", from.leaf_hash(), to.leaf);
    if (from.bytes().empty() || from.bytes().size() > k_list_item_bytes)
        return bad("an item is empty or too long");
    to.bytes = to_bytes(as_bytes(from.bytes()));
    to.leaf = merkle_leaf_hash(to.bytes);
    return ok_status();
}

}  // namespace

Bytes encode_list_statement(const ListStatement& statement) {
    wire::ListStatement out;
    out.set_kind(static_cast<wire::ListKind>(statement.kind));
    out.set_exchange(statement.exchange.text());
    out.set_signer(statement.signer);
    out.set_epoch(statement.epoch.get());
    out.set_counter(statement.counter);
    out.set_time_ms(statement.time.get());
    out.set_count(statement.count);
    write_bytes(*out.mutable_root(), statement.root.view());
    return encode_canonical(out);
}

Result<ListStatement> decode_list_statement(ByteView bytes) {
    wire::ListStatement in;
    ENVELOPE_TRY(k_bad, decode_strict(bytes, k_list_statement_bytes, in));
    ListStatement statement;
    if (in.kind() == wire::LIST_KIND_NONE) return bad("a list of no kind");
    statement.kind = static_cast<ListKind>(in.kind());
    SAMPAN_TRY(read_name(k_bad, "exchange", in.exchange(), statement.exchange));
    statement.signer = in.signer();
    statement.epoch = Epoch(in.epoch());
    statement.counter = in.counter();
    statement.time = UnixMillis(in.time_ms());
    statement.count = in.count();
    SAMPAN_TRY(read_fixed(k_bad, "root", in.root(), statement.root));
    SAMPAN_TRY(check_statement(statement));
    return statement;
}

Sha256Digest SignedList::hash() const {
    return sha256({statement, signature.view()});
}

Result<SignedList> sign_list(ListStatement statement, std::vector<Bytes> items, const Signer& signer) {
    SignedList list;
    list.items.reserve(items.size());
    for (auto& bytes : items) {
        if (bytes.empty() || bytes.size() > k_list_item_bytes) return bad("an item is empty or too long");
        SignedList::Item& item = list.items.emplace_back();
        item.leaf = merkle_leaf_hash(bytes);
        item.bytes = std::move(bytes);
    }
    statement.count = static_cast<std::uint32_t>(std::min<std::size_t>(items.size(), UINT32_MAX));
    SAMPAN_TRY(check_statement(statement));
    statement.root = merkle_root(leaves_of(list));
    list.statement = encode_list_statement(statement);
    SAMPAN_ASSIGN(list.signature, signer.sign(purpose_of(statement.kind), list.statement));
    return list;
}

SignedList redact(const SignedList& list, const std::vector<bool>& keep) {
    SAMPAN_ASSERT(keep.size() == list.items.size());
    SignedList out;
    out.statement = list.statement;
    out.signature = list.signature;
    out.items.resize(list.items.size());
    for (std::size_t i = 0; i < keep.size(); ++i) {
        out.items[i].leaf = list.items[i].leaf;
        if (keep[i]) out.items[i].bytes = list.items[i].bytes;
    }
    return out;
}

Bytes encode_signed_list(const SignedList& list) {
    Arena arena;
    wire::SignedList& out = *Arena::CreateMessage<wire::SignedList>(&arena);
    write_bytes(*out.mutable_statement(), list.statement);
    write_bytes(*out.mutable_signature(), list.signature.view());
    out.mutable_items()->Reserve(static_cast<int>(list.items.size()));
    for (const auto& item : list.items) {
        wire::ListItem& to = *out.add_items();
        if (item.bytes.empty())
            write_bytes(*to.mutable_leaf_hash(), item.leaf.view());
        else
            write_bytes(*to.mutable_bytes(), item.bytes);
    }
    return encode_canonical(out);
}

Result<SignedList> decode_signed_list(ByteView bytes) {
    Arena arena;
    wire::SignedList& in = *Arena::CreateMessage<wire::SignedList>(&arena);
    ENVELOPE_TRY(k_bad, decode_strict(bytes, limits::k_frame_bytes, in));
    if (in.items_size() == 0 || in.items_size() > static_cast<int>(limits::k_signed_list_items))
        return bad("a list has 1 to " + std::to_string(limits::k_signed_list_items) + " items");
    SignedList list;
    list.statement = to_bytes(as_bytes(in.statement()));
    SAMPAN_TRY(read_fixed(k_bad, "signature", in.signature(), list.signature));
    list.items.resize(static_cast<std::size_t>(in.items_size()));
    for (int i = 0; i < in.items_size(); ++i)
        SAMPAN_TRY(read_item(in.items(i), list.items[static_cast<std::size_t>(i)]));
    return list;
}

Result<ListStatement> verify_signed_list(const SignedList& list, const Ed25519PublicKey& key) {
    SAMPAN_ASSIGN(ListStatement statement, decode_list_statement(list.statement));
    if (statement.count != list.items.size())
        return bad("the statement counts " + std::to_string(statement.count) + " items; there are " +
                   std::to_string(list.items.size()));
    if (merkle_root(hashed_leaves_of(list)) != statement.root)
        return bad("the items are not those that were signed");
    ENVELOPE_TRY(k_bad, verify_purpose(purpose_of(statement.kind), key, list.statement, list.signature));
    return statement;
}

std::vector<ListEvidence> evidence_of(const SignedList& list) {
    const auto proofs = merkle_inclusion_all(leaves_of(list));
    std::vector<ListEvidence> out;
    for (std::size_t i = 0; i < list.items.size(); ++i) {
        if (list.items[i].bytes.empty()) continue;
        out.push_back(
            {list.statement, list.signature, list.items[i].bytes, static_cast<std::uint32_t>(i), proofs[i]});
    }
    return out;
}

Bytes encode_list_evidence(const ListEvidence& evidence) {
    wire::ListEvidence out;
    write_bytes(*out.mutable_statement(), evidence.statement);
    write_bytes(*out.mutable_signature(), evidence.signature.view());
    write_bytes(*out.mutable_item(), evidence.item);
    out.set_index(evidence.index);
    for (const auto& hash : evidence.proof) write_bytes(*out.add_proof(), hash.view());
    return encode_canonical(out);
}

Result<ListEvidence> decode_list_evidence(ByteView bytes) {
    wire::ListEvidence in;
    ENVELOPE_TRY(k_bad, decode_strict(bytes, k_list_evidence_bytes, in));
    ListEvidence out;
    out.statement = to_bytes(as_bytes(in.statement()));
    SAMPAN_TRY(read_fixed(k_bad, "signature", in.signature(), out.signature));
    if (in.item().empty() || in.item().size() > k_list_item_bytes) return bad("an item is empty or too long");
    out.item = to_bytes(as_bytes(in.item()));
    out.index = in.index();
    SAMPAN_TRY(read_proof(in.proof(), out.proof));
    return out;
}

Result<ListStatement> verify_list_evidence(const ListEvidence& evidence, const Ed25519PublicKey& key) {
    SAMPAN_ASSIGN(ListStatement statement, decode_list_statement(evidence.statement));
    ENVELOPE_TRY(k_bad, verify_inclusion(merkle_leaf_hash(evidence.item), LeafIndex(evidence.index),
                                         TreeSize(statement.count), evidence.proof, statement.root));
    ENVELOPE_TRY(k_bad,
                 verify_purpose(purpose_of(statement.kind), key, evidence.statement, evidence.signature));
    return statement;
}

}  // namespace sampan
