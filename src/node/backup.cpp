#include "node/backup.h"

#include "sampan/store/backup_desk.h"

namespace sampan::node {
namespace {

Result<std::string> exchange_of(const Settings& settings) {
    SAMPAN_ASSIGN(RegistryChain chain, read_epochs(system_files(), settings.epochs_folder, settings.trust));
    return chain.newest()->registry().exchange.text();
}

Status back_up_stopped(const Settings& settings, const ByteSink& sink) {
    FileSystem& files = system_files();
    const std::string database = settings.data_folder + "/node.db";
    if (!files.exists(database))
        return Error(StoreError::not_found, settings.data_folder + " holds no store of a node");
    SAMPAN_ASSIGN(std::unique_ptr<NodeStore> store, NodeStore::open(database, settings.agency));
    const std::string copy = settings.data_folder + "/snapshot.db";
    for (const char* tail : {"", "-wal"})
        if (files.exists(copy + tail)) SAMPAN_TRY(files.remove(copy + tail));
    const auto copied = [&]() -> Status {
        SAMPAN_TRY(store->copy_for_backup(copy));
        SAMPAN_ASSIGN(std::vector<BackupSource> sources,
                      node_backup_sources(*store, settings.data_folder, copy));
        return write_backup_items(files, sources, sink);
    }();
    for (const char* tail : {"", "-wal"}) static_cast<void>(files.remove(copy + tail).ok());
    SAMPAN_TRY(store->close());
    return copied;
}

Status refuse_existing(FileSystem& files, const std::string& data) {
    if (!files.exists(data)) return ok_status();
    SAMPAN_ASSIGN(std::vector<std::string> names, files.list(data));
    if (names.empty()) return ok_status();
    return Error(StoreError::backup_refused, data + " is not empty: it holds " + names.front(),
                 "nothing is restored over a store, nor beside what a broken-off restore left: move it away");
}

Status take_place(FileSystem& files, const std::string& beside, const std::string& data) {
    if (files.exists(beside + "/node.db-wal")) SAMPAN_TRY(files.remove(beside + "/node.db-wal"));
    SAMPAN_TRY(files.rename(beside + "/parts", data + "/parts"));
    SAMPAN_TRY(files.sync_directory(data));
    SAMPAN_TRY(files.rename(beside + "/node.db", data + "/node.db"));
    SAMPAN_TRY(files.remove(beside));
    return files.sync_directory(data);
}

}  // namespace

Result<std::vector<BackupSource>> node_backup_sources(NodeStore& store, const std::string& data_folder,
                                                      const std::string& copy) {
    std::vector<BackupSource> out{{"node.db", copy}};
    SAMPAN_ASSIGN(std::vector<std::string> parts, store.part_files());
    for (const std::string& part : parts) {
        const std::string path = data_folder + "/parts/" + part;
        // One that is about to arrive has no file yet.
        if (system_files().exists(path)) out.push_back({"parts/" + part, path});
    }
    return out;
}

Result<std::string> back_up_node(const Settings& settings, const BackupWords& words) {
    SAMPAN_ASSIGN(BackupLock lock, lock_of(system_files(), words));
    SAMPAN_ASSIGN(std::string exchange, exchange_of(settings));
    const BackupHead head{BackupKind::node, exchange, settings.agency.text(), system_clock().wall()};
    SAMPAN_ASSIGN(std::unique_ptr<BackupWriter> writer,
                  BackupWriter::create(system_files(), words.to, head, lock));
    const ByteSink sink = [&writer](ByteView bytes) { return writer->write(bytes); };
    Status fetched = fetch_backup(settings.data_folder, sink);
    const bool running = fetched.ok();
    if (!running && fetched.error().is(StoreError::not_found)) fetched = back_up_stopped(settings, sink);
    SAMPAN_TRY(std::move(fetched));
    SAMPAN_TRY(writer->finish());
    return words.to + ": node of " + head.owner + " in " + exchange +
           (running ? ", while it runs" : ", from its store at rest");
}

Result<std::string> restore_node(const Settings& settings, const BackupWords& words) {
    FileSystem& files = system_files();
    SAMPAN_ASSIGN(std::string exchange, exchange_of(settings));
    SAMPAN_ASSIGN(BackupHead claimed, read_backup_head(files, words.from));
    if (claimed.kind != BackupKind::node || claimed.exchange != exchange ||
        claimed.owner != settings.agency.text())
        return Error(StoreError::backup_refused,
                     "this is the backup of " + std::string(backup_kind_name(claimed.kind)) + " " +
                         claimed.owner + " of " + claimed.exchange + "; here is the node of " +
                         settings.agency.text() + " in " + exchange,
                     "give the configuration that it was made with");
    SAMPAN_TRY(refuse_existing(files, settings.data_folder));
    SAMPAN_ASSIGN(BackupKey key, key_of(files, words));
    const std::string beside = settings.data_folder + "/restoring";
    SAMPAN_ASSIGN(BackupHead head, restore_backup(files, words.from, key, beside));
    {
        SAMPAN_ASSIGN(std::unique_ptr<NodeStore> store,
                      NodeStore::open(beside + "/node.db", settings.agency));
        SAMPAN_TRY(store->mark_restored(head.made));
        SAMPAN_TRY(store->close());
    }
    SAMPAN_TRY(take_place(files, beside, settings.data_folder));
    return settings.data_folder + ": restored and verified, as of " + to_rfc3339(head.made) +
           "\nPrivate prekeys are in no backup: once the node runs it publishes new ones, and what was "
           "sealed "
           "for the old ones is asked for again.";
}

}  // namespace sampan::node
