// The broker's half of a session that came on removable media: what it said unasked, in order, and its
// answers to what a node's core asks while it takes that. One owner; reads its file.
#pragma once

#include <map>

#include "node/error.h"
#include "sampan/store/node_store.h"
#include "sampan/transport/bundle.h"

namespace sampan::node {

class CarriedAnswers {
  public:
    // The signed epochs of a bundle, ascending: all that may be taken from one before its signature is known
    // to hold, for it may need their keys. At most k_epochs_bytes of them; `bad_bundle` for more.
    static Result<std::vector<Bytes>> epochs_of(const BundleReader& bundle);
    // Of a bundle whose signature holds: looks through every frame once. `bad_bundle` when a packet stands in
    // it that no broker sends, or more of them than any answer needs.
    static Result<CarriedAnswers> index(const BundleReader& bundle);

    const std::optional<Welcome>& welcome() const { return welcome_; }
    // Frames that hold what was said unasked: answers, notices, deliveries, errors.
    const std::vector<std::size_t>& frames() const { return frames_; }
    static bool is_said(const Packet& packet);
    // An answer may come late: its head is of before the one that is pinned, and not of before what the node
    // had pinned when it asked (`since`). Then nothing is proven against it, and nothing is held against it.
    void overtaken_by(const PinnedCheckpoint& pinned, TreeSize size, TreeSize since);
    // What the broker would answer; nothing where the bundle does not have it.
    Result<std::vector<Packet>> answer(const Packet& request) const;

  private:
    explicit CarriedAnswers(const BundleReader& bundle) : bundle_(&bundle) {}
    Status take(Packet packet, std::size_t frame);
    std::vector<Packet> inclusion(const FetchInclusion& request) const;
    Result<std::vector<Packet>> parts(const FetchParts& request) const;

    const BundleReader* bundle_;
    std::optional<Welcome> welcome_;
    std::vector<std::size_t> frames_;
    std::vector<Packet> peers_;
    std::map<std::pair<std::uint64_t, std::uint64_t>, Consistency> consistency_;
    std::map<std::pair<std::uint64_t, std::uint64_t>, MerkleProof> inclusion_;  // by tree size and leaf
    std::map<std::uint64_t, Entries> entries_;                                  // by their first
    std::map<std::tuple<MessageSubject, std::uint32_t, std::uint64_t>, std::size_t> parts_;  // frame
};

}  // namespace sampan::node
