#include "cli/app.h"
#include "cli/words.h"
#include "sampan/authority/identities.h"

namespace sampan::cli {
namespace {

struct AgencyOptions {
    std::string folder, agency, exchange, country, kind = "member-state";
    std::string officer = "admin", officer_name = "First security administrator";
    std::vector<std::string> names;
    PassphraseSource passphrase, archive_passphrase;
    bool exercise_keys = false, again = false;
    TokenKeyName token;
    PassphraseSource pin;
};
struct AuditorOptions {
    std::string folder, id, name;
    PassphraseSource passphrase;
    bool exercise_keys = false;
};

KeyFileCost cost_of(Console& console, bool exercise) {
    if (!exercise) return {};
    console.say("note: --exercise-keys: these key files are quick to guess; for exercises only");
    return {1, 1024};
}

Result<AgencyPlan> plan_of(const AgencyOptions& o) {
    AgencyPlan plan;
    SAMPAN_ASSIGN(plan.agency, AgencyId::parse(o.agency));
    SAMPAN_ASSIGN(plan.exchange, ExchangeName::parse(o.exchange));
    for (const std::string& name : o.names) {
        // "th=…" names the language; a name alone is English.
        const auto equals = name.find('=');
        const bool tagged = equals != std::string::npos && equals >= 2 && equals <= 8;
        plan.names[tagged ? name.substr(0, equals) : "en"] = tagged ? name.substr(equals + 1) : name;
    }
    plan.country = o.country;
    plan.again = o.again;
    plan.officer_id = o.officer;
    plan.officer_name = o.officer_name;
    if (o.kind == "partner") plan.kind = MemberKind::partner;
    if (o.kind == "organisation") plan.kind = MemberKind::international_organisation;
    return plan;
}

// The node's signing key, made in a PKCS#11 token; none when no token was named.
Result<std::shared_ptr<const TokenKey>> make_token_key(Console& console, const AgencyOptions& o) {
    if (o.token.module.empty()) return std::shared_ptr<const TokenKey>();
    SAMPAN_ASSIGN(SecretBuffer pin,
                  read_passphrase(console, o.pin, "PIN of the token", "--token-pin", Ask::once));
    SAMPAN_ASSIGN(std::shared_ptr<const TokenKey> made, TokenKey::generate(o.token, std::move(pin)));
    return made;
}

Result<int> run_renew(Console& console, const AgencyOptions& o) {
    SAMPAN_ASSIGN(
        SecretBuffer passphrase,
        read_passphrase(console, o.passphrase, "passphrase of the agency's keys", "--passphrase", Ask::once));
    SAMPAN_ASSIGN(UnixMillis until,
                  renew_certificate(system_files(), o.folder, passphrase, system_clock().wall()));
    if (console.json)
        console.print_json("sampan.agency/1", {{"certificate_expires", to_rfc3339(until)}});
    else
        console.out() << fields({{"certificate until", to_rfc3339(until)}});
    console.say(
        "Take root.key offline again. Then start the node again: it states the new certificate, and what was "
        "sealed "
        "under the old one is still accepted.");
    return k_exit_ok;
}

// The node's signing key that is in a token already.
Result<std::shared_ptr<const TokenKey>> open_token_key(Console& console, const AgencyOptions& o) {
    if (o.token.module.empty()) return std::shared_ptr<const TokenKey>();
    SAMPAN_ASSIGN(SecretBuffer pin,
                  read_passphrase(console, o.pin, "PIN of the token", "--token-pin", Ask::once));
    SAMPAN_ASSIGN(std::shared_ptr<const TokenKey> held, TokenKey::open(o.token, std::move(pin)));
    return held;
}

Result<int> run_new_root(Console& console, const AgencyOptions& o) {
    SAMPAN_ASSIGN(
        SecretBuffer passphrase,
        read_passphrase(console, o.passphrase, "passphrase of the agency's keys", "--passphrase", Ask::once));
    SAMPAN_ASSIGN(std::shared_ptr<const TokenKey> token, open_token_key(console, o));
    SAMPAN_ASSIGN(NewAgency made, replace_root(system_files(), o.folder, passphrase, system_clock().wall(),
                                               cost_of(console, o.exercise_keys), token));
    if (console.json)
        console.print_json("sampan.agency/1",
                           {{"request", made.request_path},
                            {"words", fingerprint_words(made.request_hash)},
                            {"certificate_expires", to_rfc3339(made.certificate_expires)}});
    else
        console.out() << fields({{"request", made.request_path},
                                 {"words", fingerprint_words(made.request_hash)},
                                 {"certificate until", to_rfc3339(made.certificate_expires)}});
    console.say(
        "Send the request to the exchange authority, which runs: sampan authority readmit DIR " +
        made.request_path +
        "\nThe node goes on under the old root until the new epoch is there, then takes the new one by "
        "itself. Take root.key offline.");
    return k_exit_ok;
}

Result<int> run_init(Console& console, const AgencyOptions& o) {
    SAMPAN_ASSIGN(AgencyPlan plan, plan_of(o));
    SAMPAN_ASSIGN(SecretBuffer passphrase,
                  read_passphrase(console, o.passphrase, "new passphrase of the node's keys", "--passphrase",
                                  Ask::twice));
    SAMPAN_ASSIGN(SecretBuffer archive,
                  read_passphrase(console, o.archive_passphrase,
                                  "new passphrase of " + o.officer + ", the first security administrator",
                                  "--archive-passphrase", Ask::twice));
    SAMPAN_ASSIGN(std::shared_ptr<const TokenKey> token, make_token_key(console, o));
    SAMPAN_ASSIGN(NewAgency made,
                  make_agency(system_files(), o.folder, plan, passphrase, archive, system_clock().wall(),
                              cost_of(console, o.exercise_keys), token));
    if (console.json) {
        console.print_json("sampan.agency/1",
                           {{"agency", o.agency},
                            {"request", made.request_path},
                            {"words", fingerprint_words(made.request_hash)},
                            {"certificate_expires", to_rfc3339(made.certificate_expires)}});
        return k_exit_ok;
    }
    console.out() << fields({{"agency", o.agency},
                             {"request", made.request_path},
                             {"words", fingerprint_words(made.request_hash)},
                             {"certificate until", to_rfc3339(made.certificate_expires)}});
    console.say(
        "Send the request to the exchange authority and read the words to it by telephone.\n"
        "Then move " +
        o.folder +
        "/root.key to a place that is never on a network: no program needs it here.\n"
        "Next: sampan node init, and once the node runs: sampan sign-in " +
        o.officer);
    return k_exit_ok;
}

Result<int> run_show(Console& console, const AgencyOptions& o) {
    const std::string path = o.folder + "/joining-request.txt";
    SAMPAN_ASSIGN(Bytes text, read_file(system_files(), path, limits::k_statement_bytes));
    auto verified = verify_joining_request(as_text(text), system_clock().wall());
    if (!verified.ok()) return verified.error().within(path);
    const JoiningRequest& request = verified->request;
    const json shown{
        {"agency", request.agency.text()},
        {"exchange", request.exchange.text()},
        {"names", request.names},
        {"country", request.country},
        {"words", fingerprint_words(verified->hash)},
        {"certificate_expires", to_rfc3339(verified->descriptor.certificate.validity().not_after)},
        {"root_key_here", system_files().exists(o.folder + "/root.key")}};
    if (console.json) {
        console.print_json("sampan.agency/1", shown);
        return k_exit_ok;
    }
    std::vector<std::pair<std::string, std::string>> lines{{"agency", text_of(shown, "agency")},
                                                           {"exchange", text_of(shown, "exchange")}};
    for (const auto& [language, name] : request.names) lines.emplace_back("name (" + language + ")", name);
    lines.emplace_back("country", request.country);
    lines.emplace_back("words", text_of(shown, "words"));
    lines.emplace_back("certificate until", text_of(shown, "certificate_expires"));
    console.out() << fields(lines);
    if (flag_of(shown, "root_key_here"))
        console.warn("note: " + o.folder + "/root.key is still here; keep it offline");
    return k_exit_ok;
}

Result<int> run_auditor_init(Console& console, const AuditorOptions& o) {
    SAMPAN_ASSIGN(AgencyId id, AgencyId::parse(o.id));
    SAMPAN_ASSIGN(SecretBuffer passphrase,
                  read_passphrase(console, o.passphrase, "new passphrase of the auditor's keys",
                                  "--passphrase", Ask::twice));
    SAMPAN_ASSIGN(AuditorEntry made, make_auditor(system_files(), o.folder, id, o.name, passphrase,
                                                  cost_of(console, o.exercise_keys)));
    const std::string card = o.folder + "/auditor.pub.toml";
    if (console.json)
        console.print_json("sampan.auditor/1", {{"id", made.id.text()}, {"card", card}});
    else
        console.out() << fields({{"auditor", made.id.text()}, {"card", card}});
    console.say("Next, at the authority: sampan authority add-auditor DIR " + card);
    return k_exit_ok;
}

void add_token(CLI::App* command, const std::shared_ptr<AgencyOptions>& o, const std::string& what) {
    CLI::Option* module = command->add_option("--token-module", o->token.module, what);
    module->type_name("FILE");
    CLI::Option* label = command->add_option("--token", o->token.token, "Label of the token");
    label->type_name("TEXT");
    CLI::Option* key = command->add_option("--token-key", o->token.key, "Label of the key pair in it");
    key->type_name("TEXT");
    module->needs(label)->needs(key);
    label->needs(module);
    key->needs(module);
    CLI::Option* pin =
        command->add_option("--token-pin-file", o->pin.file, "File (mode 0600) with the token's PIN");
    pin->type_name("FILE");
    command->add_option("--token-pin-fd", o->pin.fd, "Descriptor to read the token's PIN from")
        ->type_name("N")
        ->check(CLI::Range(0, 1023))
        ->excludes(pin);
}

}  // namespace

void add_agency_commands(App& app) {
    CLI::App& group = *App::command(
        app.root(), "agency", "An agency's own identity: root, keys, joining request",
        {"sampan agency init th-rtp --agency th-rtp --exchange ajct.example --name \"Royal Thai Police\""});
    group.require_subcommand(1);
    const auto o = std::make_shared<AgencyOptions>();
    CLI::App* init = App::command(group, "init", "Make an agency's root, keys and joining request",
                                  {"sampan agency init keys --agency th-rtp --exchange ajct.example --name "
                                   "\"Royal Thai Police\" --country TH",
                                   "sampan agency init keys --agency asec --exchange ajct.example --name "
                                   "\"ASEAN Secretariat\" --kind organisation"});
    init->add_option("folder", o->folder, "Folder to make, with mode 0700")->required()->type_name("DIR");
    init->add_option("--agency", o->agency, "Agency id: a to z, 0 to 9, hyphen")->required()->type_name("ID");
    init->add_option("--exchange", o->exchange, "Name of the exchange")->required()->type_name("NAME");
    init->add_option("--name", o->names, "Name of the agency; th=… for one in another language")
        ->required()
        ->take_all()
        ->type_name("TEXT");
    init->add_option("--country", o->country, "ISO 3166 code, such as TH; none for an organisation")
        ->type_name("CODE");
    init->add_option("--kind", o->kind, "What the agency is")
        ->check(CLI::IsMember({"member-state", "partner", "organisation"}));
    add_passphrase(init, o->passphrase, "", "the passphrase of the node's keys");
    init->add_option("--officer", o->officer, "Officer id of the first security administrator")
        ->capture_default_str()
        ->type_name("ID");
    init->add_option("--officer-name", o->officer_name, "That person's name")
        ->capture_default_str()
        ->type_name("TEXT");
    add_passphrase(init, o->archive_passphrase, "archive-",
                   "the first security administrator's passphrase, which also opens archive.key");
    add_token(init, o, "PKCS#11 module (shared library): the node's signing key is made in a token");
    init->add_flag("--exercise-keys", o->exercise_keys,
                   "Weak passphrase stretching, for exercises and tests");
    app.on(init, [o](Console& console) { return run_init(console, *o); });

    init->add_flag(
        "--again", o->again,
        "The agency is a member already and its node was lost: begin again (docs/administrator.md)");
    const auto w = std::make_shared<AgencyOptions>();
    CLI::App* fresh = App::command(group, "new-root",
                                   "Another root for the agency, for the authority to admit in a new epoch",
                                   {"sampan agency new-root keys"});
    fresh->add_option("folder", w->folder, "The agency's key folder")->required()->type_name("DIR");
    add_passphrase(fresh, w->passphrase, "", "the passphrase of the agency's keys");
    add_token(fresh, w, "PKCS#11 module, where the node's signing key is in a token");
    fresh->add_flag("--exercise-keys", w->exercise_keys,
                    "Weak passphrase stretching, for exercises and tests");
    app.on(fresh, [w](Console& console) { return run_new_root(console, *w); });

    const auto n = std::make_shared<AgencyOptions>();
    CLI::App* renew =
        App::command(group, "renew", "A new certificate of 90 days for the node's key; needs root.key",
                     {"sampan agency renew keys"});
    renew->add_option("folder", n->folder, "The agency's key folder, with root.key in it")
        ->required()
        ->type_name("DIR");
    add_passphrase(renew, n->passphrase, "", "the passphrase of the agency's keys");
    app.on(renew, [n](Console& console) { return run_renew(console, *n); });

    const auto s = std::make_shared<AgencyOptions>();
    CLI::App* show = App::command(group, "show", "Who this agency is, and the words of its joining request",
                                  {"sampan agency show keys"});
    show->add_option("folder", s->folder, "The agency's key folder")->required()->type_name("DIR");
    app.on(show, [s](Console& console) { return run_show(console, *s); });

    add_agency_status_command(app, group);

    CLI::App& auditors = *App::command(app.root(), "auditor", "An auditor's identity",
                                       {"sampan auditor init keys --id audit-1 --name \"Joint audit team\""});
    auditors.require_subcommand(1);
    const auto a = std::make_shared<AuditorOptions>();
    CLI::App* made = App::command(auditors, "init", "Make an auditor's keys and its public card",
                                  {"sampan auditor init keys --id audit-1 --name \"Joint audit team\""});
    made->add_option("folder", a->folder, "Folder to make, with mode 0700")->required()->type_name("DIR");
    made->add_option("--id", a->id, "Auditor id: a to z, 0 to 9, hyphen")->required()->type_name("ID");
    made->add_option("--name", a->name, "Who the auditor is")->required()->type_name("TEXT");
    add_passphrase(made, a->passphrase, "", "the passphrase of the auditor's keys");
    made->add_flag("--exercise-keys", a->exercise_keys,
                   "Weak passphrase stretching, for exercises and tests");
    app.on(made, [a](Console& console) { return run_auditor_init(console, *a); });
}

}  // namespace sampan::cli
