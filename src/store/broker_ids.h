// Which (sender, message id) pairs were answered, in memory: fingerprints to row numbers. The rows decide;
// this only says where to look, so that the table is written in order and a commit touches few pages.
//
// Open addressing, 16 bytes a slot, at most 70 % full. Fingerprints are keyed with a secret of this process:
// nobody can choose ids that collide.
#pragma once

#include <vector>

#include "sampan/base/ids.h"
#include "sampan/crypto/hash.h"

namespace sampan {

class SubmissionIndex {
  public:
    SubmissionIndex();
    void add(std::int64_t sender, const MessageId& id, std::uint64_t number);
    // The row numbers that may hold the pair, most often none or one.
    std::vector<std::uint64_t> find(std::int64_t sender, const MessageId& id) const;
    // Forgets rows below `number`.
    void forget_below(std::uint64_t number);
    std::size_t size() const { return used_; }

  private:
    struct Slot {
        std::uint64_t fingerprint = 0;
        std::uint64_t number = 0;  // 0: empty
    };
    std::uint64_t fingerprint(std::int64_t sender, const MessageId& id) const;
    void place(std::vector<Slot>& slots, const Slot& slot) const;
    void resize(std::size_t slots);

    FixedBytes<struct SubmissionIndexKeyTag, 32> key_;
    std::vector<Slot> slots_;
    std::size_t used_ = 0;
};

}  // namespace sampan
