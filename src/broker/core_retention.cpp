// Records leave when their days are over, and holds keep them: as the authority's newest order says, by
// itself. The entries stay, and one of them says which records went.
#include "broker/core.h"
#include "sampan/log/erasure.h"

namespace sampan::broker {
namespace {

UnixMillis at_second(std::uint64_t time_s) {
    return UnixMillis(static_cast<std::int64_t>(time_s) * k_second_ms);
}

// None: it cannot be read, and stays.
std::optional<RecordFacts> facts_of(const ErasableRecord& record) {
    RecordFacts out;
    out.logged = at_second(record.time_s);
    out.event = record.type != EntryType::submitted && record.type != EntryType::refused;
    if (out.event) return out;
    const auto message = decode_message_record(record.type, record.record);
    if (!message) return std::nullopt;
    const auto seal = SignedSeal::parse(message->seal, message->signature.view());
    if (!seal) return std::nullopt;
    const Header& header = seal->header;
    out.level = header.label.classification;
    out.message = header.message_id;
    out.parties.push_back(header.sender);
    for (const Recipient& recipient : header.recipients) out.parties.push_back(recipient.agency);
    out.dialogues = header.dialogues;
    return out;
}

}  // namespace

std::optional<std::uint64_t> Core::erasable_before_s(UnixMillis now) const {
    if (!state_.retention) return std::nullopt;
    std::uint32_t days = state_.retention->shortest_days(true);
    if (const std::uint32_t of_messages = state_.retention->shortest_days(false);
        of_messages != 0 && (days == 0 || of_messages < days))
        days = of_messages;
    if (days == 0) return std::nullopt;
    const std::int64_t before = (now.get() - static_cast<std::int64_t>(days) * k_day_ms) / k_second_ms;
    return static_cast<std::uint64_t>(std::max<std::int64_t>(0, before + 1));
}

bool Core::is_due(const ErasableRecord& record, UnixMillis now) const {
    if (!state_.retention || state_.messages.count(record.leaf) != 0) return false;
    const auto facts = facts_of(record);
    if (!facts || state_.retention->hold_over(*facts) != nullptr) return false;
    const auto ends = state_.retention->ends(*facts);
    // Entries know whole seconds: what goes is over by them.
    return ends && *ends <= at_second(static_cast<std::uint64_t>(now.get() / k_second_ms));
}

// The order itself is the record, beside a salt: auditors read it, members do not.
void Core::take_order(const SignedRetention& order) {
    const std::uint64_t held = state_.retention ? state_.retention->number : 0;
    if (order.order.number != held + 1) return;  // it was taken already
    // An epoch of this very batch may have retired the keys that signed it: it is looked at again, and
    // refused.
    if (!check_retention(order, draft_->registry->registry())) return;
    log_salted(EntryType::hold, as_text(encode_retention(order)));
    draft_->new_order = order.order;
}

void Core::erase(const std::vector<ErasableRecord>& records) {
    Draft& draft = *draft_;
    // A new order may hold what was due under the one before: the next round looks again.
    if (draft.new_order) return;
    for (const ErasableRecord& record : records)
        if (is_due(record, draft.now)) draft.commit.erased.push_back(record.leaf);
    if (draft.commit.erased.empty()) return;
    Erasure erasure;
    erasure.order = state_.retention->number;
    erasure.count = draft.commit.erased.size();
    erasure.first = draft.commit.erased.front();
    erasure.last = draft.commit.erased.back();
    erasure.leaves = erased_leaves_digest(draft.commit.erased);
    draft.commit.erased_by = log_salted(EntryType::erasure, erasure.text());
    counters_.erased += draft.commit.erased.size();
}

}  // namespace sampan::broker
