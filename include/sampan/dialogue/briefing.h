// What officers write: Markdown with TOML front matter, and the Document that is sealed.
//
//   +++
//   kind = "threat-update"
//   title = "…"
//   to = ["jp-npa", "sg-spf"]        # or dialogue = "ajct-12": its participants
//   precedence = "ROUTINE"
//   language = "en"
//   [label]
//   classification = "restricted"
//   releasable_to = []               # optional
//   tlp = "AMBER+STRICT"             # optional; other schemes likewise
//   [label.categories]
//   compartment = ["ct"]
//   +++
//   Markdown body
#pragma once

#include <map>

#include "sampan/envelope/header.h"

namespace sampan {

enum class BriefingError {
    bad_front_matter,
    unknown_key,
    missing_key,
    bad_value,
    unknown_kind,
    too_large,
    bad_document
};
constexpr std::string_view error_name(BriefingError e) {
    switch (e) {
        case BriefingError::bad_front_matter:
            return "bad_front_matter";
        case BriefingError::unknown_key:
            return "unknown_key";
        case BriefingError::missing_key:
            return "missing_key";
        case BriefingError::bad_value:
            return "bad_value";
        case BriefingError::unknown_kind:
            return "unknown_kind";
        case BriefingError::too_large:
            return "briefing_too_large";
        case BriefingError::bad_document:
            return "bad_document";
    }
    return "unknown";
}

enum class DocumentKind : std::uint8_t {
    threat_update = 1,
    activity_report,
    project_status,
    project_idea,
    measure,
    cooperation_area,
    position,
    request_for_information,
    answer,
    comment,
    correction,
    agenda,
    summary,
    note
};
std::string_view kind_name(DocumentKind kind);  // "threat-update"
Result<DocumentKind> parse_kind(std::string_view text);

struct LabelDraft {
    std::string classification;
    std::vector<LabelCategory> categories;
    std::vector<AgencyId> releasable_to;
    std::vector<LabelHandling> handling;
    std::optional<UnixMillis> review, expires;
};
struct Briefing {
    DocumentKind kind = DocumentKind::note;
    std::string title;
    std::string language = "en";
    std::vector<AgencyId> to;
    std::vector<DialogueId> dialogues;
    Precedence precedence = Precedence::routine;
    LabelDraft label;
    std::vector<MessageId> about;
    std::optional<std::uint32_t> valid_days;  // the message's life, 1 to 90; 30 when absent
    std::string body;                         // Markdown, UTF-8
};
// Errors name the line and the key: "line 4: precedence: …".
Result<Briefing> parse_briefing(std::string_view text);
// The label an officer's draft becomes under a policy, canonical (sorted), checked.
Result<Label> complete_label(const LabelDraft& draft, const LabelPolicy& policy, const AgencyId& originator,
                             UnixMillis now);

// What is sealed as Content.document: kind, title, language, body, officer-visible only.
struct Document {
    DocumentKind kind = DocumentKind::note;
    std::string title;
    std::string language;
    std::string body;
};
Bytes encode_document(const Document& document);
Result<Document> decode_document(ByteView bytes);

}  // namespace sampan
