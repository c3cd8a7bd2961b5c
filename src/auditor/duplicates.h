// Which of many subjects stand twice, in memory that does not grow with their number: a filter of fixed size
// gives the candidates, and a second reading decides among them. One owner.
#pragma once

#include <unordered_map>
#include <vector>

#include "sampan/base/ids.h"

namespace sampan {

class Duplicates {
  public:
    Duplicates();
    // First reading: every subject, once.
    void add(const MessageSubject& subject);
    // Whether a second reading is needed, and whether candidates had to be dropped (then nothing is known of
    // them).
    bool any_candidates() const { return !candidates_.empty(); }
    bool overflowed() const { return overflowed_; }
    // Second reading: true when this subject was given before in it.
    bool repeated(const MessageSubject& subject);

  private:
    std::vector<std::uint64_t> bits_;
    std::unordered_map<MessageSubject, bool> candidates_;
    bool overflowed_ = false;
};

}  // namespace sampan
