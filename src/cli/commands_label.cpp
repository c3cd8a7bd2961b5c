// Labels on the command line: what an agency would see and why, and an editor that offers only what may be
// sent.
#include <iostream>

#include "cli/app.h"
#include "cli/words.h"
#include "sampan/base/file.h"
#include "sampan/base/limits.h"

namespace sampan::cli {
namespace {

struct LabelOptions {
    std::string file, agency, dialogue, level;
    std::vector<std::string> to, values;
};

Result<int> run_explain(Console& console, const Node& node, const LabelOptions& o) {
    SAMPAN_ASSIGN(Bytes text, read_file(system_files(), o.file, 256 * limits::k_kib));
    SAMPAN_ASSIGN(json got, node.post("/v1/label/explain",
                                      {{"briefing", std::string(as_text(text))}, {"agency", o.agency}}));
    const bool may_read = flag_of(got, "may_read");
    if (console.json) {
        console.print_json("sampan.label-explanation/1", got);
        return may_read ? k_exit_ok : k_exit_refused;
    }
    const json& there = object_of(got, "equivalent");
    console.out() << fields({{"agency", text_of(got, "agency")},
                             {"marking", text_of(got, "marking")},
                             {"in its own scheme", text_of(there, "marking")},
                             {"", ""}})
                  << "may read  " << yes_no(console, may_read) << "\n"
                  << fields({{"why", text_of(got, "reason")},
                             {"equivalent", text_of(there, "sentence")},
                             {"you may send it",
                              flag_of(got, "may_send") ? "yes" : text_of(got, "send_verdict")},
                             {"leaves the inbox", when(got, "leaves_inbox")},
                             {"review", when(got, "review")},
                             {"policy", text_of(got, "policy") + " of epoch " + text_of(got, "epoch") + ", " +
                                            text_of(got, "policy_hash").substr(0, 16)}});
    return may_read ? k_exit_ok : k_exit_refused;
}

std::string list_text(const std::vector<std::string>& list) {
    std::string out;
    for (const std::string& item : list) out += (out.empty() ? "" : ",") + item;
    return out;
}

void print_offer(Console& console, const json& got) {
    Table levels({{"LEVEL"}, {"SHOWN AS"}});
    for (const json& level : list_of(got, "levels"))
        levels.add({text_of(level, "level"), text_of(level, "title")});
    console.print(levels);
    console.out() << "\n";
    Table categories({{"CATEGORY"}, {"TYPE"}, {"NEEDED"}, {"VALUES", false, 20, true}});
    for (const json& category : list_of(got, "categories")) {
        std::string values;
        for (const json& value : list_of(category, "values"))
            values += (values.empty() ? "" : ", ") + text_of(value, "value") +
                      (text_of(category, "type") == "permissive" && !flag_of(value, "held_by_all") ? " (some)"
                                                                                                   : "");
        categories.add({text_of(category, "tag"), text_of(category, "type"),
                        flag_of(category, "needed") ? "yes" : "", values});
    }
    console.print(categories);
    console.say("(some): not every reader holds it; give another value of it too, so that each holds one.");
}

// One line from the terminal; "" at its end.
std::string ask(Console& console, const std::string& question) {
    console.warn(question);
    std::string line;
    std::getline(std::cin, line);
    return line;
}

const json* find_by(const json& list, const char* key, const std::string& value) {
    for (const json& item : list)
        if (text_of(item, key) == value) return &item;
    return nullptr;
}

Error not_offered(const std::string& what) {
    return Error(CliError::refused, "\"" + what + "\" is not offered for these readers",
                 "sampan label choose without --level lists what is");
}

// "compartment=ct,cyber" against the offer; the TOML line for it.
Result<std::string> chosen_line(const json& got, const std::string& choice) {
    const auto equals = choice.find('=');
    const std::string tag = choice.substr(0, equals);
    const json* category = find_by(list_of(got, "categories"), "tag", tag);
    if (category == nullptr || equals == std::string::npos) return not_offered(choice);
    std::string line;
    std::size_t count = 0;
    for (std::size_t at = equals + 1; at <= choice.size();) {
        const auto comma = std::min(choice.find(',', at), choice.size());
        const std::string value = choice.substr(at, comma - at);
        if (find_by(list_of(*category, "values"), "value", value) == nullptr)
            return not_offered(tag + "=" + value);
        line += (line.empty() ? "" : ", ") + ("\"" + value + "\"");
        at = comma + 1;
        ++count;
    }
    const std::int64_t most = number_of(*category, "at_most");
    if (most != 0 && static_cast<std::int64_t>(count) > most)
        return Error(CliError::refused, tag + ": at most " + std::to_string(most) + " values");
    return tag + " = [" + line + "]\n";
}

Status ask_for_values(Console& console, const json& got, std::vector<std::string>& values) {
    for (const json& category : list_of(got, "categories")) {
        std::string offered;
        for (const json& value : list_of(category, "values"))
            offered += (offered.empty() ? "" : ", ") + text_of(value, "value");
        if (offered.empty()) continue;
        const std::string tag = text_of(category, "tag");
        const std::string line =
            ask(console,
                text_of(category, "title") + " (" + text_of(category, "type") + "): " + offered +
                    (flag_of(category, "needed") ? " – one is needed:" : " – comma-separated, or nothing:"));
        if (!line.empty()) values.push_back(tag + "=" + line);
    }
    return ok_status();
}

Result<int> run_choose(Console& console, const Node& node, LabelOptions o) {
    const auto offer = [&](const std::string& level) {
        return node.get("/v1/label/choices" +
                        query({{"to", list_text(o.to)}, {"dialogue", o.dialogue}, {"level", level}}));
    };
    SAMPAN_ASSIGN(json got, offer(o.level));
    if (o.level.empty() && !console.may_prompt()) {
        if (console.json)
            console.print_json("sampan.label-choices/1", got);
        else
            print_offer(console, got);
        return k_exit_ok;
    }
    const bool asking = o.level.empty();
    if (asking) {
        print_offer(console, got);
        o.level = ask(console, "Level:");
        SAMPAN_ASSIGN(got, offer(o.level));
    }
    if (find_by(list_of(got, "levels"), "level", o.level) == nullptr) return not_offered(o.level);
    if (asking) SAMPAN_TRY(ask_for_values(console, got, o.values));
    std::string lines;
    for (const std::string& choice : o.values) {
        SAMPAN_ASSIGN(std::string line, chosen_line(got, choice));
        lines += line;
    }
    for (const json& category : list_of(got, "categories"))
        if (flag_of(category, "needed") && lines.find(text_of(category, "tag") + " = ") == std::string::npos)
            return Error(CliError::refused,
                         "at " + o.level + " a label names its " + text_of(category, "title"),
                         "give --value " + text_of(category, "tag") + "=…");
    // The block for the briefing's front matter.
    std::string block = "[label]\nclassification = \"" + o.level + "\"\n";
    if (!lines.empty()) block += "[label.categories]\n" + lines;
    if (console.json)
        console.print_json("sampan.label/1", {{"front_matter", block}});
    else
        console.out() << block << std::flush;
    return k_exit_ok;
}

}  // namespace

void add_label_commands(App& app) {
    CLI::App& group = *App::command(
        app.root(), "label", "What a label lets be read by whom, and why",
        {"sampan label explain update.md --for th-rtp", "sampan label choose --to th-rtp --to sg-spf"});
    group.require_subcommand(1);
    const auto e = std::make_shared<LabelOptions>();
    CLI::App* explain = App::command(
        group, "explain", "What that agency would see of a briefing's label, both markings, and why",
        {"sampan label explain update.md --for th-rtp"});
    explain->add_option("briefing", e->file, "The briefing")->required()->type_name("FILE");
    explain->add_option("--for", e->agency, "The agency that would read it")->required()->type_name("AGENCY");
    app.on(explain, [e, &app](Console& console) { return run_explain(console, app.node(), *e); });

    const auto c = std::make_shared<LabelOptions>();
    CLI::App* choose = App::command(
        group, "choose", "An editor for labels: offers only what these readers may have and you may send",
        {"sampan label choose --to th-rtp --to sg-spf",
         "sampan label choose --dialogue ajct-12 --level restricted --value compartment=ct"});
    choose->add_option("--to", c->to, "A reader; may be given again")->type_name("AGENCY");
    choose->add_option("--dialogue", c->dialogue, "Or all that take part in it")->type_name("ID");
    choose->add_option("--level", c->level, "The classification; without it, it asks, or lists the offer")
        ->type_name("LEVEL");
    choose->add_option("--value", c->values, "A category's values: compartment=ct,cyber")->type_name("TEXT");
    app.on(choose, [c, &app](Console& console) { return run_choose(console, app.node(), *c); });
}

}  // namespace sampan::cli
