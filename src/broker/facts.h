// What a batch's events ask of the store, fetched before the core decides. The only reads that deciding
// needs.
#pragma once

#include "broker/check.h"
#include "broker/state.h"

namespace sampan::broker {

struct Facts {
    std::map<SubmissionKey, StoredSubmission> submissions;  // answered before
    std::map<std::uint64_t, SignedList> answer_lists;       // of those
    std::map<TreeSize, MerkleHash> roots;                   // of trees up to the present size
    std::map<std::pair<AgencyId, std::uint64_t>, StoredOutcomeList> outcome_lists;
    std::map<MerkleHash, std::vector<std::pair<std::uint64_t, MerkleHash>>> part_frames;
};

// Remembers roots, which never change.
class FactReader {
  public:
    explicit FactReader(BrokerStore& store) : store_(store) {}
    Result<Facts> read(const std::vector<CheckedFrame>& frames, const State& state);

  private:
    Status read_submit(const CheckedSubmit& submit, Facts& facts);
    Status read_submission(const SubmissionKey& key, Facts& facts, bool with_list);
    Status read_root(TreeSize size, Facts& facts);
    BrokerStore& store_;
    std::map<TreeSize, MerkleHash> roots_;
};

}  // namespace sampan::broker
