// What officers write: Markdown with TOML front matter, and the Document that is sealed.
//
//   +++
//   kind = "threat-update"
//   title = "…"
//   to = ["jp-npa", "sg-spf"]        # or dialogue = "ajct-12": its participants
//   session = "2"                    # optional: of the dialogue's meeting; only those present read it
//   precedence = "ROUTINE"
//   language = "en"
//   [label]
//   classification = "restricted"
//   releasable_to = []               # optional
//   tlp = "AMBER+STRICT"             # optional; other schemes likewise
//   [label.categories]
//   compartment = ["ct"]
//   [portion.sources]                # paragraphs that begin with "{sources} " carry this label
//   classification = "confidential"
//   [[attachment]]                   # what is said of a file that goes with it
//   file = "indicators.json"
//   portion = "sources"
//   +++
//   Markdown body
//
// Beside these keys stand the fields of the kind (kinds.h).
#pragma once

#include "sampan/dialogue/document.h"
#include "sampan/dialogue/error.h"
#include "sampan/envelope/header.h"

namespace sampan {

struct LabelDraft {
    std::string classification;
    std::vector<LabelCategory> categories;
    std::vector<AgencyId> releasable_to;
    std::vector<LabelHandling> handling;
    std::optional<UnixMillis> review, expires;
};
struct PortionDraft {
    std::string name;
    LabelDraft label;
};
struct Briefing {
    DocumentKind kind = DocumentKind::note;
    std::string title;
    std::string language = "en";
    std::vector<AgencyId> to;
    std::vector<DialogueId> dialogues;
    std::string session;  // of the one dialogue's meeting: those present read it; "": of none
    Precedence precedence = Precedence::routine;
    LabelDraft label;
    std::vector<MessageId> about;
    std::optional<std::uint32_t> valid_days;  // the message's life, 1 to 90; 30 when absent
    std::optional<MessageId> revises;         // a message of ours that this one takes the place of
    std::string body;                         // Markdown, UTF-8
    Fields fields;
    std::vector<PortionDraft> portions;  // sorted by name
    std::vector<FilePortion> files;      // sorted by file
};
// Errors name the line and the key: "line 4: precedence: …".
// `about_given`: what the message is about is named beside the text (a reply).
Result<Briefing> parse_briefing(std::string_view text, bool about_given = false);
// What the broker sees of the kind: a recall, a consent, a submission before the meeting, or workspace.
MessageClass class_of(DocumentKind kind);
// The label an officer's draft becomes under a policy, canonical (sorted), checked.
Result<Label> complete_label(const LabelDraft& draft, const LabelPolicy& policy, const AgencyId& originator,
                             UnixMillis now);
// The document of a briefing, with its portions' labels complete. `portion_above_label` unless `whole`, the
// label of the message, dominates every portion.
Result<Document> complete_document(const Briefing& briefing, const Label& whole, const LabelPolicy& policy,
                                   const AgencyId& originator, UnixMillis now);

}  // namespace sampan
