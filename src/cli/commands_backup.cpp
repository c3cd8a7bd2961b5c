// Backups: typed at the front, done by the daemons' own programs, which alone open stores; and the
// authority's word that the log begins again.
#include <sys/mman.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "cli/authority_work.h"
#include "cli/backup_commands.h"
#include "cli/setup.h"
#include "cli/words.h"
#include "sampan/identity/backup_key.h"

namespace sampan::cli {
namespace {

struct BackupOptions {
    std::string file, config, recipient, key;
    PassphraseSource passphrase;
    bool exercise_keys = false;
};
using BackupOptionsPtr = std::shared_ptr<BackupOptions>;

// The passphrase goes to the program in memory that has no name and no place on a disk.
Result<int> hand_over(const SecretBuffer& passphrase) {
    const int out = ::memfd_create("passphrase", 0);
    const ByteView bytes = passphrase.reveal(k_reveal);
    if (out < 0 || ::write(out, bytes.data(), bytes.size()) != static_cast<ssize_t>(bytes.size()) ||
        ::lseek(out, 0, SEEK_SET) != 0)
        return Error(CliError::failed, "handing the passphrase over: " + std::string(std::strerror(errno)));
    return out;
}

Result<int> run_program_here(const std::string& program, const std::vector<std::string>& words) {
    const std::string path = program_folder() + "/" + program;
    std::vector<char*> arguments;
    for (const std::string& word : words) arguments.push_back(const_cast<char*>(word.c_str()));
    arguments.push_back(nullptr);
    ::execv(path.c_str(), arguments.data());
    return Error(CliError::failed, "starting " + path + ": " + std::strerror(errno),
                 "install " + program + " beside sampan");
}

Result<int> run_backup(Console& console, const std::string& program, const BackupOptions& o) {
    std::vector<std::string> words{program, "backup", "--config", o.config, "--to", o.file};
    if (!o.recipient.empty()) {
        words.insert(words.end(), {"--recipient", o.recipient});
    } else {
        SAMPAN_ASSIGN(
            SecretBuffer passphrase,
            read_passphrase(console, o.passphrase, "passphrase of the backup", "--passphrase", Ask::twice));
        SAMPAN_ASSIGN(int descriptor, hand_over(passphrase));
        words.insert(words.end(), {"--passphrase-fd", std::to_string(descriptor)});
        if (o.exercise_keys) words.emplace_back("--exercise-keys");
    }
    return run_program_here(program, words);
}

Result<int> run_restore(Console& console, const std::string& program, const BackupOptions& o) {
    SAMPAN_ASSIGN(SecretBuffer passphrase,
                  read_passphrase(console, o.passphrase,
                                  o.key.empty() ? "passphrase of the backup" : "passphrase of " + o.key,
                                  "--passphrase", Ask::once));
    SAMPAN_ASSIGN(int descriptor, hand_over(passphrase));
    std::vector<std::string> words{program,  "restore", "--config",        o.config,
                                   "--from", o.file,    "--passphrase-fd", std::to_string(descriptor)};
    if (!o.key.empty()) words.insert(words.end(), {"--key", o.key});
    return run_program_here(program, words);
}

Result<int> run_backup_key(Console& console, const BackupOptions& o) {
    SAMPAN_ASSIGN(SecretBuffer passphrase,
                  read_passphrase(console, o.passphrase, "new passphrase of the backup key", "--passphrase",
                                  Ask::twice));
    SAMPAN_TRY(make_backup_recipient(system_files(), o.file, passphrase,
                                     o.exercise_keys ? KeyFileCost{1, 1024} : KeyFileCost{}));
    if (console.json)
        console.print_json("sampan.backup-key/1", {{"key", o.file + ".key"}, {"recipient", o.file + ".pub"}});
    else
        console.out() << fields({{"key", o.file + ".key"}, {"recipient", o.file + ".pub"}});
    console.say("Keep " + o.file + ".key and its passphrase away from the machines that are backed up; " +
                o.file + ".pub goes to them.");
    return k_exit_ok;
}

Result<int> run_begin_log(Console& console, const AuthorityOptions& o) {
    SAMPAN_ASSIGN(Bytes note, read_file(system_files(), o.card, limits::k_note_bytes));
    SAMPAN_TRY(
        console.confirm("The log will begin again for everybody: what the restored broker lacks is lost "
                        "unless its senders still "
                        "have it. Begin it again?"));
    return next_epoch(console, o,
                      [&](Authority& authority, UnixMillis) { return authority.begin_log(as_text(note)); });
}

}  // namespace

void add_backup_commands(App& app, CLI::App& group, const std::string& program, const std::string& config) {
    const std::string front = program == "sampan-broker" ? "sampan broker" : "sampan node";
    const auto b = std::make_shared<BackupOptions>();
    b->config = config;
    CLI::App* backup =
        App::command(group, "backup", "Everything it keeps, in one encrypted file; also while it runs",
                     {front + " backup monday.backup --config " + config + " --recipient backup.pub",
                      front + " backup monday.backup --config " + config + " --passphrase-file secret.txt"});
    backup->add_option("file", b->file, "File to write")->required()->type_name("FILE");
    backup->add_option("--config", b->config, "Its configuration")->capture_default_str()->type_name("FILE");
    backup->add_option("--recipient", b->recipient, "Public key that it is encrypted to: sampan backup-key")
        ->type_name("FILE");
    add_passphrase(backup, b->passphrase, "",
                   "the passphrase that locks the backup, in place of a recipient");
    backup->add_flag("--exercise-keys", b->exercise_keys,
                     "Weak passphrase stretching, for exercises and tests");
    app.on(backup, [b, program](Console& console) { return run_backup(console, program, *b); });

    const auto r = std::make_shared<BackupOptions>();
    r->config = config;
    CLI::App* restore =
        App::command(group, "restore", "Put a backup into its empty data folder, verified to the last byte",
                     {front + " restore monday.backup --config " + config + " --key backup.key"});
    restore->add_option("file", r->file, "The backup")->required()->type_name("FILE");
    restore->add_option("--config", r->config, "Its configuration")->capture_default_str()->type_name("FILE");
    restore->add_option("--key", r->key, "Private key of the recipient that it is encrypted to")
        ->type_name("FILE");
    add_passphrase(restore, r->passphrase, "", "the passphrase of the backup, or of the key");
    app.on(restore, [r, program](Console& console) { return run_restore(console, program, *r); });
}

void add_backup_key_command(App& app) {
    const auto o = std::make_shared<BackupOptions>();
    CLI::App* key = App::command(app.root(), "backup-key", "Make the key pair that backups are encrypted to",
                                 {"sampan backup-key backup"});
    key->add_option("path", o->file, "PATH.key and PATH.pub are made")->required()->type_name("PATH");
    add_passphrase(key, o->passphrase, "", "the passphrase of the private key");
    key->add_flag("--exercise-keys", o->exercise_keys, "Weak passphrase stretching, for exercises and tests");
    app.on(key, [o](Console& console) { return run_backup_key(console, *o); });
}

void add_begin_log_command(App& app, CLI::App& authority) {
    const auto o = std::make_shared<AuthorityOptions>();
    CLI::App* begin = changing_command(
        authority, o, "begin-log", "Declare that the broker was restored from a backup: a new epoch, and log",
        {"sampan authority begin-log ajct --checkpoint last.checkpoint"});
    begin->add_option("--checkpoint", o->card, "The newest head of the log that anybody holds: a signed note")
        ->required()
        ->type_name("FILE");
    app.on(begin, [o](Console& console) { return run_begin_log(console, *o); });
}

}  // namespace sampan::cli
