// Confidentiality labels after the model of STANAG 4774, the policy that gives them meaning, and the subject
// they are held against. Values only: no clock, no I/O. Policy and Clearance are immutable once made and may
// be shared.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "sampan/base/ids.h"
#include "sampan/base/time.h"

namespace sampan {

enum class LabelError {
    unknown_policy,  // the label speaks of another policy
    unknown_classification,
    unknown_category,
    unknown_value,
    bad_policy,  // the policy itself is not well formed
    too_many_values,
    not_canonical,         // categories or values unsorted or twice
    bad_text,              // words that cannot be shown safely, or are too long
    bad_dates,             // it expires, or is to be reviewed, before it is made
    category_required,     // the policy asks for a value of a category from this level on
    category_not_allowed,  // a category that the policy allows only from a higher level on
    too_many_choices,      // more values of a category than the policy lets one label have
    words_needed,          // a handling code that says something only with words beside it
    unmapped,              // a national marking that no line of the policy maps
};
constexpr std::string_view error_name(LabelError e) {
    switch (e) {
        case LabelError::unknown_policy:
            return "unknown_policy";
        case LabelError::unknown_classification:
            return "unknown_classification";
        case LabelError::unknown_category:
            return "unknown_category";
        case LabelError::unknown_value:
            return "unknown_category_value";
        case LabelError::bad_policy:
            return "bad_label_policy";
        case LabelError::too_many_values:
            return "too_many_label_values";
        case LabelError::not_canonical:
            return "label_not_canonical";
        case LabelError::bad_text:
            return "bad_label_text";
        case LabelError::bad_dates:
            return "bad_label_dates";
        case LabelError::category_required:
            return "category_required";
        case LabelError::category_not_allowed:
            return "category_not_allowed";
        case LabelError::too_many_choices:
            return "too_many_choices";
        case LabelError::words_needed:
            return "words_needed";
        case LabelError::unmapped:
            return "marking_unmapped";
    }
    return "unknown";
}

enum class CategoryType : std::uint8_t { restrictive = 1, permissive = 2, informative = 3 };

struct LabelCategory {
    std::string tag;
    std::vector<std::string> values;  // sorted, at least one
};

struct PolicyLevel {
    std::string id;                    // "restricted"
    std::uint32_t rank;                // higher is more sensitive; distinct
    std::string title;                 // "RESTRICTED", as displayed
    std::string colour = {};           // "#c8102e" behind the marking, or ""
    std::uint32_t retention_days = 0;  // how long a message of this level stays in an inbox; 0: no limit
    std::map<std::string, std::string> shown = {};  // the title by language tag
};
struct PolicyCategory {
    std::string tag;  // "compartment"
    CategoryType type = CategoryType::restrictive;
    std::string title;
    std::vector<std::string> values;  // sorted
    // Selection rules of one label; "" and 0: no rule.
    std::string required_from = {};  // from this level on a label has a value of it
    std::string allowed_from = {};   // below this level a label has none
    std::uint32_t at_most = 0;       // values in one label
};
struct PolicyHandling {
    std::string scheme;                    // "tlp", "siena"
    std::vector<std::string> codes;        // "RED", "AMBER+STRICT", …; five distinct TLP levels
    std::vector<std::string> worded = {};  // those of the codes that need words beside them (SIENA H3)
};

// A national scheme of markings and its tables. Level counts differ, so there is no one-to-one map.
struct NationalLevel {
    std::string id;     // "lap-mak"
    std::string title;  // "ลับมาก"
};
enum class MappingDirection : std::uint8_t {
    outward = 1,  // the exchange's label, as the member sees it
    inward = 2,   // the member's marking, as the exchange takes it
    both = 3
};
struct NationalMapping {
    std::string level;     // of the exchange
    std::string national;  // of the scheme
    MappingDirection direction = MappingDirection::both;
    std::vector<LabelCategory> needs = {};  // the line holds only for labels with all of these values
};
struct NationalScheme {
    std::string id;  // "th-sample"
    std::string title;
    bool authoritative = false;      // a sample, unless the member itself has said so
    std::vector<AgencyId> agencies;  // who marks so; sorted, of no other scheme
    std::vector<NationalLevel> levels;
    std::vector<NationalMapping> mappings;  // the first that fits decides
    std::optional<UnixMillis> valid_from = {}, valid_until = {};
};

// The exchange's label policy: what levels and categories there are. Compiled from TOML by the authority and
// carried inside the signed registry epoch.
struct LabelPolicy {
    std::string id;  // "ajct-sample"
    std::uint32_t version = 0;
    std::string title;
    std::vector<PolicyLevel> levels;               // by rank
    std::vector<PolicyCategory> categories;        // by tag
    std::vector<PolicyHandling> handling;          // by scheme
    std::optional<std::string> release_threshold;  // four eyes at or above this level
    std::uint32_t suite_floor = 1;
    std::vector<NationalScheme> nationals = {};  // by id
    // Held back from readers until witnessed, at or above this level.
    std::optional<std::string> witness_threshold;

    const PolicyLevel* level(std::string_view level_id) const;
    const PolicyCategory* category(std::string_view tag) const;
};
// The level's title in a language, or its plain one.
const std::string& level_title(const PolicyLevel& level, std::string_view language);
// Refuses ids, tags and values that are not of a to z, 0 to 9 and hyphen (1 to 32 characters), duplicates,
// equal ranks or titles, unsorted lists, titles that cannot be shown, an unknown threshold.
Status check_policy(const LabelPolicy& policy);

struct LabelHandling {
    std::string scheme;
    std::string code;
    std::string text;  // for codes that need words (SIENA H3); usually empty
    friend bool operator==(const LabelHandling&, const LabelHandling&) = default;
};

struct Label {
    std::string policy;                     // PolicyIdentifier
    std::string classification;             // a level id
    std::vector<LabelCategory> categories;  // sorted by tag
    std::vector<AgencyId> releasable_to;    // sorted; empty: not restricted by releasability
    std::vector<LabelHandling> handling;    // sorted by scheme
    AgencyId originator;
    UnixMillis created;
    std::optional<UnixMillis> review;
    std::optional<UnixMillis> expires;
};
// Known policy, classification, tags, values and codes; canonical order; within limits; words that can be
// shown; dates in order. Allocates only to say what is wrong.
Status check_label(const LabelPolicy& policy, const Label& label);

// What an agency (or officer) may read: a level and the category values it holds.
struct Clearance {
    std::string level;
    std::vector<LabelCategory> holds;  // restrictive and permissive values, sorted
};
Status check_clearance(const LabelPolicy& policy, const Clearance& clearance);

// One line as a classified document carries it, for example "RESTRICTED // Compartment: ct // REL TO jp-npa,
// sg-spf // TLP:AMBER+STRICT // ORIGINATOR: th-rtp".
// The level in `language` where the policy has a title for it.
std::string marking(const LabelPolicy& policy, const Label& label, std::string_view language = "en");

inline constexpr std::size_t k_handling_text_bytes = 256;
inline constexpr std::size_t k_title_bytes = 256;
// May this stand in a title, a name or a marking? UTF-8 (which the caller has checked) of 1 to `limit` bytes
// without control characters, line separators or anything that changes the direction of writing.
bool is_display_text(std::string_view text, std::size_t limit);

}  // namespace sampan
