// The people of a node, and what waits for a second of them.
#include "store/node_sqlite.h"

namespace sampan {

std::string_view release_kind_name(ReleaseKind kind) {
    switch (kind) {
        case ReleaseKind::release:
            return "release";
        case ReleaseKind::emergency_release:
            return "emergency-release";
        case ReleaseKind::emergency_read:
            return "emergency-read";
    }
    return "unknown";
}

std::string_view release_state_name(ReleaseState state) {
    switch (state) {
        case ReleaseState::awaiting:
            return "awaiting";
        case ReleaseState::released:
            return "released";
        case ReleaseState::declined:
            return "declined";
        case ReleaseState::withdrawn:
            return "withdrawn";
        case ReleaseState::unreviewed:
            return "unreviewed";
        case ReleaseState::reviewed:
            return "reviewed";
    }
    return "unknown";
}

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
    SAMPAN_ASSIGN(Verb verb, Verb::begin(*this));
    {
        SAMPAN_ASSIGN(sqlite::Query remove, db_->use("DELETE FROM officers WHERE id = ?"));
        SAMPAN_TRY(remove.bind(std::string_view(id)).run());
    }
    SAMPAN_ASSIGN(sqlite::Query desk, db_->use("DELETE FROM desk WHERE owner = ?"));
    SAMPAN_TRY(desk.bind(std::string_view(id)).run());
    return verb.commit();
}

Status SqliteNodeStore::keep_desk_item(const DeskItem& item) {
    SAMPAN_ASSIGN(sqlite::Query put, db_->use("INSERT OR REPLACE INTO desk(id, owner, kind, changed, record) "
                                              "VALUES(?, ?, ?, ?, ?)"));
    return put.bind(item.id.view())
        .bind(std::string_view(item.owner))
        .bind(static_cast<std::int64_t>(item.kind))
        .bind(item.changed.get())
        .bind(ByteView(item.record))
        .run();
}

Result<std::vector<DeskItem>> SqliteNodeStore::desk_items(DeskKind kind) {
    SAMPAN_ASSIGN(sqlite::Query all, db_->use("SELECT id, owner, changed, record FROM desk WHERE kind = ? "
                                              "ORDER BY changed DESC, id"));
    all.bind(static_cast<std::int64_t>(kind));
    std::vector<DeskItem> out;
    while (true) {
        SAMPAN_ASSIGN(bool row, all.step());
        if (!row) return out;
        DeskItem one;
        SAMPAN_ASSIGN(one.id, all.fixed<MessageId>(0));
        one.owner = all.text(1);
        one.kind = kind;
        one.changed = UnixMillis(all.integer(2));
        one.record = to_bytes(all.blob(3));
        out.push_back(std::move(one));
    }
}

Status SqliteNodeStore::forget_desk_item(const MessageId& id) {
    SAMPAN_ASSIGN(sqlite::Query remove, db_->use("DELETE FROM desk WHERE id = ?"));
    return remove.bind(id.view()).run();
}

Status SqliteNodeStore::keep_release(const StoredRelease& release) {
    SAMPAN_ASSIGN(Verb verb, Verb::begin(*this));
    SAMPAN_ASSIGN(sqlite::Query put, db_->use("INSERT INTO releases(id, kind, state, created, "
                                              "author, author_name, label, record, reason, "
                                              "message_id) VALUES(?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"));
    put.bind(release.id.view())
        .bind(static_cast<std::int64_t>(release.kind))
        .bind(static_cast<std::int64_t>(release.state))
        .bind(release.created.get())
        .bind(std::string_view(release.author))
        .bind(std::string_view(release.author_name))
        .bind(ByteView(release.label))
        .bind(ByteView(release.record))
        .bind(std::string_view(release.reason));
    if (release.message_id)
        put.bind(release.message_id->view());
    else
        put.bind_null();
    SAMPAN_TRY(put.run());
    SAMPAN_ASSIGN(sqlite::Query add, db_->use("INSERT INTO release_uploads(release, place, upload) "
                                              "VALUES(?, ?, ?)"));
    for (std::size_t i = 0; i < release.uploads.size(); ++i)
        SAMPAN_TRY(add.bind(release.id.view())
                       .bind(static_cast<std::int64_t>(i))
                       .bind(std::string_view(release.uploads[i]))
                       .run());
    return verb.commit();
}

Result<std::vector<StoredRelease>> SqliteNodeStore::releases() {
    std::vector<StoredRelease> out;
    {
        SAMPAN_ASSIGN(sqlite::Query all, db_->use("SELECT id, kind, state, created, author, "
                                                  "author_name, label, record, reason, decided, "
                                                  "decided_by, finding, message_id FROM releases "
                                                  "ORDER BY created DESC, id"));
        while (true) {
            SAMPAN_ASSIGN(bool row, all.step());
            if (!row) break;
            StoredRelease one;
            SAMPAN_ASSIGN(one.id, all.fixed<MessageId>(0));
            one.kind = static_cast<ReleaseKind>(all.integer(1));
            one.state = static_cast<ReleaseState>(all.integer(2));
            one.created = UnixMillis(all.integer(3));
            one.author = all.text(4);
            one.author_name = all.text(5);
            one.label = to_bytes(all.blob(6));
            one.record = to_bytes(all.blob(7));
            one.reason = all.text(8);
            one.decided = UnixMillis(all.integer(9));
            one.decided_by = all.text(10);
            one.finding = all.text(11);
            if (!all.is_null(12)) {
                SAMPAN_ASSIGN(one.message_id, all.fixed<MessageId>(12));
            }
            out.push_back(std::move(one));
        }
    }
    SAMPAN_ASSIGN(sqlite::Query uploads, db_->use("SELECT upload FROM release_uploads WHERE release = ? "
                                                  "ORDER BY place"));
    for (StoredRelease& one : out) {
        uploads.bind(one.id.view());
        while (true) {
            SAMPAN_ASSIGN(bool row, uploads.step());
            if (!row) break;
            one.uploads.emplace_back(uploads.text(0));
        }
    }
    return out;
}

// Attachments of what was declined or withdrawn are let go: the next sweep
// takes them.
Status SqliteNodeStore::decide_release(const MessageId& id, const ReleaseDecision& decision) {
    SAMPAN_ASSIGN(Verb verb, Verb::begin(*this));
    {
        SAMPAN_ASSIGN(sqlite::Query set, db_->use("UPDATE releases SET state = ?, decided = ?, "
                                                  "decided_by = ?, finding = ?, message_id = ? "
                                                  "WHERE id = ? AND state IN (1, 5)"));
        set.bind(static_cast<std::int64_t>(decision.state))
            .bind(decision.time.get())
            .bind(std::string_view(decision.by))
            .bind(std::string_view(decision.finding));
        if (decision.message_id)
            set.bind(decision.message_id->view());
        else
            set.bind_null();
        SAMPAN_TRY(set.bind(id.view()).run());
        if (db_->changes() != 1)
            return Error(StoreError::conflict,
                         "what was to be decided is decided already, or never was there");
    }
    SAMPAN_ASSIGN(sqlite::Query let_go, db_->use("DELETE FROM release_uploads WHERE release = ?"));
    SAMPAN_TRY(let_go.bind(id.view()).run());
    return verb.commit();
}

Status SqliteNodeStore::keep_notice(const AgencyId& agency, ByteView record) {
    SAMPAN_ASSIGN(sqlite::Query put, db_->use("INSERT INTO notices(agency, record) VALUES(?, ?)"));
    return put.bind(std::string_view(agency.text())).bind(record).run();
}

Result<std::vector<OwedNotice>> SqliteNodeStore::notices() {
    SAMPAN_ASSIGN(sqlite::Query all,
                  db_->use("SELECT position, agency, record FROM notices ORDER BY position"));
    std::vector<OwedNotice> out;
    while (true) {
        SAMPAN_ASSIGN(bool row, all.step());
        if (!row) return out;
        auto agency = AgencyId::parse(all.text(1));
        if (!agency.ok()) return Error(StoreError::damaged, "a notice names no agency");
        out.push_back({all.integer(0), std::move(*agency), to_bytes(all.blob(2))});
    }
}

Status SqliteNodeStore::forget_notice(std::int64_t position) {
    SAMPAN_ASSIGN(sqlite::Query remove, db_->use("DELETE FROM notices WHERE position = ?"));
    return remove.bind(position).run();
}

}  // namespace sampan
