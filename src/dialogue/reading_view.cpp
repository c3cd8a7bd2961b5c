// Who has opened and acknowledged what, and when: by officers' receipts, on what we sent and on what we hold.
#include <algorithm>

#include "dialogue/view_support.h"
#include "sampan/dialogue/receipts.h"

namespace sampan {
namespace {

using K = DocumentKind;

// "2027-01-11 14:00 by somchai: two arrests"
std::string mark_text(const std::optional<ReceiptMark>& mark) {
    if (!mark) return "";
    return date_text(mark->at) + " by " + mark->officer + (mark->note.empty() ? "" : ": " + mark->note);
}

// After a recall, or a newer revision: what became of the old one.
std::string taken_back_text(const HolderReceipts& given) {
    if (given.destroyed) return "destroyed " + mark_text(given.destroyed);
    return given.refused ? "kept, " + mark_text(given.refused) : "";
}

std::string owed_text(const ViewContext& context, const Entry& entry, const AgencyId& holder) {
    const Obligation owed = obligation_of(context.workspace, entry, holder);
    if (owed.owed == Owed::nothing || owed.met) return "";
    const std::string what = owed.owed == Owed::compliance ? "destroy or refuse" : "acknowledge";
    return what + (owed.overdue(context.now) ? ", overdue since " : " by ") + date_text(owed.due);
}

// Every kind but officers' receipts: in the log's order within a kind.
std::vector<EntryPtr> read_by_people(const ViewContext& context) {
    std::vector<EntryPtr> out;
    for (int i = 1; i <= static_cast<int>(k_last_kind); ++i)
        if (static_cast<K>(i) != K::receipt)
            for (const EntryPtr& entry : standing(context, static_cast<K>(i))) out.push_back(entry);
    return out;
}

const std::vector<PageColumn> k_receipts = {{"opened", "OPENED"},
                                            {"acknowledged", "ACKNOWLEDGED"},
                                            {"acted", "ACTED"},
                                            {"taken_back", "TAKEN BACK"},
                                            {"owed", "STILL OWED"}};
std::vector<PageColumn> with_receipts(std::vector<PageColumn> columns) {
    columns.insert(columns.end(), k_receipts.begin(), k_receipts.end());
    return columns;
}
void add_receipts(std::vector<std::string>& cells, const ViewContext& context, const Entry& entry,
                  const AgencyId& holder) {
    const HolderReceipts given = receipts_of(context.workspace, entry, holder);
    for (const auto* mark : {&given.opened, &given.acknowledged, &given.acted})
        cells.push_back(mark_text(*mark));
    cells.push_back(taken_back_text(given));
    cells.push_back(owed_text(context, entry, holder));
}

}  // namespace

Page reading_view(const ViewContext& context) {
    PageBuilder page(context, "reading", context.dialogue.title);
    const std::vector<EntryPtr> entries = read_by_people(context);
    page.section(
        "sent", "Who has read what we sent",
        with_receipts(
            {{"message", "MESSAGE"}, {"title", "TITLE"}, {"agency", "READER"}, {"delivered", "DELIVERED"}}));
    std::size_t copies = 0, opened = 0, acknowledged = 0;
    for (const EntryPtr& entry : entries) {
        if (!entry->own) continue;
        for (const ReaderState& reader : entry->reader_states) {
            const HolderReceipts given = receipts_of(context.workspace, *entry, reader.agency);
            ++copies;
            opened += given.opened ? 1 : 0;
            acknowledged += given.acknowledged || given.acted ? 1 : 0;
            std::vector<std::string> cells = {
                short_id(entry->id), entry->title, reader.agency.text(),
                reader.outcome == "delivered" ? date_text(reader.time) : reader.outcome};
            add_receipts(cells, context, *entry, reader.agency);
            page.row(std::move(cells), {entry});
        }
    }
    page.say("Of " + std::to_string(copies) + " copies " + std::to_string(opened) + " were opened and " +
             std::to_string(acknowledged) + " acknowledged, as their readers' officers say.");
    page.section("held", "What we hold of others",
                 with_receipts({{"message", "MESSAGE"},
                                {"received", "LOGGED"},
                                {"sender", "FROM"},
                                {"kind", "KIND"},
                                {"title", "TITLE"},
                                {"read", "READ"}}));
    std::size_t held = 0, unread = 0;
    for (const EntryPtr& entry : entries) {
        if (entry->own) continue;
        ++held;
        unread += entry->read ? 0 : 1;
        std::vector<std::string> cells = {short_id(entry->id),  date_text(entry->logged),
                                          entry->sender.text(), std::string(kind_name(entry->kind)),
                                          entry->title,         entry->read ? "yes" : "NO"};
        add_receipts(cells, context, *entry, context.self);
        page.row(std::move(cells), {entry});
    }
    page.say(std::to_string(unread) + " of " + std::to_string(held) + " nobody here has read yet.");
    return page.finish();
}

}  // namespace sampan
