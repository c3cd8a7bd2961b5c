// The document that is sealed as Content.document: what the officer wrote, visible to its readers alone.
#pragma once

#include "sampan/dialogue/kinds.h"
#include "sampan/label/label.h"

namespace sampan {

inline constexpr std::size_t k_portions = 32;
inline constexpr std::size_t k_document_title_bytes = 512;
inline constexpr std::size_t k_session_number_bytes = 32;
inline constexpr std::size_t k_stix_types = 64;                 // counted in a summary
inline constexpr std::size_t k_stix_indicators = 256;           // listed in a summary
inline constexpr std::size_t k_stix_pattern_bytes = 1024;       // longer ones are counted, not listed
inline constexpr std::size_t k_stix_summary_bytes = 32 * 1024;  // of patterns together

struct StixSummary {
    struct Count {
        std::string type;
        std::uint32_t count = 0;
    };
    std::vector<Count> counts;            // sorted by type
    std::vector<std::string> indicators;  // patterns, in the bundle's order, the first k_stix_indicators
    std::string tlp;                      // the highest marking in it, or ""
};
struct PortionLabel {
    std::string name;  // 1 to 32 of a-z, 0-9 and hyphen
    Label label;
};
// What is said of an attachment: the portion whose label it carries, and what a STIX bundle holds.
struct FilePortion {
    std::string file;
    std::string portion;  // "": the document's own label
    std::optional<StixSummary> stix;
};
struct Document {
    DocumentKind kind = DocumentKind::note;
    std::string title;
    std::string language;
    std::string body;  // Markdown; a paragraph that begins with "{name} " is of that portion
    Fields fields = {};
    std::vector<PortionLabel> portions = {};  // sorted by name
    std::vector<FilePortion> files = {};      // sorted by file
    std::string session = {};                 // of the meeting it was said in, for those present; "": none
};
Bytes encode_document(const Document& document);
// A summary alone, as an upload keeps it.
Bytes encode_stix_summary(const StixSummary& summary);
Result<StixSummary> decode_stix_summary(ByteView bytes);
// Strict. Fields are checked against the kind's schema, as those of a briefing are; marks of paragraphs and
// files name portions that are there. What a message is about stands in its header, so fields that only make
// sense with it are taken as they are.
Result<Document> decode_document(ByteView bytes);

// A paragraph of a body and the portion it is marked with.
struct Paragraph {
    std::string_view portion;  // "": unmarked
    std::string_view text;     // without its mark; of several lines
    std::size_t line = 0;      // of the body, from 1
};
// Paragraphs are separated by empty lines. Only `{name} ` of 1 to 32 of a-z, 0-9 and hyphen is a mark.
std::vector<Paragraph> paragraphs_of(std::string_view body);
bool is_portion_name(std::string_view name);
// A session's number as an agenda, a presence list or a message has it: "2", "3b"; 1 to 32 bytes that can be
// shown.
bool is_session_number(std::string_view text);

}  // namespace sampan
