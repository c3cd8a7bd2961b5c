#include "cli/authority_work.h"
#include "cli/backup_commands.h"
#include "cli/words.h"

namespace sampan::cli {
namespace {

Result<int> run_init(Console& console, const AuthorityOptions& o) {
    SAMPAN_ASSIGN(SecretBuffer passphrase,
                  read_passphrase(console, o.passphrase, "new passphrase of the authority's key",
                                  "--passphrase", Ask::twice));
    if (o.exercise_keys)
        console.warn("note: --exercise-keys: these key files are quick to guess; for exercises only");
    SAMPAN_ASSIGN(NewEpoch made, Authority::init(system_files(), o.folder, o.exchange_file, passphrase,
                                                 system_clock().wall(),
                                                 o.exercise_keys ? KeyFileCost{1, 1024} : KeyFileCost{}));
    if (console.json) {
        print_epoch(console, made);
        return k_exit_ok;
    }
    print_epoch(console, made);
    console.out() << fields({{"trust", made.hash.hex()}, {"words", fingerprint_words(made.hash)}});
    console.say(
        "The trust anchor goes into every node.toml and broker.toml: read the words to each other by "
        "telephone.\nNext: sampan broker init, sampan agency init, then sampan authority add-broker and "
        "admit.");
    return k_exit_ok;
}

// The requests, once somebody has compared their words.
Result<std::vector<VerifiedJoiningRequest>> compared_requests(Console& console, const AuthorityOptions& o) {
    std::vector<VerifiedJoiningRequest> requests;
    for (const std::string& path : o.requests) {
        SAMPAN_ASSIGN(Bytes text, read_file(system_files(), path, limits::k_statement_bytes));
        auto verified = verify_joining_request(as_text(text), system_clock().wall());
        if (!verified.ok()) return verified.error().within(path);
        console.say(verified->request.agency.text() + ": \"" + verified->request.names.at("en") +
                    "\", words:\n    " + fingerprint_words(verified->hash));
        requests.push_back(std::move(*verified));
    }
    SAMPAN_TRY(console.confirm("Do these words agree with those that the agency read to you?"));
    return requests;
}

Result<int> run_readmit(Console& console, const AuthorityOptions& o) {
    SAMPAN_ASSIGN(std::vector<VerifiedJoiningRequest> requests, compared_requests(console, o));
    return next_epoch(console, o, [&](Authority& authority, UnixMillis) -> Status {
        for (const VerifiedJoiningRequest& request : requests) SAMPAN_TRY(authority.readmit(request));
        return ok_status();
    });
}

Result<int> run_admit(Console& console, const AuthorityOptions& o) {
    SAMPAN_ASSIGN(Clearance clearance, parse_clearance(o.clearance));
    SAMPAN_ASSIGN(std::vector<VerifiedJoiningRequest> requests, compared_requests(console, o));
    const MemberTerms terms{clearance, o.ceiling.empty() ? clearance.level : o.ceiling};
    return next_epoch(console, o, [&](Authority& authority, UnixMillis now) -> Status {
        for (const VerifiedJoiningRequest& request : requests)
            SAMPAN_TRY(authority.admit(request, terms, now));
        return ok_status();
    });
}

Result<int> run_status(Console& console, const AuthorityOptions& o, MemberStatus status) {
    SAMPAN_ASSIGN(AgencyId agency, AgencyId::parse(o.agency));
    if (status == MemberStatus::revoked)
        SAMPAN_TRY(console.confirm("Revoking " + o.agency + " is final. Revoke it?"));
    return next_epoch(console, o, [&](Authority& authority, UnixMillis now) {
        return authority.set_status(agency, status, now);
    });
}

Result<int> run_terms(Console& console, const AuthorityOptions& o) {
    SAMPAN_ASSIGN(AgencyId agency, AgencyId::parse(o.agency));
    SAMPAN_ASSIGN(Clearance clearance, parse_clearance(o.clearance));
    const MemberTerms terms{clearance, o.ceiling.empty() ? clearance.level : o.ceiling};
    return next_epoch(console, o,
                      [&](Authority& authority, UnixMillis) { return authority.set_terms(agency, terms); });
}

Result<int> run_add_broker(Console& console, const AuthorityOptions& o) {
    SAMPAN_ASSIGN(Bytes text, read_file(system_files(), o.card, limits::k_config_bytes));
    SAMPAN_ASSIGN(BrokerEntry broker, parse_broker_card(as_text(text), o.card));
    return next_epoch(console, o,
                      [&](Authority& authority, UnixMillis) { return authority.add_broker(broker); });
}

Result<int> run_add_auditor(Console& console, const AuthorityOptions& o) {
    SAMPAN_ASSIGN(Bytes text, read_file(system_files(), o.card, limits::k_config_bytes));
    SAMPAN_ASSIGN(AuditorEntry auditor, parse_auditor_card(as_text(text), o.card));
    return next_epoch(console, o,
                      [&](Authority& authority, UnixMillis) { return authority.add_auditor(auditor); });
}

json registry_json(const Registry& registry, const Sha256Digest& hash, const Sha256Digest& trust) {
    json out{{"exchange", registry.exchange.text()},
             {"epoch", registry.epoch.get()},
             {"hash", hash.hex()},
             {"trust", trust.hex()},
             {"words", fingerprint_words(trust)},
             {"issued", to_rfc3339(registry.issued)},
             {"expires", to_rfc3339(registry.expires)},
             {"members", json::array()},
             {"brokers", json::array()},
             {"auditors", json::array()},
             {"dialogues", json::array()}};
    for (const Member& m : registry.members)
        out["members"].push_back({{"agency", m.id.text()},
                                  {"names", m.names},
                                  {"country", m.country},
                                  {"status", member_status_word(m.status)},
                                  {"clearance", clearance_words(m.clearance)},
                                  {"send_ceiling", m.send_ceiling},
                                  {"since", to_rfc3339(m.status_since)}});
    out["authority_threshold"] = registry.authority_threshold;
    out["authority_keys"] = json::array();
    for (const Ed25519PublicKey& key : registry.authority_keys) out["authority_keys"].push_back(key.hex());
    for (const BrokerEntry& b : registry.brokers)
        out["brokers"].push_back({{"id", b.id.text()}, {"addresses", b.addresses}});
    for (const AuditorEntry& a : registry.auditors)
        out["auditors"].push_back({{"id", a.id.text()}, {"name", a.name}});
    for (const DialogueEntry& d : registry.dialogues) {
        json participants = json::array();
        for (const AgencyId& id : d.participants) participants.push_back(id.text());
        out["dialogues"].push_back({{"id", d.id.text()}, {"title", d.title}, {"participants", participants}});
    }
    return out;
}

Result<int> run_show(Console& console, const AuthorityOptions& o) {
    SAMPAN_ASSIGN(Authority authority, Authority::open_to_read(system_files(), o.folder));
    const RegistryPtr& newest = authority.chain().newest();
    const Registry& registry_of = newest->registry();
    const json shown = registry_json(registry_of, newest->hash(), authority.trust());
    if (console.json) {
        console.print_json("sampan.authority/1", shown);
        return k_exit_ok;
    }
    console.out() << fields({{"exchange", text_of(shown, "exchange")},
                             {"epoch", text_of(shown, "epoch")},
                             {"issued", when(shown, "issued")},
                             {"expires", when(shown, "expires")},
                             {"trust", text_of(shown, "trust")},
                             {"words", text_of(shown, "words")},
                             {"signatures", std::to_string(registry_of.authority_threshold) + " of " +
                                                std::to_string(registry_of.authority_keys.size()) +
                                                " authority keys"}})
                  << "\n";
    Table members({{"AGENCY"},
                   {"NAME", false, 10, true},
                   {"STATUS"},
                   {"CLEARED TO", false, 10, true},
                   {"MAY SEND"},
                   {"SINCE"}});
    for (const json& m : list_of(shown, "members"))
        members.add({text_of(m, "agency"), text_of(object_of(m, "names"), "en"), text_of(m, "status"),
                     text_of(m, "clearance"), text_of(m, "send_ceiling"), when(m, "since")});
    console.print(members);
    Table others({{"BROKER OR AUDITOR"}, {"WHERE OR WHO", false, 10, true}});
    for (const json& b : list_of(shown, "brokers"))
        others.add({"broker " + text_of(b, "id"), joined(list_of(b, "addresses"))});
    for (const json& a : list_of(shown, "auditors"))
        others.add({"auditor " + text_of(a, "id"), text_of(a, "name")});
    for (const json& key : list_of(shown, "authority_keys"))
        others.add({"authority key", key.get<std::string>()});
    if (!others.empty()) {
        console.out() << "\n";
        console.print(others);
    }
    return k_exit_ok;
}

Result<int> run_trust(Console& console, const AuthorityOptions& o) {
    SAMPAN_ASSIGN(Authority authority, Authority::open_to_read(system_files(), o.folder));
    if (console.json) {
        console.print_json("sampan.trust/1", {{"trust", authority.trust().hex()},
                                              {"words", fingerprint_words(authority.trust())}});
        return k_exit_ok;
    }
    console.out() << authority.trust().hex() << "\n";
    console.say(fingerprint_words(authority.trust()));
    return k_exit_ok;
}

void add_terms(CLI::App* command, const AuthorityOptionsPtr& o) {
    command
        ->add_option("--clearance", o->clearance,
                     "Level and held categories: \"confidential compartment=ct,cyber community=police\"")
        ->required()
        ->type_name("TEXT");
    command->add_option("--send-ceiling", o->ceiling, "Highest level it may send (default: its clearance)")
        ->type_name("LEVEL");
}

void add_member_commands(App& app, CLI::App& group) {
    const auto o = std::make_shared<AuthorityOptions>();
    CLI::App* admit = changing_command(
        group, o, "admit", "Admit agencies by their joining requests: a new epoch",
        {"sampan authority admit ajct th-rtp/joining-request.txt --clearance \"secret compartment=ct\" "
         "--send-ceiling confidential"});
    admit->add_option("request", o->requests, "joining-request.txt of each agency")
        ->required()
        ->type_name("FILE");
    add_terms(admit, o);
    app.on(admit, [o](Console& console) { return run_admit(console, *o); });

    const auto again = std::make_shared<AuthorityOptions>();
    CLI::App* readmit =
        changing_command(group, again, "readmit",
                         "Take a member's new root, or its node that was lost and made anew: a new epoch",
                         {"sampan authority readmit ajct th-rtp/joining-request.txt"});
    readmit->add_option("request", again->requests, "joining-request.txt of the agency")
        ->required()
        ->type_name("FILE");
    app.on(readmit, [again](Console& console) { return run_readmit(console, *again); });

    const auto t = std::make_shared<AuthorityOptions>();
    CLI::App* terms =
        changing_command(group, t, "terms", "Change a member's clearance and send ceiling: a new epoch",
                         {"sampan authority terms ajct sg-spf --clearance \"restricted compartment=ct\""});
    terms->add_option("agency", t->agency, "Agency id")->required()->type_name("AGENCY");
    add_terms(terms, t);
    app.on(terms, [t](Console& console) { return run_terms(console, *t); });

    const auto status = [&](const char* name, const char* what, MemberStatus to) {
        const auto s = std::make_shared<AuthorityOptions>();
        CLI::App* made = changing_command(group, s, name, what,
                                          {std::string("sampan authority ") + name + " ajct th-rtp"});
        made->add_option("agency", s->agency, "Agency id")->required()->type_name("AGENCY");
        app.on(made, [s, to](Console& console) { return run_status(console, *s, to); });
    };
    status("suspend", "Suspend a member: a new epoch, which binds at once", MemberStatus::suspended);
    status("reinstate", "End a suspension: a new epoch", MemberStatus::active);
    status("revoke", "Revoke a member for good: a new epoch, which binds at once", MemberStatus::revoked);
}

}  // namespace

void add_authority_commands(App& app) {
    CLI::App& group =
        *App::command(app.root(), "authority", "The exchange authority's work, offline, on its folder",
                      {"sampan authority init ajct --exchange exchange.toml", "sampan authority show ajct"});
    group.require_subcommand(1);

    const auto o = std::make_shared<AuthorityOptions>();
    CLI::App* init = changing_command(
        group, o, "init", "Make an exchange: key, epoch 1 and the trust anchor",
        {"sampan authority init ajct --exchange exchange.toml",
         "sampan authority init ajct --exchange exchange.toml --passphrase-file secret.txt"});
    init->add_option("--exchange", o->exchange_file, "exchange.toml: name, label policy, dialogues")
        ->required()
        ->type_name("FILE");
    init->add_flag("--exercise-keys", o->exercise_keys,
                   "Weak passphrase stretching, for exercises and tests");
    app.on(init, [o](Console& console) { return run_init(console, *o); });

    add_member_commands(app, group);
    add_joining_commands(app, group);
    add_signer_commands(app, group);
    add_retention_commands(app, group);
    add_begin_log_command(app, group);
    const auto b = std::make_shared<AuthorityOptions>();
    CLI::App* broker = changing_command(group, b, "add-broker",
                                        "Add a broker, or replace its keys and addresses: a new epoch",
                                        {"sampan authority add-broker ajct broker/broker.pub.toml"});
    broker->add_option("card", b->card, "broker.pub.toml of the broker")->required()->type_name("FILE");
    app.on(broker, [b](Console& console) { return run_add_broker(console, *b); });
    const auto a = std::make_shared<AuthorityOptions>();
    CLI::App* auditor = changing_command(group, a, "add-auditor", "Add an auditor: a new epoch",
                                         {"sampan authority add-auditor ajct auditor/auditor.pub.toml"});
    auditor->add_option("card", a->card, "auditor.pub.toml of the auditor")->required()->type_name("FILE");
    app.on(auditor, [a](Console& console) { return run_add_auditor(console, *a); });

    const auto r = std::make_shared<AuthorityOptions>();
    CLI::App* renew = changing_command(group, r, "renew", "Sign a new epoch from exchange.toml as it is now",
                                       {"sampan authority renew ajct"});
    app.on(renew, [r](Console& console) {
        return next_epoch(console, *r, [](Authority&, UnixMillis) { return ok_status(); });
    });

    const auto s = std::make_shared<AuthorityOptions>();
    CLI::App* show = App::command(group, "show", "Members, brokers and the trust anchor; needs no passphrase",
                                  {"sampan authority show ajct", "sampan authority show ajct --json"});
    show->add_option("folder", s->folder, "The authority's folder")->required()->type_name("DIR");
    app.on(show, [s](Console& console) { return run_show(console, *s); });
    CLI::App* trust = App::command(group, "trust", "The trust anchor alone: hash of epoch 1, and its words",
                                   {"sampan authority trust ajct"});
    trust->add_option("folder", s->folder, "The authority's folder")->required()->type_name("DIR");
    app.on(trust, [s](Console& console) { return run_trust(console, *s); });
}

}  // namespace sampan::cli
