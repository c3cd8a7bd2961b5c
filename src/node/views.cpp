#include "node/views.h"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "node/receipts.h"
#include "sampan/dialogue/consent.h"
#include "sampan/dialogue/page.h"
#include "sampan/label/choices.h"
#include "sampan/label/equivalence.h"

namespace sampan::node {
namespace {

using nlohmann::json;

constexpr std::int64_t k_certificate_warning_days = 30;
constexpr std::int64_t k_certificate_last_days = 7;
constexpr std::size_t k_rows_default = 100;
constexpr std::size_t k_rows_most = 100'000;
constexpr std::size_t k_receipts_each = 8;  // beside each message of a list

std::string dump(const json& value) {
    return value.dump(-1, ' ', false, json::error_handler_t::replace);
}

Result<std::size_t> limit_of(const Query& query) {
    const auto at = query.find("limit");
    if (at == query.end()) return k_rows_default;
    if (at->second.empty() || at->second.size() > 6 ||
        !std::all_of(at->second.begin(), at->second.end(), [](char c) { return c >= '0' && c <= '9'; }))
        return Error(NodeError::bad_request,
                     "limit: expected a number up to 100000, found \"" + at->second.substr(0, 20) + "\"");
    return std::min<std::size_t>(std::stoul(at->second), k_rows_most);
}

Status refuse_unknown(const Query& query, std::initializer_list<std::string_view> known) {
    for (const auto& [key, value] : query)
        if (std::find(known.begin(), known.end(), key) == known.end())
            return Error(NodeError::bad_request, "unknown query key \"" + key + "\"");
    return ok_status();
}

json header_json(const Header& header, const RegistryEpoch& registry) {
    json out{{"message_id", header.message_id.hex()},
             {"sender", header.sender.text()},
             {"originator", header.label.originator.text()},
             {"class", class_name(header.message_class)},
             {"precedence", precedence_name(header.precedence)},
             {"created", to_rfc3339(header.created)},
             {"expires", to_rfc3339(header.expires)},
             {"epoch", header.epoch.get()},
             {"classification", header.label.classification},
             {"marking", marking(registry.registry().policy, header.label)}};
    out["dialogues"] = json::array();
    for (const DialogueId& id : header.dialogues) out["dialogues"].push_back(id.text());
    out["about"] = json::array();
    for (const MessageId& id : header.about) out["about"].push_back(id.hex());
    out["readers"] = json::array();
    for (const Recipient& recipient : header.recipients) out["readers"].push_back(recipient.agency.text());
    out["attachment_count"] = header.parts.size();
    return out;
}

// What a reply repeats: the label without originator and dates, as front matter has it.
json label_json(const Label& label) {
    json out{{"classification", label.classification},
             {"categories", json::object()},
             {"releasable_to", json::array()},
             {"handling", json::array()}};
    for (const LabelCategory& category : label.categories) out["categories"][category.tag] = category.values;
    for (const AgencyId& agency : label.releasable_to) out["releasable_to"].push_back(agency.text());
    for (const LabelHandling& mark : label.handling)
        out["handling"].push_back({{"scheme", mark.scheme}, {"code", mark.code}});
    return out;
}

// Title and kind where the archive is unlocked, null where it is not.
// Why there is no title, in `withheld`.
void add_document(json& out, Core& core, const Viewer& viewer, const Label& label,
                  const MessageSubject& subject, const MessageId& id, const Bytes& record) {
    const auto summary = core.summary(viewer, label, subject, id, record);
    out["withheld"] = summary.ok() ? json(nullptr) : json(std::string(summary.error().name()));
    out["title"] = summary.ok() ? json(summary->title) : json(nullptr);
    out["kind"] = summary.ok() ? json(summary->kind) : json(nullptr);
    out["language"] = summary.ok() ? json(summary->language) : json(nullptr);
}

// What is left of a message that its label ended.
void add_stub(json& out) {
    out["withheld"] = error_name(NodeError::message_ended);
    for (const char* key : {"title", "kind", "language"}) out[key] = nullptr;
}

// How this agency marks it, in what colour, and until when it stays.
void add_label_view(json& out, Core& core, const Label& label, UnixMillis now) {
    const LabelPolicy& policy = core.registry().registry().policy;
    const Equivalence there = equivalent_for(policy, label, core.agency(), now);
    out["equivalent"] = nullptr;
    if (there.level != nullptr)
        out["equivalent"] = {{"marking", there.level->title},
                             {"scheme", there.scheme->id},
                             {"authoritative", there.scheme->authoritative}};
    const PolicyLevel* level = policy.level(label.classification);
    out["colour"] = level == nullptr ? std::string() : level->colour;
    const auto ends = label_ends(policy, label);
    out["leaves_inbox"] = ends ? json(to_rfc3339(*ends)) : json(nullptr);
    out["review_due"] = review_is_due(label, now);
}

}  // namespace

json outcomes_json(const std::vector<RecipientOutcome>& outcomes) {
    json out = json::array();
    for (const RecipientOutcome& outcome : outcomes) {
        json one{{"agency", outcome.agency.text()},
                 {"outcome", outcome.code ? json(outcome_name(*outcome.code)) : json("pending")}};
        one["reason"] = outcome.reason;
        one["time"] = outcome.code ? json(to_rfc3339(outcome.time)) : json(nullptr);
        out.push_back(std::move(one));
    }
    return out;
}

namespace {

json release_mark_json(const std::optional<ReleaseMark>& mark) {
    if (!mark) return nullptr;
    const bool emergency = !mark->emergency.empty();
    return {{"author", mark->author},
            {"author_name", mark->author_name},
            {"releaser", emergency ? json() : json(mark->releaser)},
            {"releaser_name", emergency ? json() : json(mark->releaser_name)},
            {"time", to_rfc3339(mark->time)},
            {"approved", mark->approved ? json(mark->approved->hex()) : json()},
            {"emergency", emergency ? json(mark->emergency) : json()}};
}

// Who originated what was passed on, and under which word of consent it came. It was verified when it came.
Result<json> passed_on_json(const Core& core, const Header& header, const Content& content) {
    if (!content.passed_on) return json(nullptr);
    const PassedOn& passed = *content.passed_on;
    SAMPAN_ASSIGN(SignedSeal original,
                  SignedSeal::parse(passed.original.seal, passed.original.signature.view()));
    SAMPAN_ASSIGN(SignedSeal consent,
                  SignedSeal::parse(passed.consent.seal, passed.consent.signature.view()));
    SAMPAN_ASSIGN(Content words, decode_content(passed.consent_content));
    SAMPAN_ASSIGN(Document document, decode_document(words.document));
    SAMPAN_ASSIGN(Consent terms, consent_of(document));
    const auto logged = [](const LoggedSeal& seal) {
        return to_rfc3339(UnixMillis(static_cast<std::int64_t>(seal.time_s) * k_second_ms));
    };
    return json{{"by", header.sender.text()},
                {"originator", original.header.sender.text()},
                {"original_id", original.header.message_id.hex()},
                {"original_logged", logged(passed.original)},
                {"original_marking", marking(core.registry().registry().policy, original.header.label)},
                {"lowered", terms.lowers()},
                {"consent_id", consent.header.message_id.hex()},
                {"consent_logged", logged(passed.consent)},
                {"consent_until", terms.until ? json(to_rfc3339(*terms.until)) : json(nullptr)},
                {"conditions", terms.conditions},
                {"release", release_mark_json(passed.release)}};
}

using Found = FoundMessage;

// Its label, or its level's retention, ended it: nothing of its content is here any more.
Status refuse_ended(const Found& found) {
    if (!found.received || !found.received->ended) return ok_status();
    return Error(NodeError::message_ended,
                 "this message left the inbox at " + to_rfc3339(*found.received->ended) +
                     ", as its label or its level's retention says",
                 "ask " + found.received->sender.text() + " for it again, if it is still needed");
}

}  // namespace

Result<FoundMessage> find_message(Core& core, const std::string& id) {
    const bool hex = std::all_of(id.begin(), id.end(),
                                 [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
    if (!hex || id.size() < 6 || id.size() > 32)
        return Error(NodeError::bad_request, "a message id is 6 to 32 hexadecimal digits",
                     "sampan inbox and sampan outbox list them");
    SAMPAN_ASSIGN(std::vector<InboxRow> received, core.store().inbox_by_prefix(id));
    SAMPAN_ASSIGN(std::vector<OutboxRow> sent, core.store().outbox_by_prefix(id));
    if (received.size() + sent.size() > 1)
        return Error(NodeError::ambiguous_id, "more than one message id begins with " + id,
                     "give more digits");
    if (received.empty() && sent.empty())
        return Error(NodeError::not_found, "no message id begins with " + id,
                     "sampan inbox and sampan outbox list them");
    Found out;
    if (!sent.empty()) out.sent = std::move(sent.front());
    if (!received.empty()) out.received = std::move(received.front());
    return out;
}

namespace {

bool matches(const json& row, const Query& query) {
    const auto wants = [&](std::string_view key, const json& value) {
        const auto at = query.find(std::string(key));
        return at == query.end() || (value.is_string() && value.get<std::string>() == at->second);
    };
    if (!wants("sender", row["sender"]) || !wants("kind", row["kind"]) ||
        !wants("label", row["classification"]))
        return false;
    if (const auto at = query.find("dialogue"); at != query.end())
        if (std::find(row["dialogues"].begin(), row["dialogues"].end(), json(at->second)) ==
            row["dialogues"].end())
            return false;
    if (query.contains("unread") && row["read"].get<bool>()) return false;
    if (query.contains("overdue") && !row["overdue"].get<bool>()) return false;
    if (const auto at = query.find("since"); at != query.end())
        if (row["received"].get<std::string>() < at->second) return false;
    return true;
}

bool clock_is_off(const Core& core) {
    return std::abs(core.clock_difference_ms()) > limits::k_clock_warning_ms;
}
std::string difference_text(const Core& core) {
    return std::to_string(std::abs(core.clock_difference_ms()) / k_second_ms) + " s";
}

std::int64_t certificate_days(const Core& core, UnixMillis now) {
    return (core.certificate().validity().not_after.get() - now.get()) / k_day_ms;
}

// A month ahead in words, a week ahead in capitals.
void add_certificate_warning(const Core& core, UnixMillis now, json& out) {
    const std::int64_t days = certificate_days(core, now);
    if (days >= k_certificate_warning_days) return;
    out["warnings"].push_back(std::string(days < k_certificate_last_days ? "URGENT: " : "") +
                              "the node's certificate ends in " +
                              std::to_string(std::max<std::int64_t>(days, 0)) + " days: sampan agency renew");
}

// What was done without a second person stays in front of everybody until
// somebody has looked at it.
void add_release_warnings(Core& core, json& out) {
    const auto releases = core.store().releases();
    if (!releases.ok()) return;
    std::size_t awaiting = 0, unreviewed = 0;
    for (const StoredRelease& one : *releases) {
        awaiting += one.state == ReleaseState::awaiting ? 1 : 0;
        unreviewed += one.state == ReleaseState::unreviewed ? 1 : 0;
    }
    out["awaiting_release"] = awaiting;
    if (unreviewed > 0)
        out["warnings"].push_back(std::to_string(unreviewed) +
                                  " things were done in an emergency without a second person, and nobody "
                                  "has "
                                  "reviewed them: sampan release list --state unreviewed");
}

}  // namespace

Result<MessageHead> find_head(Core& core, const std::string& id) {
    SAMPAN_ASSIGN(Found found, find_message(core, id));
    SAMPAN_ASSIGN(SignedSeal seal, SignedSeal::parse(found.seal(), found.signature().view()));
    return MessageHead{found.id(), std::move(seal.header)};
}

std::string status_view(Core& core, const std::string& address, UnixMillis now) {
    const Registry& registry = core.registry().registry();
    json out{{"schema", "sampan.status/1"},
             {"certificate_expires", to_rfc3339(core.certificate().validity().not_after)},
             {"agency", core.agency().text()},
             {"exchange", registry.exchange.text()},
             {"epoch", registry.epoch.get()},
             {"registry_expires", to_rfc3339(registry.expires)},
             {"connected", core.session_open()},
             {"broker", address},
             {"unlocked", core.unlocked()}};
    const auto counts = core.store().counts();
    if (counts.ok()) {
        out["outbox"] = {{"waiting", counts->outbox_waiting},
                         {"sent", counts->outbox_sent},
                         {"refused", counts->outbox_refused}};
        out["inbox"] = {{"total", counts->inbox_total}, {"unread", counts->inbox_unread}};
    }
    out["proofs_pending"] = counts.ok() ? counts->proofs_pending : 0;
    if (core.checkpoint())
        out["checkpoint"] = {{"size", core.checkpoint()->size.get()},
                             {"root", to_base64(core.checkpoint()->root.view())},
                             {"verified_at", to_rfc3339(core.checkpoint_note()->verified)}};
    out["prekeys"] = {
        {"counter", core.bundle_counter()},
        {"newest_age_s",
         core.bundle_counter() == 0 ? 0 : (now.get() - core.bundle_issued().get()) / k_second_ms}};
    out["warnings"] = json::array();
    add_overdue(out, core, now);
    if (core.log_problem()) out["warnings"].push_back(core.log_problem()->text());
    if (!core.session_open() && !core.last_problem().empty()) out["warnings"].push_back(core.last_problem());
    if (core.session_open() && clock_is_off(core))
        out["warnings"].push_back("this machine's clock and the broker's differ by " + difference_text(core));
    add_certificate_warning(core, now, out);
    add_release_warnings(core, out);
    if (core.registry().expired(now))
        out["warnings"].push_back("the registry has expired: messages arrive, but none can be sent");
    return dump(out);
}

std::string peers_view(Core& core) {
    json out{{"schema", "sampan.peers/1"}, {"peers", json::array()}};
    for (const Core::PeerView& peer : core.peer_views())
        out["peers"].push_back(
            {{"agency", peer.agency.text()}, {"descriptor", peer.descriptor}, {"prekeys", peer.prekeys}});
    return dump(out);
}

std::string checkpoint_view(Core& core) {
    json out{{"schema", "sampan.checkpoint/1"}, {"note", nullptr}};
    if (core.checkpoint_note()) {
        out["note"] = core.checkpoint_note()->note;
        out["verified"] = to_rfc3339(core.checkpoint_note()->verified);
        out["origin"] = core.checkpoint()->origin;
        out["size"] = core.checkpoint()->size.get();
        out["root"] = to_base64(core.checkpoint()->root.view());
        out["witnessed_size"] = core.witnessed_size().get();
        if (const BrokerEntry* broker = core.broker())
            out["key"] = NoteKey{core.checkpoint()->origin, broker->log_key}.text();
    }
    return dump(out);
}

std::string publish_view(const PublishReport& report, const Briefing& briefing, bool dry_run) {
    json out{{"schema", "sampan.publish/1"}, {"dry_run", dry_run},
             {"title", briefing.title},      {"kind", kind_name(briefing.kind)},
             {"session", briefing.session},  {"precedence", precedence_name(briefing.precedence)},
             {"marking", report.marking},    {"readers", json::array()}};
    out["message_id"] = report.message_id ? json(report.message_id->hex()) : json(nullptr);
    out["release_id"] = report.release_id ? json(report.release_id->hex()) : json(nullptr);
    out["needs_release"] = report.needs_release;
    out["state"] = report.message_id   ? json("waiting")
                   : report.release_id ? json("awaiting_release")
                                       : json(nullptr);
    for (const ReaderView& reader : report.readers)
        out["readers"].push_back({{"agency", reader.agency.text()},
                                  {"name", reader.name},
                                  {"may_read", reader.may_read},
                                  {"ready", reader.ready},
                                  {"verdict", reader.verdict},
                                  {"reason", reader.reason}});
    return dump(out);
}

Result<std::string> outbox_view(Core& core, const Viewer& viewer, const Query& query, UnixMillis now) {
    SAMPAN_TRY(refuse_unknown(query, {"limit", "state"}));
    SAMPAN_ASSIGN(std::size_t limit, limit_of(query));
    const auto wanted = query.find("state");
    // Receipts, which this list leaves out, may be more than the messages that are asked for.
    SAMPAN_ASSIGN(std::vector<OutboxRow> rows,
                  core.store().outbox(wanted == query.end() ? std::min(k_rows_most, limit * k_receipts_each)
                                                            : k_rows_most));
    json out{{"schema", "sampan.outbox/1"}, {"messages", json::array()}};
    for (const OutboxRow& row : rows) {
        if (wanted != query.end() && outbox_state_name(row.state) != wanted->second) continue;
        if (out["messages"].size() >= limit) break;
        SAMPAN_ASSIGN(SignedSeal seal, SignedSeal::parse(row.seal, row.signature.view()));
        if (seal.header.message_class == MessageClass::receipt) continue;
        json one = header_json(seal.header, core.registry());
        add_document(one, core, viewer, seal.header.label, row.subject, row.message_id, row.record);
        one["state"] = outbox_state_name(row.state);
        one["reason"] = row.reason;
        one["detail"] = row.detail;
        one["leaf_index"] = row.leaf_index ? json(row.leaf_index->get()) : json(nullptr);
        one["proof"] = row.proof_verified ? "verified" : "pending";
        one["recipients"] = outcomes_json(row.outcomes);
        add_awaited(one, core, row.message_id, now);
        out["messages"].push_back(std::move(one));
    }
    return dump(out);
}

Result<std::string> inbox_view(Core& core, const Viewer& viewer, const Query& query, UnixMillis now) {
    SAMPAN_TRY(refuse_unknown(
        query, {"limit", "sender", "kind", "label", "dialogue", "unread", "since", "overdue"}));
    SAMPAN_ASSIGN(std::size_t limit, limit_of(query));
    SAMPAN_ASSIGN(std::vector<InboxRow> rows,
                  core.store().inbox(query.size() > query.count("limit")
                                         ? k_rows_most
                                         : std::min(k_rows_most, limit * k_receipts_each)));
    json out{{"schema", "sampan.inbox/1"}, {"messages", json::array()}};
    for (const InboxRow& row : rows) {
        SAMPAN_ASSIGN(SignedSeal seal, SignedSeal::parse(row.seal, row.signature.view()));
        if (seal.header.message_class == MessageClass::receipt) continue;
        json one = header_json(seal.header, core.registry());
        add_owed(one, core, row, now);
        if (row.ended)
            add_stub(one);
        else
            add_document(one, core, viewer, seal.header.label, row.subject, row.message_id, row.record);
        one["received"] = to_rfc3339(row.received);
        one["ended"] = row.ended ? json(to_rfc3339(*row.ended)) : json(nullptr);
        one["review_due"] = review_is_due(seal.header.label, now);
        one["read"] = row.read;
        one["proof"] = row.proof_verified ? "verified" : "pending";
        if (matches(one, query)) out["messages"].push_back(std::move(one));
        if (out["messages"].size() >= limit) break;
    }
    return dump(out);
}

Result<std::string> message_view(Core& core, const Caller& caller, const std::string& id, bool peek,
                                 UnixMillis now) {
    SAMPAN_ASSIGN(Found found, find_message(core, id));
    SAMPAN_TRY(refuse_ended(found));
    SAMPAN_ASSIGN(SignedSeal seal, SignedSeal::parse(found.seal(), found.signature().view()));
    SAMPAN_ASSIGN(ArchivedMessage opened,
                  core.open_archived(caller.viewer, seal.header.label, found.id(), found.record()));
    json out = header_json(seal.header, core.registry());
    out["schema"] = "sampan.message/1";
    add_label_view(out, core, seal.header.label, now);
    out["label"] = label_json(seal.header.label);
    out["title"] = opened.document.title;
    out["kind"] = kind_name(opened.document.kind);
    out["language"] = opened.document.language;
    out["body"] = opened.document.body;
    out["session"] = opened.document.session;
    out["document_id"] = opened.content.document_id.hex();
    out["revision"] = opened.content.revision;
    out["fields"] = json::object();
    for (const Fields::Field& field : opened.document.fields.all())
        out["fields"][field.name] = field_text(field.value);
    out["portions"] = json::object();
    for (const PortionLabel& portion : opened.document.portions)
        out["portions"][portion.name] = marking(core.registry().registry().policy, portion.label);
    out["direction"] = found.sent ? "sent" : "received";
    out["release"] = release_mark_json(opened.content.release);
    SAMPAN_ASSIGN(out["passed_on"], passed_on_json(core, seal.header, opened.content));
    out["attachments"] = json::array();
    for (std::size_t i = 0; i < opened.content.attachments.size(); ++i) {
        const AttachmentEntry& entry = opened.content.attachments[i];
        out["attachments"].push_back({{"index", i},
                                      {"name", entry.name},
                                      {"media_type", entry.media_type},
                                      {"size", entry.size},
                                      {"sha256", entry.sha256.hex()}});
        for (const FilePortion& file : opened.document.files) {
            if (file.file != entry.name) continue;
            json& one = out["attachments"].back();
            one["portion"] = file.portion;
            if (!file.stix) continue;
            one["stix"] = {{"tlp", file.stix->tlp}, {"indicators", file.stix->indicators.size()}};
            for (const StixSummary::Count& count : file.stix->counts)
                one["stix"]["counts"][count.type] = count.count;
        }
    }
    if (found.received) {
        out["received"] = to_rfc3339(found.received->received);
        out["proof"] = found.received->proof_verified ? "verified" : "pending";
        out["witnessed"] = core.is_witnessed(found.received->leaf_index);
        if (!peek && !found.received->read) {
            SAMPAN_TRY(core.store().mark_read(found.received->sender, found.received->message_id));
            SAMPAN_TRY(say_opened(core, caller, *found.received, now));
        }
        SAMPAN_TRY(core.journal().append(
            {JournalEvent::read, caller.id.text(), found.received->message_id, {}}, now));
    }
    return dump(out);
}

Result<std::string> message_page(Core& core, const Caller& caller, const std::string& id, UnixMillis now) {
    SAMPAN_ASSIGN(Found found, find_message(core, id));
    SAMPAN_TRY(refuse_ended(found));
    SAMPAN_ASSIGN(SignedSeal seal, SignedSeal::parse(found.seal(), found.signature().view()));
    SAMPAN_ASSIGN(ArchivedMessage opened,
                  core.open_archived(caller.viewer, seal.header.label, found.id(), found.record()));
    SAMPAN_TRY(core.journal().append({JournalEvent::print, caller.id.text(), found.id(), {}}, now));
    const LabelPolicy& policy = core.registry().registry().policy;
    const Header& header = seal.header;
    std::string readers, dialogues;
    for (const Recipient& recipient : header.recipients)
        readers += (readers.empty() ? "" : ", ") + recipient.agency.text();
    for (const DialogueId& dialogue : header.dialogues)
        dialogues += (dialogues.empty() ? "" : ", ") + dialogue.text();
    DocumentPage page{marking(policy, header.label),
                      {{"From", header.sender.text()},
                       {"To", readers},
                       {"Dialogue", dialogues},
                       {"Session", opened.document.session},
                       {"Sent", to_rfc3339(header.created)},
                       {"Precedence", std::string(precedence_name(header.precedence))},
                       {"Message", header.message_id.hex()},
                       {"Revision", std::to_string(opened.content.revision)}},
                      {}};
    if (opened.content.passed_on)
        page.lines.emplace_back("Originator",
                                header.label.originator.text() + ", passed on with its consent");
    for (const AttachmentEntry& entry : opened.content.attachments)
        page.lines.emplace_back("Attachment", entry.name + ", SHA-256 " + entry.sha256.hex());
    for (const PortionLabel& portion : opened.document.portions)
        page.portions.emplace_back(portion.name, marking(policy, portion.label));
    return document_html(opened.document, page);
}

Result<std::string> proof_view(Core& core, const std::string& id) {
    SAMPAN_ASSIGN(Found found, find_message(core, id));
    const std::optional<LeafIndex> leaf =
        found.sent ? found.sent->leaf_index : std::optional(found.received->leaf_index);
    if (!leaf)
        return Error(NodeError::not_found, "the broker has not accepted this message yet",
                     "sampan receipts shows where it is");
    LogEntry entry;
    entry.time_s = found.sent ? found.sent->leaf_time_s : found.received->leaf_time_s;
    entry.subject = EntrySubject((found.sent ? found.sent->subject : found.received->subject).array());
    const bool verified = found.sent ? found.sent->proof_verified : found.received->proof_verified;
    json out{{"schema", "sampan.proof/1"},
             {"message_id", found.id().hex()},
             {"leaf_index", leaf->get()},
             {"entry", to_hex(encode_log_entry(entry).view())},
             {"leaf_hash", to_base64(log_leaf(entry).view())},
             {"proof", verified ? "verified" : "pending"},
             {"witnessed", core.is_witnessed(*leaf)}};
    if (core.checkpoint_note()) out["checkpoint"] = core.checkpoint_note()->note;
    return dump(out);
}

Result<std::string> template_view(const std::string& kind, const Query& query) {
    SAMPAN_TRY(refuse_unknown(query, {"dialogue"}));
    SAMPAN_ASSIGN(DocumentKind parsed, parse_kind(kind));
    const auto wanted = query.find("dialogue");
    SAMPAN_ASSIGN(DialogueId dialogue,
                  DialogueId::parse(wanted == query.end() ? "ajct-12" : std::string_view(wanted->second)));
    return dump({{"schema", "sampan.template/1"},
                 {"kind", kind},
                 {"briefing", briefing_template(parsed, dialogue.text())}});
}

Result<std::string> doctor_view(Core& core, UnixMillis now) {
    json checks = json::array();
    const auto check = [&](std::string_view name, bool ok, const std::string& detail,
                           const std::string& remedy) {
        checks.push_back({{"name", name}, {"ok", ok}, {"detail", detail}, {"remedy", ok ? "" : remedy}});
    };
    const Registry& registry = core.registry().registry();
    const Member* self = registry.member(core.agency());
    check("broker", core.session_open(), core.session_open() ? "a session is open" : core.last_problem(),
          "check that sampan-broker runs and can be reached; messages wait in the outbox meanwhile");
    check("log", !core.log_problem(),
          core.log_problem() ? core.log_problem()->text() : "every checkpoint so far continues the last",
          core.log_problem() ? core.log_problem()->remedy() : "");
    check("clock", !clock_is_off(core), "it and the broker's differ by " + difference_text(core),
          "set this machine's clock, then start the node again: meanwhile it judges by the log's time");
    check("registry", !core.registry().expired(now),
          "epoch " + std::to_string(registry.epoch.get()) + ", expires " + to_rfc3339(registry.expires),
          "ask the exchange authority for a new epoch");
    check("membership", self != nullptr && self->status == MemberStatus::active,
          self == nullptr ? "this agency is not in the registry" : "this agency is in the registry",
          "ask the exchange authority");
    const std::int64_t days = certificate_days(core, now);
    check("certificate", days >= k_certificate_last_days,
          "expires " + to_rfc3339(core.certificate().validity().not_after) + ", in " + std::to_string(days) +
              " days" + (days < k_certificate_warning_days ? "; renew it soon: sampan agency renew" : ""),
          "renew it with the agency's root now: sampan agency renew");
    check("archive", core.unlocked(),
          core.unlocked() ? "unlocked" : "locked: messages arrive, but cannot be shown", "sampan sign-in ID");
    std::uint64_t ready = 0, members = 0;
    for (const Core::PeerView& peer : core.peer_views()) {
        const Member* member = registry.member(peer.agency);
        if (peer.agency == core.agency() || member == nullptr || member->status != MemberStatus::active)
            continue;
        ++members;
        ready += peer.prekeys ? 1 : 0;
    }
    check("peers", ready == members,
          std::to_string(ready) + " of " + std::to_string(members) + " members have prekeys",
          "members that have never connected cannot be sent to yet");
    return dump({{"schema", "sampan.doctor/1"}, {"checks", checks}});
}

Result<AttachmentView> save_attachment(Core& core, const Caller& caller, const std::string& id,
                                       std::size_t index, UnixMillis now) {
    SAMPAN_ASSIGN(Found found, find_message(core, id));
    SAMPAN_TRY(refuse_ended(found));
    SAMPAN_ASSIGN(SignedSeal seal, SignedSeal::parse(found.seal(), found.signature().view()));
    SAMPAN_ASSIGN(ArchivedMessage opened,
                  core.open_archived(caller.viewer, seal.header.label, found.id(), found.record()));
    if (index >= opened.content.attachments.size() || index >= seal.header.parts.size())
        return Error(NodeError::not_found,
                     "the message has " + std::to_string(opened.content.attachments.size()) + " attachments");
    AttachmentView out;
    out.part = seal.header.parts[index];
    out.entry = std::move(opened.content.attachments[index]);
    std::string file = out.part.root.hex();
    if (found.sent) {
        SAMPAN_ASSIGN(std::optional<OutboxMessage> sent, core.store().outbox_message(found.id()));
        if (sent && index < sent->parts.size()) file = sent->parts[index].file;
    }
    out.path = core.parts_folder() + "/" + file;
    SAMPAN_TRY(core.journal().append(
        {JournalEvent::attachment_saved, caller.id.text(), found.id(), std::to_string(index)}, now));
    return out;
}

}  // namespace sampan::node
