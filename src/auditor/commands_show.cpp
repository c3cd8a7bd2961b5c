#include <iostream>
#include <nlohmann/json.hpp>

#include "auditor/commands.h"
#include "auditor/present.h"

namespace sampan {
namespace {

using nlohmann::json;

struct SearchText {
    ExportText common;
    std::string agency, dialogue, label, type, since, until, message;
};

Result<SearchFilter> parse_filter(const SearchText& text) {
    SearchFilter filter;
    const auto set = [](std::optional<std::string>& field, const std::string& value) {
        if (!value.empty()) field = value;
    };
    set(filter.agency, text.agency);
    set(filter.dialogue, text.dialogue);
    set(filter.classification, text.label);
    set(filter.message, text.message);
    if (!text.type.empty()) {
        SAMPAN_ASSIGN(filter.type, parse_entry_type(text.type));
    }
    if (!text.since.empty()) {
        SAMPAN_ASSIGN(filter.since, parse_rfc3339(text.since));
    }
    if (!text.until.empty()) {
        SAMPAN_ASSIGN(filter.until, parse_rfc3339(text.until));
    }
    return filter;
}

int run_search(const SearchText& text) {
    const auto filter = parse_filter(text);
    if (!filter.ok()) return fail(filter.error(), k_exit_usage);
    std::uint64_t found = 0;
    const bool as_json = text.common.as_json;
    if (as_json) std::cout << "{\"schema\":\"sampan.audit.search/1\",\"entries\":[";
    const auto report = audit_export(text.common, [&](const AuditedRow& row) {
        if (!matches(row, *filter)) return;
        const std::string time = to_rfc3339(row.time());
        if (as_json)
            std::cout << (found == 0 ? "\n" : ",\n")
                      << json{{"index", row.index.get()},
                              {"type", entry_type_name(row.type)},
                              {"time", time},
                              {"subject", to_hex(row.subject.view())},
                              {"summary", printable(row.summary)}}
                             .dump(-1, ' ', false, json::error_handler_t::replace);
        else
            std::cout << row.index.get() << "  " << time << "  " << printable(row.summary) << "\n";
        ++found;
    });
    if (as_json) std::cout << "]}\n";
    if (!report.ok()) return fail(report.error(), k_exit_verification);
    if (!as_json) std::cerr << found << " of " << report->entries << " entries\n";
    return warn_unless_verified(*report);
}

int run_timeline(const ExportText& text, const std::string& message) {
    auto story = Timeline::of(message);
    if (!story.ok()) return fail(story.error());
    const auto report = audit_export(text, [&](const AuditedRow& row) { story->take(row); });
    if (!report.ok()) return fail(report.error(), k_exit_verification);
    const auto steps = story->steps();
    if (!steps.ok()) return fail(steps.error());
    json out{{"schema", "sampan.audit.timeline/1"}, {"steps", json::array()}};
    for (const TimelineStep& step : *steps) {
        const std::string entry = step.index ? std::to_string(step.index->get()) : "-";
        if (text.as_json)
            out["steps"].push_back(
                {{"entry", entry}, {"time", to_rfc3339(step.time)}, {"text", printable(step.text)}});
        else
            std::cout << to_rfc3339(step.time) << "  entry " << entry << "  " << printable(step.text) << "\n";
    }
    if (text.as_json) std::cout << out.dump(2, ' ', false, json::error_handler_t::replace) << "\n";
    return warn_unless_verified(*report);
}

void add_timeline(CLI::App& app, Command& chosen) {
    auto text = std::make_shared<ExportText>();
    auto message = std::make_shared<std::string>();
    CLI::App* command = app.add_subcommand("timeline", "one message, from submission to the last outcome");
    add_export_options(*command, *text);
    command->add_option("message", *message, "message id, or its first 6 digits or more")->required();
    command->callback(
        [&chosen, text, message] { chosen = [text, message] { return run_timeline(*text, *message); }; });
}

}  // namespace

void add_show_commands(CLI::App& app, Command& chosen) {
    auto text = std::make_shared<SearchText>();
    CLI::App* command = app.add_subcommand("search", "list entries");
    add_export_options(*command, text->common);
    command->add_option("--agency", text->agency, "sender, recipient or signer");
    command->add_option("--dialogue", text->dialogue, "dialogue id");
    command->add_option("--label", text->label, "classification");
    command->add_option("--type", text->type, "entry type, for example submitted");
    command->add_option("--since", text->since, "UTC date or time, inclusive");
    command->add_option("--until", text->until, "UTC date or time, exclusive");
    command->add_option("--message", text->message, "first digits of a message id");
    command->callback([&chosen, text] { chosen = [text] { return run_search(*text); }; });
    add_timeline(app, chosen);
}

}  // namespace sampan
