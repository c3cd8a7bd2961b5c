#include "cli/app.h"
#include "cli/progress.h"
#include "cli/reply_text.h"
#include "cli/words.h"
#include "sampan/base/limits.h"

#include <sstream>

namespace sampan::cli {
namespace {

constexpr std::size_t k_briefing_bytes = 256 * limits::k_kib;

struct PublishOptions {
    std::vector<std::string> files, attachments;
    std::string about, emergency;
    std::string outcome = "full", reason;  // of an answer to a request for information
    bool dry_run = false, leave_out_denied = false, leave_out_unready = false;
};

Result<std::string> read_text(const std::string& path) {
    SAMPAN_ASSIGN(Bytes bytes, read_file(system_files(), path, k_briefing_bytes));
    return std::string(as_text(bytes));
}

// `source`: {"briefing": text}, or {"draft": id}.
json request_of(const json& source, const PublishOptions& o, const json& uploads, bool dry_run) {
    json out = source;
    out["uploads"] = uploads;
    out["dry_run"] = dry_run;
    if (o.leave_out_denied) out["leave_out_denied"] = true;
    if (o.leave_out_unready) out["leave_out_unready"] = true;
    if (!o.emergency.empty()) out["emergency"] = o.emergency;
    if (!o.about.empty()) out["about"] = json::array({o.about});
    return out;
}

std::size_t who_may_not(const json& readers) {
    std::size_t out = 0;
    for (const json& reader : readers) out += flag_of(reader, "may_read") ? 0 : 1;
    return out;
}

void show_preview(Console& console, const json& report, std::ostream& to) {
    to << fields({{"title", text_of(report, "title")},
                  {"kind", text_of(report, "kind")},
                  {"session", text_of(report, "session")},
                  {"precedence", text_of(report, "precedence")},
                  {"marking", text_of(report, "marking")}})
       << "\n"
       << readers_table(list_of(report, "readers")).text(console.setup().width, false);
}

Result<json> upload_all(Console& console, const Node& node, const std::vector<std::string>& paths) {
    json out = json::array();
    for (const std::string& path : paths) {
        Progress bar(console, path);
        SAMPAN_ASSIGN(json made, node.upload(path, [&](std::uint64_t done, std::uint64_t total) {
            bar.update(done, total);
            return true;
        }));
        out.push_back(text_of(made, "upload"));
        const json& stix = object_of(made, "stix");
        if (stix.empty()) continue;
        std::string counts;
        for (const auto& [type, count] : object_of(stix, "counts").items())
            counts += (counts.empty() ? "" : ", ") + count.dump() + " " + type;
        console.say(path + ": STIX 2.1, " + counts +
                    (text_of(stix, "tlp").empty() ? "" : "; TLP:" + text_of(stix, "tlp")));
    }
    return out;
}

// Who will read it, before anything is sealed or uploaded. Asks on a terminal.
Result<json> preview(Console& console, const Node& node, const json& source, const PublishOptions& o) {
    auto report = node.post("/v1/messages", request_of(source, o, json::array(), true));
    if (!report.ok()) return report.error();
    if (o.dry_run || (!console.may_prompt() && !console.yes)) return report;
    if (!console.yes) {
        std::ostringstream shown;
        show_preview(console, *report, shown);
        console.warn(shown.str());
        const std::size_t readers = list_of(*report, "readers").size();
        SAMPAN_TRY(console.confirm("Publish to " +
                                   std::to_string(readers - who_may_not(list_of(*report, "readers"))) +
                                   " of " + std::to_string(readers) + " readers?"));
    }
    return report;
}

Result<json> publish_one(Console& console, const json& source, const Node& node, const PublishOptions& o) {
    SAMPAN_ASSIGN(json seen, preview(console, node, source, o));
    if (o.dry_run) return seen;
    SAMPAN_ASSIGN(json uploads, upload_all(console, node, o.attachments));
    auto made = node.post("/v1/messages", request_of(source, o, uploads, false));
    if (made.ok()) return made;
    if (!made.error().is(CliError::refused) || console.json) return made.error();
    // A refusal names one reader; the table names all, and why.
    std::ostringstream shown;
    show_preview(console, seen, shown);
    console.warn(shown.str());
    return made.error().with_remedy(made.error().remedy().empty()
                                        ? "change the label or the readers, or add --leave-out-denied"
                                        : made.error().remedy());
}

}  // namespace

void print_published(Console& console, const json& made, bool dry_run) {
    if (console.json) {
        console.print_json("sampan.publish/1", made);
        return;
    }
    if (dry_run) {
        show_preview(console, made, console.out());
        console.say("Nothing was sent: this was a dry run.");
        return;
    }
    const json& readers = list_of(made, "readers");
    const bool waits = text_of(made, "state") == "awaiting_release";
    console.out() << fields(
        {{waits ? "release" : "message", text_of(made, waits ? "release_id" : "message_id")},
         {"state", text_of(made, "state")},
         {"marking", text_of(made, "marking")},
         {"readers",
          std::to_string(readers.size() - who_may_not(readers)) + " of " + std::to_string(readers.size())}});
    if (text_of(made, "state") == "awaiting_release") {
        console.say("It waits for a second person: sampan release show " +
                    short_id(text_of(made, "release_id")));
        return;
    }
    for (const json& reader : readers)
        if (!flag_of(reader, "may_read"))
            console.say("left out: " + text_of(reader, "agency") + ": " +
                        text_of(reader, "reason", text_of(reader, "verdict")));
    console.say("Next: sampan receipts " + short_id(text_of(made, "message_id")));
}

namespace {

Result<int> run_publish(Console& console, const Node& node, const PublishOptions& o) {
    if (o.files.size() > 1 && !o.attachments.empty())
        return Error(CliError::usage,
                     "--attach goes with one briefing, and there are " + std::to_string(o.files.size()),
                     "publish them one by one");
    std::size_t failed = 0;
    int worst = k_exit_ok;
    for (const std::string& path : o.files) {
        auto text = read_text(path);
        auto made =
            text.ok() ? publish_one(console, {{"briefing", *text}}, node, o) : Result<json>(text.error());
        if (made.ok()) {
            print_published(console, *made, o.dry_run);
            continue;
        }
        if (o.files.size() == 1 || made.error().is(CliError::unreachable)) return made.error().within(path);
        console.fail(made.error().within(path));
        worst = exit_code_of(made.error());
        ++failed;
    }
    if (failed == 0) return k_exit_ok;
    return failed == o.files.size() ? worst : k_exit_partly;
}

Result<int> run_reply(Console& console, const Node& node, PublishOptions o, const std::string& id) {
    SAMPAN_ASSIGN(std::string text, read_text(o.files.front()));
    SAMPAN_ASSIGN(json original, node.get("/v1/messages/" + percent_encoded(id) + "?peek=1"));
    o.about = text_of(original, "message_id");
    if (!text.starts_with("+++")) {
        const bool asked = text_of(original, "kind") == "request-for-information";
        std::string of_kind;
        if (asked) of_kind = "outcome = " + toml_text(o.outcome) + "\n";
        if (asked && !o.reason.empty()) of_kind += "reason = " + toml_text(o.reason) + "\n";
        SAMPAN_ASSIGN(std::string front,
                      reply_front_matter(
                          original, {asked ? "answer" : "comment", text_of(original, "sender"), of_kind}));
        text = front + text;
    }
    SAMPAN_ASSIGN(json made, publish_one(console, {{"briefing", text}}, node, o));
    print_published(console, made, o.dry_run);
    return k_exit_ok;
}

void add_options(CLI::App* command, const std::shared_ptr<PublishOptions>& o) {
    command->add_option("--attach", o->attachments, "Attach a file, up to 2 GiB; may be repeated")
        ->take_all()
        ->type_name("FILE");
    command->add_flag("-n,--dry-run", o->dry_run,
                      "Show who would be able to read it, who not, and why; send nothing");
    command->add_flag("--leave-out-denied", o->leave_out_denied,
                      "Leave out named readers that may not read it");
    command
        ->add_option("--emergency", o->emergency,
                     "Imminent threat to life: send without the second person "
                     "that the label asks for. Say why; "
                     "readers see it")
        ->type_name("REASON");
    command->add_flag("--leave-out-unready", o->leave_out_unready,
                      "Leave out members that have never connected");
}

constexpr const char* k_template =
    "+++\n"
    "kind = \"threat-update\"          # or activity-report, project-status, project-idea, measure, note, …\n"
    "title = \"\"\n"
    "dialogue = \"ajct-12\"            # its participants; or: to = [\"jp-npa\", \"sg-spf\"]\n"
    "precedence = \"ROUTINE\"          # FLASH, IMMEDIATE, PRIORITY or ROUTINE\n"
    "language = \"en\"\n"
    "[label]\n"
    "classification = \"restricted\"\n"
    "tlp = \"AMBER\"                   # CLEAR, GREEN, AMBER, AMBER+STRICT or RED\n"
    "# releasable_to = [\"jp-npa\"]    # nobody but these, and you\n"
    "[label.categories]\n"
    "# compartment = [\"ct\"]          # readers hold every one of these\n"
    "# community = [\"police\"]        # readers hold at least one of these\n"
    "+++\n"
    "# Situation\n\n";

}  // namespace

void add_draft_publish(App& app, CLI::App& group) {
    const auto o = std::make_shared<PublishOptions>();
    const auto id = std::make_shared<std::string>();
    CLI::App* publish = App::command(
        group, "publish", "Publish a draft of yours as it was saved",
        {"sampan draft publish 4f1c2a90 --dry-run", "sampan draft publish 4f1c2a90 --attach list.csv"});
    publish->add_option("id", *id, "Id of the draft, or its first 6 digits or more")
        ->required()
        ->type_name("ID");
    add_options(publish, o);
    app.on(publish, [o, id, &app](Console& console) -> Result<int> {
        SAMPAN_ASSIGN(json made, publish_one(console, {{"draft", *id}}, app.node(), *o));
        print_published(console, made, o->dry_run);
        return k_exit_ok;
    });
}

void add_publish_commands(App& app) {
    const auto o = std::make_shared<PublishOptions>();
    CLI::App* publish = App::command(
        app.root(), "publish", "Publish briefings: Markdown with TOML front matter",
        {"sampan publish update.md --dry-run", "sampan publish update.md --attach indicators.json",
         "sampan template > update.md        # a briefing to fill in"});
    publish->add_option("file", o->files, "Briefing to publish; several are published one after the other")
        ->required()
        ->type_name("FILE.md");
    add_options(publish, o);
    app.on(publish, [o, &app](Console& console) { return run_publish(console, app.node(), *o); });

    const auto r = std::make_shared<PublishOptions>();
    const auto id = std::make_shared<std::string>();
    CLI::App* reply = App::command(
        app.root(), "reply", "Answer a message: to its sender, under its label",
        {"sampan reply 4f1c2a90 answer.md", "sampan reply 4f1c2a90 answer.md --attach table.csv"});
    reply->add_option("id", *id, "Message id, or its first 6 digits or more")->required()->type_name("ID");
    r->files.resize(1);
    reply
        ->add_option("file", r->files.front(), "Text of the answer; with front matter of its own, or without")
        ->required()
        ->type_name("FILE.md");
    reply->add_option("--outcome", r->outcome, "Of an answer to a request for information")
        ->check(CLI::IsMember({"full", "partial", "nil", "declined"}))
        ->capture_default_str();
    reply->add_option("--reason", r->reason, "Why the request is declined")->type_name("TEXT");
    add_options(reply, r);
    app.on(reply, [r, id, &app](Console& console) { return run_reply(console, app.node(), *r, *id); });

    CLI::App* made =
        App::command(app.root(), "template", "Print a briefing to fill in", {"sampan template > update.md"});
    app.on(made, [](Console& console) -> Result<int> {
        console.out() << k_template << std::flush;
        return k_exit_ok;
    });
}

}  // namespace sampan::cli
