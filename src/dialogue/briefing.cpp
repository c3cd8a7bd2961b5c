#include "sampan/dialogue/briefing.h"

#include <algorithm>
#include <set>

#include <toml++/toml.h>

#include "sampan/base/limits.h"

namespace sampan {
namespace {

constexpr std::string_view k_fence = "+++\n";
constexpr std::size_t k_briefing_bytes = 240 * limits::k_kib;
constexpr std::size_t k_document_title_bytes = 512;

// `line` counts from the front matter's first; the file's is one more for the fence.
Error at(BriefingError code, const toml::source_region& where, std::string_view key, const std::string& why) {
    return Error(code, "line " + std::to_string(where.begin.line + 1) + ": " + std::string(key) + ": " + why,
                 "correct the front matter of the briefing");
}

class FrontMatter {
  public:
    FrontMatter(const toml::table& in, std::string prefix) : in_(in), prefix_(std::move(prefix)) {}

    Error bad(std::string_view key, const std::string& why) const {
        const toml::node* node = in_.get(key);
        return at(BriefingError::bad_value, node != nullptr ? node->source() : in_.source(),
                  prefix_ + std::string(key), why);
    }
    Result<std::optional<std::string>> text(std::string_view key) {
        used_.emplace(key);
        const toml::node* node = in_.get(key);
        if (node == nullptr) return std::optional<std::string>();
        const auto* value = node->as_string();
        if (value == nullptr) return bad(key, "expected text");
        return std::optional<std::string>(value->get());
    }
    Result<std::string> need(std::string_view key) {
        SAMPAN_ASSIGN(std::optional<std::string> value, text(key));
        if (!value || value->empty())
            return at(BriefingError::missing_key, in_.source(), prefix_ + std::string(key),
                      "is missing or empty");
        return std::move(*value);
    }
    Result<std::vector<std::string>> texts(std::string_view key) {
        used_.emplace(key);
        std::vector<std::string> out;
        const toml::node* node = in_.get(key);
        if (node == nullptr) return out;
        if (const auto* one = node->as_string()) return std::vector<std::string>{one->get()};
        const auto* list = node->as_array();
        if (list == nullptr) return bad(key, "expected a list of texts");
        for (const toml::node& item : *list) {
            const auto* value = item.as_string();
            if (value == nullptr) return bad(key, "expected a list of texts");
            out.push_back(value->get());
        }
        return out;
    }
    Result<std::optional<std::int64_t>> number(std::string_view key) {
        used_.emplace(key);
        const toml::node* node = in_.get(key);
        if (node == nullptr) return std::optional<std::int64_t>();
        const auto* value = node->as_integer();
        if (value == nullptr) return bad(key, "expected a whole number");
        return std::optional<std::int64_t>(value->get());
    }
    Result<std::optional<UnixMillis>> time(std::string_view key) {
        SAMPAN_ASSIGN(std::optional<std::string> value, text(key));
        if (!value) return std::optional<UnixMillis>();
        auto parsed = parse_rfc3339(*value);
        if (!parsed.ok()) return bad(key, parsed.error().context());
        return std::optional<UnixMillis>(*parsed);
    }
    template <typename Id>
    Result<std::vector<Id>> ids(std::string_view key) {
        SAMPAN_ASSIGN(std::vector<std::string> values, texts(key));
        std::vector<Id> out;
        for (const std::string& value : values) {
            auto id = parse_id<Id>(value);
            if (!id.ok()) return bad(key, id.error().context());
            out.push_back(*id);
        }
        std::sort(out.begin(), out.end());
        out.erase(std::unique(out.begin(), out.end()), out.end());
        return out;
    }
    const toml::table* table(std::string_view key) {
        used_.emplace(key);
        const toml::node* node = in_.get(key);
        return node == nullptr ? nullptr : node->as_table();
    }
    const toml::table& raw() const { return in_; }
    Status finish() const {
        for (const auto& [key, node] : in_)
            if (!used_.contains(std::string(key.str())))
                return at(BriefingError::unknown_key, node.source(), prefix_ + std::string(key.str()),
                          "is not a key of briefings");
        return ok_status();
    }

  private:
    template <typename Id>
    static Result<Id> parse_id(std::string_view text) {
        if constexpr (std::is_same_v<Id, MessageId>)
            return MessageId::parse_hex(text);
        else
            return Id::parse(text);
    }
    const toml::table& in_;
    std::string prefix_;
    std::set<std::string> used_;
};

Result<LabelDraft> read_label(const toml::table& in) {
    FrontMatter label(in, "label.");
    LabelDraft out;
    SAMPAN_ASSIGN(out.classification, label.need("classification"));
    SAMPAN_ASSIGN(out.releasable_to, label.ids<AgencyId>("releasable_to"));
    SAMPAN_ASSIGN(out.review, label.time("review"));
    SAMPAN_ASSIGN(out.expires, label.time("expires"));
    if (const toml::table* categories = label.table("categories")) {
        FrontMatter held(*categories, "label.categories.");
        for (const auto& [key, node] : *categories) {
            SAMPAN_ASSIGN(std::vector<std::string> values, held.texts(key.str()));
            if (values.empty()) return held.bad(key.str(), "has no values");
            out.categories.push_back({std::string(key.str()), std::move(values)});
        }
    }
    // Every other text is a handling code of the scheme that it is named after: tlp = "AMBER".
    for (const auto& [key, node] : in) {
        const std::string name(key.str());
        if (name == "classification" || name == "releasable_to" || name == "review" || name == "expires" ||
            name == "categories")
            continue;
        SAMPAN_ASSIGN(std::string code, label.need(name));
        out.handling.push_back({name, std::move(code), {}});
    }
    SAMPAN_TRY(label.finish());
    return out;
}

Result<Briefing> read_front_matter(const toml::table& in) {
    FrontMatter top(in, "");
    Briefing out;
    SAMPAN_ASSIGN(std::string kind, top.need("kind"));
    auto parsed_kind = parse_kind(kind);
    if (!parsed_kind.ok()) return top.bad("kind", parsed_kind.error().context());
    out.kind = *parsed_kind;
    SAMPAN_ASSIGN(out.title, top.need("title"));
    if (out.title.size() > k_document_title_bytes)
        return top.bad("title", "is longer than " + std::to_string(k_document_title_bytes) + " bytes");
    SAMPAN_ASSIGN(std::optional<std::string> language, top.text("language"));
    if (language) out.language = *language;
    SAMPAN_ASSIGN(out.to, top.ids<AgencyId>("to"));
    SAMPAN_ASSIGN(out.dialogues, top.ids<DialogueId>("dialogue"));
    SAMPAN_ASSIGN(out.about, top.ids<MessageId>("about"));
    SAMPAN_ASSIGN(std::optional<std::string> precedence, top.text("precedence"));
    if (precedence) {
        auto parsed = parse_precedence(*precedence);
        if (!parsed.ok())
            return top.bad("precedence",
                           "expected FLASH, IMMEDIATE, PRIORITY or ROUTINE, found \"" + *precedence + "\"");
        out.precedence = *parsed;
    }
    SAMPAN_ASSIGN(std::optional<std::int64_t> days, top.number("valid_days"));
    if (days) {
        if (*days < 1 || *days > 90)
            return top.bad("valid_days", "expected 1 to 90, found " + std::to_string(*days));
        out.valid_days = static_cast<std::uint32_t>(*days);
    }
    const toml::table* label = top.table("label");
    if (label == nullptr)
        return at(BriefingError::missing_key, in.source(), "label", "the table [label] is missing");
    SAMPAN_ASSIGN(out.label, read_label(*label));
    SAMPAN_TRY(top.finish());
    if (out.to.empty() && out.dialogues.empty())
        return at(BriefingError::missing_key, in.source(), "to",
                  "name readers in \"to\", or a \"dialogue\" whose participants read it");
    if (out.dialogues.size() > limits::k_dialogues_per_message)
        return top.bad("dialogue", "names too many dialogues");
    if (out.about.size() > limits::k_about) return top.bad("about", "names too many messages");
    return out;
}

}  // namespace

Result<Briefing> parse_briefing(std::string_view text) {
    if (text.size() > k_briefing_bytes)
        return Error(BriefingError::too_large,
                     "a briefing has at most " + std::to_string(k_briefing_bytes / limits::k_kib) + " KiB",
                     "put long material into an attachment");
    if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
    std::string unix_text;
    if (text.find('\r') != std::string_view::npos) {
        unix_text.reserve(text.size());
        for (std::size_t i = 0; i < text.size(); ++i)
            if (text[i] != '\r' || i + 1 == text.size() || text[i + 1] != '\n') unix_text.push_back(text[i]);
        text = unix_text;
    }
    const auto closing = text.find("\n+++\n", k_fence.size() - 1);
    if (!text.starts_with(k_fence) || closing == std::string_view::npos)
        return Error(BriefingError::bad_front_matter,
                     "line 1: a briefing begins with front matter between two lines of +++",
                     "see docs/officer.md for an example");
    const std::string_view front = text.substr(k_fence.size(), closing + 1 - k_fence.size());
    toml::table parsed;
    try {
        parsed = toml::parse(front);
    } catch (const toml::parse_error& failure) {
        return at(BriefingError::bad_front_matter, failure.source(), "front matter",
                  std::string(failure.description()));
    }
    SAMPAN_ASSIGN(Briefing out, read_front_matter(parsed));
    out.body = text.substr(closing + 5);
    return out;
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

}  // namespace sampan
