// The report of a period: one HTML page that needs nothing else and prints on A4.
#include <algorithm>
#include <cstdio>

#include "auditor/ledger.h"

namespace sampan {
namespace {

constexpr char k_style[] = R"(
:root{--ink:#1b1f24;--soft:#5c6773;--line:#d5dae0;--bar:#2f5d8a;--bad:#a3301f}
body{font:15px/1.5 system-ui,sans-serif;color:var(--ink);max-width:52rem;margin:2rem auto;padding:0 1rem}
h1{font-size:1.6rem;margin:0}h2{font-size:1.15rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--line)}
p.sub{color:var(--soft);margin:.2rem 0 1rem}table{border-collapse:collapse;width:100%}
th,td{text-align:left;padding:.25rem .6rem .25rem 0;border-bottom:1px solid var(--line);vertical-align:top}
td.n,th.n{text-align:right;font-variant-numeric:tabular-nums}.bad{color:var(--bad)}svg{width:100%;height:auto}
svg text{font:11px system-ui,sans-serif;fill:var(--soft)}svg rect{fill:var(--bar)}
@page{size:A4;margin:18mm}@media print{body{margin:0;max-width:none}h2{break-after:avoid}tr,svg{break-inside:avoid}}
)";

std::string escaped(std::string_view text) {
    std::string out;
    for (const char c : text) {
        switch (c) {
            case '&':
                out += "&amp;";
                break;
            case '<':
                out += "&lt;";
                break;
            case '>':
                out += "&gt;";
                break;
            case '"':
                out += "&quot;";
                break;
            default:
                out.push_back(static_cast<unsigned char>(c) < 0x20 || c == 0x7f ? ' ' : c);
        }
    }
    return out;
}

std::string cell(std::string_view text) {
    return "<td>" + escaped(text) + "</td>";
}
std::string cell(std::uint64_t n) {
    return "<td class=n>" + std::to_string(n) + "</td>";
}

std::string fixed(double value) {
    char out[32];
    std::snprintf(out, sizeof out, "%.1f", value);
    return out;
}

struct Bar {
    std::string label;
    std::uint64_t value = 0;
};

// Horizontal bars with their values.
std::string bars(std::string_view title, const std::vector<Bar>& rows) {
    if (rows.empty()) return {};
    constexpr double k_left = 150, k_width = 440, k_step = 20;
    std::uint64_t most = 1;
    for (const Bar& row : rows) most = std::max(most, row.value);
    const double height = k_step * static_cast<double>(rows.size()) + 4;
    std::string out =
        "<svg role=img viewBox=\"0 0 640 " + fixed(height) + "\" aria-label=\"" + escaped(title) + "\">";
    double y = 0;
    for (const Bar& row : rows) {
        const double width = k_width * static_cast<double>(row.value) / static_cast<double>(most);
        out += "<text x=\"" + fixed(k_left - 8) + "\" y=\"" + fixed(y + 14) + "\" text-anchor=end>" +
               escaped(row.label) + "</text><rect x=\"" + fixed(k_left) + "\" y=\"" + fixed(y + 4) +
               "\" width=\"" + fixed(width) + "\" height=\"13\" rx=\"2\"/><text x=\"" +
               fixed(k_left + width + 6) + "\" y=\"" + fixed(y + 14) + "\">" + std::to_string(row.value) +
               "</text>";
        y += k_step;
    }
    return out + "</svg>";
}

// One bar a day, from the first to the last.
std::string days(const Ledger& ledger) {
    if (ledger.messages.empty()) return {};
    std::map<std::int64_t, std::uint64_t> count;
    for (const MessageFacts& message : ledger.messages) ++count[message.accepted.get() / k_day_ms];
    const std::int64_t first = count.begin()->first;
    const std::int64_t shown = std::min<std::int64_t>(count.rbegin()->first - first + 1, 366);
    std::uint64_t most = 1;
    for (const auto& [day, n] : count) most = std::max(most, n);
    const double width = std::min(600.0 / static_cast<double>(shown), 40.0);
    std::string out = "<svg role=img viewBox=\"0 0 640 130\" aria-label=\"Messages a day\">";
    for (const auto& [day, n] : count) {
        if (day - first >= shown) break;
        const double height = 96.0 * static_cast<double>(n) / static_cast<double>(most);
        out += "<rect x=\"" + fixed(30 + width * static_cast<double>(day - first)) + "\" y=\"" +
               fixed(102 - height) + "\" width=\"" + fixed(std::max(1.0, width - 1)) + "\" height=\"" +
               fixed(height) + "\"/>";
    }
    const auto date = [](std::int64_t day) { return to_rfc3339(UnixMillis(day * k_day_ms)).substr(0, 10); };
    out += "<text x=30 y=120>" + date(first) + "</text>";
    if (shown > 1)
        out += "<text x=\"" + fixed(std::max(30 + width * static_cast<double>(shown), 180.0)) +
               "\" y=120 text-anchor=end>" + date(first + shown - 1) + "</text>";
    return out + "<text x=26 y=12 text-anchor=end>" + std::to_string(most) + "</text></svg>";
}

std::vector<Bar> sorted_bars(const std::map<std::string, std::uint64_t>& counts) {
    std::vector<Bar> out;
    for (const auto& [label, value] : counts) out.push_back({label, value});
    std::stable_sort(out.begin(), out.end(), [](const Bar& a, const Bar& b) { return a.value > b.value; });
    return out;
}

struct AgencyCount {
    std::uint64_t sent = 0, refused = 0, addressed = 0, delivered = 0, rejected = 0, open = 0, late = 0;
};

std::map<std::string, AgencyCount> agencies(const Ledger& ledger) {
    std::map<std::string, AgencyCount> out;
    for (const RefusalFacts& refusal : ledger.refusals) ++out[refusal.sender].refused;
    for (const MessageFacts& message : ledger.messages) {
        ++out[message.sender].sent;
        for (const CopyFacts& copy : message.copies) {
            AgencyCount& mine = out[copy.agency];
            ++mine.addressed;
            if (!copy.code)
                ++mine.open;
            else if (*copy.code == OutcomeCode::delivered)
                ++mine.delivered;
            else
                ++mine.rejected;
            const UnixMillis end = copy.code ? copy.logged : ledger.newest;
            if (end.get() - message.accepted.get() > receipt_due_ms(message.precedence)) ++mine.late;
        }
    }
    return out;
}

std::string agency_table(const Ledger& ledger) {
    std::string out =
        "<table><tr><th>Agency<th class=n>Sent<th class=n>Refused<th class=n>Received<th class=n>Delivered"
        "<th class=n>Not delivered<th class=n>Open<th class=n>Late</tr>";
    for (const auto& [agency, n] : agencies(ledger))
        out += "<tr>" + cell(agency) + cell(n.sent) + cell(n.refused) + cell(n.addressed) +
               cell(n.delivered) + cell(n.rejected) + cell(n.open) + cell(n.late) + "</tr>";
    return out + "</table>";
}

std::string deadline_table(const Ledger& ledger) {
    struct Kept {
        std::uint64_t copies = 0, kept = 0;
        std::vector<std::int64_t> took;
    };
    std::map<Precedence, Kept> all;
    for (const MessageFacts& message : ledger.messages)
        for (const CopyFacts& copy : message.copies) {
            Kept& row = all[message.precedence];
            const std::int64_t took =
                (copy.code ? copy.logged : ledger.newest).get() - message.accepted.get();
            ++row.copies;
            if (took <= receipt_due_ms(message.precedence)) ++row.kept;
            if (copy.code) row.took.push_back(took);
        }
    std::string out =
        "<table><tr><th>Precedence<th>Due within<th class=n>Copies<th class=n>In time<th>Median</tr>";
    for (auto& [precedence, row] : all) {
        std::sort(row.took.begin(), row.took.end());
        out +=
            "<tr>" + cell(precedence_name(precedence)) + cell(duration_text(receipt_due_ms(precedence))) +
            cell(row.copies) + cell(row.kept) +
            cell(row.took.empty() ? std::string("none yet") : duration_text(row.took[row.took.size() / 2])) +
            "</tr>";
    }
    return out + "</table>";
}

std::string verification(const AuditReport& audit) {
    std::string out = "<table>";
    for (const AuditStep& step : audit.steps)
        out += "<tr><td>" + std::string(step.ok ? "holds" : "<span class=bad>FAILS</span>") + "</td>" +
               cell(step.what) + cell(step.detail) + "</tr>";
    out += "</table>";
    if (audit.findings_in_all == 0) return out + "<p>No findings.</p>";
    out += "<table><tr><th class=n>Entry<th>Finding</tr>";
    for (const AuditFinding& finding : audit.findings)
        out += "<tr>" + cell(finding.index.get()) + "<td class=bad>" + escaped(finding.text) + "</td></tr>";
    return out + "</table>";
}

std::string anomaly_table(const std::vector<Anomaly>& anomalies) {
    if (anomalies.empty()) return "<p>None.</p>";
    std::string out = "<table><tr><th class=n>Entry<th>What<th>Why it is shown</tr>";
    for (const Anomaly& anomaly : anomalies) {
        std::string kind = anomaly.kind;
        std::replace(kind.begin(), kind.end(), '_', ' ');
        out += "<tr>" + cell(anomaly.index.get()) + cell(kind) + cell(anomaly.text) + "</tr>";
    }
    return out + "</table>";
}

std::string period_text(const ReportInput& input) {
    const auto day = [](UnixMillis time) { return to_rfc3339(time); };
    std::string out = input.period.since ? "from " + day(*input.period.since) : "from the beginning";
    return out + (input.period.until ? " to before " + day(*input.period.until)
                                     : " to " + day(input.ledger->newest));
}

std::string erased_text(const Ledger& ledger) {
    if (ledger.erased.empty()) return {};
    return "<p>Of " + std::to_string(ledger.erased.size()) +
           " more the log keeps the entry alone: their records were erased under the exchange's "
           "retention.</p>";
}

}  // namespace

std::string html_report(const ReportInput& input) {
    const Ledger& ledger = *input.ledger;
    std::map<std::string, std::uint64_t> sent, labels, dialogues;
    for (const MessageFacts& message : ledger.messages) {
        ++sent[message.sender];
        ++labels[message.classification];
        for (const std::string& dialogue : message.dialogues) ++dialogues[dialogue];
        if (message.dialogues.empty()) ++dialogues["(none)"];
    }
    const std::string title = "Audit of " + input.exchange;
    std::string out =
        "<!doctype html><html lang=en><head><meta charset=utf-8><meta name=viewport "
        "content=\"width=device-width\"><title>" +
        escaped(title) + "</title><style>" + k_style + "</style></head><body><h1>" + escaped(title) +
        "</h1><p class=sub>" + escaped(period_text(input)) + " &middot; log of " +
        std::to_string(input.audit->checkpoint.size.get()) + " entries, root " +
        escaped(to_base64(input.audit->checkpoint.root.view())) + "</p>";
    out += "<h2>Does the log hold?</h2>" + verification(*input.audit);
    out += "<h2>Messages</h2><p>" + std::to_string(ledger.messages.size()) + " accepted, " +
           std::to_string(ledger.refusals.size()) + " refused.</p>" + erased_text(ledger) + days(ledger);
    out += "<h2>By agency</h2>" + bars("Messages sent", sorted_bars(sent)) + agency_table(ledger);
    out += "<h2>By label</h2>" + bars("Messages by label", sorted_bars(labels));
    out += "<h2>By dialogue</h2>" + bars("Messages by dialogue", sorted_bars(dialogues));
    out += "<h2>Deadlines kept</h2>" + deadline_table(ledger);
    out += "<h2>Worth a question</h2>" + anomaly_table(input.anomalies);
    return out + "</body></html>\n";
}

}  // namespace sampan
