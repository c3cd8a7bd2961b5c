// Signing in, and the officers of a node.
#include "cli/app.h"
#include "cli/session_file.h"
#include "cli/words.h"
#include "sampan/authority/authority.h"

namespace sampan::cli {
namespace {

struct SignInOptions {
    std::string officer, code;
    PassphraseSource passphrase;
};
struct PassphraseOptions {
    PassphraseSource old_one, new_one;
};
struct OfficerOptions {
    std::string id, name, clearance;
    std::vector<std::string> roles;
    bool reset = false, remove_totp = false, unlock = false;
    PassphraseSource passphrase;
};

Result<int> run_sign_in(Console& console, const std::string& socket, const SignInOptions& o) {
    const Node node(socket);
    SAMPAN_ASSIGN(
        SecretBuffer passphrase,
        read_passphrase(console, o.passphrase, "passphrase of " + o.officer, "--passphrase", Ask::once));
    json request{{"officer", o.officer}};
    if (!o.code.empty()) request["code"] = o.code;
    SAMPAN_ASSIGN(json done, node.post_secret("/v1/sign-in", request, {{"passphrase", passphrase}}));
    SAMPAN_TRY(keep_session(socket, text_of(done, "token")));
    if (console.json) {
        done.erase("token");
        console.print_json("sampan.sign-in/1", done);
        return k_exit_ok;
    }
    console.say("Signed in as " + o.officer + " until " + when(done, "expires") +
                ". sampan sign-out ends it.");
    if (flag_of(done, "must_change"))
        console.say("This passphrase is one that an administrator chose. Next: sampan passphrase");
    return k_exit_ok;
}

Result<int> run_sign_out(Console& console, const std::string& socket) {
    const Node node(socket, kept_session(socket));
    const auto done = node.post("/v1/sign-out");
    // Over already is as good as ended.
    if (!done.ok() && !done.error().is(CliError::not_allowed)) return done.error();
    forget_session(socket);
    console.say("Signed out.");
    return k_exit_ok;
}

Result<int> run_whoami(Console& console, const Node& node) {
    SAMPAN_ASSIGN(json who, node.get("/v1/whoami"));
    if (console.json) {
        console.print_json("sampan.whoami/1", who);
        return k_exit_ok;
    }
    console.out() << fields({{"officer", text_of(who, "officer")},
                             {"name", text_of(who, "name")},
                             {"roles", joined(list_of(who, "roles"))}});
    return k_exit_ok;
}

Result<int> run_passphrase(Console& console, const Node& node, const PassphraseOptions& o) {
    SAMPAN_ASSIGN(SecretBuffer before,
                  read_passphrase(console, o.old_one, "present passphrase", "--old-passphrase", Ask::once));
    SAMPAN_ASSIGN(SecretBuffer next,
                  read_passphrase(console, o.new_one, "new passphrase", "--new-passphrase", Ask::twice));
    SAMPAN_ASSIGN(json done,
                  node.post_secret("/v1/passphrase", json::object(), {{"old", before}, {"new", next}}));
    (void)done;
    console.say("Changed. Other sessions of yours go on until they end.");
    return k_exit_ok;
}

Result<int> run_totp(Console& console, const Node& node, const std::string& code) {
    const json request = code.empty() ? json::object() : json{{"code", code}};
    SAMPAN_ASSIGN(json done, node.post("/v1/totp", request));
    if (console.json) {
        console.print_json("sampan.totp/1", done);
        return k_exit_ok;
    }
    if (code.empty()) {
        console.out() << fields({{"secret", text_of(done, "secret")}, {"uri", text_of(done, "uri")}});
        console.say("Give one of these to an authenticator application. Next: sampan totp --confirm CODE");
    } else {
        console.say("From now on you sign in with a code as well: sampan sign-in ID --code CODE");
    }
    return k_exit_ok;
}

std::string clearance_text(const json& clearance) {
    if (!clearance.is_object()) return "as the agency";
    std::string out = text_of(clearance, "level");
    for (const auto& [tag, values] : object_of(clearance, "holds").items()) {
        out.append(" ").append(tag).append("=");
        std::string list;
        for (const json& value : values)
            if (value.is_string()) list.append(list.empty() ? "" : ",").append(value.get<std::string>());
        out.append(list);
    }
    return out;
}

Result<int> run_list(Console& console, const Node& node) {
    SAMPAN_ASSIGN(json got, node.get("/v1/officers"));
    if (console.json) {
        console.print_json("sampan.officers/1", got);
        return k_exit_ok;
    }
    Table table(
        {{"ID"}, {"NAME", false, 12, true}, {"ROLES", false, 12, true}, {"CLEARANCE"}, {"CODES"}, {"STATE"}});
    for (const json& one : list_of(got, "officers")) {
        std::string state;
        if (!text_of(one, "locked_until").empty())
            state = "locked until " + when(one, "locked_until");
        else if (flag_of(one, "must_change"))
            state = "first passphrase";
        table.add({text_of(one, "id"), text_of(one, "name"), joined(list_of(one, "roles")),
                   clearance_text(one.contains("clearance") ? one["clearance"] : json()),
                   flag_of(one, "totp") ? "yes" : "", state});
    }
    console.print(table);
    return k_exit_ok;
}

// "agency" for the agency's own, else a level and what is held.
Result<json> clearance_json(const std::string& text) {
    if (text == "agency") return json(nullptr);
    SAMPAN_ASSIGN(Clearance parsed, parse_clearance(text));
    json holds = json::object();
    for (const LabelCategory& category : parsed.holds) holds[category.tag] = category.values;
    return json{{"level", parsed.level}, {"holds", holds}};
}

Status report(Console& console, const json& made, const std::string& what) {
    if (console.json)
        console.print_json("sampan.officer/1", made);
    else
        console.say(what);
    return ok_status();
}

Result<int> run_add(Console& console, const Node& node, const OfficerOptions& o) {
    json request{{"id", o.id}, {"name", o.name}, {"roles", o.roles}};
    SAMPAN_ASSIGN(json clearance, clearance_json(o.clearance));
    request["clearance"] = clearance;
    SAMPAN_ASSIGN(
        SecretBuffer passphrase,
        read_passphrase(console, o.passphrase, "first passphrase of " + o.id, "--passphrase", Ask::twice));
    SAMPAN_ASSIGN(json made, node.post_secret("/v1/officers", request, {{"passphrase", passphrase}}));
    SAMPAN_TRY(report(console, made,
                      "Added. " + o.id + " chooses a passphrase at the first sign-in: sampan passphrase"));
    return k_exit_ok;
}

Result<int> run_change(Console& console, const Node& node, const OfficerOptions& o) {
    json request = json::object();
    if (!o.name.empty()) request["name"] = o.name;
    if (!o.roles.empty()) request["roles"] = o.roles;
    if (!o.clearance.empty()) {
        SAMPAN_ASSIGN(json clearance, clearance_json(o.clearance));
        request["clearance"] = clearance;
    }
    if (o.remove_totp) request["remove_totp"] = true;
    if (o.unlock) request["unlock"] = true;
    const std::string target = "/v1/officers/" + percent_encoded(o.id);
    Result<json> made = json();
    if (o.reset) {
        SAMPAN_ASSIGN(SecretBuffer passphrase,
                      read_passphrase(console, o.passphrase, "first passphrase of " + o.id, "--passphrase",
                                      Ask::twice));
        made = node.post_secret(target, request, {{"passphrase", passphrase}});
    } else {
        if (request.empty())
            return Error(CliError::usage, "nothing to change was given", "sampan officer change --help");
        made = node.post(target, request);
    }
    if (!made.ok()) return made.error();
    SAMPAN_TRY(
        report(console, *made, "Changed. Who was signed in as " + o.id + " may have to sign in again."));
    return k_exit_ok;
}

Result<int> run_remove(Console& console, const Node& node, const OfficerOptions& o) {
    SAMPAN_TRY(console.confirm("Remove the officer " + o.id + " from this node?"));
    SAMPAN_ASSIGN(json made, node.remove("/v1/officers/" + percent_encoded(o.id)));
    SAMPAN_TRY(report(console, made, "Removed. Sessions of " + o.id + " are over."));
    return k_exit_ok;
}

void add_sessions(App& app) {
    const auto s = std::make_shared<SignInOptions>();
    CLI::App* in = App::command(app.root(), "sign-in", "Sign in to the node as one of its officers",
                                {"sampan sign-in somchai", "sampan sign-in somchai --code 123456",
                                 "sampan sign-in feed --passphrase-file feed.txt"});
    in->add_option("officer", s->officer, "Your officer id")->required()->type_name("ID");
    in->add_option("--code", s->code, "One-time code of your authenticator, where you use one")
        ->type_name("CODE");
    add_passphrase(in, s->passphrase, "", "your passphrase");
    app.on(in, [s, &app](Console& console) { return run_sign_in(console, app.node_socket(), *s); });

    CLI::App* out = App::command(app.root(), "sign-out", "End the session", {"sampan sign-out"});
    app.on(out, [&app](Console& console) { return run_sign_out(console, app.node_socket()); });
    CLI::App* who = App::command(app.root(), "whoami", "Who is signed in here", {"sampan whoami"});
    app.on(who, [&app](Console& console) { return run_whoami(console, app.node()); });

    const auto p = std::make_shared<PassphraseOptions>();
    CLI::App* change =
        App::command(app.root(), "passphrase", "Choose another passphrase", {"sampan passphrase"});
    add_passphrase(change, p->old_one, "old-", "the present passphrase");
    add_passphrase(change, p->new_one, "new-", "the new passphrase");
    app.on(change, [p, &app](Console& console) { return run_passphrase(console, app.node(), *p); });

    const auto code = std::make_shared<std::string>();
    CLI::App* totp = App::command(app.root(), "totp", "Use one-time codes (RFC 6238) at sign-in",
                                  {"sampan totp", "sampan totp --confirm 123456"});
    totp->add_option("--confirm", *code, "The code that the authenticator shows now")->type_name("CODE");
    app.on(totp, [code, &app](Console& console) { return run_totp(console, app.node(), *code); });
}

void add_terms(CLI::App* command, const std::shared_ptr<OfficerOptions>& o, bool required) {
    command->add_option("id", o->id, "Officer id: a to z, 0 to 9, hyphen; at most 24")
        ->required()
        ->type_name("ID");
    command->add_option("--name", o->name, "Name of the officer")->required(required)->type_name("TEXT");
    command
        ->add_option("--role", o->roles,
                     "officer, releaser, security-administrator or auditor; may be repeated")
        ->required(required)
        ->take_all()
        ->check(CLI::IsMember({"officer", "releaser", "security-administrator", "auditor"}));
    CLI::Option* clearance = command->add_option("--clearance", o->clearance,
                                                 "Personal clearance, at or below the agency's: \"restricted "
                                                 "compartment=ct\"; agency for the agency's own");
    clearance->required(required)->type_name("TEXT");
}

}  // namespace

void add_people_commands(App& app) {
    add_sessions(app);
    CLI::App& group = *App::command(
        app.root(), "officer", "The officers of this node, by its security administrator",
        {"sampan officer list",
         "sampan officer add somchai --name \"Somchai R.\" --role officer --clearance \"restricted "
         "compartment=ct\""});
    group.require_subcommand(1);
    const auto a = std::make_shared<OfficerOptions>();
    CLI::App* add = App::command(
        group, "add", "Add an officer",
        {"sampan officer add somchai --name \"Somchai R.\" --role officer --clearance agency",
         "sampan officer add malee --name \"Malee S.\" --role officer --role releaser --clearance "
         "\"secret compartment=ct\""});
    add_terms(add, a, true);
    add_passphrase(add, a->passphrase, "", "the first passphrase, to be changed at the first sign-in");
    app.on(add, [a, &app](Console& console) { return run_add(console, app.node(), *a); });

    CLI::App* list = App::command(group, "list", "Who the officers are", {"sampan officer list"});
    app.on(list, [&app](Console& console) { return run_list(console, app.node()); });

    const auto c = std::make_shared<OfficerOptions>();
    CLI::App* change =
        App::command(group, "change", "Change an officer's name, roles, clearance or first passphrase",
                     {"sampan officer change somchai --clearance \"confidential compartment=ct\"",
                      "sampan officer change somchai --reset", "sampan officer change somchai --unlock"});
    add_terms(change, c, false);
    change->add_flag("--reset", c->reset, "Give a new first passphrase");
    add_passphrase(change, c->passphrase, "", "the new first passphrase");
    change->add_flag("--remove-totp", c->remove_totp, "Sign in without one-time codes again (a lost device)");
    change->add_flag("--unlock", c->unlock, "Forget failed sign-ins");
    app.on(change, [c, &app](Console& console) { return run_change(console, app.node(), *c); });

    const auto r = std::make_shared<OfficerOptions>();
    CLI::App* removal = App::command(group, "remove", "Remove an officer", {"sampan officer remove somchai"});
    removal->add_option("id", r->id, "Officer id")->required()->type_name("ID");
    app.on(removal, [r, &app](Console& console) { return run_remove(console, app.node(), *r); });
}

}  // namespace sampan::cli
