#include "node/desk.h"

#include <algorithm>

#include "sampan/base/encode.h"
#include "sampan/crypto/random.h"
#include "sampan/label/label.h"
#include "sampan/wire/strict.h"

namespace sampan::node {
namespace {

constexpr std::string_view k_desk_info{"sampan/1 desk\0", 14};
constexpr std::size_t k_draft_text_bytes = 256 * limits::k_kib;
constexpr std::size_t k_short_bytes = 4 * limits::k_kib;
constexpr std::size_t k_query_pairs = 16;

Error damaged(const char* what) {
    return Error(StoreError::damaged, std::string("what an officer kept was altered in the store: ") + what);
}

Result<std::string> read_text(Reader& in, std::size_t limit) {
    SAMPAN_ASSIGN(ByteView bytes, in.lp(limit));
    return std::string(as_text(bytes));
}
void write_id(Writer& out, const std::optional<MessageId>& id) {
    out.u8(id ? 1 : 0);
    if (id) out.raw(id->view());
}
Result<std::optional<MessageId>> read_id(Reader& in) {
    SAMPAN_ASSIGN(std::uint8_t there, in.u8());
    if (there == 0) return std::optional<MessageId>();
    if (there != 1) return damaged("a message id");
    SAMPAN_ASSIGN(ByteView raw, in.raw(MessageId::k_size));
    SAMPAN_ASSIGN(MessageId id, MessageId::parse(raw));
    return std::optional<MessageId>(id);
}
UnixMillis read_time(std::uint64_t value) {
    return UnixMillis(static_cast<std::int64_t>(value));
}

Bytes encode_draft(const Draft& draft) {
    Writer out;
    out.lp(draft.owner).u8(static_cast<std::uint8_t>(draft.state));
    out.u64(static_cast<std::uint64_t>(draft.created.get()));
    out.u64(static_cast<std::uint64_t>(draft.decided.get()));
    out.lp(draft.reviewer).lp(draft.remark).lp(draft.title).lp(draft.kind).lp(draft.text);
    write_id(out, draft.message);
    write_id(out, draft.release);
    return std::move(out).bytes();
}

Result<Draft> decode_draft(const DeskItem& item, ByteView plain) {
    Reader in(plain);
    Draft out;
    out.id = item.id;
    out.changed = item.changed;
    SAMPAN_ASSIGN(out.owner, read_text(in, k_short_bytes));
    if (out.owner != item.owner) return damaged("whose it is");
    SAMPAN_ASSIGN(std::uint8_t state, in.u8());
    if (state < 1 || state > static_cast<std::uint8_t>(DraftState::published)) return damaged("its state");
    out.state = static_cast<DraftState>(state);
    SAMPAN_ASSIGN(std::uint64_t created, in.u64());
    SAMPAN_ASSIGN(std::uint64_t decided, in.u64());
    out.created = read_time(created);
    out.decided = read_time(decided);
    for (std::string* text : {&out.reviewer, &out.remark, &out.title, &out.kind}) {
        SAMPAN_ASSIGN(*text, read_text(in, k_short_bytes));
    }
    SAMPAN_ASSIGN(out.text, read_text(in, k_draft_text_bytes));
    SAMPAN_ASSIGN(out.message, read_id(in));
    SAMPAN_ASSIGN(out.release, read_id(in));
    SAMPAN_TRY(in.finish());
    return out;
}

Status keep(Core& core, const Draft& draft) {
    Bytes plain = encode_draft(draft);
    auto record = core.seal_to_archive(k_desk_info, draft.id.view(), plain);
    wipe(plain);
    if (!record.ok()) return record.error();
    return core.store().keep_desk_item(
        {draft.id, draft.owner, DeskKind::draft, draft.changed, std::move(*record)});
}

Result<std::vector<Draft>> all_drafts(Core& core) {
    SAMPAN_ASSIGN(std::vector<DeskItem> items, core.store().desk_items(DeskKind::draft));
    std::vector<Draft> out;
    for (const DeskItem& item : items) {
        SAMPAN_ASSIGN(SecretBuffer plain, core.open_from_archive(k_desk_info, item.id.view(), item.record));
        SAMPAN_ASSIGN(Draft draft, decode_draft(item, plain.reveal(k_reveal)));
        out.push_back(std::move(draft));
    }
    return out;
}

Result<Label> label_of(const Core& core, const Briefing& briefing, UnixMillis now) {
    return complete_label(briefing.label, core.registry().registry().policy, core.agency(), now);
}

// A text that says its label is shown to whom the label lets; one that does not yet, to its author alone.
bool may_open(const Core& core, const Caller& caller, const Draft& draft, UnixMillis now) {
    const bool own = draft.owner == caller.id.text();
    if (!own && draft.reviewer != caller.id.text()) return false;
    if (draft.state == DraftState::published) return own;
    const auto briefing = parse_briefing(draft.text, true);
    if (!briefing.ok()) return own;
    const auto label = label_of(core, *briefing, now);
    if (!label.ok()) return own;
    return caller.viewer.may_read(core.registry(), core.agency(), *label).ok();
}

Result<Draft> own_draft(Core& core, const Caller& caller, const std::string& id, UnixMillis now) {
    SAMPAN_ASSIGN(Draft draft, find_draft(core, caller, id, now));
    if (draft.owner != caller.id.text())
        return Error(NodeError::not_found, "it is " + draft.owner + "'s draft",
                     "its author changes and publishes it; you approve it, or return it");
    if (draft.state == DraftState::published)
        return Error(NodeError::not_waiting, "this draft is published already",
                     "sampan outbox shows the message; to change it, publish with revises");
    return draft;
}

std::string titled(const Briefing& briefing) {
    return is_display_text(briefing.title, k_document_title_bytes) ? briefing.title : "";
}

}  // namespace

std::string_view draft_state_name(DraftState state) {
    switch (state) {
        case DraftState::draft:
            return "draft";
        case DraftState::review:
            return "in-review";
        case DraftState::approved:
            return "approved";
        case DraftState::returned:
            return "returned";
        case DraftState::published:
            return "published";
    }
    return "unknown";
}

std::string draft_problem(const Core& core, const Draft& draft, UnixMillis now) {
    if (draft.state == DraftState::published) return "";
    const auto briefing = parse_briefing(draft.text);
    if (!briefing.ok()) return briefing.error().context();
    const auto label = label_of(core, *briefing, now);
    if (!label.ok()) return label.error().context();
    const auto document =
        complete_document(*briefing, *label, core.registry().registry().policy, core.agency(), now);
    return document.ok() ? "" : document.error().context();
}

Result<std::vector<Draft>> drafts_of(Core& core, const Caller& caller, UnixMillis now) {
    SAMPAN_ASSIGN(std::vector<Draft> all, all_drafts(core));
    std::erase_if(all, [&](const Draft& draft) { return !may_open(core, caller, draft, now); });
    return all;
}

Result<Draft> find_draft(Core& core, const Caller& caller, const std::string& prefix, UnixMillis now) {
    const bool hex = std::all_of(prefix.begin(), prefix.end(),
                                 [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
    if (!hex || prefix.size() < 6 || prefix.size() > 2 * MessageId::k_size)
        return Error(NodeError::bad_request, "the id of a draft is 6 to 32 hexadecimal digits",
                     "sampan draft list shows them");
    SAMPAN_ASSIGN(std::vector<Draft> drafts, drafts_of(core, caller, now));
    std::optional<Draft> found;
    for (Draft& draft : drafts) {
        if (!draft.id.hex().starts_with(prefix)) continue;
        if (found)
            return Error(NodeError::ambiguous_id, "more than one draft begins with " + prefix,
                         "give more digits");
        found = std::move(draft);
    }
    if (!found) return Error(NodeError::not_found, "no draft begins with " + prefix, "sampan draft list");
    return std::move(*found);
}

Result<Draft> save_draft(Core& core, const Caller& caller, const std::string& id, std::string text,
                         UnixMillis now) {
    if (text.empty() || text.size() > k_draft_text_bytes || !is_utf8(as_bytes(text)))
        return Error(NodeError::bad_draft, "a draft is text of 1 byte to 256 KiB, in UTF-8",
                     "put long material into an attachment when you publish it");
    Draft draft;
    if (!id.empty()) {
        SAMPAN_ASSIGN(draft, own_draft(core, caller, id, now));
    } else {
        SAMPAN_ASSIGN(std::vector<Draft> all, all_drafts(core));
        const auto mine = std::count_if(all.begin(), all.end(), [&](const Draft& one) {
            return one.owner == caller.id.text() && one.state != DraftState::published;
        });
        if (static_cast<std::size_t>(mine) >= k_drafts_each)
            return Error(NodeError::desk_full,
                         "you have " + std::to_string(mine) + " drafts, and no more are kept",
                         "publish or discard some: sampan draft list");
        draft.id = random_bytes<MessageId>();
        draft.owner = caller.id.text();
        draft.created = now;
    }
    draft.state = DraftState::draft;
    draft.changed = now;
    draft.decided = UnixMillis();
    draft.reviewer.clear();
    draft.remark.clear();
    draft.text = std::move(text);
    draft.title.clear();
    draft.kind.clear();
    if (const auto briefing = parse_briefing(draft.text, true); briefing.ok()) {
        draft.title = titled(*briefing);
        draft.kind = kind_name(briefing->kind);
    }
    SAMPAN_TRY(keep(core, draft));
    return draft;
}

Result<Draft> ask_review(Core& core, const Caller& caller, const std::string& id, const OfficerId& reviewer,
                         UnixMillis now) {
    SAMPAN_ASSIGN(Draft draft, own_draft(core, caller, id, now));
    if (const std::string problem = draft_problem(core, draft, now); !problem.empty())
        return Error(NodeError::bad_draft, problem, "correct it first: sampan draft edit " + id);
    if (reviewer == caller.id)
        return Error(NodeError::same_person, "you wrote this: a colleague reviews it",
                     "sampan officer list shows who there is");
    const Officer* colleague = core.officers().find(reviewer);
    if (colleague == nullptr || !colleague->roles.need_archive())
        return Error(NodeError::unknown_officer, reviewer.text() + " is nobody here who reads messages",
                     "sampan officer list shows who there is");
    SAMPAN_ASSIGN(Briefing briefing, parse_briefing(draft.text));
    SAMPAN_ASSIGN(Label label, label_of(core, briefing, now));
    if (const Status cleared =
            Viewer::person(colleague->clearance).may_read(core.registry(), core.agency(), label);
        !cleared.ok())
        return Error(NodeError::not_cleared, reviewer.text() + " may not read it under that label",
                     "ask another colleague, or lower the label");
    draft.state = DraftState::review;
    draft.reviewer = reviewer.text();
    draft.remark.clear();
    draft.changed = now;
    SAMPAN_TRY(core.journal().append(
        {JournalEvent::draft, caller.id.text(), draft.id, "review asked of " + reviewer.text()}, now));
    SAMPAN_TRY(keep(core, draft));
    return draft;
}

Result<Draft> decide_draft(Core& core, const Caller& caller, const std::string& id, bool approved,
                           const std::string& remark, UnixMillis now) {
    SAMPAN_ASSIGN(Draft draft, find_draft(core, caller, id, now));
    if (draft.owner == caller.id.text())
        return Error(NodeError::same_person, "you wrote this: a colleague reviews it",
                     "sampan draft review " + id + " --by OFFICER");
    if (draft.state != DraftState::review)
        return Error(NodeError::not_waiting,
                     "it is " + std::string(draft_state_name(draft.state)) + " already",
                     "its author may ask again");
    if (!approved && remark.empty())
        return Error(NodeError::bad_request, "remark: whoever returns a draft says why", "--remark \"…\"");
    draft.state = approved ? DraftState::approved : DraftState::returned;
    draft.remark = remark;
    draft.decided = draft.changed = now;
    SAMPAN_TRY(
        core.journal().append({JournalEvent::draft, caller.id.text(), draft.id,
                               std::string(draft_state_name(draft.state)) + ", written by " + draft.owner},
                              now));
    SAMPAN_TRY(keep(core, draft));
    return draft;
}

Status discard_draft(Core& core, const Caller& caller, const std::string& id, UnixMillis now) {
    SAMPAN_ASSIGN(Draft draft, find_draft(core, caller, id, now));
    if (draft.owner != caller.id.text())
        return Error(NodeError::not_found, "it is " + draft.owner + "'s draft",
                     "its author discards it; you may return it");
    return core.store().forget_desk_item(draft.id);
}

Result<Draft> draft_to_publish(Core& core, const Caller& caller, const std::string& id, UnixMillis now) {
    SAMPAN_ASSIGN(Draft draft, own_draft(core, caller, id, now));
    if (draft.state == DraftState::review || draft.state == DraftState::returned)
        return Error(NodeError::draft_in_review,
                     draft.state == DraftState::review
                         ? draft.reviewer + " was asked to look over it, and has not answered yet"
                         : draft.reviewer + " returned it: " + draft.remark,
                     "save it again to take it back: sampan draft save FILE.md --id " + id);
    return draft;
}

Status note_published(Core& core, Draft draft, const PublishReport& report, UnixMillis now) {
    draft.state = DraftState::published;
    draft.changed = now;
    draft.text.clear();
    draft.message = report.message_id;
    draft.release = report.release_id;
    SAMPAN_TRY(keep(core, draft));
    SAMPAN_ASSIGN(std::vector<Draft> all, all_drafts(core));
    std::size_t recent = 0;
    for (const Draft& one : all)
        if (one.owner == draft.owner && one.state == DraftState::published && ++recent > k_published_kept)
            SAMPAN_TRY(core.store().forget_desk_item(one.id));
    return ok_status();
}

namespace {

Result<SavedSearch> decode_search(const DeskItem& item, ByteView plain) {
    Reader in(plain);
    SavedSearch out;
    out.id = item.id;
    SAMPAN_ASSIGN(out.owner, read_text(in, k_short_bytes));
    if (out.owner != item.owner) return damaged("whose it is");
    SAMPAN_ASSIGN(out.name, read_text(in, k_short_bytes));
    SAMPAN_ASSIGN(std::uint8_t pairs, in.u8());
    for (std::uint8_t i = 0; i < pairs; ++i) {
        SAMPAN_ASSIGN(std::string key, read_text(in, k_short_bytes));
        SAMPAN_ASSIGN(std::string value, read_text(in, k_short_bytes));
        out.query.emplace(std::move(key), std::move(value));
    }
    SAMPAN_TRY(in.finish());
    return out;
}

}  // namespace

Result<std::vector<SavedSearch>> searches_of(Core& core, const Caller& caller) {
    SAMPAN_ASSIGN(std::vector<DeskItem> items, core.store().desk_items(DeskKind::search));
    std::vector<SavedSearch> out;
    for (const DeskItem& item : items) {
        if (item.owner != caller.id.text()) continue;
        SAMPAN_ASSIGN(SecretBuffer plain, core.open_from_archive(k_desk_info, item.id.view(), item.record));
        SAMPAN_ASSIGN(SavedSearch search, decode_search(item, plain.reveal(k_reveal)));
        out.push_back(std::move(search));
    }
    std::sort(out.begin(), out.end(), [](const auto& a, const auto& b) { return a.name < b.name; });
    return out;
}

Status save_search(Core& core, const Caller& caller, SavedSearch search, UnixMillis now) {
    const bool named = !search.name.empty() && search.name.size() <= k_search_name_bytes &&
                       std::all_of(search.name.begin(), search.name.end(), [](char c) {
                           return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
                       });
    if (!named)
        return Error(NodeError::bad_request, "the name of a search is 1 to 32 of a-z, 0-9 and hyphen");
    if (search.query.empty() || search.query.size() > k_query_pairs)
        return Error(NodeError::bad_request, "a search that is kept asks for something",
                     "give words, or one of --kind, --sender and the others");
    SAMPAN_ASSIGN(std::vector<SavedSearch> all, searches_of(core, caller));
    search.id = random_bytes<MessageId>();
    for (const SavedSearch& one : all)
        if (one.name == search.name) search.id = one.id;
    const bool fresh = std::none_of(all.begin(), all.end(), [&](const auto& s) { return s.id == search.id; });
    if (fresh && all.size() >= k_searches_each)
        return Error(NodeError::desk_full, "you have " + std::to_string(all.size()) + " saved searches",
                     "forget one: sampan searches --forget NAME");
    search.owner = caller.id.text();
    Writer out;
    out.lp(search.owner).lp(search.name).u8(static_cast<std::uint8_t>(search.query.size()));
    for (const auto& [key, value] : search.query) {
        if (key.size() + value.size() > k_query_bytes)
            return Error(NodeError::bad_request, key + ": is too long");
        out.lp(key).lp(value);
    }
    SAMPAN_ASSIGN(Bytes record, core.seal_to_archive(k_desk_info, search.id.view(), out.bytes()));
    return core.store().keep_desk_item({search.id, search.owner, DeskKind::search, now, std::move(record)});
}

Result<SavedSearch> find_search(Core& core, const Caller& caller, const std::string& name) {
    SAMPAN_ASSIGN(std::vector<SavedSearch> all, searches_of(core, caller));
    for (SavedSearch& one : all)
        if (one.name == name) return std::move(one);
    return Error(NodeError::not_found, "you have no saved search \"" + name.substr(0, 40) + "\"",
                 "sampan searches lists them");
}

Status forget_search(Core& core, const Caller& caller, const std::string& name) {
    SAMPAN_ASSIGN(SavedSearch search, find_search(core, caller, name));
    return core.store().forget_desk_item(search.id);
}

}  // namespace sampan::node
