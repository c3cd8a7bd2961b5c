// Records that are not there: erased under the exchange's retention, as an entry of the log says, or missing.
#include "auditor/audit.h"

namespace sampan {
namespace {

UnixMillis at_second(std::uint64_t time_s) {
    return UnixMillis(static_cast<std::int64_t>(time_s) * k_second_ms);
}

}  // namespace

void ExportAudit::take_erased(const LogEntry& entry, LeafIndex by, AuditedRow& row) {
    ++report_.erased;
    row.erased_by = by;
    if (options_.on_row)
        row.summary = std::string(entry_type_name(entry.type)) +
                      ": its record was erased under the exchange's retention, as entry " +
                      std::to_string(by.get()) + " says";
    if (const Status marked = erasures_.mark(at_, entry.type, entry.time_s, by); !marked.ok())
        finding(marked.error().context());
}

// A member's excerpt lacks what does not name it. Else only a registry epoch may be missing, which stands in
// the export once already.
void ExportAudit::take_missing(const LogEntry& entry, AuditedRow& row) {
    if (options_.on_row)
        row.summary = std::string(entry_type_name(entry.type)) + " (its record is not in this export)";
    if (entry.type == EntryType::registry) {
        for (const RegistryPtr& epoch : chain_->epochs())
            if (epoch->hash().array() == entry.subject.array())
                return read_registry(entry, epoch->signed_bytes(), row);
    }
    ++report_.left_out;
    if (scope_ == ExportScope::whole && checking())
        finding("the record of this " + std::string(entry_type_name(entry.type)) +
                " entry is missing, and no entry says that it was erased");
}

void ExportAudit::read_erasure(const LogEntry& entry, std::string_view text, AuditedRow& row) {
    const auto erasure = Erasure::parse(text);
    if (!erasure.ok()) return finding("an erasure is malformed: " + erasure.error().context());
    if (options_.on_row)
        row.summary = "the records of " + std::to_string(erasure->count) +
                      (erasure->count == 1 ? " entry" : " entries") + " from " +
                      std::to_string(erasure->first.get()) + " to " + std::to_string(erasure->last.get()) +
                      " were erased under retention order " + std::to_string(erasure->order);
    const auto marks = erasures_.settle(at_, *erasure, *first_);
    if (!marks.ok()) return finding(marks.error().context());
    judge_erasure(entry, *erasure, *marks);
}

// Whether the order in force let them go. What a record said is gone: of messages it is known that no level
// has a shorter life, and of holds those that need no message to be judged.
void ExportAudit::judge_erasure(const LogEntry& entry, const Erasure& erasure,
                                const ErasureTally::Marks& marks) {
    if (!order_ && first_->get() != 0) return;  // it was given before this export begins
    if (!order_ || order_->number != erasure.order)
        return finding("records were erased under retention order " + std::to_string(erasure.order) +
                       ", and the one in force was " + (order_ ? std::to_string(order_->number) : "none"));
    const auto judge = [&](bool event, std::uint64_t oldest_s, std::uint64_t newest_s, const char* what) {
        if (newest_s == 0) return;
        const std::uint32_t days = order_->shortest_days(event);
        if (days == 0 || newest_s + std::uint64_t{days} * (k_day_ms / k_second_ms) > entry.time_s)
            finding(std::string(what) + " of " + to_rfc3339(at_second(newest_s)) +
                    " was erased before retention order " + std::to_string(order_->number) + " allows it");
        for (const LegalHold& hold : order_->holds)
            if ((event ? hold.covers_events() : hold.covers_all()) &&
                (hold.covers_time(at_second(oldest_s)) || hold.covers_time(at_second(newest_s))))
                finding(std::string(what) + " was erased that legal hold " + hold.id + " keeps");
    };
    judge(true, marks.oldest_event_s, marks.newest_event_s, "the record of an event");
    judge(false, marks.oldest_message_s, marks.newest_message_s, "the record of a message");
}

// The authority's word on how long records are kept; each order takes the place of the one before.
void ExportAudit::read_order(ByteView file, AuditedRow& row) {
    const auto order = open_retention(file);
    if (!order.ok()) return finding("a retention order is malformed: " + order.error().context());
    ++report_.signatures;
    const std::uint64_t number = order->order.number;
    if (options_.on_row) {
        row.summary = "retention order " + std::to_string(number) + " of the authority";
        std::string changes;
        for (const std::string& change : retention_changes(order_.value_or(RetentionOrder()), order->order))
            changes += (changes.empty() ? ": " : "; ") + change;
        row.summary += changes;
    }
    // Whoever signs the next epoch signs orders: the keys of the epoch in force when it was logged.
    RegistryPtr epoch = chain_->newest();
    for (const RegistryPtr& candidate : chain_->epochs())
        if (newest_logged_epoch_ && candidate->registry().epoch == *newest_logged_epoch_) epoch = candidate;
    if (const Status checked = check_retention(*order, epoch->registry()); !checked.ok())
        finding("retention order " + std::to_string(number) + ": " + checked.error().context());
    const bool follows = order_ ? number == order_->number + 1 : number == 1 || first_->get() != 0;
    if (!follows)
        finding("retention order " + std::to_string(number) +
                " does not follow the one before it in the log");
    order_ = order->order;
}

void ExportAudit::judge_retention() {
    if (const auto by = erasures_.unsettled()) {
        at_ = *by;
        finding("records are marked as erased by this entry, which is not in the log");
    }
    if (report_.erased == 0) return;
    step("retention", report_.findings_in_all == 0,
         std::to_string(report_.erased) + (report_.erased == 1 ? " record was" : " records were") +
             " erased under the exchange's retention, each as an entry of the log says; the tree is whole");
}

}  // namespace sampan
