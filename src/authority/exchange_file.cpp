#include <algorithm>

#include "authority/national_file.h"
#include "sampan/authority/authority.h"
#include "sampan/config/toml.h"

namespace sampan {
namespace {

std::vector<std::string> sorted_unique(std::vector<std::string> list) {
    std::sort(list.begin(), list.end());
    list.erase(std::unique(list.begin(), list.end()), list.end());
    return list;
}

// A list that means a set: sorted here, so that people may write it in any order; a repetition is a slip.
Result<std::vector<std::string>> need_set(TomlTable& in, std::string_view key) {
    SAMPAN_ASSIGN(std::vector<std::string> list, in.need_texts(key));
    std::sort(list.begin(), list.end());
    const auto twice = std::adjacent_find(list.begin(), list.end());
    if (twice != list.end()) return in.error(key, "\"" + *twice + "\" stands twice");
    return list;
}

Status check_word(TomlTable& in, std::string_view key, const std::string& word) {
    if (is_dns_label(word)) return ok_status();
    return in.error(key, "\"" + word + "\" is not of a to z, 0 to 9 and hyphen, 32 at most");
}

template <typename List, typename Id>
bool holds(const List& list, const Id& id, std::string List::value_type::*field) {
    return std::any_of(list.begin(), list.end(), [&](const auto& entry) { return entry.*field == id; });
}

Result<CategoryType> parse_type(TomlTable& in) {
    SAMPAN_ASSIGN(std::string text, in.need_text("type"));
    if (text == "restrictive") return CategoryType::restrictive;
    if (text == "permissive") return CategoryType::permissive;
    if (text == "informative") return CategoryType::informative;
    return in.error("type", "expected restrictive, permissive or informative, found \"" + text + "\"");
}

Result<std::string> text_or_none(TomlTable& in, std::string_view key) {
    SAMPAN_ASSIGN(std::optional<std::string> text, in.text(key));
    return text.value_or("");
}

// How a level is shown: its colour, its titles in other languages ("th=ลับ"), how long it is kept.
Status read_display(TomlTable& in, PolicyLevel& out) {
    SAMPAN_ASSIGN(out.colour, text_or_none(in, "colour"));
    SAMPAN_ASSIGN(out.retention_days, in.number("retention_days", 1, 36'500, 0));
    SAMPAN_ASSIGN(std::optional<std::vector<std::string>> shown, in.texts("shown"));
    for (const std::string& text : shown.value_or(std::vector<std::string>())) {
        const auto equals = text.find('=');
        if (equals == std::string::npos ||
            !out.shown.emplace(text.substr(0, equals), text.substr(equals + 1)).second)
            return in.error("shown", "\"" + text + "\" is not language=title, or a language stands twice");
    }
    return ok_status();
}

Status read_level(TomlTable& in, LabelPolicy& out) {
    PolicyLevel made;
    SAMPAN_ASSIGN(made.id, in.need_text("id"));
    SAMPAN_ASSIGN(made.title, in.need_text("title"));
    SAMPAN_ASSIGN(made.rank, in.number("rank", 1, 1000, 0));
    if (made.rank == 0) return in.error("rank", "is missing");
    SAMPAN_TRY(read_display(in, made));
    SAMPAN_TRY(check_word(in, "id", made.id));
    if (holds(out.levels, made.id, &PolicyLevel::id)) return in.error("id", "stands twice");
    if (holds(out.levels, made.title, &PolicyLevel::title)) return in.error("title", "stands twice");
    for (const PolicyLevel& other : out.levels)
        if (other.rank == made.rank) return in.error("rank", other.id + " has the same rank");
    out.levels.push_back(std::move(made));
    return ok_status();
}

Status read_category(TomlTable& in, LabelPolicy& out) {
    PolicyCategory made;
    SAMPAN_ASSIGN(made.tag, in.need_text("tag"));
    SAMPAN_ASSIGN(made.title, in.need_text("title"));
    SAMPAN_ASSIGN(made.type, parse_type(in));
    SAMPAN_ASSIGN(made.values, need_set(in, "values"));
    SAMPAN_TRY(check_word(in, "tag", made.tag));
    SAMPAN_ASSIGN(made.required_from, text_or_none(in, "required_from"));
    SAMPAN_ASSIGN(made.allowed_from, text_or_none(in, "allowed_from"));
    SAMPAN_ASSIGN(made.at_most, in.number("at_most", 1, limits::k_label_values, 0));
    for (const std::string& value : made.values) SAMPAN_TRY(check_word(in, "values", value));
    if (holds(out.categories, made.tag, &PolicyCategory::tag)) return in.error("tag", "stands twice");
    out.categories.push_back(std::move(made));
    return ok_status();
}

Status read_handling(TomlTable& in, LabelPolicy& out) {
    PolicyHandling made;
    SAMPAN_ASSIGN(made.scheme, in.need_text("scheme"));
    SAMPAN_ASSIGN(made.codes, in.need_texts("codes"));
    SAMPAN_TRY(check_word(in, "scheme", made.scheme));
    SAMPAN_ASSIGN(std::optional<std::vector<std::string>> worded, in.texts("words_for"));
    if (worded) made.worded = std::move(*worded);
    if (holds(out.handling, made.scheme, &PolicyHandling::scheme)) return in.error("scheme", "stands twice");
    out.handling.push_back(std::move(made));
    return ok_status();
}

Status read_scheme(TomlTable& in, LabelPolicy& out) {
    NationalScheme made;
    SAMPAN_TRY(read_national(in, made));
    if (holds(out.nationals, made.id, &NationalScheme::id)) return in.error("id", "stands twice");
    out.nationals.push_back(std::move(made));
    return ok_status();
}

Status read_policy(TomlTable& in, LabelPolicy& out) {
    SAMPAN_ASSIGN(out.id, in.need_text("id"));
    SAMPAN_ASSIGN(out.title, in.need_text("title"));
    SAMPAN_ASSIGN(out.version, in.number("version", 1, 1'000'000, 1));
    SAMPAN_ASSIGN(out.release_threshold, in.text("release_threshold"));
    SAMPAN_ASSIGN(out.witness_threshold, in.text("witness_threshold"));
    SAMPAN_ASSIGN(out.suite_floor, in.number("suite_floor", 1, 1, 1));
    SAMPAN_TRY(in.tables("level", [&](TomlTable& table) { return read_level(table, out); }));
    SAMPAN_TRY(in.tables("category", [&](TomlTable& table) { return read_category(table, out); }));
    SAMPAN_TRY(in.tables("handling", [&](TomlTable& table) { return read_handling(table, out); }));
    SAMPAN_TRY(in.tables("national", [&](TomlTable& table) { return read_scheme(table, out); }));
    if (out.levels.empty()) return in.error("level", "the policy has no levels");
    if (out.witness_threshold && !holds(out.levels, *out.witness_threshold, &PolicyLevel::id))
        return in.error("witness_threshold", "\"" + *out.witness_threshold + "\" is no level");
    if (out.release_threshold && !holds(out.levels, *out.release_threshold, &PolicyLevel::id))
        return in.error("release_threshold", "\"" + *out.release_threshold + "\" is no level");
    std::sort(out.levels.begin(), out.levels.end(),
              [](const auto& a, const auto& b) { return a.rank < b.rank; });
    std::sort(out.categories.begin(), out.categories.end(),
              [](const auto& a, const auto& b) { return a.tag < b.tag; });
    std::sort(out.handling.begin(), out.handling.end(),
              [](const auto& a, const auto& b) { return a.scheme < b.scheme; });
    std::sort(out.nationals.begin(), out.nationals.end(),
              [](const auto& a, const auto& b) { return a.id < b.id; });
    const Status checked = check_policy(out);
    return checked.ok() ? ok_status() : Status(in.error("id", checked.error().context()));
}

Status read_dialogue(TomlTable& in, DialogueEntry& out) {
    const auto named = [&](std::string_view key, auto& target) -> Status {
        SAMPAN_ASSIGN(std::string text, in.need_text(key));
        auto parsed = std::decay_t<decltype(target)>::parse(text);
        if (!parsed.ok()) return in.error(key, parsed.error().context());
        target = *parsed;
        return ok_status();
    };
    SAMPAN_TRY(named("id", out.id));
    SAMPAN_TRY(named("host", out.host));
    SAMPAN_ASSIGN(out.title, in.need_text("title"));
    SAMPAN_ASSIGN(out.begins, in.need_time("begins"));
    SAMPAN_ASSIGN(out.ends, in.need_time("ends"));
    SAMPAN_ASSIGN(out.submission_deadline, in.need_time("submission_deadline"));
    SAMPAN_ASSIGN(std::vector<std::string> participants, need_set(in, "participants"));
    for (const std::string& text : participants) {
        auto agency = AgencyId::parse(text);
        if (!agency.ok()) return in.error("participants", agency.error().context());
        out.participants.push_back(*agency);
    }
    SAMPAN_ASSIGN(std::optional<std::string> sister, in.text("sister"));
    if (sister) {
        auto parsed = DialogueId::parse(*sister);
        if (!parsed.ok()) return in.error("sister", parsed.error().context());
        out.sister = *parsed;
    }
    if (!std::binary_search(out.participants.begin(), out.participants.end(), out.host))
        return in.error("host", out.host.text() + " is not among the participants");
    if (!is_display_text(out.title, k_title_bytes))
        return in.error("title", "cannot be shown or is too long");
    if (out.ends < out.begins) return in.error("ends", "is before the beginning");
    if (out.begins < out.submission_deadline)
        return in.error("submission_deadline", "is after the beginning");
    return ok_status();
}

// Only when all are read can it be said; the line of the id is no longer at hand.
Status check_sister(const ExchangeFile& file, const DialogueEntry& dialogue, const std::string& path) {
    const auto is_sister = [&](const DialogueEntry& d) {
        return d.id == *dialogue.sister && d.id != dialogue.id;
    };
    if (!dialogue.sister || std::any_of(file.dialogues.begin(), file.dialogues.end(), is_sister))
        return ok_status();
    return Error(ConfigError::bad_file,
                 path + ": dialogue " + dialogue.id.text() + ": sister: " + dialogue.sister->text() +
                     " is no other dialogue",
                 "correct the file");
}

}  // namespace

Result<ExchangeFile> parse_exchange_file(std::string_view text, const std::string& path) {
    ExchangeFile out;
    const Status done = read_toml(text, path, [&](TomlTable& root) -> Status {
        const Status exchange = root.table("exchange", true, [&](TomlTable& in) -> Status {
            SAMPAN_ASSIGN(std::string name, in.need_text("name"));
            auto parsed = ExchangeName::parse(name);
            if (!parsed.ok()) return in.error("name", parsed.error().context());
            out.name = *parsed;
            SAMPAN_ASSIGN(out.valid_days, in.number("valid_days", 1, 3650, 365));
            SAMPAN_ASSIGN(out.witness_quorum, in.number("witness_quorum", 1, 4096, 1));
            return ok_status();
        });
        SAMPAN_TRY(exchange);
        const Status policy =
            root.table("policy", true, [&](TomlTable& in) { return read_policy(in, out.policy); });
        SAMPAN_TRY(policy);
        return root.tables("dialogue", [&](TomlTable& in) -> Status {
            DialogueEntry made;
            SAMPAN_TRY(read_dialogue(in, made));
            for (const DialogueEntry& other : out.dialogues)
                if (other.id == made.id) return in.error("id", made.id.text() + " stands twice");
            out.dialogues.push_back(std::move(made));
            return ok_status();
        });
    });
    SAMPAN_TRY(done);
    for (const DialogueEntry& dialogue : out.dialogues) SAMPAN_TRY(check_sister(out, dialogue, path));
    std::sort(out.dialogues.begin(), out.dialogues.end(),
              [](const auto& a, const auto& b) { return a.id < b.id; });
    return out;
}

Result<Clearance> parse_clearance(std::string_view text) {
    Clearance out;
    const auto bad = [&](const std::string& why) {
        return Error(AuthorityError::bad_terms, "clearance \"" + std::string(text) + "\": " + why,
                     "write it as \"confidential compartment=ct,cyber community=police\"");
    };
    bool first = true;
    std::string_view left = text;
    while (!left.empty()) {
        const auto space = left.find(' ');
        const std::string_view word = left.substr(0, space);
        left = space == std::string_view::npos ? std::string_view() : left.substr(space + 1);
        if (word.empty()) continue;
        if (std::exchange(first, false)) {
            out.level = word;
            continue;
        }
        const auto equals = word.find('=');
        if (equals == std::string_view::npos || equals == 0)
            return bad("\"" + std::string(word) + "\" is not tag=value,…");
        LabelCategory held{std::string(word.substr(0, equals)), {}};
        if (holds(out.holds, held.tag, &LabelCategory::tag)) return bad(held.tag + " stands twice");
        std::string_view values = word.substr(equals + 1);
        while (!values.empty()) {
            const auto comma = values.find(',');
            held.values.emplace_back(values.substr(0, comma));
            values = comma == std::string_view::npos ? std::string_view() : values.substr(comma + 1);
        }
        held.values = sorted_unique(std::move(held.values));
        if (held.values.empty() || held.values.front().empty()) return bad(held.tag + " has an empty value");
        out.holds.push_back(std::move(held));
    }
    if (out.level.empty() || out.level.find('=') != std::string::npos) return bad("it names no level first");
    std::sort(out.holds.begin(), out.holds.end(), [](const auto& a, const auto& b) { return a.tag < b.tag; });
    return out;
}

}  // namespace sampan
