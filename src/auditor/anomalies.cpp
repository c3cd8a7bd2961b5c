// What is not wrong by itself, and worth a question: late receipts, unusual hours, repeated refusals, clocks
// that differ, much reading at once.
#include <array>

#include "auditor/ledger.h"

namespace sampan {
namespace {

constexpr std::size_t k_hours_needed = 20;  // messages of an agency before its hours mean anything
constexpr std::size_t k_refusals_in_a_row = 3;
constexpr std::int64_t k_refusal_window_ms = 10 * k_minute_ms;
constexpr std::size_t k_reads_at_once = 10;
constexpr std::int64_t k_read_window_ms = k_hour_ms;

std::string name_of(const MessageFacts& message) {
    return std::string(precedence_name(message.precedence)) + " message " + message.id.hex() + " of " +
           message.sender;
}

void late_receipts(const Ledger& ledger, std::vector<Anomaly>& out) {
    for (const MessageFacts& message : ledger.messages) {
        const std::int64_t due = receipt_due_ms(message.precedence);
        for (const CopyFacts& copy : message.copies) {
            const UnixMillis end = copy.code ? copy.logged : ledger.newest;
            const std::int64_t took = end.get() - message.accepted.get();
            if (took <= due) continue;
            out.push_back({"late_receipt", copy.code ? copy.index : message.index,
                           name_of(message) + (copy.code ? ": the outcome of " : ": no outcome from ") +
                               copy.agency + " after " + duration_text(took) + ", due within " +
                               duration_text(due)});
        }
    }
}

std::size_t hour_of(UnixMillis time) {
    return static_cast<std::size_t>(time.get() / k_hour_ms % 24);
}

// An hour in which, with its neighbours, an agency sends less than a twentieth of its messages.
void unusual_hours(const Ledger& ledger, std::vector<Anomaly>& out) {
    std::map<std::string, std::array<std::size_t, 24>> hours;
    for (const MessageFacts& message : ledger.messages) ++hours[message.sender][hour_of(message.accepted)];
    for (const MessageFacts& message : ledger.messages) {
        const auto& mine = hours[message.sender];
        std::size_t all = 0;
        for (const std::size_t n : mine) all += n;
        const std::size_t at = hour_of(message.accepted);
        const std::size_t near = mine[(at + 23) % 24] + mine[at] + mine[(at + 1) % 24];
        if (all < k_hours_needed || near * 20 >= all) continue;
        out.push_back({"unusual_hour", message.index,
                       name_of(message) + " at " + to_rfc3339(message.accepted) + ": this agency sends " +
                           std::to_string(near) + " of its " + std::to_string(all) +
                           " messages around that hour"});
    }
}

void repeated_refusals(const Ledger& ledger, std::vector<Anomaly>& out) {
    std::map<std::string, std::vector<const RefusalFacts*>> by_sender;
    for (const RefusalFacts& refusal : ledger.refusals) by_sender[refusal.sender].push_back(&refusal);
    for (const auto& [sender, all] : by_sender)
        for (std::size_t first = 0; first + k_refusals_in_a_row <= all.size();) {
            std::size_t last = first;
            while (last + 1 < all.size() &&
                   all[last + 1]->time.get() - all[first]->time.get() <= k_refusal_window_ms)
                ++last;
            if (last - first + 1 < k_refusals_in_a_row) {
                ++first;
                continue;
            }
            out.push_back({"repeated_refusals", all[first]->index,
                           sender + " was refused " + std::to_string(last - first + 1) + " times within " +
                               duration_text(all[last]->time.get() - all[first]->time.get()) +
                               ", first for " + all[first]->reason});
            first = last + 1;
        }
}

// Only what a clock that is right cannot do: to write or to sign after it was logged.
void clock_differences(const Ledger& ledger, std::vector<Anomaly>& out) {
    for (const MessageFacts& message : ledger.messages) {
        const std::int64_t ahead = message.created.get() - message.accepted.get();
        if (ahead > limits::k_clock_warning_ms)
            out.push_back(
                {"clock_difference", message.index,
                 name_of(message) + " was created " + duration_text(ahead) + " after it was accepted"});
        for (const CopyFacts& copy : message.copies) {
            const std::int64_t signed_ahead = copy.signed_time.get() - copy.logged.get();
            if (copy.code && signed_ahead > limits::k_clock_warning_ms)
                out.push_back({"clock_difference", copy.index,
                               copy.agency + " signed the outcome of " + name_of(message) + " " +
                                   duration_text(signed_ahead) + " after it was logged"});
        }
    }
}

void mass_reading(const Ledger& ledger, std::vector<Anomaly>& out) {
    const auto& reads = ledger.audit_reads;
    for (std::size_t first = 0; first + k_reads_at_once <= reads.size(); ++first) {
        const std::int64_t within =
            reads[first + k_reads_at_once - 1].second.get() - reads[first].second.get();
        if (within > k_read_window_ms) continue;
        out.push_back({"mass_reading", reads[first].first,
                       "auditors opened the log " + std::to_string(k_reads_at_once) + " times within " +
                           duration_text(within)});
        first += k_reads_at_once - 1;
    }
}

}  // namespace

std::vector<Anomaly> find_anomalies(const Ledger& ledger) {
    std::vector<Anomaly> out;
    late_receipts(ledger, out);
    unusual_hours(ledger, out);
    repeated_refusals(ledger, out);
    clock_differences(ledger, out);
    mass_reading(ledger, out);
    std::stable_sort(out.begin(), out.end(),
                     [](const Anomaly& a, const Anomaly& b) { return a.index < b.index; });
    return out;
}

}  // namespace sampan
