// Answers what members and auditors ask of the log, the registry and each other's statements: reads of
// committed facts, after the batch that asked was committed.
#pragma once

#include <list>

#include "broker/draft.h"

namespace sampan::broker {

class LogReader {
  public:
    LogReader(BrokerStore& store, const State& state) : store_(store), state_(state) {}
    // The packets of the answer; a refusal is a SessionError among them. An error of the store ends the
    // broker.
    Result<std::vector<Packet>> answer(const LogRead& read);
    // One frame of a part that `request` may read.
    Result<PartData> part_data(const FetchParts& request, const PartDescription& part, std::uint64_t index);

  private:
    Result<std::vector<Packet>> peers(const FetchPeers& request);
    Result<std::optional<LoggedStatement>> prove(const StoredStatement& statement, TreeSize size);
    Result<std::vector<Packet>> inclusion(const FetchInclusion& request);
    Result<std::vector<Packet>> consistency(const FetchConsistency& request);
    Result<std::vector<Packet>> entries(const FetchEntries& request, const AgencyId& agency,
                                        SessionRole role);
    std::vector<Packet> registry(const FetchRegistry& request) const;
    Result<MerkleProof> proof(LeafIndex leaf, TreeSize size);
    Result<const std::vector<MerkleProof>*> part_proofs(const PartDescription& part);

    BrokerStore& store_;
    const State& state_;
    struct CachedPart {
        MerkleHash root;
        std::vector<MerkleProof> proofs;
    };
    std::list<CachedPart> cached_parts_;  // the most recently read first
};

// May a member see the record of this entry? What names it, and what every member is told anyway.
bool record_names(EntryType type, ByteView record, const AgencyId& agency);

}  // namespace sampan::broker
