#include "sampan/base/limits.h"
#include "sampan/dialogue/briefing.h"
#include "sampan/wire/strict.h"
#include "wire/dialogue.pb.h"

namespace sampan {
namespace {

constexpr std::string_view k_kind_names[] = {"",
                                             "threat-update",
                                             "activity-report",
                                             "project-status",
                                             "project-idea",
                                             "measure",
                                             "cooperation-area",
                                             "position",
                                             "request-for-information",
                                             "answer",
                                             "comment",
                                             "correction",
                                             "agenda",
                                             "summary",
                                             "note"};
constexpr std::size_t k_document_title_bytes = 512;

}  // namespace

std::string_view kind_name(DocumentKind kind) {
    return k_kind_names[static_cast<std::size_t>(kind)];
}

Result<DocumentKind> parse_kind(std::string_view text) {
    std::string known;
    for (std::size_t i = 1; i < std::size(k_kind_names); ++i) {
        if (k_kind_names[i] == text) return static_cast<DocumentKind>(i);
        known.append(i > 1 ? ", " : "").append(k_kind_names[i]);
    }
    return Error(BriefingError::unknown_kind,
                 "\"" + std::string(text.substr(0, 64)) + "\" is no kind; kinds are " + known);
}

Bytes encode_document(const Document& document) {
    wire::Document out;
    out.set_kind(static_cast<wire::DocumentKind>(document.kind));
    out.set_title(document.title);
    out.set_language(document.language);
    out.set_body(document.body);
    return encode_canonical(out);
}

Result<Document> decode_document(ByteView bytes) {
    wire::Document in;
    SAMPAN_TRY(decode_strict(bytes, limits::k_body_padded_bytes, in));
    if (in.kind() == wire::DOCUMENT_KIND_NONE || in.title().empty() || in.language().empty())
        return Error(BriefingError::bad_document, "a document has no kind, no title or no language");
    if (in.title().size() > k_document_title_bytes)
        return Error(BriefingError::too_large, "a title is longer than 512 bytes");
    return Document{static_cast<DocumentKind>(in.kind()), in.title(), in.language(), in.body()};
}

}  // namespace sampan
