#include "broker/backup.h"

#include "broker/server.h"
#include "sampan/log/incarnation.h"
#include "sampan/store/backup_desk.h"

namespace sampan::broker {
namespace {

Result<RegistryChain> read_chain(const Config& config) {
    FileSystem& files = system_files();
    SAMPAN_ASSIGN(Bytes first, read_file(files, config.epochs + "/0001.epoch", limits::k_registry_bytes));
    SAMPAN_ASSIGN(RegistryChain chain, RegistryChain::begin(first, config.trust));
    while (true) {
        std::string number = std::to_string(chain.newest()->registry().epoch.get() + 1);
        while (number.size() < 4) number.insert(number.begin(), '0');
        const std::string path = config.epochs + "/" + number + ".epoch";
        if (!files.exists(path)) return chain;
        SAMPAN_ASSIGN(Bytes epoch, read_file(files, path, limits::k_registry_bytes));
        SAMPAN_TRY(chain.accept(epoch));
    }
}

// Nobody else has the store then: it is opened, which verifies it, and copied.
Status back_up_stopped(const Config& config, const ByteSink& sink) {
    FileSystem& files = system_files();
    if (!files.exists(config.data + "/broker.db"))
        return Error(StoreError::not_found, config.data + " holds no store of a broker");
    SAMPAN_ASSIGN(std::unique_ptr<BrokerStore> store,
                  open_broker_store({config.data, nullptr, "", 0, 4096, 8000}));
    const std::string path = config.data + "/snapshot.db";
    if (files.exists(path)) SAMPAN_TRY(files.remove(path));
    const auto copied = [&]() -> Status {
        SAMPAN_ASSIGN(std::unique_ptr<StoreSnapshot> snapshot, store->snapshot(path));
        while (true) {
            SAMPAN_ASSIGN(bool whole, snapshot->step());
            if (whole) break;
        }
        SAMPAN_ASSIGN(std::vector<BackupSource> sources, store->backup_sources(path));
        return write_backup_items(files, sources, sink);
    }();
    static_cast<void>(files.remove(path).ok());
    SAMPAN_TRY(store->close());
    return copied;
}

Status refuse_existing(FileSystem& files, const std::string& data) {
    if (!files.exists(data)) return ok_status();
    SAMPAN_ASSIGN(std::vector<std::string> names, files.list(data));
    for (const std::string& name : names) {
        if (name == "restoring")
            return Error(StoreError::backup_refused,
                         data + "/restoring is left over from a restore that broke off",
                         "remove it and try again");
        if (name != "endpoint")
            return Error(StoreError::backup_refused, data + " is not empty: it holds " + name,
                         "nothing is restored over a store: move it away, and keep it, for it is evidence");
    }
    return ok_status();
}

// The database last: without it there is no store, and a start makes none beside parts.
Status take_place(FileSystem& files, const std::string& beside, const std::string& data) {
    if (files.exists(beside + "/broker.db-wal")) SAMPAN_TRY(files.remove(beside + "/broker.db-wal"));
    SAMPAN_TRY(files.rename(beside + "/parts", data + "/parts"));
    SAMPAN_TRY(files.sync_directory(data));
    SAMPAN_TRY(files.rename(beside + "/broker.db", data + "/broker.db"));
    SAMPAN_TRY(files.remove(beside));
    return files.sync_directory(data);
}

Status check_owner(const BackupHead& head, const Config& config, const RegistryChain& chain) {
    const std::string exchange = chain.newest()->registry().exchange.text();
    if (head.kind == BackupKind::broker && head.exchange == exchange && head.owner == config.id.text())
        return ok_status();
    return Error(StoreError::backup_refused,
                 "this is the backup of " + std::string(backup_kind_name(head.kind)) + " " + head.owner +
                     " of " + head.exchange + "; here is broker " + config.id.text() + " of " + exchange,
                 "give the configuration that it was made with");
}

Result<BackupRestored> verify_restored(const Config& config, const RegistryChain& chain,
                                       const std::string& folder, const BackupHead& head) {
    BrokerStoreOptions options{folder, nullptr, "", 0, 4096, 8000};
    options.restored = true;
    SAMPAN_ASSIGN(std::unique_ptr<BrokerStore> store, open_broker_store(options));
    BackupRestored out{head, store->head().size, chain.newest()->registry().incarnation.number};
    if (out.log_size.get() > 0) {
        SAMPAN_TRY(verify_stored_head(chain, config.id, store->head()));
        SAMPAN_ASSIGN(Note note, Note::parse(store->head().checkpoint));
        SAMPAN_ASSIGN(Checkpoint last, Checkpoint::parse(note.text));
        out.incarnation = incarnation_of(last.origin);
    }
    SAMPAN_TRY(store->mark_restored(out.incarnation));
    SAMPAN_TRY(store->close());
    return out;
}

}  // namespace

Result<BackupMade> make_backup(const Config& config, const std::string& to, const BackupLock& lock,
                               UnixMillis now) {
    SAMPAN_ASSIGN(RegistryChain chain, read_chain(config));
    BackupMade out;
    out.head = {BackupKind::broker, chain.newest()->registry().exchange.text(), config.id.text(), now};
    SAMPAN_ASSIGN(std::unique_ptr<BackupWriter> writer,
                  BackupWriter::create(system_files(), to, out.head, lock));
    const ByteSink sink = [&writer](ByteView bytes) { return writer->write(bytes); };
    Status fetched = fetch_backup(config.data, sink);
    out.while_running = fetched.ok();
    if (!fetched.ok() && fetched.error().is(StoreError::not_found)) fetched = back_up_stopped(config, sink);
    SAMPAN_TRY(std::move(fetched));
    SAMPAN_TRY(writer->finish());
    return out;
}

Result<BackupRestored> restore(const Config& config, const std::string& from, const BackupKey& key) {
    FileSystem& files = system_files();
    SAMPAN_ASSIGN(RegistryChain chain, read_chain(config));
    SAMPAN_ASSIGN(BackupHead claimed, read_backup_head(files, from));
    SAMPAN_TRY(check_owner(claimed, config, chain));
    SAMPAN_TRY(refuse_existing(files, config.data));
    const std::string beside = config.data + "/restoring";
    SAMPAN_ASSIGN(BackupHead head, restore_backup(files, from, key, beside));
    SAMPAN_ASSIGN(BackupRestored out, verify_restored(config, chain, beside, head));
    SAMPAN_TRY(take_place(files, beside, config.data));
    return out;
}

}  // namespace sampan::broker
