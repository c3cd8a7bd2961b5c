#include "node/carried.h"

#include "sampan/log/log.h"

namespace sampan::node {
namespace {

constexpr std::size_t k_epochs_bytes = 64 * limits::k_mib;
constexpr std::size_t k_answers_most = 262'144;

Error bad(const std::string& why) {
    return Error(BundleError::bad_bundle, why, "have it made and carried again");
}

}  // namespace

bool CarriedAnswers::is_said(const Packet& packet) {
    return std::holds_alternative<Answers>(packet) || std::holds_alternative<StatementLogged>(packet) ||
           std::holds_alternative<OutcomesLogged>(packet) || std::holds_alternative<OutcomeNotice>(packet) ||
           std::holds_alternative<Deliver>(packet) || std::holds_alternative<SessionError>(packet);
}

Result<CarriedAnswers> CarriedAnswers::index(const BundleReader& bundle) {
    CarriedAnswers out(bundle);
    for (std::size_t i = 0; i < bundle.frames(); ++i) {
        SAMPAN_ASSIGN(std::vector<Packet> packets, bundle.frame(i));
        bool said = false;
        for (Packet& packet : packets) {
            if (is_said(packet)) {
                said = true;
                continue;
            }
            SAMPAN_TRY(out.take(std::move(packet), i));
        }
        if (said) out.frames_.push_back(i);
    }
    return out;
}

// Whole ones, and pieces of one, in order.
Result<std::vector<Bytes>> CarriedAnswers::epochs_of(const BundleReader& bundle) {
    std::vector<Bytes> out;
    Bytes piece;
    std::size_t held = 0;
    for (std::size_t i = 0; i < bundle.frames(); ++i) {
        SAMPAN_ASSIGN(std::vector<Packet> packets, bundle.frame(i));
        for (Packet& packet : packets) {
            auto* answer = std::get_if<RegistryEpochs>(&packet);
            if (answer == nullptr) continue;
            held += answer->piece.size();
            for (Bytes& epoch : answer->epochs) {
                held += epoch.size();
                out.push_back(std::move(epoch));
            }
            if (held > k_epochs_bytes) return bad("it holds more epochs than one bundle may");
            if (answer->piece.empty()) continue;
            if (answer->piece_offset != piece.size() || answer->piece_of > limits::k_registry_bytes ||
                piece.size() + answer->piece.size() > answer->piece_of)
                return bad("the pieces of an epoch do not fit together");
            append(piece, answer->piece);
            if (piece.size() == answer->piece_of) out.push_back(std::exchange(piece, {}));
        }
    }
    if (!piece.empty()) return bad("an epoch in it is cut short");
    return out;
}

Status CarriedAnswers::take(Packet packet, std::size_t frame) {
    if (auto* welcome = std::get_if<Welcome>(&packet)) {
        if (welcome_) return bad("it opens two sessions");
        welcome_ = std::move(*welcome);
    } else if (std::holds_alternative<RegistryEpochs>(packet)) {
        return ok_status();  // epochs_of took them
    } else if (std::holds_alternative<Peers>(packet)) {
        peers_.push_back(std::move(packet));
    } else if (auto* consistency = std::get_if<Consistency>(&packet)) {
        consistency_[{consistency->from.get(), consistency->to.get()}] = std::move(*consistency);
    } else if (auto* inclusion = std::get_if<Inclusion>(&packet)) {
        for (LeafProof& proof : inclusion->proofs)
            inclusion_[{inclusion->tree_size.get(), proof.leaf_index.get()}] = std::move(proof.proof);
    } else if (auto* entries = std::get_if<Entries>(&packet)) {
        entries_[entries->first.get()] = std::move(*entries);
    } else if (const auto* data = std::get_if<PartData>(&packet)) {
        parts_[{data->subject, data->part, data->index}] = frame;
    } else {
        return bad("it holds a " + std::string(packet_name(packet)) + ", which no broker says there");
    }
    if (peers_.size() + consistency_.size() + inclusion_.size() + entries_.size() + parts_.size() >
        k_answers_most)
        return bad("it holds more answers than one bundle may");
    return ok_status();
}

void CarriedAnswers::overtaken_by(const PinnedCheckpoint& pinned, TreeSize size, TreeSize since) {
    if (!welcome_) return;
    const auto note = Note::parse(welcome_->checkpoint);
    const auto head = note.ok() ? Checkpoint::parse(note->text) : Result<Checkpoint>(note.error());
    if (!head.ok() || head->size >= size || head->size < since) return;
    welcome_->checkpoint = pinned.note;
    peers_.clear();
}

Result<std::vector<Packet>> CarriedAnswers::answer(const Packet& request) const {
    if (std::holds_alternative<FetchPeers>(request)) return peers_;
    if (const auto* fetch = std::get_if<FetchInclusion>(&request)) return inclusion(*fetch);
    if (const auto* fetch = std::get_if<FetchParts>(&request)) return parts(*fetch);
    if (const auto* fetch = std::get_if<FetchConsistency>(&request)) {
        const auto found = consistency_.find({fetch->from.get(), fetch->to.get()});
        return found == consistency_.end() ? std::vector<Packet>{} : std::vector<Packet>{found->second};
    }
    if (const auto* fetch = std::get_if<FetchEntries>(&request)) {
        const auto found = entries_.find(fetch->first.get());
        return found == entries_.end() ? std::vector<Packet>{} : std::vector<Packet>{found->second};
    }
    // What is sent along with the next bundle is not answered here.
    return std::vector<Packet>{};
}

// All of them, or none: a broker that cannot prove one entry proves nothing.
std::vector<Packet> CarriedAnswers::inclusion(const FetchInclusion& request) const {
    Inclusion out{request.tree_size, {}};
    for (const LeafIndex leaf : request.leaf_indexes) {
        const auto found = inclusion_.find({request.tree_size.get(), leaf.get()});
        if (found == inclusion_.end()) return {};
        out.proofs.push_back({leaf, found->second});
    }
    return {std::move(out)};
}

Result<std::vector<Packet>> CarriedAnswers::parts(const FetchParts& request) const {
    std::vector<Packet> out;
    for (std::uint64_t i = request.first; i < request.first + request.count; ++i) {
        const auto found = parts_.find({request.subject, request.part, i});
        if (found == parts_.end()) break;
        SAMPAN_ASSIGN(std::vector<Packet> packets, bundle_->frame(found->second));
        for (Packet& packet : packets) {
            const auto* data = std::get_if<PartData>(&packet);
            if (data != nullptr && data->subject == request.subject && data->part == request.part &&
                data->index == i)
                out.push_back(std::move(packet));
        }
    }
    return out;
}

}  // namespace sampan::node
