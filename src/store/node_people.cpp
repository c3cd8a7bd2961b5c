// The people of a node, and what waits for a second of them.
#include "store/node_sqlite.h"

namespace sampan {

Status SqliteNodeStore::keep_officer(const std::string& id, ByteView record) {
    SAMPAN_ASSIGN(sqlite::Query put, db_->use("INSERT OR REPLACE INTO officers(id, record) VALUES(?, ?)"));
    return put.bind(std::string_view(id)).bind(record).run();
}

Result<std::vector<StoredOfficer>> SqliteNodeStore::officers() {
    SAMPAN_ASSIGN(sqlite::Query all, db_->use("SELECT id, record FROM officers ORDER BY id"));
    std::vector<StoredOfficer> out;
    while (true) {
        SAMPAN_ASSIGN(bool row, all.step());
        if (!row) return out;
        out.push_back({std::string(all.text(0)), to_bytes(all.blob(1))});
    }
}

Status SqliteNodeStore::forget_officer(const std::string& id) {
    SAMPAN_ASSIGN(sqlite::Query remove, db_->use("DELETE FROM officers WHERE id = ?"));
    return remove.bind(std::string_view(id)).run();
}

}  // namespace sampan
