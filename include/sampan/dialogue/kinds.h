// The kinds of documents, the fields that each carries, and their values. The schema is dialogue.proto:
// names, types and choices are read from it once; what is required, how text is checked and what the template
// says stands beside it (kind_notes.cpp). Values only; thread-safe.
#pragma once

#include <functional>
#include <optional>
#include <variant>

#include "sampan/base/ids.h"
#include "sampan/base/time.h"

namespace sampan {

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
    note,
    recall,
    release_request,
    release_consent,
    correction_decision,
    outcome,
    adoption,
    presence,
    receipt
};
inline constexpr DocumentKind k_last_kind = DocumentKind::receipt;
std::string_view kind_name(DocumentKind kind);  // "threat-update"
Result<DocumentKind> parse_kind(std::string_view text);

inline constexpr std::size_t k_field_text_bytes = 8 * 1024;
inline constexpr std::size_t k_field_values = 64;  // of a list of texts
inline constexpr std::size_t k_field_rows = 256;   // of a table, for example incidents
inline constexpr std::size_t k_register_id_bytes = 32;

enum class FieldType : std::uint8_t { text, texts, choice, number, date, rows };
enum class FieldCheck : std::uint8_t {
    none,
    register_id,  // of a project, measure or area: 1 to 32 of a-z, 0-9 and hyphen
    agency,       // an agency id
    country,      // ISO 3166-1 alpha-2
    admiralty,    // A to F, 1 to 6
    europol,      // A, B, C or X, 1 to 4
    percent,      // 0 to 100
    clock,        // "09:30"
    digest,       // 64 hexadecimal digits, lower case
    pair          // "compartment=ct"
};
struct FieldSpec {
    int number = 0;    // in the protobuf message
    std::string name;  // as front matter has it: "due"
    FieldType type = FieldType::text;
    FieldCheck check = FieldCheck::none;
    bool required = false;
    std::vector<std::string> choices;  // in order
    std::vector<FieldSpec> rows;
    std::string help;
    std::string sample;  // as it stands in a template, TOML; empty: left out of it
};
// In the schema's order. Empty for kinds that are text alone.
const std::vector<FieldSpec>& fields_of(DocumentKind kind);

// The values of one document's fields, or of one row. Only what is set is held.
class Fields {
  public:
    using Texts = std::vector<std::string>;
    using Rows = std::vector<Fields>;
    using Value = std::variant<std::string, Texts, std::uint32_t, UnixMillis, Rows>;
    struct Field {
        std::string name;
        Value value;
    };

    void set(std::string name, Value value);
    bool empty() const { return fields_.empty(); }
    const Value* find(std::string_view name) const;
    // What is not set, or of another type, is empty.
    const std::string& text(std::string_view name) const;
    const Texts& texts(std::string_view name) const;
    const Rows& rows(std::string_view name) const;
    std::optional<std::uint32_t> number(std::string_view name) const;
    std::optional<UnixMillis> date(std::string_view name) const;
    const std::vector<Field>& all() const { return fields_; }
    friend bool operator==(const Fields& a, const Fields& b);

  private:
    std::vector<Field> fields_;
};

// Says what is wrong with `field` ("incidents.country").
using FieldError = std::function<Error(std::string_view field, const std::string& why)>;
// Required fields, lengths, forms, and what a kind asks of its fields together (a declined answer has a
// reason). `has_about`: the message names others that it is about.
Status check_fields(DocumentKind kind, const Fields& fields, bool has_about, const FieldError& error);
// A value as people read it: lists joined, dates without midnight.
std::string field_text(const Fields::Value& value);
std::string date_text(UnixMillis time);  // "2027-03-09", with the time of day unless it is midnight

// A briefing to fill in, every field with its help; parses once the empty ones are filled.
std::string briefing_template(DocumentKind kind, std::string_view dialogue);

}  // namespace sampan
