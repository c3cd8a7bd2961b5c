// A backup of the running broker: its rows are copied a small piece a turn, between commits, by the one
// connection there is; then a thread of the desk streams the copy and the parts to who asked.
#include "broker/journal.h"
#include "broker/server.h"

namespace sampan::broker {

using journal::Level;

Status Server::open_backup_desk() {
    FileSystem& files = system_files();
    const std::string left_over = config_.data + "/snapshot.db";
    if (files.exists(left_over)) SAMPAN_TRY(files.remove(left_over));
    SAMPAN_ASSIGN(backup_desk_, BackupDesk::open(config_.data));
    return ok_status();
}

// What goes wrong with a backup is told to who asked for it, and stops nothing else.
void Server::back_up() {
    if (!backup_desk_->wanted()) return;
    const std::string path = config_.data + "/snapshot.db";
    const auto failed = [&](const Error& error) {
        snapshot_rows_.reset();
        static_cast<void>(system_files().remove(path).ok());
        journal::write(Level::error, "backup_failed", {{"detail", error.text()}});
        backup_desk_->refuse(error);
    };
    if (!snapshot_rows_) {
        auto begun = store_->snapshot(path);
        if (!begun) return failed(begun.error());
        snapshot_rows_ = std::move(begun).value();
    }
    auto whole = snapshot_rows_->step();
    if (!whole) return failed(whole.error());
    if (!*whole) return;
    snapshot_rows_.reset();
    auto sources = store_->backup_sources(path);
    if (!sources) return failed(sources.error());
    journal::write(Level::info, "backup_given",
                   {{"log_entries", core_->state().head.size.get()}, {"files", sources->size()}});
    backup_desk_->give(std::move(sources).value());
}

}  // namespace sampan::broker
