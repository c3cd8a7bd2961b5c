#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>

#include "cli/app.h"
#include "cli/backup_commands.h"
#include "cli/setup.h"
#include "cli/words.h"
#include "sampan/authority/identities.h"

namespace sampan::cli {
namespace {

struct SetupOptions {
    std::string keys, data, epochs, trust, config, passphrase_file;
    std::string id, bind = "tcp://127.0.0.1:5570", operations = "127.0.0.1:9470";  // broker
    std::vector<std::string> addresses;
    std::string agency, socket, archive_passphrase_file;  // node
    PassphraseSource passphrase;
    bool exercise_keys = false;
};
using Options = std::shared_ptr<SetupOptions>;

std::string toml_text(std::string_view text) {
    std::string out = "\"";
    for (const char c : text) {
        if (c == '"' || c == '\\') out.push_back('\\');
        out.push_back(c);
    }
    return out + "\"";
}

std::string line(std::string_view key, std::string_view value) {
    return std::string(key) + " = " + toml_text(value) + "\n";
}

std::string absolute(const std::string& path) {
    return path.empty() ? path : std::filesystem::absolute(path).lexically_normal().string();
}

// The trust anchor: as typed, or that of the epochs folder once somebody has compared its words.
Result<Sha256Digest> trust_of(Console& console, const SetupOptions& o) {
    if (!o.trust.empty()) {
        auto parsed = Sha256Digest::parse_hex(o.trust);
        if (!parsed.ok())
            return Error(CliError::usage,
                         "--trust: expected 64 hexadecimal digits, found \"" + o.trust + "\"",
                         "sampan authority trust DIR prints them");
        return parsed;
    }
    SAMPAN_ASSIGN(Bytes first, read_file(system_files(), o.epochs + "/0001.epoch", limits::k_registry_bytes));
    SAMPAN_ASSIGN(Sha256Digest hash, registry_hash_of(first));
    SAMPAN_TRY(console.confirm("Trust begins at epoch 1, whose words are\n    " + fingerprint_words(hash) +
                               "\nAre these the words that the exchange authority read to you?"));
    return hash;
}

Status write_config(const std::string& path, const std::string& text) {
    return write_file(system_files(), path, as_bytes(text), Replace::no, 0644);
}

Result<int> run_broker_init(Console& console, const SetupOptions& o) {
    SAMPAN_ASSIGN(BrokerId id, BrokerId::parse(o.id));
    SAMPAN_ASSIGN(Sha256Digest trust, trust_of(console, o));
    SAMPAN_ASSIGN(
        SecretBuffer passphrase,
        o.passphrase_file.empty()
            ? read_passphrase(console, o.passphrase, "new passphrase of the broker's keys", "--passphrase",
                              Ask::twice)
            : read_passphrase(console, {o.passphrase_file, -1}, "passphrase", "--passphrase", Ask::once));
    SAMPAN_ASSIGN(
        BrokerEntry made,
        make_broker(system_files(), o.keys, id, o.addresses.empty() ? std::vector{o.bind} : o.addresses,
                    passphrase, o.exercise_keys ? KeyFileCost{1, 1024} : KeyFileCost{}));
    BrokerConfig config{
        o.id,  absolute(o.keys), absolute(o.data), o.bind, absolute(o.passphrase_file), absolute(o.epochs),
        trust, o.operations};
    SAMPAN_TRY(write_config(o.config, broker_toml(config)));
    const std::string card = o.keys + "/broker.pub.toml";
    if (console.json)
        console.print_json(
            "sampan.broker/1",
            {{"id", o.id}, {"config", o.config}, {"card", card}, {"addresses", made.addresses}});
    else
        console.out() << fields({{"broker", o.id}, {"config", o.config}, {"card", card}});
    console.say("Next, at the authority: sampan authority add-broker DIR " + card +
                "\nThen here: sampan-broker --config " + o.config);
    return k_exit_ok;
}

Result<int> run_node_init(Console& console, const SetupOptions& o) {
    SAMPAN_ASSIGN(Sha256Digest trust, trust_of(console, o));
    std::string agency = o.agency;
    if (agency.empty()) {
        SAMPAN_ASSIGN(Bytes text,
                      read_file(system_files(), o.keys + "/joining-request.txt", limits::k_statement_bytes));
        SAMPAN_ASSIGN(VerifiedJoiningRequest request,
                      verify_joining_request(as_text(text), system_clock().wall()));
        agency = request.request.agency.text();
    }
    SAMPAN_ASSIGN(AgencyId checked, AgencyId::parse(agency));
    const NodeConfig config{checked.text(),
                            absolute(o.keys),
                            absolute(o.data),
                            absolute(o.socket),
                            absolute(o.passphrase_file),
                            absolute(o.archive_passphrase_file),
                            absolute(o.epochs),
                            trust,
                            o.addresses};
    SAMPAN_TRY(write_config(o.config, node_toml(config)));
    if (console.json)
        console.print_json("sampan.node/1",
                           {{"agency", agency}, {"config", o.config}, {"socket", config.socket}});
    else
        console.out() << fields({{"agency", agency}, {"config", o.config}, {"socket", config.socket}});
    console.say("Next: sampan node run --config " + o.config + "\nOfficers then use --node " + config.socket +
                ", or export SAMPAN_NODE=" + config.socket + "; then sampan sign-in ID");
    return k_exit_ok;
}

Result<int> run_daemon(const std::string& program, const std::string& config) {
    const std::string path = program_folder() + "/" + program;
    ::execl(path.c_str(), program.c_str(), "--config", config.c_str(), static_cast<char*>(nullptr));
    return Error(CliError::failed, "starting " + path + ": " + std::strerror(errno),
                 "install " + program + " beside sampan");
}

void add_common(CLI::App* command, const Options& o, const char* config) {
    o->config = config;
    command->add_option("--epochs", o->epochs, "Folder of signed epochs, from the authority")
        ->required()
        ->type_name("DIR");
    command
        ->add_option("--trust", o->trust,
                     "Hash of epoch 1; without it, its words are shown and you are asked")
        ->type_name("HEX");
    command->add_option("--config", o->config, "Configuration file to write")
        ->capture_default_str()
        ->type_name("FILE");
}

void add_broker_commands(App& app) {
    CLI::App& group =
        *App::command(app.root(), "broker", "Setting up, running and backing up a broker",
                      {"sampan broker init keys --id broker-1 --data data --epochs ajct/epochs"});
    group.require_subcommand(1);
    const auto o = std::make_shared<SetupOptions>();
    CLI::App* init = App::command(
        group, "init", "Make a broker's keys, its public card and broker.toml",
        {"sampan broker init keys --id broker-1 --data data --epochs ajct/epochs --bind tcp://127.0.0.1:5570",
         "sampan broker init keys --id broker-1 --data data --epochs ajct/epochs --bind tcp://0.0.0.0:5570 "
         "--address "
         "tcp://broker.example:5570"});
    init->add_option("keys", o->keys, "Folder to make for the keys")->required()->type_name("DIR");
    init->add_option("--id", o->id, "Broker id")->required()->type_name("ID");
    init->add_option("--data", o->data, "Folder of the broker's store")->required()->type_name("DIR");
    init->add_option("--bind", o->bind, "Where it listens")
        ->capture_default_str()
        ->type_name("tcp://HOST:PORT");
    init->add_option("--address", o->addresses,
                     "Where nodes reach it (default: --bind); several are tried in turn")
        ->take_all()
        ->type_name("tcp://HOST:PORT");
    init->add_option("--operations", o->operations, "Where metrics and health are served")
        ->capture_default_str()
        ->type_name("HOST:PORT");
    add_common(init, o, "broker.toml");
    CLI::Option* file = init->add_option("--passphrase-file", o->passphrase_file,
                                         "File (mode 0600) with the passphrase; broker.toml will name it");
    file->type_name("FILE");
    init->add_option("--passphrase-fd", o->passphrase.fd, "Descriptor to read the passphrase from")
        ->type_name("N")
        ->excludes(file);
    init->add_flag("--exercise-keys", o->exercise_keys,
                   "Weak passphrase stretching, for exercises and tests");
    app.on(init, [o](Console& console) { return run_broker_init(console, *o); });

    const auto r = std::make_shared<SetupOptions>();
    r->config = "broker.toml";
    CLI::App* run = App::command(group, "run", "Run sampan-broker in the foreground",
                                 {"sampan broker run --config broker.toml"});
    run->add_option("--config", r->config, "Configuration file")->capture_default_str()->type_name("FILE");
    app.on(run, [r](Console&) { return run_daemon("sampan-broker", r->config); });
    add_backup_commands(app, group, "sampan-broker", "broker.toml");
    add_take_bundle(app, group);
}

void add_node_group(App& app) {
    CLI::App& group = *App::command(app.root(), "node", "Setting up, running and backing up an agency's node",
                                    {"sampan node init keys --data data --epochs epochs --socket node.sock",
                                     "sampan node run --config node.toml"});
    group.require_subcommand(1);
    const auto o = std::make_shared<SetupOptions>();
    CLI::App* init = App::command(group, "init", "Write node.toml for an agency's keys",
                                  {"sampan node init keys --data data --epochs epochs --socket node.sock "
                                   "--passphrase-file secret.txt"});
    init->add_option("keys", o->keys, "The agency's key folder")->required()->type_name("DIR");
    init->add_option("--agency", o->agency, "Agency id (default: that of keys/joining-request.txt)")
        ->type_name("ID");
    init->add_option("--data", o->data, "Folder of the node's store")->required()->type_name("DIR");
    init->add_option("--socket", o->socket, "Unix socket for officers and programs")
        ->required()
        ->type_name("PATH");
    init->add_option("--broker", o->addresses, "Broker addresses, instead of the registry's")
        ->take_all()
        ->type_name("tcp://HOST:PORT");
    add_common(init, o, "node.toml");
    init->add_option("--passphrase-file", o->passphrase_file,
                     "File (mode 0600) that node.toml names for the keys' passphrase")
        ->type_name("FILE");
    init->add_option("--archive-passphrase-file", o->archive_passphrase_file,
                     "File that unlocks the archive at start; without it the first sign-in does")
        ->type_name("FILE");
    app.on(init, [o](Console& console) { return run_node_init(console, *o); });

    const auto r = std::make_shared<SetupOptions>();
    r->config = "node.toml";
    CLI::App* run = App::command(group, "run", "Run sampan-node in the foreground",
                                 {"sampan node run --config node.toml"});
    run->add_option("--config", r->config, "Configuration file")->capture_default_str()->type_name("FILE");
    app.on(run, [r](Console&) { return run_daemon("sampan-node", r->config); });
    add_backup_commands(app, group, "sampan-node", "node.toml");
}

}  // namespace

std::string broker_toml(const BrokerConfig& config) {
    return "# Written by `sampan broker init`. broker.sample.toml explains every key.\n[broker]\n" +
           line("id", config.id) + line("keys", config.keys) + line("data", config.data) +
           line("bind", config.bind) +
           (config.passphrase_file.empty()
                ? "# passphrase_file, passphrase_fd, or the systemd credential sampan-broker\n"
                : line("passphrase_file", config.passphrase_file)) +
           "\n[exchange]\n" + line("epochs", config.epochs) + line("trust", config.trust.hex()) +
           "\n[operations]\n" + line("address", config.operations);
}

std::string node_toml(const NodeConfig& config) {
    std::string out = "# Written by `sampan node init`. node.sample.toml explains every key.\n[node]\n" +
                      line("agency", config.agency) + line("keys", config.keys) + line("data", config.data) +
                      line("socket", config.socket);
    out += config.passphrase_file.empty()
               ? "# passphrase_file, passphrase_fd, or the systemd credential sampan-node\n"
               : line("passphrase_file", config.passphrase_file);
    if (!config.archive_passphrase_file.empty())
        out += line("archive_passphrase_file", config.archive_passphrase_file);
    out += "\n[exchange]\n" + line("epochs", config.epochs) + line("trust", config.trust.hex());
    if (config.broker_addresses.empty()) return out;
    out += "\n[broker]\naddresses = [";
    for (std::size_t i = 0; i < config.broker_addresses.size(); ++i)
        out += (i > 0 ? ", " : "") + toml_text(config.broker_addresses[i]);
    return out + "]\n";
}

std::string program_folder() {
    std::error_code failed;
    const auto path = std::filesystem::read_symlink("/proc/self/exe", failed);
    return failed ? "." : path.parent_path().string();
}

void add_setup_commands(App& app) {
    add_broker_commands(app);
    add_node_group(app);
    add_backup_key_command(app);
}

}  // namespace sampan::cli
