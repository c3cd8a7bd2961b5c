// Officers' receipts as a fold: what each holder said, what it still owes, and until when.
#include "sampan/dialogue/receipts.h"

#include "unit/dialogue/workspace_support.h"

namespace sampan::test {
namespace {

using K = DocumentKind;

Entry ours(unsigned number, K kind = K::threat_update) {
    Entry out = an_entry(number, "jp-npa", kind, "Ours");
    out.own = true;
    out.precedence = Precedence::flash;
    for (const AgencyId& reader : out.readers) out.reader_states.push_back({reader, "delivered", out.logged});
    return out;
}
Entry receipt(unsigned number, std::string_view from, unsigned about, std::string_view step,
              std::int64_t after_ms) {
    Entry out = an_entry(number, from, K::receipt, "Receipt");
    out.readers = {agency("jp-npa")};
    out.about = {message_id(about)};
    out.logged = an_entry(about, "jp-npa", K::note, "").logged + after_ms;
    out.fields.set("step", std::string(step));
    out.fields.set("officer", std::string("Anan (anan)"));
    if (step == "refused") out.fields.set("note", std::string("court order"));
    return out;
}
Obligation owed_by(const Workspace& workspace, unsigned message, std::string_view holder) {
    return obligation_of(workspace, *workspace.find(message_id(message)), agency(holder));
}

}  // namespace

TEST_CASE("each of the five receipts is told apart, with who gave it and when") {
    Workspace workspace;
    workspace.put(ours(10));
    unsigned number = 200;
    for (const ReceiptStep step : k_receipt_steps) {
        workspace.put(receipt(number, "th-rtp", 10, receipt_step_name(step), number * k_second_ms));
        ++number;
    }
    const HolderReceipts given = receipts_of(workspace, *workspace.find(message_id(10)), agency("th-rtp"));
    number = 200;
    for (const ReceiptStep step : k_receipt_steps) {
        INFO(receipt_step_name(step));
        REQUIRE(given.of(step));
        CHECK(given.of(step)->receipt == message_id(number++));
        CHECK(given.of(step)->officer == "Anan (anan)");
        CHECK(parse_receipt_step(receipt_step_name(step)).value() == step);
    }
    CHECK(!receipts_of(workspace, *workspace.find(message_id(10)), agency("sg-spf")).opened);
    CHECK(!parse_receipt_step("read").ok());
}

TEST_CASE("nobody gives a receipt for another, nor by a message to others") {
    Workspace workspace;
    workspace.put(ours(10));
    Entry shared = receipt(200, "th-rtp", 10, "acknowledged", k_second_ms);
    shared.readers = {agency("jp-npa"), agency("sg-spf")};
    workspace.put(shared);
    Entry own = receipt(201, "jp-npa", 10, "acknowledged", k_second_ms);
    workspace.put(own);
    Entry note = receipt(202, "th-rtp", 10, "acknowledged", k_second_ms);
    note.kind = K::comment;
    workspace.put(note);
    for (const char* holder : {"th-rtp", "sg-spf", "jp-npa"})
        CHECK(!receipts_of(workspace, *workspace.find(message_id(10)), agency(holder)).acknowledged);
}

TEST_CASE("an acknowledgement is due by precedence, and overdue a moment later") {
    for (const auto& [precedence, minutes] :
         {std::pair(Precedence::flash, 10), std::pair(Precedence::immediate, 30),
          std::pair(Precedence::priority, 180), std::pair(Precedence::routine, 360)}) {
        Workspace workspace;
        Entry message = ours(10);
        message.precedence = precedence;
        workspace.put(message);
        const Obligation owed = owed_by(workspace, 10, "th-rtp");
        const UnixMillis due = message.logged + minutes * k_minute_ms;
        CHECK(owed.owed == Owed::acknowledgement);
        CHECK(owed.due == due);
        CHECK_FALSE(owed.overdue(due));
        CHECK(owed.overdue(due + 1));
        CHECK_FALSE(owed.escalated(due + minutes * k_minute_ms));
        CHECK(owed.escalated(due + minutes * k_minute_ms + 1));
    }
}

TEST_CASE("acknowledging or acting meets it, opening does not") {
    Workspace workspace;
    workspace.put(ours(10));
    workspace.put(receipt(200, "th-rtp", 10, "opened", k_second_ms));
    workspace.put(receipt(201, "sg-spf", 10, "acted", 5 * k_second_ms));
    workspace.put(receipt(202, "mm-mpf", 10, "acknowledged", 7 * k_second_ms));
    const UnixMillis late = k_deadline + 30 * k_day_ms;
    CHECK(owed_by(workspace, 10, "th-rtp").overdue(late));
    CHECK_FALSE(owed_by(workspace, 10, "sg-spf").overdue(late));
    CHECK_FALSE(owed_by(workspace, 10, "mm-mpf").overdue(late));
    CHECK(owed_by(workspace, 10, "mm-mpf").met == ours(10).logged + 7 * k_second_ms);
}

TEST_CASE("who never got a message owes nothing, and a receipt asks for none") {
    Workspace workspace;
    for (const char* outcome : {"rejected", "withheld", "expired", "recalled"}) {
        Entry message = ours(10);
        for (ReaderState& state : message.reader_states) state.outcome = outcome;
        workspace.put(message);
        CHECK(owed_by(workspace, 10, "th-rtp").owed == Owed::nothing);
    }
    workspace.put(receipt(200, "th-rtp", 10, "opened", 0));
    CHECK(owed_by(workspace, 200, "jp-npa").owed == Owed::nothing);
    workspace.put(ours(11, K::recall));
    CHECK(owed_by(workspace, 11, "th-rtp").owed == Owed::nothing);
}

TEST_CASE("a recall asks every holder for compliance, and an acknowledgement is none") {
    Workspace workspace;
    workspace.put(ours(10));
    workspace.put(receipt(200, "th-rtp", 10, "acknowledged", k_second_ms));
    Entry recall = ours(60, K::recall);
    recall.about = {message_id(10)};
    recall.precedence = Precedence::immediate;
    workspace.put(recall);
    workspace.put(receipt(201, "sg-spf", 10, "destroyed", k_day_ms));
    workspace.put(receipt(202, "mm-mpf", 10, "refused", k_day_ms));
    const Obligation owed = owed_by(workspace, 10, "th-rtp");
    CHECK(owed.owed == Owed::compliance);
    CHECK(owed.due == recall.logged + 30 * k_minute_ms);
    CHECK(owed.overdue(owed.due + 1));
    CHECK(owed_by(workspace, 10, "sg-spf").met);
    CHECK(owed_by(workspace, 10, "mm-mpf").met);
    CHECK(withdrawn_by(workspace, *workspace.find(message_id(10)))->id == recall.id);
}

TEST_CASE("a newer revision asks the holders of the older one for compliance; a stranger's recall does not") {
    Workspace workspace;
    workspace.put(ours(10));
    Entry strange = an_entry(50, "sg-spf", K::recall, "Not theirs");
    strange.about = {message_id(10)};
    workspace.put(strange);
    CHECK(owed_by(workspace, 10, "th-rtp").owed == Owed::acknowledgement);
    Entry newer = ours(70);
    newer.document_id = ours(10).document_id;
    newer.revision = 2;
    workspace.put(newer);
    CHECK(owed_by(workspace, 10, "th-rtp").owed == Owed::compliance);
    CHECK(owed_by(workspace, 70, "th-rtp").owed == Owed::acknowledgement);
}

TEST_CASE("the holders of a message are the readers of all its seals and whom consent let it be passed to") {
    Workspace workspace;
    Entry message = ours(10);
    message.readers = {agency("th-rtp")};
    message.reader_states = {{agency("th-rtp"), "delivered", message.logged}};
    workspace.put(message);
    Entry again = message;
    again.id = message_id(11);
    again.readers = {agency("mm-mpf")};
    again.reader_states = {{agency("mm-mpf"), "rejected", message.logged}};
    workspace.put(again);
    CHECK(holders_of(workspace, message) == std::vector<AgencyId>{agency("th-rtp")});
    CHECK(seals_of(workspace, message) == std::vector<MessageId>{message_id(10), message_id(11)});
    Entry request = an_entry(20, "th-rtp", K::release_request, "May we?");
    request.about = {message.id};
    request.fields.set("release_to", Fields::Texts{"sg-spf"});
    workspace.put(request);
    Entry consent = an_entry(21, "jp-npa", K::release_consent, "No");
    consent.about = {request.id};
    consent.fields.set("decision", std::string("refused"));
    workspace.put(consent);
    CHECK(holders_of(workspace, message).size() == 1);
    consent.fields.set("decision", std::string("granted"));
    workspace.put(consent);
    CHECK(holders_of(workspace, message) == std::vector<AgencyId>{agency("sg-spf"), agency("th-rtp")});
}

}  // namespace sampan::test
