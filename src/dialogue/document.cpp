#include "sampan/dialogue/document.h"

#include <algorithm>

#include "dialogue/schema_pb.h"
#include "identity/label_pb.h"
#include "sampan/base/limits.h"
#include "sampan/dialogue/error.h"
#include "sampan/wire/strict.h"

namespace sampan {
namespace {

Error bad(std::string why) {
    return Error(BriefingError::bad_document, std::move(why));
}

StixSummary summary_from_wire(const wire::StixSummary& in) {
    StixSummary out;
    for (const auto& count : in.counts()) out.counts.push_back({count.type(), count.count()});
    out.indicators.assign(in.indicators().begin(), in.indicators().end());
    out.tlp = in.tlp();
    return out;
}

void summary_to_wire(const StixSummary& in, wire::StixSummary& out) {
    for (const StixSummary::Count& count : in.counts) {
        auto* one = out.add_counts();
        one->set_type(count.type);
        one->set_count(count.count);
    }
    for (const std::string& pattern : in.indicators) out.add_indicators(pattern);
    out.set_tlp(in.tlp);
}

template <typename List, typename Key>
bool ascending(const List& list, Key key) {
    return std::adjacent_find(list.begin(), list.end(),
                              [&](const auto& a, const auto& b) { return !(key(a) < key(b)); }) == list.end();
}

Status check_stix(const StixSummary& stix) {
    std::size_t bytes = 0;
    for (const std::string& pattern : stix.indicators) bytes += pattern.size();
    if (stix.counts.size() > k_stix_types || stix.indicators.size() > k_stix_indicators ||
        bytes > k_stix_summary_bytes ||
        !ascending(stix.counts, [](const auto& c) -> const std::string& { return c.type; }))
        return bad("the summary of a STIX bundle is too long, or unsorted");
    return ok_status();
}

Status check_document(const Document& document) {
    if (document.title.empty() || document.language.empty())
        return bad("a document has no kind, no title or no language");
    if (document.title.size() > k_document_title_bytes)
        return Error(BriefingError::too_large, "a title is longer than 512 bytes");
    if (document.portions.size() > k_portions || document.files.size() > limits::k_parts)
        return bad("a document has too many portions or files");
    if (!ascending(document.portions, [](const auto& p) -> const std::string& { return p.name; }) ||
        !ascending(document.files, [](const auto& f) -> const std::string& { return f.file; }))
        return bad("portions and files are sorted, none twice");
    if (!document.session.empty() &&
        (!is_session_number(document.session) || document.kind == DocumentKind::presence))
        return bad("a session's number is not one, or stands where there is none");
    const auto known = [&](std::string_view name) {
        return std::any_of(document.portions.begin(), document.portions.end(),
                           [&](const auto& p) { return p.name == name; });
    };
    for (const PortionLabel& portion : document.portions)
        if (!is_portion_name(portion.name)) return bad("a portion's name is not one");
    for (const FilePortion& file : document.files) {
        if (file.file.empty() || (!file.portion.empty() && !known(file.portion)) ||
            (file.portion.empty() && !file.stix))
            return bad("a file names no portion that is there");
        if (file.stix) SAMPAN_TRY(check_stix(*file.stix));
    }
    return check_fields(
        document.kind, document.fields, true,
        [](std::string_view field, const std::string& why) { return bad(std::string(field) + ": " + why); });
}

}  // namespace

Bytes encode_document(const Document& document) {
    wire::Document out;
    out.set_kind(static_cast<wire::DocumentKind>(document.kind));
    out.set_title(document.title);
    out.set_language(document.language);
    out.set_body(document.body);
    for (const PortionLabel& portion : document.portions) {
        auto* one = out.add_portions();
        one->set_name(portion.name);
        *one->mutable_label() = to_wire(portion.label);
    }
    for (const FilePortion& file : document.files) {
        auto* one = out.add_files();
        one->set_file(file.file);
        one->set_portion(file.portion);
        if (file.stix) summary_to_wire(*file.stix, *one->mutable_stix());
    }
    out.set_session(document.session);
    fields_to_wire(document.kind, document.fields, out);
    return encode_canonical(out);
}

Bytes encode_stix_summary(const StixSummary& summary) {
    wire::StixSummary out;
    summary_to_wire(summary, out);
    return encode_canonical(out);
}

Result<StixSummary> decode_stix_summary(ByteView bytes) {
    wire::StixSummary in;
    SAMPAN_TRY(decode_strict(bytes, limits::k_body_padded_bytes, in));
    StixSummary out = summary_from_wire(in);
    SAMPAN_TRY(check_stix(out));
    return out;
}

Result<Document> decode_document(ByteView bytes) {
    wire::Document in;
    SAMPAN_TRY(decode_strict(bytes, limits::k_body_padded_bytes, in));
    if (in.kind() == wire::DOCUMENT_KIND_NONE) return bad("a document has no kind, no title or no language");
    Document out;
    out.kind = static_cast<DocumentKind>(in.kind());
    out.title = in.title();
    out.language = in.language();
    out.body = in.body();
    for (const auto& portion : in.portions()) {
        SAMPAN_ASSIGN(Label label, from_wire(portion.label()));
        out.portions.push_back({portion.name(), std::move(label)});
    }
    for (const auto& file : in.files()) {
        FilePortion one{file.file(), file.portion(), std::nullopt};
        if (file.has_stix()) one.stix = summary_from_wire(file.stix());
        out.files.push_back(std::move(one));
    }
    out.session = in.session();
    SAMPAN_ASSIGN(out.fields, fields_from_wire(out.kind, in));
    SAMPAN_TRY(check_document(out));
    return out;
}

bool is_portion_name(std::string_view name) {
    return !name.empty() && name.size() <= 32 && std::all_of(name.begin(), name.end(), [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
    });
}

bool is_session_number(std::string_view text) {
    return !text.empty() && is_display_text(text, k_session_number_bytes);
}

std::vector<Paragraph> paragraphs_of(std::string_view body) {
    std::vector<Paragraph> out;
    std::size_t line = 1;
    bool inside = false;
    while (!body.empty()) {
        const std::size_t end = std::min(body.find('\n'), body.size());
        const std::string_view text = body.substr(0, end);
        const bool empty = text.find_first_not_of(" \t") == std::string_view::npos;
        if (!empty && !inside) {
            Paragraph paragraph{"", text, line};
            const auto close = text.find("} ");
            if (text.front() == '{' && close != std::string_view::npos &&
                is_portion_name(text.substr(1, close - 1))) {
                paragraph.portion = text.substr(1, close - 1);
                paragraph.text = text.substr(close + 2);
            }
            out.push_back(paragraph);
        } else if (!empty) {
            Paragraph& last = out.back();
            last.text = std::string_view(
                last.text.data(), static_cast<std::size_t>(text.data() + text.size() - last.text.data()));
        }
        inside = !empty;
        ++line;
        body.remove_prefix(std::min(end + 1, body.size()));
    }
    return out;
}

}  // namespace sampan
