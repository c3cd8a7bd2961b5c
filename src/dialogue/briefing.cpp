#include "sampan/dialogue/briefing.h"

#include <algorithm>

#include "sampan/base/limits.h"
#include "sampan/config/toml.h"
#include "sampan/dialogue/compilation.h"

namespace sampan {
namespace {

constexpr std::string_view k_fence = "+++\n";
constexpr std::size_t k_briefing_bytes = 240 * limits::k_kib;

template <typename Id>
Result<Id> parse_one(std::string_view text) {
    if constexpr (std::is_same_v<Id, MessageId>)
        return MessageId::parse_hex(text);
    else
        return Id::parse(text);
}
template <typename Id>
Result<std::vector<Id>> read_ids(TomlTable& in, std::string_view key) {
    SAMPAN_ASSIGN(std::vector<std::string> values, in.one_or_more(key));
    std::vector<Id> out;
    for (const std::string& value : values) {
        auto id = parse_one<Id>(value);
        if (!id.ok()) return in.error(key, id.error().context());
        out.push_back(*id);
    }
    std::sort(out.begin(), out.end());
    out.erase(std::unique(out.begin(), out.end()), out.end());
    return out;
}

Result<std::optional<UnixMillis>> read_time(TomlTable& in, std::string_view key) {
    SAMPAN_ASSIGN(std::optional<std::string> value, in.text(key));
    if (!value) return std::optional<UnixMillis>();
    auto parsed = parse_rfc3339(*value);
    if (!parsed.ok()) return in.error(key, parsed.error().context());
    return std::optional<UnixMillis>(*parsed);
}

Status read_categories(TomlTable& in, LabelDraft& out) {
    for (const std::string& tag : in.keys()) {
        SAMPAN_ASSIGN(std::vector<std::string> values, in.one_or_more(tag));
        if (values.empty()) return in.error(tag, "has no values");
        out.categories.push_back({tag, std::move(values)});
    }
    return ok_status();
}

Status read_label(TomlTable& in, LabelDraft& out) {
    SAMPAN_ASSIGN(out.classification, in.need_text("classification"));
    SAMPAN_ASSIGN(out.releasable_to, read_ids<AgencyId>(in, "releasable_to"));
    SAMPAN_ASSIGN(out.review, read_time(in, "review"));
    SAMPAN_ASSIGN(out.expires, read_time(in, "expires"));
    SAMPAN_TRY(in.table("categories", false, [&](TomlTable& tags) { return read_categories(tags, out); }));
    // Every other text is a handling code of the scheme that it is named after: tlp = "AMBER".
    for (const std::string& name : in.keys()) {
        if (name == "classification" || name == "releasable_to" || name == "review" || name == "expires" ||
            name == "categories")
            continue;
        SAMPAN_ASSIGN(std::string code, in.need_text(name));
        out.handling.push_back({name, std::move(code), {}});
    }
    return ok_status();
}

Status read_fields(TomlTable& in, const std::vector<FieldSpec>& specs, Fields& out);

Status read_rows(TomlTable& in, const FieldSpec& spec, Fields& out) {
    Fields::Rows rows;
    const auto read_row = [&](TomlTable& row) -> Status {
        Fields fields;
        SAMPAN_TRY(read_fields(row, spec.rows, fields));
        for (const FieldSpec& inner : spec.rows)
            if (inner.required && fields.find(inner.name) == nullptr)
                return row.error(inner.name, "is missing or empty");
        rows.push_back(std::move(fields));
        return ok_status();
    };
    if (const Status read = in.tables(spec.name, read_row); !read.ok()) return read.error();
    if (!rows.empty()) out.set(spec.name, std::move(rows));
    return ok_status();
}

// An empty text or list is the same as none: templates have them.
Status read_fields(TomlTable& in, const std::vector<FieldSpec>& specs, Fields& out) {
    for (const FieldSpec& spec : specs) {
        switch (spec.type) {
            case FieldType::text:
            case FieldType::choice: {
                SAMPAN_ASSIGN(std::optional<std::string> value, in.text(spec.name));
                if (value && !value->empty()) out.set(spec.name, std::move(*value));
                break;
            }
            case FieldType::texts: {
                SAMPAN_ASSIGN(Fields::Texts values, in.one_or_more(spec.name));
                if (!values.empty()) out.set(spec.name, std::move(values));
                break;
            }
            case FieldType::number: {
                SAMPAN_ASSIGN(std::optional<std::int64_t> value, in.integer(spec.name));
                if (!value) break;
                if (*value < 0 || *value > 0xffff'ffffLL)
                    return in.error(spec.name, "expected 0 or more, found " + std::to_string(*value));
                out.set(spec.name, static_cast<std::uint32_t>(*value));
                break;
            }
            case FieldType::date: {
                SAMPAN_ASSIGN(std::optional<UnixMillis> value, read_time(in, spec.name));
                if (value) out.set(spec.name, *value);
                break;
            }
            case FieldType::rows:
                SAMPAN_TRY(read_rows(in, spec, out));
                break;
        }
    }
    return ok_status();
}

Status read_portion_labels(TomlTable& portions, Briefing& out) {
    for (const std::string& name : portions.keys()) {
        if (!is_portion_name(name))
            return portions.error(name, "a portion's name is 1 to 32 of a-z, 0-9 and hyphen");
        PortionDraft draft{name, {}};
        const Status read =
            portions.table(name, true, [&](TomlTable& label) { return read_label(label, draft.label); });
        if (!read.ok()) return read.error();
        out.portions.push_back(std::move(draft));
    }
    std::sort(out.portions.begin(), out.portions.end(),
              [](const auto& a, const auto& b) { return a.name < b.name; });
    return ok_status();
}

bool has_portion(const Briefing& briefing, std::string_view name) {
    return std::any_of(briefing.portions.begin(), briefing.portions.end(),
                       [&](const PortionDraft& p) { return p.name == name; });
}

Status read_attachment(TomlTable& one, Briefing& out) {
    FilePortion file;
    SAMPAN_ASSIGN(file.file, one.need_text("file"));
    SAMPAN_ASSIGN(file.portion, one.need_text("portion"));
    if (!has_portion(out, file.portion))
        return one.error("portion", "there is no [portion." + file.portion + "]");
    for (const FilePortion& other : out.files)
        if (other.file == file.file) return one.error("file", "is named twice");
    out.files.push_back(std::move(file));
    return ok_status();
}

Status read_portions(TomlTable& top, Briefing& out) {
    SAMPAN_TRY(
        top.table("portion", false, [&](TomlTable& portions) { return read_portion_labels(portions, out); }));
    if (out.portions.size() > k_portions)
        return top.error("portion", "there are more than " + std::to_string(k_portions));
    SAMPAN_TRY(top.tables("attachment", [&](TomlTable& one) { return read_attachment(one, out); }));
    std::sort(out.files.begin(), out.files.end(),
              [](const auto& a, const auto& b) { return a.file < b.file; });
    return ok_status();
}

// A presence list has a field of that name: it says who is there, and is not itself said in the session.
Status read_session(TomlTable& top, Briefing& out) {
    if (out.kind == DocumentKind::presence) return ok_status();
    SAMPAN_ASSIGN(std::optional<std::string> session, top.text("session"));
    if (!session || session->empty()) return ok_status();
    if (!is_session_number(*session))
        return top.error("session", "expected a session's number, such as \"2\"");
    if (out.dialogues.size() != 1) return top.error("session", "is of one dialogue: name it in \"dialogue\"");
    out.session = std::move(*session);
    return ok_status();
}

Status read_envelope(TomlTable& top, Briefing& out) {
    SAMPAN_ASSIGN(out.title, top.need_text("title"));
    if (out.title.size() > k_document_title_bytes)
        return top.error("title", "is longer than " + std::to_string(k_document_title_bytes) + " bytes");
    SAMPAN_ASSIGN(std::optional<std::string> language, top.text("language"));
    if (language) out.language = *language;
    SAMPAN_ASSIGN(out.to, read_ids<AgencyId>(top, "to"));
    SAMPAN_ASSIGN(out.dialogues, read_ids<DialogueId>(top, "dialogue"));
    SAMPAN_TRY(read_session(top, out));
    SAMPAN_ASSIGN(out.about, read_ids<MessageId>(top, "about"));
    SAMPAN_ASSIGN(std::vector<MessageId> revises, read_ids<MessageId>(top, "revises"));
    if (revises.size() > 1) return top.error("revises", "expected one message id");
    if (!revises.empty()) out.revises = revises.front();
    SAMPAN_ASSIGN(std::optional<std::string> precedence, top.text("precedence"));
    if (precedence) {
        auto parsed = parse_precedence(*precedence);
        if (!parsed.ok())
            return top.error("precedence", "expected FLASH, IMMEDIATE, PRIORITY or ROUTINE, found \"" +
                                               precedence->substr(0, 64) + "\"");
        out.precedence = *parsed;
    }
    SAMPAN_ASSIGN(std::optional<std::int64_t> days, top.integer("valid_days"));
    if (days) {
        if (*days < 1 || *days > 90)
            return top.error("valid_days", "expected 1 to 90, found " + std::to_string(*days));
        out.valid_days = static_cast<std::uint32_t>(*days);
    }
    if (out.to.empty() && out.dialogues.empty())
        return top.error("to", "name readers in \"to\", or a \"dialogue\" whose participants read it");
    if (out.dialogues.size() > limits::k_dialogues_per_message)
        return top.error("dialogue", "names too many dialogues");
    if (out.about.size() > limits::k_about) return top.error("about", "names too many messages");
    return ok_status();
}

Status read_front_matter(TomlTable& top, bool about_given, Briefing& out) {
    SAMPAN_ASSIGN(std::string kind, top.need_text("kind"));
    auto parsed_kind = parse_kind(kind);
    if (!parsed_kind.ok()) return top.error("kind", parsed_kind.error().context());
    out.kind = *parsed_kind;
    SAMPAN_TRY(read_envelope(top, out));
    SAMPAN_TRY(top.table("label", true, [&](TomlTable& label) { return read_label(label, out.label); }));
    SAMPAN_TRY(read_portions(top, out));
    SAMPAN_TRY(read_fields(top, fields_of(out.kind), out.fields));
    return check_fields(out.kind, out.fields, about_given || !out.about.empty(),
                        [&](std::string_view field, const std::string& why) {
                            // Of a row's field, the table's line.
                            const std::string_view key = field.substr(0, field.find('.'));
                            Error at = top.error(key, why);
                            if (key == field) return at;
                            std::string text = at.context();
                            const auto colon = text.find(std::string(key) + ":");
                            if (colon != std::string::npos) text.replace(colon, key.size(), field);
                            return Error(BriefingError::bad_front_matter, std::move(text));
                        });
}

// A mark that names no portion is a mistake of the pen, best noticed before it is published.
Status check_marks(const Briefing& briefing, std::size_t lines_before) {
    for (const Paragraph& paragraph : paragraphs_of(briefing.body)) {
        if (paragraph.portion.empty() || has_portion(briefing, paragraph.portion)) continue;
        const std::string name(paragraph.portion);
        return Error(BriefingError::bad_front_matter,
                     "line " + std::to_string(lines_before + paragraph.line) + ": the paragraph is marked {" +
                         name + "}, and there is no [portion." + name + "]");
    }
    return ok_status();
}

std::string with_unix_lines(std::string_view text) {
    std::string out;
    out.reserve(text.size());
    for (std::size_t i = 0; i < text.size(); ++i)
        if (text[i] != '\r' || i + 1 == text.size() || text[i + 1] != '\n') out.push_back(text[i]);
    return out;
}

}  // namespace

Result<Briefing> parse_briefing(std::string_view text, bool about_given) {
    if (text.size() > k_briefing_bytes)
        return Error(BriefingError::too_large,
                     "a briefing has at most " + std::to_string(k_briefing_bytes / limits::k_kib) + " KiB",
                     "put long material into an attachment");
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    std::string unix_text;
    if (text.find('\r') != std::string_view::npos) {
        unix_text = with_unix_lines(text);
        text = unix_text;
    }
    const auto closing = text.find("\n+++\n", k_fence.size() - 1);
    if (!text.starts_with(k_fence) || closing == std::string_view::npos)
        return Error(BriefingError::bad_front_matter,
                     "line 1: a briefing begins with front matter between two lines of +++",
                     "sampan new KIND prints a briefing to fill in");
    // An empty line for the fence, so that lines count as in the file.
    const std::string front = "\n" + std::string(text.substr(k_fence.size(), closing + 1 - k_fence.size()));
    Briefing out;
    out.body = text.substr(closing + 5);
    const Status read =
        read_toml(front, "", [&](TomlTable& top) { return read_front_matter(top, about_given, out); });
    if (!read.ok())
        return Error(BriefingError::bad_front_matter, read.error().context(),
                     "correct the front matter of the briefing");
    SAMPAN_TRY(
        check_marks(out, static_cast<std::size_t>(std::count(
                             text.begin(), text.begin() + static_cast<std::ptrdiff_t>(closing) + 5, '\n'))));
    return out;
}

MessageClass class_of(DocumentKind kind) {
    switch (kind) {
        case DocumentKind::recall:
            return MessageClass::recall;
        case DocumentKind::release_consent:
            return MessageClass::consent;
        case DocumentKind::receipt:
            return MessageClass::receipt;
        case DocumentKind::threat_update:
        case DocumentKind::activity_report:
        case DocumentKind::project_status:
        case DocumentKind::project_idea:
        case DocumentKind::note:
            return MessageClass::submission;
        default:
            return MessageClass::workspace;
    }
}

Result<Label> complete_label(const LabelDraft& draft, const LabelPolicy& policy, const AgencyId& originator,
                             UnixMillis now) {
    Label out;
    out.policy = policy.id;
    out.classification = draft.classification;
    out.categories = draft.categories;
    out.releasable_to = draft.releasable_to;
    out.handling = draft.handling;
    out.originator = originator;
    out.created = now;
    out.review = draft.review;
    out.expires = draft.expires;
    for (LabelCategory& category : out.categories) {
        std::sort(category.values.begin(), category.values.end());
        category.values.erase(std::unique(category.values.begin(), category.values.end()),
                              category.values.end());
    }
    std::sort(out.categories.begin(), out.categories.end(),
              [](const auto& a, const auto& b) { return a.tag < b.tag; });
    std::sort(out.handling.begin(), out.handling.end(),
              [](const auto& a, const auto& b) { return a.scheme < b.scheme; });
    std::sort(out.releasable_to.begin(), out.releasable_to.end());
    SAMPAN_TRY(check_label(policy, out));
    return out;
}

Result<Document> complete_document(const Briefing& briefing, const Label& whole, const LabelPolicy& policy,
                                   const AgencyId& originator, UnixMillis now) {
    Document out{briefing.kind,  briefing.title,  briefing.language, briefing.body, briefing.fields, {},
                 briefing.files, briefing.session};
    for (const PortionDraft& draft : briefing.portions) {
        auto label = complete_label(draft.label, policy, originator, now);
        if (!label.ok()) return label.error().within("portion " + draft.name);
        if (const Status below = dominates(policy, whole, *label); !below.ok())
            return Error(BriefingError::portion_above_label,
                         "portion " + draft.name + ": " + below.error().context(),
                         "raise the label of the whole, or lower the portion's");
        out.portions.push_back({draft.name, std::move(*label)});
    }
    return out;
}

}  // namespace sampan
