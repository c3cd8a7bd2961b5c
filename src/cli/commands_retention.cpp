// How long the exchange's log keeps its records, and legal holds: orders that the authority signs.
#include "cli/authority_work.h"
#include "cli/words.h"
#include "sampan/authority/retention.h"

namespace sampan::cli {
namespace {

void print_order(Console& console, const NewOrder& made) {
    const std::size_t signatures = made.order.signatures.size();
    if (console.json) {
        console.print_json("sampan.retention/1", {{"order", made.order.order.number},
                                                  {"file", made.path},
                                                  {"changes", made.changes},
                                                  {"signatures", signatures},
                                                  {"needed", made.signatures_needed}});
        return;
    }
    console.out() << fields({{"order", std::to_string(made.order.order.number)},
                             {"file", made.path},
                             {"signatures", std::to_string(signatures) + " of " +
                                                std::to_string(made.signatures_needed) + " needed"}});
    for (const std::string& change : made.changes) console.out() << "  - " << printable(change) << "\n";
    console.out() << std::flush;
    console.say(signatures >= made.signatures_needed
                    ? "Brokers that watch this folder log it at once, and erase by it from then on."
                    : "It counts when enough have signed: sampan authority retention-sign");
}

Result<Ed25519Key> read_key(Console& console, const AuthorityOptions& o, const std::string& path) {
    SAMPAN_ASSIGN(SecretBuffer passphrase,
                  read_passphrase(console, o.passphrase, "passphrase of " + path, "--passphrase", Ask::once));
    return load_signer(system_files(), path, passphrase);
}

Result<int> run_retention(Console& console, const AuthorityOptions& o) {
    const std::string toml = o.exchange_file.empty() ? o.folder + "/retention.toml" : o.exchange_file;
    SAMPAN_ASSIGN(Ed25519Key key, read_key(console, o, o.folder + "/authority.key"));
    SAMPAN_ASSIGN(NewOrder made, make_order(system_files(), o.folder, toml, key, system_clock().wall()));
    print_order(console, made);
    return k_exit_ok;
}

Result<int> run_retention_sign(Console& console, const AuthorityOptions& o) {
    const std::string& path = o.requests.front();
    SAMPAN_ASSIGN(Bytes file, read_file(system_files(), path, k_retention_bytes));
    SAMPAN_ASSIGN(SignedRetention order, open_retention(file));
    if (!console.json) console.out() << printable(order.text, Lines::many) << std::flush;
    SAMPAN_TRY(console.confirm("Do you sign this order?"));
    SAMPAN_ASSIGN(Ed25519Key key, read_key(console, o, o.key));
    SAMPAN_ASSIGN(NewOrder made, cosign_order(system_files(), o.folder, path, key));
    print_order(console, made);
    return k_exit_ok;
}

}  // namespace

void add_retention_commands(App& app, CLI::App& group) {
    const auto o = std::make_shared<AuthorityOptions>();
    CLI::App* make = changing_command(
        group, o, "retention", "Order how long the log keeps its records, and what legal holds keep",
        {"sampan authority retention ajct", "sampan authority retention ajct --from retention.toml"});
    make->add_option("--from", o->exchange_file,
                     "event_days, [level_days], [[hold]]; DIR/retention.toml by default")
        ->type_name("FILE");
    app.on(make, [o](Console& console) { return run_retention(console, *o); });

    const auto s = std::make_shared<AuthorityOptions>();
    CLI::App* sign = changing_command(
        group, s, "retention-sign", "Add your signature to an order, where more than one is needed",
        {"sampan authority retention-sign ajct ajct/epochs/0002.order --key signer.key"});
    sign->add_option("order", s->requests, "The order; it is replaced by the signed one")
        ->required()
        ->expected(1)
        ->type_name("FILE");
    sign->add_option("--key", s->key, "Your signer.key")->required()->type_name("FILE");
    app.on(sign, [s](Console& console) { return run_retention_sign(console, *s); });
}

}  // namespace sampan::cli
