#include "auditor/duplicates.h"

#include <array>

namespace sampan {
namespace {

// 16 MiB: with ten million subjects one in two hundred is a candidate by chance.
constexpr std::size_t k_words = std::size_t{1} << 21;
constexpr std::size_t k_probes = 4;
constexpr std::size_t k_most_candidates = std::size_t{1} << 17;

// Subjects are hashes: their own bytes are as good as any hash of them.
std::uint64_t probe(const MessageSubject& subject, std::size_t which) {
    std::uint64_t out = 0;
    for (std::size_t i = 0; i < 8; ++i) out = out << 8 | subject.view()[which * 8 + i];
    return out;
}

}  // namespace

Duplicates::Duplicates() : bits_(k_words, 0) {}

void Duplicates::add(const MessageSubject& subject) {
    bool seen = true;
    for (std::size_t i = 0; i < k_probes; ++i) {
        const std::uint64_t at = probe(subject, i);
        std::uint64_t& word = bits_[static_cast<std::size_t>(at >> 6) % k_words];
        const std::uint64_t bit = std::uint64_t{1} << (at & 63);
        seen = seen && (word & bit) != 0;
        word |= bit;
    }
    if (!seen) return;
    if (candidates_.size() < k_most_candidates)
        candidates_.emplace(subject, false);
    else
        overflowed_ = true;
}

bool Duplicates::repeated(const MessageSubject& subject) {
    const auto found = candidates_.find(subject);
    if (found == candidates_.end()) return false;
    return std::exchange(found->second, true);
}

}  // namespace sampan
