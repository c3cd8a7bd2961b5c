#include "broker/log_reader.h"

#include "broker/error.h"
#include "sampan/base/encode.h"
#include "sampan/log/erasure.h"
#include "sampan/transport/registry_pieces.h"

namespace sampan::broker {
namespace {

constexpr std::size_t k_cached_parts = 16;
constexpr std::size_t k_packet_budget = limits::k_frame_bytes - 16 * limits::k_kib;
constexpr std::size_t k_leaves_a_packet = 256;

std::vector<Packet> refusal(const Error& error) {
    return {SessionError{std::string(error.name()), error.context(), false, {}}};
}
std::vector<Packet> out_of_range(std::string why) {
    return refusal(Error(BrokerError::out_of_range, std::move(why)));
}

}  // namespace

bool record_names(EntryType type, ByteView record, const AgencyId& agency) {
    switch (type) {
        case EntryType::prekeys:
        case EntryType::descriptor:
        case EntryType::registry:
        case EntryType::restore:
            return true;
        case EntryType::submitted:
        case EntryType::refused: {
            auto message = decode_message_record(type, record);
            if (!message) return false;
            auto seal = SignedSeal::parse(message->seal, message->signature.view());
            return seal && (seal->header.sender == agency || seal->header.index_of(agency));
        }
        case EntryType::journal_anchor: {
            Reader in(record);
            const auto text = in.lp(limits::k_statement_bytes);
            if (!text.ok()) return false;
            const auto head = Checkpoint::parse(as_text(*text));
            return head.ok() && head->origin.starts_with(agency.text() + ".");
        }
        case EntryType::delivered: {
            auto list = decode_signed_list(record);
            if (!list) return false;
            auto statement = decode_list_statement(list->statement);
            return statement && statement->signer == agency.text();
        }
        default:
            return false;  // salted records and the broker's own lists: for auditors
    }
}

Result<std::vector<Packet>> LogReader::answer(const LogRead& read) {
    const Packet& request = read.request;
    if (std::holds_alternative<FetchCheckpoint>(request)) {
        if (state_.head.checkpoint.empty()) return out_of_range("the log is empty");
        const auto cosigned = state_.witnesses.note(state_.head.size);
        return std::vector<Packet>{CheckpointNote{cosigned ? cosigned->encode() : state_.head.checkpoint}};
    }
    if (const auto* fetch = std::get_if<FetchPeers>(&request)) return peers(*fetch);
    if (const auto* fetch = std::get_if<FetchInclusion>(&request)) return inclusion(*fetch);
    if (const auto* fetch = std::get_if<FetchConsistency>(&request)) return consistency(*fetch);
    if (const auto* fetch = std::get_if<FetchEntries>(&request))
        return entries(*fetch, read.agency, read.role);
    if (const auto* fetch = std::get_if<FetchRegistry>(&request)) return registry(*fetch);
    return refusal(Error(BrokerError::not_permitted, std::string(packet_name(request))));
}

Result<MerkleProof> LogReader::proof(LeafIndex leaf, TreeSize size) {
    return merkle_inclusion(
        leaf, size, [this](unsigned level, std::uint64_t index) { return store_.node(level, index); });
}

// --- statements of members
Result<std::optional<LoggedStatement>> LogReader::prove(const StoredStatement& statement, TreeSize size) {
    if (statement.leaf.get() >= size.get()) return std::optional<LoggedStatement>();
    LoggedStatement out{
        statement.statement.bytes, statement.statement.signature, statement.leaf, statement.time_s, {}};
    SAMPAN_ASSIGN(out.proof, proof(statement.leaf, size));
    return std::optional(std::move(out));
}

Result<std::vector<Packet>> LogReader::peers(const FetchPeers& request) {
    const TreeSize size = request.tree_size.get() == 0 ? state_.head.size : request.tree_size;
    if (size > state_.head.size || size.get() == 0) return out_of_range("the log is not that long");
    std::vector<AgencyId> agencies = request.agencies;
    if (agencies.empty())
        for (const Member& member : state_.registry->registry().members)
            if (member.status == MemberStatus::active) agencies.push_back(member.id);
    std::vector<Packet> out;
    Peers packet{state_.head.checkpoint, {}, false};
    std::size_t bytes = encoded_packet_size(packet);
    for (const AgencyId& agency : agencies) {
        Peer peer{agency, {}, {}};
        if (const AgencyKeys* keys = keys_of(*state_.keys, agency)) {
            if (keys->newest() != nullptr) {
                SAMPAN_ASSIGN(peer.descriptor, prove(keys->newest()->stored, size));
            }
            if (!keys->bundles.empty()) {
                SAMPAN_ASSIGN(peer.bundle, prove(keys->bundles.back().stored, size));
            }
        }
        const std::size_t more = encoded_packet_size(Peers{"x", {peer}, false});
        if (bytes + more > k_packet_budget) {
            out.push_back(std::exchange(packet, Peers{state_.head.checkpoint, {}, false}));
            bytes = encoded_packet_size(packet);
        }
        bytes += more;
        packet.peers.push_back(std::move(peer));
    }
    packet.complete = true;
    out.push_back(std::move(packet));
    return out;
}

// --- proofs
Result<std::vector<Packet>> LogReader::inclusion(const FetchInclusion& request) {
    if (request.tree_size > state_.head.size) return out_of_range("the log is not that long");
    std::vector<Packet> out;
    Inclusion packet{request.tree_size, {}};
    for (LeafIndex leaf : request.leaf_indexes) {
        if (leaf.get() >= request.tree_size.get())
            return out_of_range("entry " + std::to_string(leaf.get()) + " is not in a log of that size");
        if (packet.proofs.size() == k_leaves_a_packet)
            out.push_back(std::exchange(packet, Inclusion{request.tree_size, {}}));
        SAMPAN_ASSIGN(MerkleProof found, proof(leaf, request.tree_size));
        packet.proofs.push_back({leaf, std::move(found)});
    }
    out.push_back(std::move(packet));
    return out;
}

Result<std::vector<Packet>> LogReader::consistency(const FetchConsistency& request) {
    if (request.from > request.to || request.to > state_.head.size)
        return out_of_range("the log has no such sizes");
    Consistency packet{request.from, request.to, {}};
    SAMPAN_ASSIGN(packet.proof,
                  merkle_consistency(request.from, request.to, [this](unsigned level, std::uint64_t index) {
                      return store_.node(level, index);
                  }));
    return std::vector<Packet>{std::move(packet)};
}

// --- entries and the registry
Result<std::vector<Packet>> LogReader::entries(const FetchEntries& request, const AgencyId& agency,
                                               SessionRole role) {
    Entries packet{request.first, {}, state_.head.size};
    if (request.first.get() >= state_.head.size.get()) return std::vector<Packet>{std::move(packet)};
    SAMPAN_ASSIGN(std::vector<StoredEntry> found,
                  store_.entries(request.first, request.count, k_packet_budget));
    std::size_t bytes = encoded_packet_size(packet);
    for (StoredEntry& stored : found) {
        SAMPAN_ASSIGN(LogEntry entry, decode_log_entry(stored.entry.view()));
        const bool shown = role == SessionRole::auditor || erased_by(stored.record) ||
                           record_names(entry.type, stored.record, agency);
        EntryRecord record{to_bytes(stored.entry.view()), shown ? std::move(stored.record) : Bytes()};
        const std::size_t more = record.entry.size() + record.record.size() + 32;
        if (bytes + more > k_packet_budget) {
            if (!packet.entries.empty()) break;
            record.record =
                Bytes();  // a record that no frame holds (a very large registry) is fetched elsewhere
        }
        bytes += more;
        packet.entries.push_back(std::move(record));
    }
    return std::vector<Packet>{std::move(packet)};
}

std::vector<Packet> LogReader::registry(const FetchRegistry& request) const {
    return {make_registry_answer(request, Epoch(state_.epochs.size()), [&](Epoch epoch) {
        return ByteView(state_.epochs[static_cast<std::size_t>(epoch.get() - 1)]->signed_bytes());
    })};
}

// --- parts
Result<const std::vector<MerkleProof>*> LogReader::part_proofs(const PartDescription& part) {
    for (auto it = cached_parts_.begin(); it != cached_parts_.end(); ++it)
        if (it->root == part.root) {
            cached_parts_.splice(cached_parts_.begin(), cached_parts_, it);
            return &it->proofs;
        }
    SAMPAN_ASSIGN(auto frames, store_.part_frames(part.root));
    PartTree tree;
    for (const auto& [index, leaf] : frames) {
        if (index != tree.leaves.size()) break;
        tree.leaves.push_back(leaf);
    }
    if (tree.leaves.size() != part.frames() || merkle_root(tree.leaves) != part.root)
        return Error(StoreError::damaged, "the frames of part " + part.root.hex() + " do not give its root");
    if (cached_parts_.size() >= k_cached_parts) cached_parts_.pop_back();
    cached_parts_.push_front({part.root, tree.proofs()});
    return &cached_parts_.front().proofs;
}

Result<PartData> LogReader::part_data(const FetchParts& request, const PartDescription& part,
                                      std::uint64_t index) {
    SAMPAN_ASSIGN(const std::vector<MerkleProof>* proofs, part_proofs(part));
    PartData out{request.subject, request.part, index, {}, (*proofs)[static_cast<std::size_t>(index)]};
    SAMPAN_ASSIGN(out.data, store_.part_frame(part.root, index,
                                              static_cast<std::size_t>(part_frame_size(part, index))));
    return out;
}

}  // namespace sampan::broker
