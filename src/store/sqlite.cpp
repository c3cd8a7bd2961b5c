#include "store/sqlite.h"

#include <sqlite3.h>

namespace sampan::sqlite {
namespace {

StoreError code_of(int result) {
    switch (result & 0xff) {
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
            return StoreError::locked_by_another_process;
        case SQLITE_FULL:
            return StoreError::disk_full;
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
        case SQLITE_MISMATCH:
        case SQLITE_ERROR:  // of our statements it takes all, unless the file's schema is not ours any more
            return StoreError::damaged;
        case SQLITE_IOERR:
            return StoreError::io_error;
        case SQLITE_CANTOPEN:
        case SQLITE_PERM:
        case SQLITE_AUTH:
        case SQLITE_READONLY:
            return StoreError::cannot_open;
        case SQLITE_CONSTRAINT:
            return StoreError::conflict;
        default:
            return StoreError::library;
    }
}

std::string_view remedy_of(StoreError code) {
    switch (code) {
        case StoreError::locked_by_another_process:
            return "another process uses this store: stop it first";
        case StoreError::disk_full:
            return "free space on this disk, then start again; nothing that was answered is lost";
        case StoreError::damaged:
            return "restore the store from a backup; do not go on with this file";
        case StoreError::io_error:
            return "look at the machine's log for disk errors before starting again";
        default:
            return "";
    }
}

Error failure(sqlite3* handle, int result, std::string_view doing) {
    const StoreError code = code_of(result);
    std::string context(doing);
    context.append(": ").append(handle != nullptr ? sqlite3_errmsg(handle) : sqlite3_errstr(result));
    return Error(code, std::move(context), std::string(remedy_of(code)));
}

// With SQLITE_STATIC what is bound stays the caller's.
constexpr sqlite3_destructor_type k_not_copied = nullptr;

}  // namespace

Query::Query(Query&& other) noexcept
    : statement_(std::exchange(other.statement_, nullptr)),
      borrowed_(std::exchange(other.borrowed_, nullptr)),
      next_(other.next_) {}

Query::~Query() {
    if (statement_ == nullptr) return;
    reset();
    sqlite3_clear_bindings(statement_);
    *borrowed_ = false;
}

void Query::reset() {
    sqlite3_reset(statement_);
    next_ = 1;
}

Query& Query::bind(std::int64_t value) {
    SAMPAN_ASSERT(sqlite3_bind_int64(statement_, next_++, value) == SQLITE_OK);
    return *this;
}
Query& Query::bind_u64(std::uint64_t value) {
    return bind(static_cast<std::int64_t>(value));
}
Query& Query::bind(ByteView bytes) {
    // An empty view may have no address, which SQLite would take for NULL.
    const void* data = bytes.empty() ? "" : static_cast<const void*>(bytes.data());
    SAMPAN_ASSERT(sqlite3_bind_blob64(statement_, next_++, data, bytes.size(), k_not_copied) == SQLITE_OK);
    return *this;
}
Query& Query::bind(std::string_view text) {
    const char* data = text.empty() ? "" : text.data();
    SAMPAN_ASSERT(sqlite3_bind_text64(statement_, next_++, data, text.size(), k_not_copied, SQLITE_UTF8) ==
                  SQLITE_OK);
    return *this;
}
Query& Query::bind_null() {
    SAMPAN_ASSERT(sqlite3_bind_null(statement_, next_++) == SQLITE_OK);
    return *this;
}

Result<bool> Query::step() {
    const int result = sqlite3_step(statement_);
    if (result == SQLITE_ROW) return true;
    if (result == SQLITE_DONE) {
        reset();
        return false;
    }
    Error error = failure(sqlite3_db_handle(statement_), result, sqlite3_sql(statement_));
    reset();
    return error;
}

Status Query::run() {
    SAMPAN_ASSIGN(bool row, step());
    SAMPAN_ASSERT(!row);
    return ok_status();
}

std::int64_t Query::integer(int column) const {
    return sqlite3_column_int64(statement_, column);
}
ByteView Query::blob(int column) const {
    const auto* data = static_cast<const std::uint8_t*>(sqlite3_column_blob(statement_, column));
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}
std::string_view Query::text(int column) const {
    const auto* data = reinterpret_cast<const char*>(sqlite3_column_text(statement_, column));
    if (data == nullptr) return {};
    return {data, static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}
bool Query::is_null(int column) const {
    return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

Result<std::unique_ptr<Connection>> Connection::open(const OpenOptions& options) {
    SAMPAN_ASSIGN(std::unique_ptr<GatheringVfs> vfs, GatheringVfs::create(options.vfs));
    sqlite3* handle = nullptr;
    constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                          SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE;
    const int result = sqlite3_open_v2(options.path.c_str(), &handle, flags, vfs->name().c_str());
    if (result != SQLITE_OK) {
        Error error = failure(handle, result, "opening " + options.path);
        sqlite3_close_v2(handle);
        return error;
    }
    std::unique_ptr<Connection> connection(new Connection(handle, std::move(vfs)));
    auto configured = connection->configure(options);
    if (!configured) return std::move(configured).error().within(options.path);
    return connection;
}

Connection::~Connection() {
    for (auto& [sql, prepared] : statements_) sqlite3_finalize(prepared.statement);
    sqlite3_close_v2(handle_);
}

Status Connection::configure(const OpenOptions& options) {
    // Defensive settings first: nothing in a damaged or foreign file may run code or surprise us.
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_DQS_DML, 0, nullptr);
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_DQS_DDL, 0, nullptr);
    // A connection that goes because of an error writes nothing more, and takes no file away.
    sqlite3_db_config(handle_, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
    sqlite3_busy_timeout(handle_, 0);
    SAMPAN_TRY(execute("PRAGMA cell_size_check = ON"));
    SAMPAN_TRY(execute(("PRAGMA page_size = " + std::to_string(options.page_size)).c_str()));
    SAMPAN_ASSIGN(std::string mode, pragma_text("PRAGMA locking_mode = EXCLUSIVE"));
    if (mode != "exclusive") return Error(StoreError::library, "locking_mode is " + mode);
    SAMPAN_ASSIGN(std::string journal, pragma_text("PRAGMA journal_mode = WAL"));
    const bool in_memory = options.path == ":memory:";
    if (journal != (in_memory ? "memory" : "wal"))
        return Error(StoreError::library, "journal_mode is " + journal + ", not WAL");
    SAMPAN_TRY(execute("PRAGMA synchronous = FULL"));
    SAMPAN_ASSIGN(std::int64_t synchronous, pragma_number("PRAGMA synchronous"));
    if (synchronous != 2) return Error(StoreError::library, "synchronous is not FULL");
    SAMPAN_TRY(execute(("PRAGMA cache_size = -" + std::to_string(options.cache_kib)).c_str()));
    SAMPAN_TRY(execute(("PRAGMA wal_autocheckpoint = " + std::to_string(options.checkpoint_pages)).c_str()));
    SAMPAN_TRY(execute("PRAGMA temp_store = MEMORY"));
    SAMPAN_TRY(execute("PRAGMA foreign_keys = OFF"));
    SAMPAN_TRY(check_format(options));
    if (options.max_pages > 0)
        SAMPAN_TRY(execute(("PRAGMA max_page_count = " + std::to_string(options.max_pages)).c_str()));
    return ok_status();
}

Status Connection::check_format(const OpenOptions& options) {
    // Takes the exclusive lock now rather than at the first message.
    SAMPAN_TRY(execute("BEGIN EXCLUSIVE"));
    SAMPAN_TRY(execute("COMMIT"));
    SAMPAN_ASSIGN(std::int64_t application, pragma_number("PRAGMA application_id"));
    SAMPAN_ASSIGN(std::int64_t version, pragma_number("PRAGMA user_version"));
    SAMPAN_ASSIGN(std::int64_t objects, pragma_number("SELECT count(*) FROM sqlite_schema"));
    if (application == 0 && version == 0 && objects == 0) {
        is_new_ = true;
        SAMPAN_ASSIGN(Transaction transaction, Transaction::begin(*this));
        SAMPAN_TRY(execute(options.schema));
        SAMPAN_TRY(execute(("PRAGMA application_id = " + std::to_string(options.application_id)).c_str()));
        SAMPAN_TRY(execute(("PRAGMA user_version = " + std::to_string(options.version)).c_str()));
        return transaction.commit();
    }
    if (application != options.application_id)
        return Error(StoreError::unknown_format, "this file was made by another program");
    if (version != options.version)
        return Error(StoreError::unknown_format, "its format is version " + std::to_string(version) +
                                                     "; this program knows " +
                                                     std::to_string(options.version));
    if (!options.check_pages) return ok_status();
    SAMPAN_ASSIGN(std::string check, pragma_text("PRAGMA quick_check(1)"));
    if (check != "ok") return Error(StoreError::damaged, check, std::string(remedy_of(StoreError::damaged)));
    return ok_status();
}

Result<std::int64_t> Connection::pragma_number(const char* sql) {
    SAMPAN_ASSIGN(std::string text, pragma_text(sql));
    return static_cast<std::int64_t>(std::strtoll(text.c_str(), nullptr, 10));
}

Result<std::string> Connection::pragma_text(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    int result = sqlite3_prepare_v2(handle_, sql, -1, &statement, nullptr);
    if (result != SQLITE_OK) return failure(handle_, result, sql);
    result = sqlite3_step(statement);
    std::string out;
    if (result == SQLITE_ROW) {
        const auto* text = reinterpret_cast<const char*>(sqlite3_column_text(statement, 0));
        out = text == nullptr ? "" : text;
    }
    const bool failed = result != SQLITE_ROW && result != SQLITE_DONE;
    Error error = failed ? failure(handle_, result, sql) : Error(StoreError::library);
    sqlite3_finalize(statement);
    if (failed) return error;
    return out;
}

Result<Query> Connection::use(const char* sql) {
    Prepared& prepared = statements_[std::string_view(sql)];
    if (prepared.statement == nullptr) {
        const int result =
            sqlite3_prepare_v3(handle_, sql, -1, SQLITE_PREPARE_PERSISTENT, &prepared.statement, nullptr);
        if (result != SQLITE_OK) {
            Error error = failure(handle_, result, sql);
            statements_.erase(std::string_view(sql));
            return error;
        }
        prepared.borrowed = std::make_unique<bool>(false);
    }
    SAMPAN_ASSERT(!*prepared.borrowed);
    *prepared.borrowed = true;
    return Query(prepared.statement, prepared.borrowed.get());
}

Status Connection::execute(const char* sql) {
    const int result = sqlite3_exec(handle_, sql, nullptr, nullptr, nullptr);
    if (result != SQLITE_OK) return failure(handle_, result, sql);
    return ok_status();
}

std::int64_t Connection::changes() const {
    return sqlite3_changes64(handle_);
}

Status Connection::checkpoint() {
    const int result =
        sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_PASSIVE, nullptr, nullptr);
    if (result != SQLITE_OK) return failure(handle_, result, "copying the WAL");
    return ok_status();
}

Status Connection::truncate_wal() {
    const int result =
        sqlite3_wal_checkpoint_v2(handle_, nullptr, SQLITE_CHECKPOINT_TRUNCATE, nullptr, nullptr);
    if (result != SQLITE_OK) return failure(handle_, result, "copying the WAL");
    return ok_status();
}

Result<std::unique_ptr<Snapshot>> Connection::snapshot_to(const std::string& path) {
    sqlite3* into = nullptr;
    constexpr int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX |
                          SQLITE_OPEN_PRIVATECACHE | SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE;
    int result = sqlite3_open_v2(path.c_str(), &into, flags, nullptr);
    // It is read once and removed: a crash leaves nothing that is needed.
    if (result == SQLITE_OK)
        result = sqlite3_exec(into, "PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF", nullptr, nullptr,
                              nullptr);
    sqlite3_backup* backup =
        result == SQLITE_OK ? sqlite3_backup_init(into, "main", handle_, "main") : nullptr;
    if (backup == nullptr) {
        Error error =
            failure(into, result == SQLITE_OK ? sqlite3_errcode(into) : result, "copying to " + path);
        sqlite3_close_v2(into);
        return error;
    }
    return std::unique_ptr<Snapshot>(new Snapshot(into, backup));
}

Status Connection::copy_rows_to(Connection& into, const std::vector<RowFilter>& filters) {
    std::vector<std::string> tables;
    {
        SAMPAN_ASSIGN(Query all, use("SELECT name FROM sqlite_schema WHERE type = 'table' AND "
                                     "name NOT LIKE 'sqlite_%'"));
        while (true) {
            SAMPAN_ASSIGN(bool row, all.step());
            if (!row) break;
            tables.emplace_back(all.text(0));
        }
    }
    for (const std::string& table : tables) {
        std::string where = "1";
        for (const RowFilter& filter : filters)
            if (filter.table == table) where = filter.where;
        SAMPAN_TRY(copy_table(into, table, where));
    }
    return ok_status();
}

Status Connection::copy_table(Connection& into, const std::string& table, const std::string& where) {
    const std::string read = "SELECT * FROM " + table + " WHERE " + where;
    sqlite3_stmt *from = nullptr, *to = nullptr;
    int result = sqlite3_prepare_v2(handle_, read.c_str(), -1, &from, nullptr);
    std::string write = "INSERT INTO " + table + " VALUES(?";
    for (int i = 1; result == SQLITE_OK && i < sqlite3_column_count(from); ++i) write += ",?";
    write += ")";
    if (result == SQLITE_OK) result = sqlite3_prepare_v2(into.handle_, write.c_str(), -1, &to, nullptr);
    while (result == SQLITE_OK && (result = sqlite3_step(from)) == SQLITE_ROW) {
        for (int i = 0; i < sqlite3_column_count(from); ++i)
            sqlite3_bind_value(to, i + 1, sqlite3_column_value(from, i));
        result = sqlite3_step(to);
        if (result == SQLITE_DONE) result = sqlite3_reset(to);
    }
    const bool failed = result != SQLITE_DONE;
    Error error = failed ? failure(to != nullptr ? into.handle_ : handle_, result, "copying " + table)
                         : Error(StoreError::library);
    sqlite3_finalize(from);
    sqlite3_finalize(to);
    return failed ? Status(error) : ok_status();
}

Snapshot::~Snapshot() {
    if (backup_ != nullptr) sqlite3_backup_finish(backup_);
    sqlite3_close_v2(into_);
}

Result<bool> Snapshot::step(int pages) {
    SAMPAN_ASSERT(backup_ != nullptr);
    const int result = sqlite3_backup_step(backup_, pages);
    if (result == SQLITE_OK) return false;
    const int finished = sqlite3_backup_finish(std::exchange(backup_, nullptr));
    if (result != SQLITE_DONE) return failure(into_, result, "copying the database");
    if (finished != SQLITE_OK) return failure(into_, finished, "copying the database");
    return true;
}

Result<Transaction> Transaction::begin(Connection& db) {
    SAMPAN_ASSIGN(Query query, db.use("BEGIN IMMEDIATE"));
    SAMPAN_TRY(query.run());
    return Transaction(db);
}

Transaction::~Transaction() {
    if (db_ == nullptr) return;
    // SQLite itself may have rolled back already (disk full, I/O error): then this fails, as it should.
    if (auto query = db_->use("ROLLBACK")) static_cast<void>(query->run().ok());
}

Status Transaction::commit() {
    SAMPAN_ASSERT(db_ != nullptr);
    SAMPAN_ASSIGN(Query query, db_->use("COMMIT"));
    SAMPAN_TRY(query.run());
    db_ = nullptr;
    return ok_status();
}

}  // namespace sampan::sqlite
