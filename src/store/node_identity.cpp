// Opening the node's store; the registry, peers, own statements, prekeys and the pinned checkpoint.
#include "sampan/base/encode.h"
#include "store/node_schema.h"
#include "store/node_sqlite.h"

namespace sampan {
namespace {

constexpr std::int32_t k_node_application_id = 0x534e4f44;  // "SNOD"
constexpr std::int32_t k_node_version = 5;
constexpr int k_descriptor = 1;
constexpr int k_bundle = 2;

template <typename Fixed>
Result<Fixed> fixed_of(ByteView bytes) {
    auto parsed = Fixed::parse(bytes);
    if (!parsed.ok()) return Error(StoreError::damaged, "a column has the wrong length");
    return parsed;
}

void bind_statement(sqlite::Query& query, const std::optional<SignedStatement>& statement) {
    if (statement) {
        query.bind(ByteView(statement->bytes)).bind(statement->signature.view());
    } else {
        query.bind_null().bind_null();
    }
}

Result<std::optional<SignedStatement>> statement_at(const sqlite::Query& row, int column) {
    if (row.is_null(column)) return std::optional<SignedStatement>();
    SAMPAN_ASSIGN(Ed25519Signature signature, row.fixed<Ed25519Signature>(column + 1));
    return std::optional<SignedStatement>(SignedStatement{to_bytes(row.blob(column)), signature});
}

}  // namespace

Bytes pack_hashes(const std::vector<MerkleHash>& hashes) {
    Bytes out;
    out.reserve(hashes.size() * MerkleHash::k_size);
    for (const MerkleHash& hash : hashes) append(out, hash.view());
    return out;
}

Result<std::vector<MerkleHash>> unpack_hashes(ByteView bytes) {
    if (bytes.size() % MerkleHash::k_size != 0)
        return Error(StoreError::damaged, "a list of hashes has the wrong length");
    std::vector<MerkleHash> out;
    for (std::size_t at = 0; at < bytes.size(); at += MerkleHash::k_size)
        out.push_back(MerkleHash::parse(bytes.subspan(at, MerkleHash::k_size)).value());
    return out;
}

sqlite::OpenOptions node_store_options(const std::string& path, const std::string& vfs) {
    sqlite::OpenOptions options;
    options.path = path;
    options.vfs = vfs;
    options.application_id = k_node_application_id;
    options.version = k_node_version;
    options.schema = k_node_schema;
    return options;
}

Result<std::unique_ptr<NodeStore>> NodeStore::open(const std::string& path, const AgencyId& agency,
                                                   const std::string& vfs) {
    SAMPAN_ASSIGN(std::unique_ptr<sqlite::Connection> db,
                  sqlite::Connection::open(node_store_options(path, vfs)));
    // A destroyed prekey must not stay readable in a free page.
    SAMPAN_TRY(db->execute("PRAGMA secure_delete = ON"));
    auto store = std::make_unique<SqliteNodeStore>(std::move(db));
    SAMPAN_TRY(store->bind_agency(agency));
    SAMPAN_TRY(store->verify_journal());
    return std::unique_ptr<NodeStore>(std::move(store));
}

Status SqliteNodeStore::bind_agency(const AgencyId& agency) {
    SAMPAN_ASSIGN(std::optional<Bytes> owner, meta("agency"));
    if (!owner) return put_meta("agency", as_bytes(agency.text()));
    if (as_text(*owner) == agency.text()) return ok_status();
    return Error(StoreError::unknown_format,
                 "this store belongs to " + std::string(as_text(*owner)) + ", not to " + agency.text(),
                 "give each node a data folder of its own");
}

// --- batches
Status SqliteNodeStore::begin_batch() {
    SAMPAN_ASSERT(!batch_);
    SAMPAN_ASSIGN(sqlite::Transaction transaction, sqlite::Transaction::begin(*db_));
    batch_.emplace(std::move(transaction));
    batch_failed_ = false;
    return ok_status();
}

Status SqliteNodeStore::commit_batch() {
    SAMPAN_ASSERT(batch_);
    if (batch_failed_) {
        batch_.reset();
        return Error(StoreError::conflict, "a part of the batch failed: nothing of it was kept");
    }
    const Status done = batch_->commit();
    batch_.reset();
    return done;
}

void SqliteNodeStore::abandon_batch() {
    batch_.reset();
}

Result<SqliteNodeStore::Verb> SqliteNodeStore::Verb::begin(SqliteNodeStore& store) {
    if (store.batch_) return Verb(store, std::nullopt);
    SAMPAN_ASSIGN(sqlite::Transaction own, sqlite::Transaction::begin(*store.db_));
    return Verb(store, std::move(own));
}

SqliteNodeStore::Verb::~Verb() {
    if (store_ != nullptr && !own_) store_->batch_failed_ = true;
}

Status SqliteNodeStore::Verb::commit() {
    store_ = nullptr;
    return own_ ? own_->commit() : ok_status();
}

Status SqliteNodeStore::put_meta(std::string_view name, ByteView value) {
    SAMPAN_ASSIGN(sqlite::Query put, db_->use("INSERT OR REPLACE INTO meta(name, value) VALUES(?, ?)"));
    return put.bind(name).bind(value).run();
}

Result<std::optional<Bytes>> SqliteNodeStore::meta(std::string_view name) {
    SAMPAN_ASSIGN(sqlite::Query find, db_->use("SELECT value FROM meta WHERE name = ?"));
    find.bind(name);
    SAMPAN_ASSIGN(bool found, find.step());
    if (!found) return std::optional<Bytes>();
    return std::optional<Bytes>(to_bytes(find.blob(0)));
}

Status SqliteNodeStore::keep_epoch(Epoch epoch, ByteView bytes) {
    SAMPAN_ASSIGN(sqlite::Query put, db_->use("INSERT OR IGNORE INTO epochs(number, bytes) VALUES(?, ?)"));
    return put.bind_u64(epoch.get()).bind(bytes).run();
}

Result<std::vector<Bytes>> SqliteNodeStore::epochs() {
    SAMPAN_ASSIGN(sqlite::Query all, db_->use("SELECT bytes FROM epochs ORDER BY number"));
    std::vector<Bytes> out;
    while (true) {
        SAMPAN_ASSIGN(bool row, all.step());
        if (!row) return out;
        out.push_back(to_bytes(all.blob(0)));
    }
}

Status SqliteNodeStore::keep_peer(const KnownPeer& peer) {
    SAMPAN_ASSIGN(sqlite::Query put,
                  db_->use("INSERT OR REPLACE INTO peers(agency, descriptor, descriptor_signature, bundle, "
                           "bundle_signature, bundle_index, bundle_time_s) VALUES(?, ?, ?, ?, ?, ?, ?)"));
    put.bind(peer.agency.text());
    bind_statement(put, peer.descriptor);
    bind_statement(put, peer.bundle);
    return put.bind_u64(peer.bundle_index.get()).bind_u64(peer.bundle_time_s).run();
}

Status SqliteNodeStore::keep_certificate(const CertificateHash& hash, ByteView der) {
    SAMPAN_ASSIGN(sqlite::Query put,
                  db_->use("INSERT OR IGNORE INTO certificates(hash, bytes) VALUES(?, ?)"));
    return put.bind(hash.view()).bind(der).run();
}

Result<std::optional<Bytes>> SqliteNodeStore::certificate(const CertificateHash& hash) {
    SAMPAN_ASSIGN(sqlite::Query one, db_->use("SELECT bytes FROM certificates WHERE hash = ?"));
    one.bind(hash.view());
    SAMPAN_ASSIGN(bool found, one.step());
    if (!found) return std::optional<Bytes>();
    return std::optional<Bytes>(to_bytes(one.blob(0)));
}

Result<std::vector<KnownPeer>> SqliteNodeStore::peers() {
    SAMPAN_ASSIGN(sqlite::Query all,
                  db_->use("SELECT agency, descriptor, descriptor_signature, bundle, bundle_signature, "
                           "bundle_index, bundle_time_s FROM peers"));
    std::vector<KnownPeer> out;
    while (true) {
        SAMPAN_ASSIGN(bool row, all.step());
        if (!row) return out;
        KnownPeer peer;
        SAMPAN_ASSIGN(peer.agency, AgencyId::parse(all.text(0)));
        SAMPAN_ASSIGN(peer.descriptor, statement_at(all, 1));
        SAMPAN_ASSIGN(peer.bundle, statement_at(all, 3));
        peer.bundle_index = LeafIndex(all.u64(5));
        peer.bundle_time_s = all.u64(6);
        out.push_back(std::move(peer));
    }
}

Status SqliteNodeStore::keep_checkpoint(std::string_view name, const PinnedCheckpoint& checkpoint) {
    Writer value;
    value.u64(static_cast<std::uint64_t>(checkpoint.verified.get())).raw(checkpoint.note);
    return put_meta(name, value.bytes());
}

Status SqliteNodeStore::pin(const PinnedCheckpoint& checkpoint) {
    return keep_checkpoint("checkpoint", checkpoint);
}

Result<std::optional<PinnedCheckpoint>> SqliteNodeStore::pinned() {
    return kept_checkpoint("checkpoint");
}

Status SqliteNodeStore::keep_witnessed(const PinnedCheckpoint& checkpoint) {
    return keep_checkpoint("witnessed", checkpoint);
}

Result<std::optional<PinnedCheckpoint>> SqliteNodeStore::witnessed() {
    return kept_checkpoint("witnessed");
}

Result<std::optional<PinnedCheckpoint>> SqliteNodeStore::kept_checkpoint(std::string_view name) {
    SAMPAN_ASSIGN(std::optional<Bytes> value, meta(name));
    if (!value) return std::optional<PinnedCheckpoint>();
    Reader in(*value);
    SAMPAN_ASSIGN(std::uint64_t time, in.u64());
    SAMPAN_ASSIGN(ByteView note, in.raw(in.left()));
    return std::optional<PinnedCheckpoint>(
        PinnedCheckpoint{std::string(as_text(note)), UnixMillis(static_cast<std::int64_t>(time))});
}

Status SqliteNodeStore::keep_log_conflict(const LogConflict& conflict) {
    Writer value;
    value.lp(conflict.name).lp(conflict.detail).lp(conflict.note).u64(conflict.epoch.get());
    value.u64(static_cast<std::uint64_t>(conflict.seen.get())).lp(conflict.evidence);
    return put_meta("log_conflict", value.bytes());
}

Result<std::optional<LogConflict>> SqliteNodeStore::log_conflict() {
    SAMPAN_ASSIGN(std::optional<Bytes> value, meta("log_conflict"));
    if (!value) return std::optional<LogConflict>();
    Reader in(*value);
    LogConflict out;
    SAMPAN_ASSIGN(ByteView name, in.lp(limits::k_error_name_bytes));
    SAMPAN_ASSIGN(ByteView detail, in.lp(limits::k_note_bytes));
    SAMPAN_ASSIGN(ByteView note, in.lp(limits::k_note_bytes));
    SAMPAN_ASSIGN(std::uint64_t epoch, in.u64());
    SAMPAN_ASSIGN(std::uint64_t seen, in.u64());
    SAMPAN_ASSIGN(ByteView evidence, in.lp(3 * limits::k_note_bytes));
    SAMPAN_TRY(in.finish());
    out.evidence = to_bytes(evidence);
    out.name = as_text(name);
    out.detail = as_text(detail);
    out.note = as_text(note);
    out.epoch = Epoch(epoch);
    out.seen = UnixMillis(static_cast<std::int64_t>(seen));
    return std::optional<LogConflict>(std::move(out));
}

Status SqliteNodeStore::forget_log_conflict() {
    SAMPAN_ASSIGN(sqlite::Query forget, db_->use("DELETE FROM meta WHERE name = 'log_conflict'"));
    return forget.run();
}

Status SqliteNodeStore::keep_statement(int kind, const OwnStatement& own) {
    SAMPAN_ASSIGN(sqlite::Query put,
                  db_->use("INSERT INTO own_statements(kind, counter, bytes, signature) VALUES(?, ?, ?, ?)"));
    return put.bind(kind)
        .bind_u64(own.counter)
        .bind(ByteView(own.statement.bytes))
        .bind(own.statement.signature.view())
        .run();
}

Result<std::optional<OwnStatement>> SqliteNodeStore::newest_statement(int kind) {
    SAMPAN_ASSIGN(sqlite::Query find,
                  db_->use("SELECT bytes, signature, counter FROM own_statements WHERE kind = ? "
                           "ORDER BY counter DESC LIMIT 1"));
    find.bind(kind);
    SAMPAN_ASSIGN(bool row, find.step());
    if (!row) return std::optional<OwnStatement>();
    SAMPAN_ASSIGN(std::optional<SignedStatement> statement, statement_at(find, 0));
    return std::optional<OwnStatement>(OwnStatement{std::move(*statement), find.u64(2)});
}

Status SqliteNodeStore::keep_descriptor(const OwnStatement& descriptor) {
    return keep_statement(k_descriptor, descriptor);
}
Result<std::optional<OwnStatement>> SqliteNodeStore::own_descriptor() {
    return newest_statement(k_descriptor);
}
Result<std::optional<OwnStatement>> SqliteNodeStore::own_bundle() {
    return newest_statement(k_bundle);
}

Status SqliteNodeStore::keep_bundle(const OwnStatement& bundle, const std::vector<StoredPrekey>& keys) {
    SAMPAN_ASSIGN(Verb transaction, Verb::begin(*this));
    SAMPAN_TRY(keep_statement(k_bundle, bundle));
    SAMPAN_ASSIGN(sqlite::Query put,
                  db_->use("INSERT INTO prekeys(id, counter, created, sealed) VALUES(?, ?, ?, ?)"));
    for (const StoredPrekey& key : keys)
        SAMPAN_TRY(put.bind(key.id.view())
                       .bind_u64(key.counter)
                       .bind(key.created.get())
                       .bind(ByteView(key.sealed))
                       .run());
    return transaction.commit();
}

Result<std::vector<StoredPrekey>> SqliteNodeStore::prekeys() {
    SAMPAN_ASSIGN(sqlite::Query all,
                  db_->use("SELECT id, counter, created, sealed FROM prekeys ORDER BY counter"));
    std::vector<StoredPrekey> out;
    while (true) {
        SAMPAN_ASSIGN(bool row, all.step());
        if (!row) return out;
        SAMPAN_ASSIGN(PrekeyId id, all.fixed<PrekeyId>(0));
        out.push_back({id, all.u64(1), UnixMillis(all.integer(2)), to_bytes(all.blob(3))});
    }
}

Result<std::optional<StoredPrekey>> SqliteNodeStore::prekey(const PrekeyId& id) {
    SAMPAN_ASSIGN(sqlite::Query find, db_->use("SELECT counter, created, sealed FROM prekeys WHERE id = ?"));
    find.bind(id.view());
    SAMPAN_ASSIGN(bool row, find.step());
    if (!row) return std::optional<StoredPrekey>();
    return std::optional<StoredPrekey>(
        StoredPrekey{id, find.u64(0), UnixMillis(find.integer(1)), to_bytes(find.blob(2))});
}

Status SqliteNodeStore::destroy_prekey(const PrekeyId& id) {
    // The row stays, so that "destroyed" can be told from "never held".
    SAMPAN_ASSIGN(sqlite::Query wipe, db_->use("UPDATE prekeys SET sealed = x'' WHERE id = ?"));
    return wipe.bind(id.view()).run();
}

Status SqliteNodeStore::close() {
    batch_.reset();
    const Status done = db_->truncate_wal();
    db_.reset();
    return done;
}

}  // namespace sampan
