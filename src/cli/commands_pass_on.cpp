// The third-party rule at the command line: asking an originator, its word, and the passing on; and a label
// of one's own that changes.
#include "cli/app.h"
#include "cli/reply_text.h"
#include "cli/words.h"

namespace sampan::cli {
namespace {

struct PassOnOptions {
    std::string id, purpose, conditions, reason, until, classification, emergency, label, precedence;
    std::vector<std::string> to, without, handling;
    bool dry_run = false;
};

std::string message_path(const std::string& id) {
    return "/v1/messages/" + percent_encoded(id);
}

Result<int> publish_answer(Console& console, const Node& node, const PassOnOptions& o, const json& original,
                           const ReplyText& reply, const std::string& about, const std::string& words) {
    SAMPAN_ASSIGN(std::string front, reply_front_matter(original, reply));
    json body{{"briefing", front + words + "\n"},
              {"about", json::array({about})},
              {"dry_run", o.dry_run},
              {"uploads", json::array()}};
    if (!o.emergency.empty()) body["emergency"] = o.emergency;
    SAMPAN_ASSIGN(json made, node.post("/v1/messages", body));
    print_published(console, made, o.dry_run);
    return k_exit_ok;
}

// What was passed on to us is its originator's too: it is asked about the original.
Result<int> run_request(Console& console, const Node& node, const PassOnOptions& o) {
    SAMPAN_ASSIGN(json original, node.get(message_path(o.id) + "?peek=1"));
    const json& passed = object_of(original, "passed_on");
    const std::string about =
        text_of(passed.empty() ? original : passed, passed.empty() ? "message_id" : "original_id");
    if (text_of(original, "direction") == "sent")
        return Error(CliError::usage, "this agency wrote it itself: nobody need be asked",
                     "publish it to them, or: sampan relabel " + o.id);
    return publish_answer(console, node, o, original,
                          {"release-request", text_of(original, "originator"),
                           "release_to = " + toml_list(o.to) + "\npurpose = " + toml_text(o.purpose) + "\n"},
                          about, o.purpose);
}

Result<json> release_request(const Node& node, const std::string& id) {
    SAMPAN_ASSIGN(json request, node.get(message_path(id) + "?peek=1"));
    if (text_of(request, "kind") != "release-request" || text_of(request, "direction") != "received")
        return Error(CliError::usage, "the message " + id + " is no request to pass on that came in",
                     "sampan inbox --kind release-request");
    return request;
}

std::string consent_fields(const PassOnOptions& o, const std::string& decision) {
    std::string out = "decision = " + toml_text(decision) + "\n";
    if (!o.to.empty()) out += "release_to = " + toml_list(o.to) + "\n";
    if (!o.conditions.empty()) out += "conditions = " + toml_text(o.conditions) + "\n";
    if (!o.until.empty()) out += "until = " + toml_text(o.until) + "\n";
    if (!o.classification.empty()) out += "classification = " + toml_text(o.classification) + "\n";
    if (!o.without.empty()) out += "without = " + toml_list(o.without) + "\n";
    if (!o.handling.empty()) out += "handling = " + toml_list(o.handling) + "\n";
    return out;
}

Result<int> run_consent(Console& console, const Node& node, const PassOnOptions& o,
                        const std::string& decision) {
    SAMPAN_ASSIGN(json request, release_request(node, o.id));
    return publish_answer(console, node, o, request,
                          {"release-consent", text_of(request, "sender"), consent_fields(o, decision)},
                          text_of(request, "message_id"),
                          o.conditions.empty() ? decision + "." : o.conditions);
}

Result<int> run_send(Console& console, const Node& node, const PassOnOptions& o) {
    json body{{"to", o.to}, {"dry_run", o.dry_run}};
    if (!o.emergency.empty()) body["emergency"] = o.emergency;
    if (!o.precedence.empty()) body["precedence"] = o.precedence;
    SAMPAN_ASSIGN(json made, node.post(message_path(o.id) + "/pass-on", body));
    print_published(console, made, o.dry_run);
    return k_exit_ok;
}

Result<int> run_relabel(Console& console, const Node& node, const PassOnOptions& o) {
    json body{{"label", o.label}, {"to", o.to}, {"dry_run", o.dry_run}};
    if (!o.emergency.empty()) body["emergency"] = o.emergency;
    SAMPAN_ASSIGN(json made, node.post(message_path(o.id) + "/relabel", body));
    print_published(console, made, o.dry_run);
    if (!console.json && !o.dry_run)
        console.say(
            "Who holds the earlier one keeps it, marked as superseded; to have it destroyed: sampan recall " +
            o.id);
    return k_exit_ok;
}

void add_id(CLI::App* command, const std::shared_ptr<PassOnOptions>& o, const char* which) {
    command->add_option("id", o->id, which)->required()->type_name("ID");
}
CLI::Option* add_to(CLI::App* command, const std::shared_ptr<PassOnOptions>& o, const char* what) {
    return command->add_option("--to", o->to, what)->take_all()->type_name("AGENCY");
}
void add_common(CLI::App* command, const std::shared_ptr<PassOnOptions>& o) {
    command->add_flag("-n,--dry-run", o->dry_run,
                      "Show who would be able to read it, and why not; send nothing");
    command
        ->add_option(
            "--emergency", o->emergency,
            "Imminent threat to life: send without the second person that the label asks for. Say why; "
            "readers see it")
        ->type_name("REASON");
}

void add_consent(App& app, CLI::App& group) {
    const auto o = std::make_shared<PassOnOptions>();
    CLI::App* consent = App::command(
        group, "consent", "Let a message of yours be passed on, as a request asks",
        {"sampan pass-on consent 91e07c5d", "sampan pass-on consent 91e07c5d --to sg-spf --until 2027-06-30",
         "sampan pass-on consent 91e07c5d --classification restricted --without compartment=ct"});
    add_id(consent, o, "Id of the request, or its first 6 digits or more");
    add_to(consent, o, "To these alone (default: as requested)");
    consent->add_option("--until", o->until, "Until when it may be passed on")->type_name("DATE");
    consent->add_option("--conditions", o->conditions, "In words, for who passes it on and who gets it")
        ->type_name("TEXT");
    consent->add_option("--classification", o->classification, "Lower than your label, for who gets it so")
        ->type_name("LEVEL");
    consent->add_option("--without", o->without, "A category value of your label that falls away for them")
        ->take_all()
        ->type_name("CATEGORY=VALUE");
    consent->add_option("--handling", o->handling, "A handling code in place of your label's")
        ->take_all()
        ->type_name("SCHEME=CODE");
    add_common(consent, o);
    app.on(consent, [o, &app](Console& console) { return run_consent(console, app.node(), *o, "granted"); });

    const auto r = std::make_shared<PassOnOptions>();
    CLI::App* refuse =
        App::command(group, "refuse", "Refuse that a message of yours is passed on, also after a consent",
                     {"sampan pass-on refuse 91e07c5d --reason \"the source is at risk\""});
    add_id(refuse, r, "Id of the request, or its first 6 digits or more");
    refuse->add_option("--reason", r->conditions, "Why, for who asked")->required()->type_name("TEXT");
    add_common(refuse, r);
    app.on(refuse, [r, &app](Console& console) { return run_consent(console, app.node(), *r, "refused"); });
}

}  // namespace

void add_pass_on_commands(App& app) {
    CLI::App& group = *App::command(
        app.root(), "pass-on", "Pass on another agency's message, with its originator's consent",
        {"sampan pass-on request 4f1c2a90 --to sg-spf --purpose \"joint case\"",
         "sampan pass-on consent 91e07c5d", "sampan pass-on send 4f1c2a90 --to sg-spf"});
    group.require_subcommand(1);

    const auto q = std::make_shared<PassOnOptions>();
    CLI::App* request =
        App::command(group, "request", "Ask a message's originator whether others may have it",
                     {"sampan pass-on request 4f1c2a90 --to sg-spf --purpose \"joint case\""});
    add_id(request, q, "Message id, or its first 6 digits or more");
    add_to(request, q, "Who is to read it too; may be repeated")->required();
    request->add_option("--purpose", q->purpose, "What for")->required()->type_name("TEXT");
    add_common(request, q);
    app.on(request, [q, &app](Console& console) { return run_request(console, app.node(), *q); });

    add_consent(app, group);

    const auto s = std::make_shared<PassOnOptions>();
    CLI::App* send = App::command(
        group, "send", "Pass it on: the original as it was sealed, with the consent",
        {"sampan pass-on send 4f1c2a90 --to sg-spf --dry-run", "sampan pass-on send 4f1c2a90 --to sg-spf"});
    add_id(send, s, "Message id, or its first 6 digits or more");
    add_to(send, s, "Whom the consent names; may be repeated")->required();
    send->add_option("--precedence", s->precedence, "In what time it is due (default: the message's)")
        ->check(CLI::IsMember({"FLASH", "IMMEDIATE", "PRIORITY", "ROUTINE"}));
    add_common(send, s);
    app.on(send, [s, &app](Console& console) { return run_send(console, app.node(), *s); });

    const auto l = std::make_shared<PassOnOptions>();
    CLI::App* relabel = App::command(
        app.root(), "relabel", "Send a message of yours again under another label, as a new revision",
        {"sampan relabel 4f1c2a90 --label \"restricted tlp=GREEN\" --dry-run",
         "sampan relabel 4f1c2a90 --label \"unclassified tlp=CLEAR\" --to asean-sec"});
    add_id(relabel, l, "Message id, or its first 6 digits or more");
    relabel->add_option("--label", l->label, "The new label: a level, then categories and codes")
        ->required()
        ->type_name("WORDS");
    add_to(relabel, l, "To these (default: its readers that may read it then)");
    add_common(relabel, l);
    app.on(relabel, [l, &app](Console& console) { return run_relabel(console, app.node(), *l); });
}

}  // namespace sampan::cli
