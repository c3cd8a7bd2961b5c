#include "store/broker_ids.h"

#include "sampan/base/encode.h"
#include "sampan/crypto/random.h"

namespace sampan {
namespace {

constexpr std::size_t k_first_slots = 1024;

}  // namespace

SubmissionIndex::SubmissionIndex() : slots_(k_first_slots) {
    random_fill(key_.mutable_view());
}

std::uint64_t SubmissionIndex::fingerprint(std::int64_t sender, const MessageId& id) const {
    Writer text(56);
    text.raw(key_.view()).u64(static_cast<std::uint64_t>(sender)).raw(id.view());
    return std::hash<Sha256Digest>{}(sha256(text.bytes()));
}

void SubmissionIndex::place(std::vector<Slot>& slots, const Slot& slot) const {
    std::size_t at = slot.fingerprint & (slots.size() - 1);
    while (slots[at].number != 0) at = (at + 1) & (slots.size() - 1);
    slots[at] = slot;
}

void SubmissionIndex::resize(std::size_t slots) {
    std::vector<Slot> grown(slots);
    for (const Slot& slot : slots_)
        if (slot.number != 0) place(grown, slot);
    slots_ = std::move(grown);
}

void SubmissionIndex::add(std::int64_t sender, const MessageId& id, std::uint64_t number) {
    SAMPAN_ASSERT(number != 0);
    if ((used_ + 1) * 10 > slots_.size() * 7) resize(slots_.size() * 2);
    place(slots_, {fingerprint(sender, id), number});
    ++used_;
}

std::vector<std::uint64_t> SubmissionIndex::find(std::int64_t sender, const MessageId& id) const {
    std::vector<std::uint64_t> out;
    const std::uint64_t wanted = fingerprint(sender, id);
    for (std::size_t at = wanted & (slots_.size() - 1); slots_[at].number != 0;
         at = (at + 1) & (slots_.size() - 1))
        if (slots_[at].fingerprint == wanted) out.push_back(slots_[at].number);
    return out;
}

void SubmissionIndex::forget_below(std::uint64_t number) {
    std::vector<Slot> kept;
    for (const Slot& slot : slots_)
        if (slot.number >= number) kept.push_back(slot);
    std::size_t size = k_first_slots;
    while (kept.size() * 10 > size * 7) size *= 2;
    slots_.assign(size, Slot());
    for (const Slot& slot : kept) place(slots_, slot);
    used_ = kept.size();
}

}  // namespace sampan
