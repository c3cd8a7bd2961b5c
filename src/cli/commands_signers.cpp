// Several authority signers: keys, drafts, signatures, publication; and the difference of two epochs.
#include "cli/authority_work.h"
#include "cli/words.h"

namespace sampan::cli {
namespace {

Result<int> run_signer_init(Console& console, const AuthorityOptions& o) {
    SAMPAN_ASSIGN(SecretBuffer passphrase,
                  read_passphrase(console, o.passphrase, "new passphrase of the signer's key", "--passphrase",
                                  Ask::twice));
    SAMPAN_ASSIGN(SignerCard card, make_signer(system_files(), o.folder, o.name, passphrase,
                                               o.exercise_keys ? KeyFileCost{1, 1024} : KeyFileCost{}));
    const json shown{{"name", card.name},
                     {"key", card.key.hex()},
                     {"words", fingerprint_words(sha256(card.key.view()))},
                     {"card", o.folder + "/signer.pub.toml"}};
    if (console.json) {
        console.print_json("sampan.signer/1", shown);
        return k_exit_ok;
    }
    console.out() << fields({{"signer", card.name},
                             {"key", card.key.hex()},
                             {"words", text_of(shown, "words")},
                             {"card", text_of(shown, "card")}});
    console.say("Send the card to the authority and read the words to it by telephone.");
    return k_exit_ok;
}

Result<SignerCard> read_card(const AuthorityOptions& o) {
    SAMPAN_ASSIGN(Bytes text, read_file(system_files(), o.card, limits::k_config_bytes));
    return parse_signer_card(as_text(text), o.card);
}

Result<int> run_add_signer(Console& console, const AuthorityOptions& o) {
    SAMPAN_ASSIGN(SignerCard card, read_card(o));
    console.say("\"" + card.name + "\", words:\n    " + fingerprint_words(sha256(card.key.view())));
    SAMPAN_TRY(console.confirm("Do these words agree with those that the signer read to you?"));
    return next_epoch(console, o, [&](Authority& authority, UnixMillis) -> Status {
        SAMPAN_TRY(authority.add_signer(card.key));
        return o.threshold == 0 ? ok_status() : authority.set_threshold(o.threshold);
    });
}

Result<int> run_remove_signer(Console& console, const AuthorityOptions& o) {
    SAMPAN_ASSIGN(SignerCard card, read_card(o));
    return next_epoch(console, o, [&](Authority& authority, UnixMillis) -> Status {
        if (o.threshold != 0) SAMPAN_TRY(authority.set_threshold(o.threshold));
        return authority.remove_signer(card.key);
    });
}

std::string needed_text(const SignaturesNeeded& needed) {
    std::string out =
        std::to_string(needed.current) + " of " + std::to_string(needed.current_needed) + " needed";
    if (needed.changed_needed > 0)
        out += "; by the new keys " + std::to_string(needed.changed) + " of " +
               std::to_string(needed.changed_needed);
    return out;
}

void print_review(Console& console, const DraftReview& review) {
    if (console.json) return;
    console.out() << fields({{"epoch", std::to_string(review.draft.registry.epoch.get())},
                             {"words", fingerprint_words(review.draft.hash)},
                             {"expires", to_rfc3339(review.draft.registry.expires)},
                             {"signatures", needed_text(review.needed)}});
    for (const std::string& change : review.changes) console.out() << "  - " << printable(change) << "\n";
    if (review.changes.empty()) console.out() << "  - nothing but its time\n";
    console.out() << std::flush;
}

Result<int> run_sign(Console& console, const AuthorityOptions& o) {
    const std::string& path = o.requests.front();
    SAMPAN_ASSIGN(Authority authority, Authority::open_to_read(system_files(), o.folder));
    SAMPAN_ASSIGN(Bytes draft, read_file(system_files(), path, limits::k_registry_bytes));
    SAMPAN_ASSIGN(DraftReview review, review_draft(authority.chain(), draft));
    print_review(console, review);
    SAMPAN_TRY(console.confirm("Do you sign this epoch?"));
    SAMPAN_ASSIGN(SecretBuffer passphrase, read_passphrase(console, o.passphrase, "passphrase of your key",
                                                           "--passphrase", Ask::once));
    SAMPAN_ASSIGN(Ed25519Key key, load_signer(system_files(), o.key, passphrase));
    SAMPAN_ASSIGN(Bytes signed_draft, sign_draft(authority.chain(), draft, key));
    SAMPAN_TRY(write_file(system_files(), path, signed_draft, Replace::yes, 0644));
    SAMPAN_ASSIGN(DraftReview now, review_draft(authority.chain(), signed_draft));
    if (console.json)
        console.print_json("sampan.draft/1", {{"epoch", now.draft.registry.epoch.get()},
                                              {"hash", now.draft.hash.hex()},
                                              {"words", fingerprint_words(now.draft.hash)},
                                              {"changes", now.changes},
                                              {"signatures", now.needed.current},
                                              {"needed", now.needed.current_needed},
                                              {"enough", now.needed.enough()}});
    else
        console.out() << fields({{"signed", path}, {"signatures", needed_text(now.needed)}});
    console.say(now.needed.enough() ? "It can be published: sampan authority publish"
                                    : "More signatures are needed before it can be published.");
    return k_exit_ok;
}

Result<int> run_publish_draft(Console& console, const AuthorityOptions& o) {
    SAMPAN_ASSIGN(NewEpoch made, publish_drafts(system_files(), o.folder, o.requests));
    print_epoch(console, made);
    console.say("Brokers that watch " + o.folder + "/epochs hand it to every node at once.");
    return k_exit_ok;
}

Result<int> run_withdraw(Console& console, const AuthorityOptions& o) {
    SAMPAN_TRY(withdraw_draft(system_files(), o.folder));
    if (console.json) console.print_json("sampan.withdrawn/1", {{"folder", o.folder}});
    console.say("The draft is taken back.");
    return k_exit_ok;
}

Result<int> run_diff(Console& console, const AuthorityOptions& o) {
    SAMPAN_ASSIGN(Authority authority, Authority::open_to_read(system_files(), o.folder));
    const auto& epochs = authority.chain().epochs();
    for (const std::uint64_t number : o.epochs)
        if (number == 0 || number > epochs.size())
            return Error(CliError::usage, "there are epochs 1 to " + std::to_string(epochs.size()));
    const auto at = [&](std::size_t i) -> const Registry& {
        return epochs[static_cast<std::size_t>(o.epochs[i] - 1)]->registry();
    };
    print_registry_changes(console, o.epochs[0], o.epochs[1], registry_changes(at(0), at(1)));
    return k_exit_ok;
}

void add_draft_commands(App& app, CLI::App& group) {
    const auto s = std::make_shared<AuthorityOptions>();
    CLI::App* sign =
        changing_command(group, s, "sign", "Read what a drafted epoch changes, and sign it with your own key",
                         {"sampan authority sign ajct ajct/drafts/0008.draft --key signer.key"});
    sign->add_option("draft", s->requests, "The draft; it is replaced by the signed one")
        ->required()
        ->expected(1)
        ->type_name("FILE");
    sign->add_option("--key", s->key, "Your signer.key (or authority.key)")->required()->type_name("FILE");
    app.on(sign, [s](Console& console) { return run_sign(console, *s); });

    const auto p = std::make_shared<AuthorityOptions>();
    CLI::App* publish =
        App::command(group, "publish", "Make a draft the newest epoch, once enough have signed it",
                     {"sampan authority publish ajct ajct/drafts/0008.draft",
                      "sampan authority publish ajct copy-of-an.draft copy-of-bo.draft"});
    publish->add_option("folder", p->folder, "The authority's folder")->required()->type_name("DIR");
    publish->add_option("draft", p->requests, "The draft, or its copies with different signatures")
        ->required()
        ->type_name("FILE");
    app.on(publish, [p](Console& console) { return run_publish_draft(console, *p); });

    const auto w = std::make_shared<AuthorityOptions>();
    CLI::App* withdraw = App::command(group, "withdraw", "Take the waiting draft of the next epoch back",
                                      {"sampan authority withdraw ajct"});
    withdraw->add_option("folder", w->folder, "The authority's folder")->required()->type_name("DIR");
    app.on(withdraw, [w](Console& console) { return run_withdraw(console, *w); });

    const auto d = std::make_shared<AuthorityOptions>();
    CLI::App* diff = App::command(group, "diff", "What changed between two epochs, in words",
                                  {"sampan authority diff ajct 7 8"});
    diff->add_option("folder", d->folder, "The authority's folder")->required()->type_name("DIR");
    diff->add_option("epochs", d->epochs, "Two epoch numbers")->required()->expected(2)->type_name("N");
    app.on(diff, [d](Console& console) { return run_diff(console, *d); });
}

}  // namespace

void add_signer_commands(App& app, CLI::App& group) {
    const auto i = std::make_shared<AuthorityOptions>();
    CLI::App* init = App::command(group, "make-signer", "Make a signer's key, on the signer's own machine",
                                  {"sampan authority make-signer mykey --name \"A. Signer\""});
    init->add_option("folder", i->folder, "Folder to make")->required()->type_name("DIR");
    init->add_option("--name", i->name, "Who the signer is")->required()->type_name("TEXT");
    add_passphrase(init, i->passphrase, "", "the signer's passphrase");
    init->add_flag("--exercise-keys", i->exercise_keys,
                   "Weak passphrase stretching, for exercises and tests");
    app.on(init, [i](Console& console) { return run_signer_init(console, *i); });

    const auto a = std::make_shared<AuthorityOptions>();
    CLI::App* add =
        changing_command(group, a, "add-signer", "Add a signer's key to the authority's: a new epoch",
                         {"sampan authority add-signer ajct signer.pub.toml",
                          "sampan authority add-signer ajct signer.pub.toml "
                          "--threshold 2"});
    const auto r = std::make_shared<AuthorityOptions>();
    CLI::App* remove =
        changing_command(group, r, "remove-signer", "Remove a signer's key from the authority's: a new epoch",
                         {"sampan authority remove-signer ajct signer.pub.toml"});
    for (const auto& [command, o] : {std::pair{add, a}, std::pair{remove, r}}) {
        command->add_option("card", o->card, "signer.pub.toml of the signer")->required()->type_name("FILE");
        command->add_option("--threshold", o->threshold, "How many keys must sign from then on")
            ->type_name("N");
    }
    app.on(add, [a](Console& console) { return run_add_signer(console, *a); });
    app.on(remove, [r](Console& console) { return run_remove_signer(console, *r); });

    const auto t = std::make_shared<AuthorityOptions>();
    CLI::App* threshold =
        changing_command(group, t, "threshold", "How many of the authority's keys must sign: a new epoch",
                         {"sampan authority threshold ajct 2"});
    threshold->add_option("signatures", t->threshold, "Number of keys")->required()->type_name("N");
    app.on(threshold, [t](Console& console) {
        return next_epoch(console, *t, [&](Authority& authority, UnixMillis) {
            return authority.set_threshold(t->threshold);
        });
    });
    add_draft_commands(app, group);
}

}  // namespace sampan::cli
