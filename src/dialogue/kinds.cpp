#include "sampan/dialogue/kinds.h"

#include <algorithm>
#include <array>

#include "dialogue/kind_notes.h"
#include "dialogue/schema.h"
#include "sampan/dialogue/error.h"
#include "sampan/label/label.h"

namespace sampan {
namespace {

constexpr std::array<std::string_view, static_cast<std::size_t>(k_last_kind) + 1> k_kind_names = {
    "",
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
    "note",
    "recall",
    "release-request",
    "release-consent",
    "correction-decision",
    "outcome",
    "adoption",
    "presence",
    "receipt"};

constexpr std::int64_t k_year_10000_ms = 253'402'300'800'000;

bool is_one_of(char c, std::string_view set) {
    return set.find(c) != std::string_view::npos;
}
bool two_of(std::string_view text, std::string_view first, std::string_view second) {
    return text.size() == 2 && is_one_of(text[0], first) && is_one_of(text[1], second);
}
bool is_register_id(std::string_view text) {
    return !text.empty() && text.size() <= k_register_id_bytes &&
           std::all_of(text.begin(), text.end(),
                       [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; });
}
bool is_clock(std::string_view text) {
    const auto digit = [&](std::size_t i) { return text[i] >= '0' && text[i] <= '9'; };
    return text.size() == 5 && digit(0) && digit(1) && text[2] == ':' && digit(3) && digit(4) &&
           text.substr(0, 2) < "24" && text.substr(3) < "60";
}
bool is_digest(std::string_view text) {
    return text.size() == 64 && std::all_of(text.begin(), text.end(), [](char c) {
               return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
           });
}
bool is_pair(std::string_view text) {
    const auto at = text.find('=');
    return at != std::string_view::npos && at > 0 && at + 1 < text.size();
}
// Lines of display text: what others write is shown on terminals and pages.
bool is_plain_text(std::string_view text) {
    while (!text.empty()) {
        const std::string_view line = text.substr(0, text.find('\n'));
        if (!line.empty() && !is_display_text(line, k_field_text_bytes)) return false;
        text.remove_prefix(std::min(text.size(), line.size() + 1));
    }
    return true;
}

// Why a text is not what its field asks for; "" when it is.
std::string fault_of(FieldCheck check, const std::string& text) {
    constexpr std::string_view upper = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
    if (text.size() > k_field_text_bytes)
        return "is longer than " + std::to_string(k_field_text_bytes) + " bytes";
    if (!is_plain_text(text)) return "holds control or invisible characters";
    switch (check) {
        case FieldCheck::register_id:
            return is_register_id(text) ? "" : "expected 1 to 32 of a-z, 0-9 and hyphen";
        case FieldCheck::agency:
            return AgencyId::parse(text).ok() ? "" : "expected an agency id, such as jp-npa";
        case FieldCheck::country:
            return two_of(text, upper, upper) ? "" : "expected a country's two letters, such as TH";
        case FieldCheck::admiralty:
            return two_of(text, "ABCDEF", "123456") ? "" : "expected A to F and 1 to 6, such as B2";
        case FieldCheck::europol:
            return two_of(text, "ABCX", "1234") ? "" : "expected A, B, C or X and 1 to 4, such as A2";
        case FieldCheck::clock:
            return is_clock(text) ? "" : "expected a time of day, such as 09:30";
        case FieldCheck::digest:
            return is_digest(text) ? "" : "expected 64 hexadecimal digits";
        case FieldCheck::pair:
            return is_pair(text) ? "" : "expected a name and a value, such as compartment=ct";
        case FieldCheck::none:
        case FieldCheck::percent:
            break;
    }
    return "";
}

Status check_row(const std::vector<FieldSpec>& specs, const Fields& fields, const std::string& prefix,
                 const FieldError& error);

Status check_one(const FieldSpec& spec, const Fields::Value& value, const std::string& name,
                 const FieldError& error) {
    const auto found = [](const std::string& text) { return ", found \"" + text.substr(0, 64) + "\""; };
    if (const auto* text = std::get_if<std::string>(&value)) {
        if (text->empty()) return error(name, "is empty");
        if (spec.type == FieldType::choice &&
            std::find(spec.choices.begin(), spec.choices.end(), *text) == spec.choices.end()) {
            std::string known;
            for (const std::string& choice : spec.choices) known += (known.empty() ? "" : ", ") + choice;
            return error(name, "expected one of " + known + found(*text));
        }
        const std::string fault = fault_of(spec.check, *text);
        if (!fault.empty()) return error(name, fault + (fault.starts_with("exp") ? found(*text) : ""));
    } else if (const auto* texts = std::get_if<Fields::Texts>(&value)) {
        if (texts->empty()) return error(name, "is an empty list");
        if (texts->size() > k_field_values)
            return error(name, "has more than " + std::to_string(k_field_values) + " values");
        for (const std::string& one : *texts) {
            const std::string fault = one.empty() ? "holds an empty text" : fault_of(spec.check, one);
            if (!fault.empty()) return error(name, fault + (fault.starts_with("exp") ? found(one) : ""));
        }
    } else if (const auto* number = std::get_if<std::uint32_t>(&value)) {
        if (spec.check == FieldCheck::percent && *number > 100)
            return error(name, "expected 0 to 100, found " + std::to_string(*number));
    } else if (const auto* date = std::get_if<UnixMillis>(&value)) {
        if (date->get() <= 0 || date->get() >= k_year_10000_ms)
            return error(name, "expected a date after 1970 and before the year 10000");
    } else if (const auto* rows = std::get_if<Fields::Rows>(&value)) {
        if (rows->empty() || rows->size() > k_field_rows)
            return error(name, "has 1 to " + std::to_string(k_field_rows) + " entries");
        for (const Fields& row : *rows) SAMPAN_TRY(check_row(spec.rows, row, name + ".", error));
    }
    return ok_status();
}

Status check_row(const std::vector<FieldSpec>& specs, const Fields& fields, const std::string& prefix,
                 const FieldError& error) {
    for (const FieldSpec& spec : specs) {
        const Fields::Value* value = fields.find(spec.name);
        if (value == nullptr && spec.required) return error(prefix + spec.name, "is missing or empty");
        if (value != nullptr) SAMPAN_TRY(check_one(spec, *value, prefix + spec.name, error));
    }
    return ok_status();
}

// What a kind asks of its fields together.
Status check_together(DocumentKind kind, const Fields& fields, bool has_about, const FieldError& error) {
    switch (kind) {
        case DocumentKind::position:
            if (fields.text("on").empty() && !has_about)
                return error("on", "name the measure, area or project, or the message in \"about\"");
            if (fields.text("stance") != "support" && fields.text("reason").empty())
                return error("reason", "a reserve or a comment says why");
            break;
        case DocumentKind::receipt:
            if (fields.text("step") == "refused" && fields.text("note").empty())
                return error("note", "a refusal says why");
            if (!has_about) return error("about", "name the message that it is about");
            break;
        case DocumentKind::answer:
            if (fields.text("outcome") == "declined" && fields.text("reason").empty())
                return error("reason", "a declined request has its reason");
            [[fallthrough]];
        case DocumentKind::comment:
        case DocumentKind::correction:
        case DocumentKind::correction_decision:
        case DocumentKind::recall:
        case DocumentKind::release_request:
        case DocumentKind::release_consent:
        case DocumentKind::adoption:
            if (!has_about) return error("about", "name the message that it is about");
            break;
        default:
            break;
    }
    for (const auto& [from, to] : {std::pair("period_from", "period_to"), std::pair("begins", "ends")})
        if (fields.date(from) && fields.date(to) && *fields.date(to) < *fields.date(from))
            return error(to, std::string("is before ") + from);
    return ok_status();
}

}  // namespace

std::string_view kind_name(DocumentKind kind) {
    const auto index = static_cast<std::size_t>(kind);
    return index < k_kind_names.size() ? k_kind_names[index] : "unknown";
}

const std::vector<FieldSpec>& fields_of(DocumentKind kind) {
    static const std::vector<std::vector<FieldSpec>> all = [] {
        std::vector<std::vector<FieldSpec>> made(k_kind_names.size());
        for (std::size_t i = 1; i < made.size(); ++i) {
            made[i] = schema_fields(static_cast<DocumentKind>(i));
            add_notes(static_cast<DocumentKind>(i), made[i]);
        }
        return made;
    }();
    const auto index = static_cast<std::size_t>(kind);
    SAMPAN_ASSERT(index < all.size());
    return all[index];
}

void Fields::set(std::string name, Value value) {
    for (Field& field : fields_)
        if (field.name == name) {
            field.value = std::move(value);
            return;
        }
    fields_.push_back({std::move(name), std::move(value)});
}

const Fields::Value* Fields::find(std::string_view name) const {
    for (const Field& field : fields_)
        if (field.name == name) return &field.value;
    return nullptr;
}

template <typename T>
static const T& or_empty(const Fields::Value* value) {
    static const T empty{};
    const T* held = value == nullptr ? nullptr : std::get_if<T>(value);
    return held == nullptr ? empty : *held;
}
template <typename T>
static std::optional<T> or_none(const Fields::Value* value) {
    const T* held = value == nullptr ? nullptr : std::get_if<T>(value);
    return held == nullptr ? std::nullopt : std::optional<T>(*held);
}

const std::string& Fields::text(std::string_view name) const {
    return or_empty<std::string>(find(name));
}
const Fields::Texts& Fields::texts(std::string_view name) const {
    return or_empty<Texts>(find(name));
}
const Fields::Rows& Fields::rows(std::string_view name) const {
    return or_empty<Rows>(find(name));
}
std::optional<std::uint32_t> Fields::number(std::string_view name) const {
    return or_none<std::uint32_t>(find(name));
}
std::optional<UnixMillis> Fields::date(std::string_view name) const {
    return or_none<UnixMillis>(find(name));
}

bool operator==(const Fields& a, const Fields& b) {
    return a.fields_.size() == b.fields_.size() &&
           std::all_of(a.fields_.begin(), a.fields_.end(), [&](const Fields::Field& field) {
               const Fields::Value* other = b.find(field.name);
               return other != nullptr && *other == field.value;
           });
}

Status check_fields(DocumentKind kind, const Fields& fields, bool has_about, const FieldError& error) {
    const auto& specs = fields_of(kind);
    for (const Fields::Field& field : fields.all())
        if (std::none_of(specs.begin(), specs.end(), [&](const auto& s) { return s.name == field.name; }))
            return error(field.name, "is no field of a " + std::string(kind_name(kind)));
    SAMPAN_TRY(check_row(specs, fields, "", error));
    return check_together(kind, fields, has_about, error);
}

std::string date_text(UnixMillis time) {
    const std::string text = to_rfc3339(time);
    if (text.ends_with("T00:00:00Z")) return text.substr(0, 10);
    return text.substr(0, 10) + " " + text.substr(11, 5);
}

std::string field_text(const Fields::Value& value) {
    std::string out;
    if (const auto* text = std::get_if<std::string>(&value)) return *text;
    if (const auto* number = std::get_if<std::uint32_t>(&value)) return std::to_string(*number);
    if (const auto* date = std::get_if<UnixMillis>(&value)) return date_text(*date);
    if (const auto* texts = std::get_if<Fields::Texts>(&value))
        for (const std::string& one : *texts) out += (out.empty() ? "" : ", ") + one;
    if (const auto* rows = std::get_if<Fields::Rows>(&value))
        for (const Fields& row : *rows) {
            std::string line;
            for (const Fields::Field& field : row.all())
                line += (line.empty() ? "" : ", ") + field_text(field.value);
            out += (out.empty() ? "" : "; ") + line;
        }
    return out;
}

Result<DocumentKind> parse_kind(std::string_view text) {
    std::string known;
    for (std::size_t i = 1; i < k_kind_names.size(); ++i) {
        if (k_kind_names[i] == text) return static_cast<DocumentKind>(i);
        known.append(known.empty() ? "" : ", ").append(k_kind_names[i]);
    }
    return Error(BriefingError::unknown_kind,
                 "\"" + std::string(text.substr(0, 64)) + "\" is no kind; kinds are " + known);
}

}  // namespace sampan
