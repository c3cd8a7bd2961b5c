// Batches for a broker store, made of entries that hold together: a log that grows, mailboxes, answers. What
// a store is asked to keep, and a model of what it must then say.
#pragma once

#include <deque>
#include <map>
#include <set>

#include "sampan/store/broker_store.h"

namespace sampan::test {

// A factory of stores: each `open` opens the same one again.
struct StorePlace {
    std::string name;
    std::string directory;  // "": in memory, where nothing outlives the store
    std::unique_ptr<BrokerStore> open(std::int64_t max_pages = 0) const;
    Result<std::unique_ptr<BrokerStore>> try_open(std::int64_t max_pages = 0) const;
};
// A fresh folder under the system's temporary one, removed when it goes.
class TemporaryFolder {
  public:
    TemporaryFolder();
    ~TemporaryFolder();
    TemporaryFolder(const TemporaryFolder&) = delete;
    TemporaryFolder& operator=(const TemporaryFolder&) = delete;
    const std::string& path() const { return path_; }

  private:
    std::string path_;
};

class Scribe {
  public:
    explicit Scribe(std::uint64_t seed = 1) : seed_(seed) {}

    // A batch of `messages` messages from `sender`, each to all `readers`, beginning where the store is.
    CommitBatch batch(const BrokerStore& store, std::size_t messages, const AgencyId& sender,
                      const std::vector<AgencyId>& readers);
    // One that gives these messages of this reader their outcome.
    // The records of these entries go, under order 1.
    CommitBatch erasure(const BrokerStore& store, const std::vector<LeafIndex>& leaves);
    CommitBatch outcomes(const BrokerStore& store, const AgencyId& reader, std::vector<LeafIndex> leaves,
                         std::vector<LeafIndex> finished);
    // Adds entry by entry; `seal` sets the root and the checkpoint of the batch.
    LeafIndex add(CommitBatch& batch, EntryType type, Bytes record);
    void seal(CommitBatch& batch);
    MessageSubject subject_at(LeafIndex leaf) const { return subjects_.at(leaf); }
    SubmissionKey key_at(LeafIndex leaf) const { return keys_.at(leaf); }

  private:
    Bytes random(std::size_t size);
    std::uint64_t seed_;
    std::uint64_t drawn_ = 0;
    std::uint64_t answer_counter_ = 0;
    std::map<std::string, std::uint64_t> list_counters_;
    MerkleEdge edge_;
    std::deque<Bytes> kept_;
    std::map<LeafIndex, MessageSubject> subjects_;
    std::map<LeafIndex, SubmissionKey> keys_;
};

AgencyId reader_id(std::string_view text);

}  // namespace sampan::test
