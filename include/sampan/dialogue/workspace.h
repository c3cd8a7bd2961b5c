// The messages a node holds, ordered and indexed: the state from which every view of a dialogue is made. A
// pure fold: the same messages give the same state, in whatever order they are put. One owner.
//
// Bodies stay in the archive; an entry keeps what the views show.
#pragma once

#include <map>
#include <memory>
#include <set>

#include "sampan/dialogue/document.h"
#include "sampan/envelope/header.h"

namespace sampan {

inline constexpr std::size_t k_opening_bytes = 400;  // of a body, kept for tables of situations

// What is known of one reader of a message of ours.
struct ReaderState {
    AgencyId agency;
    std::string outcome;  // "delivered", "pending", "rejected", …
    UnixMillis time;
    friend bool operator==(const ReaderState&, const ReaderState&) = default;
};
struct Entry {
    MessageId id;
    AgencyId sender;
    MessageClass message_class = MessageClass::submission;
    Precedence precedence = Precedence::routine;
    std::vector<AgencyId> readers;  // sorted
    std::vector<DialogueId> dialogues;
    std::vector<MessageId> about;
    Label label;
    UnixMillis created;
    std::optional<LeafIndex> leaf;  // none: ours, and the broker has not accepted it yet
    UnixMillis logged;              // the time of its log entry; `created` until it has one
    bool own = false;
    bool read = false;
    DocumentId document_id;
    std::uint32_t revision = 1;
    DocumentKind kind = DocumentKind::note;
    std::string title;
    std::string language;
    std::string opening;  // the body's first paragraph, without marks, cut
    Fields fields;
    std::vector<FilePortion> files;
    std::string session;                     // of the dialogue's meeting; "": none
    std::vector<ReaderState> reader_states;  // of our own messages, sorted by agency
};
using EntryPtr = std::shared_ptr<const Entry>;
// The first eight digits, as citations have it.
std::string short_id(const MessageId& id);
// Everything but what the node adds (dates, readers' states).
Entry make_entry(const Header& header, const Document& document, const DocumentId& document_id,
                 std::uint32_t revision);

// The order of the log, then of what is not in it yet: the same at every node for what it holds.
struct EntryOrder {
    bool operator()(const EntryPtr& a, const EntryPtr& b) const;
};
using EntrySet = std::set<EntryPtr, EntryOrder>;

class Workspace {
  public:
    // A message, or a newer state of it (accepted, read, delivered): of one sender's id the last put stands.
    void put(Entry entry);
    void remove(const AgencyId& sender, const MessageId& id);
    std::size_t size() const { return by_id_.size(); }
    // Ids are chosen by senders: where two chose the same, the first in the log is meant.
    EntryPtr find(const MessageId& id) const;
    EntryPtr find(const MessageId& id, const AgencyId& sender) const;

    // Every message of the dialogue of that kind, in order; superseded and recalled ones too.
    const EntrySet& of_kind(const DialogueId& dialogue, DocumentKind kind) const;
    // Those that name a project, measure or area by its id: statuses, ideas, measures, areas and positions.
    const EntrySet& of_register(const DialogueId& dialogue, const std::string& id) const;
    // Messages about that message.
    const EntrySet& about(const MessageId& id) const;
    // A later revision by the same sender took its place.
    bool superseded(const Entry& entry) const;
    // The revision that did, the highest; null when none did.
    EntryPtr newer_revision_of(const Entry& entry) const;
    // Every seal under which that revision of a document went out, in order.
    EntrySet of_document(const AgencyId& sender, const DocumentId& document, std::uint32_t revision) const;
    // Its sender recalled it, and by which message.
    EntryPtr recall_of(const Entry& entry) const;
    // Neither of the two.
    bool stands(const Entry& entry) const { return !superseded(entry) && recall_of(entry) == nullptr; }
    // Each message, by id.
    template <typename Visit>
    void visit(const Visit& each) const {
        for (const auto& [key, entry] : by_id_) each(entry);
    }
    // All messages in order.
    EntrySet all() const;

  private:
    void index(const EntryPtr& entry);
    void forget(const EntryPtr& entry);

    std::map<std::pair<MessageId, AgencyId>, EntryPtr> by_id_;
    std::map<std::pair<DialogueId, DocumentKind>, EntrySet> by_kind_;
    std::map<std::pair<DialogueId, std::string>, EntrySet> by_register_;
    std::map<MessageId, EntrySet> by_about_;
    // Revisions of one document, by its sender.
    std::map<std::pair<AgencyId, DocumentId>, std::map<std::uint32_t, EntrySet>> by_document_;
};

}  // namespace sampan
