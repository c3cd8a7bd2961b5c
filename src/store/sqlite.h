// A thin wrapper of SQLite: one connection, exclusive, WAL, synchronous=FULL; statements are compiled once
// and kept; every failure is a StoreError. One owner thread.
//
//   SAMPAN_ASSIGN(Transaction transaction, Transaction::begin(db));
//   SAMPAN_ASSIGN(Query insert, db.use("INSERT INTO t(a, b) VALUES(?, ?)"));
//   for (...) SAMPAN_TRY(insert.bind(number).bind(bytes).run());
//   SAMPAN_ASSIGN(Query find, db.use("SELECT b FROM t WHERE a = ?"));
//   find.bind(number);
//   SAMPAN_ASSIGN(bool row, find.step());          // views from blob() live until the next step
//   SAMPAN_TRY(transaction.commit());
//
// A Query borrows the statement of its text until it goes: the same text is never used twice at once.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "sampan/base/bytes.h"
#include "sampan/store/error.h"
#include "store/gathering_vfs.h"

struct sqlite3;
struct sqlite3_backup;
struct sqlite3_stmt;

namespace sampan::sqlite {

struct OpenOptions {
    std::string path;                 // or ":memory:"
    std::int32_t application_id = 0;  // refused (`unknown_format`) when the file has another
    std::int32_t version = 1;         // user_version; a later one is refused
    const char* schema = "";          // run in one transaction when the file is new
    std::uint32_t page_size = 4096;
    std::string vfs;             // "" is the system's; fault tests name their own
    std::int64_t max_pages = 0;  // 0: no bound; tests make the disk full with it
    bool check_pages = true;     // PRAGMA quick_check before anything else is read
    std::int64_t cache_kib = 32 * 1024;
    std::int64_t checkpoint_pages = 4000;  // WAL pages after which SQLite copies into the database
};

class Query {
  public:
    Query(Query&& other) noexcept;
    Query& operator=(Query&&) = delete;
    ~Query();  // resets the statement and forgets what was bound

    // By position, in order. Bytes and text are not copied: they live until the statement ran.
    Query& bind(std::int64_t value);
    Query& bind_u64(std::uint64_t value);  // kept as the same 64 bits
    Query& bind(ByteView bytes);
    Query& bind(std::string_view text);
    Query& bind_null();

    // True: a row is there. False: done (and ready for new values).
    Result<bool> step();
    // For statements without rows; ready for new values after.
    Status run();

    std::int64_t integer(int column) const;
    std::uint64_t u64(int column) const { return static_cast<std::uint64_t>(integer(column)); }
    ByteView blob(int column) const;
    std::string_view text(int column) const;
    bool is_null(int column) const;
    // The column as a FixedBytes; `damaged` when it has another length.
    template <typename Fixed>
    Result<Fixed> fixed(int column) const {
        auto parsed = Fixed::parse(blob(column));
        if (!parsed) return Error(StoreError::damaged, "a column has the wrong length");
        return parsed;
    }

  private:
    friend class Connection;
    Query(sqlite3_stmt* statement, bool* borrowed) : statement_(statement), borrowed_(borrowed) {}
    void reset();
    sqlite3_stmt* statement_;
    bool* borrowed_;
    int next_ = 1;
};

// A copy of a whole database into a new file, page by page, while its one connection goes on writing: what it
// writes to pages that were copied already is copied too. The file is of the moment of the last step.
class Snapshot {
  public:
    ~Snapshot();
    Snapshot(const Snapshot&) = delete;
    Snapshot& operator=(const Snapshot&) = delete;
    // True: it is whole.
    Result<bool> step(int pages);

  private:
    friend class Connection;
    Snapshot(sqlite3* into, sqlite3_backup* backup) : into_(into), backup_(backup) {}
    sqlite3* into_;
    sqlite3_backup* backup_;
};

class Connection {
  public:
    static Result<std::unique_ptr<Connection>> open(const OpenOptions& options);
    ~Connection();
    Connection(const Connection&) = delete;
    Connection& operator=(const Connection&) = delete;

    // The statement of this text (a literal: it is not copied), compiled at its first use.
    Result<Query> use(const char* sql);
    // Statements without rows or values.
    Status execute(const char* sql);
    // Rows that the last statement changed.
    std::int64_t changes() const;
    // Copies what the WAL holds into the database, as far as it is allowed to.
    Status checkpoint();
    // Copies the WAL and truncates it: what an orderly stop does.
    Status truncate_wal();
    // Into a file that is not there yet.
    Result<std::unique_ptr<Snapshot>> snapshot_to(const std::string& path);
    // Every row of every table into the same tables of another database, where `filters` let it; within a
    // transaction of `into`.
    struct RowFilter {
        std::string_view table, where;
    };
    Status copy_rows_to(Connection& into, const std::vector<RowFilter>& filters);
    bool is_new() const { return is_new_; }

  private:
    struct Prepared {
        sqlite3_stmt* statement = nullptr;
        std::unique_ptr<bool> borrowed;
    };
    Connection(sqlite3* handle, std::unique_ptr<GatheringVfs> vfs) : vfs_(std::move(vfs)), handle_(handle) {}
    Status configure(const OpenOptions& options);
    Status check_format(const OpenOptions& options);
    Result<std::int64_t> pragma_number(const char* sql);
    Result<std::string> pragma_text(const char* sql);
    Status copy_table(Connection& into, const std::string& table, const std::string& where);

    std::unique_ptr<GatheringVfs> vfs_;  // goes after the handle was closed
    sqlite3* handle_;
    std::unordered_map<std::string_view, Prepared> statements_;
    bool is_new_ = false;
};

// BEGIN IMMEDIATE; rolled back when it goes without commit().
class Transaction {
  public:
    static Result<Transaction> begin(Connection& db);
    Transaction(Transaction&& other) noexcept : db_(std::exchange(other.db_, nullptr)) {}
    Transaction& operator=(Transaction&&) = delete;
    ~Transaction();
    // Durable when this succeeds (COMMIT syncs the WAL). A failure is never retried.
    Status commit();

  private:
    explicit Transaction(Connection& db) : db_(&db) {}
    Connection* db_;
};

}  // namespace sampan::sqlite
