// An officer's desk: drafts of briefings, which a colleague may look over, and saved searches. Kept sealed to
// the archive, one officer's each: they survive a restart, and nobody reads them while the archive is locked.
// On the owner thread.
//
//   draft ──ask──▶ review ──▶ approved ──publish──▶ published
//     ▲               └─────▶ returned
//     └── saved again, from any of them but the last
#pragma once

#include "node/core.h"
#include "sampan/dialogue/search.h"

namespace sampan::node {

inline constexpr std::size_t k_drafts_each = 200;       // of one officer, that are not published
inline constexpr std::size_t k_published_kept = 20;     // of one officer, shown as recent
inline constexpr std::size_t k_searches_each = 100;     // of one officer
inline constexpr std::size_t k_remark_bytes = 1000;     // of whoever reviewed
inline constexpr std::size_t k_search_name_bytes = 32;  // a-z, 0-9 and hyphen

enum class DraftState : std::uint8_t { draft = 1, review, approved, returned, published };
std::string_view draft_state_name(DraftState state);

struct Draft {
    MessageId id;  // of the draft; the message gets its own
    std::string owner;
    DraftState state = DraftState::draft;
    UnixMillis created, changed, decided;
    std::string reviewer, remark;
    std::string title, kind;                    // as far as the text says
    std::string text;                           // front matter and Markdown; empty once it is published
    std::optional<MessageId> message, release;  // what became of it
};
// Why it could not be published as it stands; "" when it could. Readers are judged when it is.
std::string draft_problem(const Core& core, const Draft& draft, UnixMillis now);

// One's own, and those that one was asked to look over; newest change first. What one is not cleared for is
// not among them. `archive_locked`, as of all of the following.
Result<std::vector<Draft>> drafts_of(Core& core, const Caller& caller, UnixMillis now);
// By its id, or the first 6 digits or more. `not_found`, `ambiguous_id`.
Result<Draft> find_draft(Core& core, const Caller& caller, const std::string& prefix, UnixMillis now);
// A new one, or one's own again: it is then a draft, whatever was said of it before. `desk_full`,
// `bad_draft`.
Result<Draft> save_draft(Core& core, const Caller& caller, const std::string& id, std::string text,
                         UnixMillis now);
// A colleague who may read it is asked: `same_person`, `unknown_officer`, `not_cleared`, `bad_draft` when it
// could not be published anyway.
Result<Draft> ask_review(Core& core, const Caller& caller, const std::string& id, const OfficerId& reviewer,
                         UnixMillis now);
// By who was asked: approved, or returned with a remark. `not_waiting`.
Result<Draft> decide_draft(Core& core, const Caller& caller, const std::string& id, bool approved,
                           const std::string& remark, UnixMillis now);
Status discard_draft(Core& core, const Caller& caller, const std::string& id, UnixMillis now);
// One's own, to be published now. `draft_in_review` while a colleague has it, or gave it back.
Result<Draft> draft_to_publish(Core& core, const Caller& caller, const std::string& id, UnixMillis now);
// It became that message, or waits for release: the text goes, for it is in the archive now.
Status note_published(Core& core, Draft draft, const PublishReport& report, UnixMillis now);

struct SavedSearch {
    MessageId id;
    std::string owner, name;
    std::map<std::string, std::string> query;  // as /v1/search takes it
};
Result<std::vector<SavedSearch>> searches_of(Core& core, const Caller& caller);  // by name
// In place of one's own of the same name. `bad_request`, `desk_full`.
Status save_search(Core& core, const Caller& caller, SavedSearch search, UnixMillis now);
Result<SavedSearch> find_search(Core& core, const Caller& caller, const std::string& name);
Status forget_search(Core& core, const Caller& caller, const std::string& name);

}  // namespace sampan::node
