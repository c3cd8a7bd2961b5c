#include "sampan/dialogue/workspace.h"

#include <algorithm>
#include <limits>

namespace sampan {
namespace {

const EntrySet k_none;

template <typename Map, typename Key>
const EntrySet& found(const Map& map, const Key& key) {
    const auto at = map.find(key);
    return at == map.end() ? k_none : at->second;
}

// A row that became empty is as if it had never been: states compare by what they hold.
template <typename Map, typename Key>
void take_out(Map& map, const Key& key, const EntryPtr& entry) {
    const auto at = map.find(key);
    if (at == map.end()) return;
    at->second.erase(entry);
    if (at->second.empty()) map.erase(at);
}

// The id of the register's line that a message speaks of.
const std::string& register_id(const Entry& entry) {
    switch (entry.kind) {
        case DocumentKind::project_status:
        case DocumentKind::project_idea:
            return entry.fields.text("project");
        case DocumentKind::measure:
            return entry.fields.text("measure");
        case DocumentKind::cooperation_area:
            return entry.fields.text("area");
        default:
            return entry.fields.text("on");
    }
}

// At most `limit` bytes, never cut inside a character.
std::string cut_text(std::string_view text, std::size_t limit) {
    if (text.size() <= limit) return std::string(text);
    std::size_t end = limit;
    while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
    return std::string(text.substr(0, end)) + "…";
}

std::string opening_of(const std::string& body) {
    for (const Paragraph& paragraph : paragraphs_of(body)) {
        if (paragraph.text.starts_with("#") || paragraph.text.starts_with("EXERCISE")) continue;
        std::string text(paragraph.text);
        std::replace(text.begin(), text.end(), '\n', ' ');
        return cut_text(text, k_opening_bytes);
    }
    return "";
}

}  // namespace

std::string short_id(const MessageId& id) {
    return id.hex().substr(0, 8);
}

Entry make_entry(const Header& header, const Document& document, const DocumentId& document_id,
                 std::uint32_t revision) {
    Entry out;
    out.id = header.message_id;
    out.sender = header.sender;
    out.message_class = header.message_class;
    out.precedence = header.precedence;
    for (const Recipient& recipient : header.recipients) out.readers.push_back(recipient.agency);
    out.dialogues = header.dialogues;
    out.about = header.about;
    out.label = header.label;
    out.created = header.created;
    out.logged = header.created;
    out.document_id = document_id;
    out.revision = revision;
    out.kind = document.kind;
    out.title = document.title;
    out.language = document.language;
    out.opening = opening_of(document.body);
    out.fields = document.fields;
    out.files = document.files;
    out.session = document.session;
    return out;
}

bool EntryOrder::operator()(const EntryPtr& a, const EntryPtr& b) const {
    constexpr auto last = std::numeric_limits<std::uint64_t>::max();
    const std::uint64_t leaf_a = a->leaf ? a->leaf->get() : last;
    const std::uint64_t leaf_b = b->leaf ? b->leaf->get() : last;
    if (leaf_a != leaf_b) return leaf_a < leaf_b;
    if (a->created != b->created) return a->created < b->created;
    if (a->id != b->id) return a->id < b->id;
    return a->sender < b->sender;
}

void Workspace::put(Entry entry) {
    auto& held = by_id_[{entry.id, entry.sender}];
    if (held) forget(held);
    held = std::make_shared<const Entry>(std::move(entry));
    index(held);
}

void Workspace::index(const EntryPtr& entry) {
    const std::string& line = register_id(*entry);
    for (const DialogueId& dialogue : entry->dialogues) {
        by_kind_[{dialogue, entry->kind}].insert(entry);
        if (!line.empty()) by_register_[{dialogue, line}].insert(entry);
    }
    for (const MessageId& id : entry->about) by_about_[id].insert(entry);
    by_document_[{entry->sender, entry->document_id}][entry->revision].insert(entry);
}

void Workspace::forget(const EntryPtr& entry) {
    const std::string& line = register_id(*entry);
    for (const DialogueId& dialogue : entry->dialogues) {
        take_out(by_kind_, std::pair(dialogue, entry->kind), entry);
        if (!line.empty()) take_out(by_register_, std::pair(dialogue, line), entry);
    }
    for (const MessageId& id : entry->about) take_out(by_about_, id, entry);
    const auto revisions = by_document_.find({entry->sender, entry->document_id});
    if (revisions == by_document_.end()) return;
    take_out(revisions->second, entry->revision, entry);
    if (revisions->second.empty()) by_document_.erase(revisions);
}

EntryPtr Workspace::find(const MessageId& id) const {
    EntryPtr out;
    for (auto at = by_id_.lower_bound({id, AgencyId()}); at != by_id_.end() && at->first.first == id; ++at)
        if (out == nullptr || EntryOrder()(at->second, out)) out = at->second;
    return out;
}

EntryPtr Workspace::find(const MessageId& id, const AgencyId& sender) const {
    const auto at = by_id_.find({id, sender});
    return at == by_id_.end() ? nullptr : at->second;
}

void Workspace::remove(const AgencyId& sender, const MessageId& id) {
    const auto at = by_id_.find({id, sender});
    if (at == by_id_.end()) return;
    forget(at->second);
    by_id_.erase(at);
}

const EntrySet& Workspace::of_kind(const DialogueId& dialogue, DocumentKind kind) const {
    return found(by_kind_, std::pair(dialogue, kind));
}
const EntrySet& Workspace::of_register(const DialogueId& dialogue, const std::string& id) const {
    return found(by_register_, std::pair(dialogue, id));
}
const EntrySet& Workspace::about(const MessageId& id) const {
    return found(by_about_, id);
}

bool Workspace::superseded(const Entry& entry) const {
    const auto revisions = by_document_.find({entry.sender, entry.document_id});
    if (revisions == by_document_.end()) return false;
    const auto& [newest, same] = *revisions->second.rbegin();
    // The same revision under another seal is shown once: the first in order.
    return newest != entry.revision || (*same.begin())->id != entry.id;
}

EntryPtr Workspace::newer_revision_of(const Entry& entry) const {
    const auto revisions = by_document_.find({entry.sender, entry.document_id});
    if (revisions == by_document_.end()) return nullptr;
    const auto& [newest, same] = *revisions->second.rbegin();
    return newest > entry.revision ? *same.begin() : nullptr;
}

EntrySet Workspace::of_document(const AgencyId& sender, const DocumentId& document,
                                std::uint32_t revision) const {
    const auto revisions = by_document_.find({sender, document});
    if (revisions == by_document_.end()) return {};
    const auto same = revisions->second.find(revision);
    return same == revisions->second.end() ? EntrySet() : same->second;
}

EntryPtr Workspace::recall_of(const Entry& entry) const {
    for (const EntryPtr& other : about(entry.id))
        if (other->kind == DocumentKind::recall && other->sender == entry.sender) return other;
    return nullptr;
}

EntrySet Workspace::all() const {
    EntrySet out;
    for (const auto& [id, entry] : by_id_) out.insert(entry);
    return out;
}

}  // namespace sampan
