#include "cli/authority_work.h"

#include "cli/words.h"

namespace sampan::cli {

void print_epoch(Console& console, const NewEpoch& made) {
    if (console.json) {
        console.print_json("sampan.epoch/1", {{"epoch", made.epoch.get()},
                                              {"hash", made.hash.hex()},
                                              {"words", fingerprint_words(made.hash)},
                                              {"path", made.path},
                                              {"published", made.published},
                                              {"changes", made.changes}});
        return;
    }
    console.out() << fields({{"epoch", std::to_string(made.epoch.get()) +
                                           (made.published ? "" : " (draft: it waits for signatures)")},
                             {"hash", made.hash.hex()},
                             {made.published ? "file" : "draft", made.path}});
    for (const std::string& change : made.changes) console.out() << "  - " << printable(change) << "\n";
}

Result<int> next_epoch(Console& console, const AuthorityOptions& o,
                       const std::function<Status(Authority&, UnixMillis)>& change) {
    SAMPAN_ASSIGN(SecretBuffer passphrase,
                  read_passphrase(console, o.passphrase, "passphrase of the authority's key", "--passphrase",
                                  Ask::once));
    SAMPAN_ASSIGN(Authority authority, Authority::open(system_files(), o.folder, passphrase));
    const UnixMillis now = system_clock().wall();
    SAMPAN_TRY(change(authority, now));
    SAMPAN_ASSIGN(NewEpoch made, authority.commit(now));
    print_epoch(console, made);
    if (made.published)
        console.say("Brokers that watch " + o.folder + "/epochs hand it to every node at once.");
    else
        console.say("Nothing has changed yet. The other signers: sampan authority sign " + o.folder + " " +
                    made.path + " --key signer.key\nThen: sampan authority publish " + o.folder + " " +
                    made.path + "\nThe draft's words, for the telephone:\n    " +
                    fingerprint_words(made.hash));
    return k_exit_ok;
}

CLI::App* changing_command(CLI::App& parent, const AuthorityOptionsPtr& o, const char* name, const char* what,
                           const std::vector<std::string>& examples) {
    CLI::App* out = App::command(parent, name, what, examples);
    out->add_option("folder", o->folder, "The authority's folder")->required()->type_name("DIR");
    add_passphrase(out, o->passphrase, "", "the authority's passphrase");
    return out;
}

}  // namespace sampan::cli
