// A SQLite VFS over another one, for the write-ahead log alone. SQLite hands over each frame as two writes,
// of 24 bytes and of a page; they follow one another in the file, so they are gathered here and written in
// one call when somebody syncs or writes elsewhere. Nothing else is different: what was not synced
// was not durable before either, and every other file is the other VFS's own.
//
// A write that fails is told by the call that made it necessary; what was gathered stays until it is written,
// for SQLite may count on it already, and is written over when SQLite begins again. Registered with SQLite
// under its name for as long as it lives; connections must be gone first. One thread a connection.
#pragma once

#include <memory>
#include <string>

#include "sampan/base/result.h"

struct sqlite3_vfs;

namespace sampan::sqlite {

class GatheringVfs {
  public:
    // `below` names the VFS underneath; "" is the system's. `library` when there is none of that name.
    static Result<std::unique_ptr<GatheringVfs>> create(const std::string& below);
    ~GatheringVfs();
    GatheringVfs(const GatheringVfs&) = delete;
    GatheringVfs& operator=(const GatheringVfs&) = delete;

    const std::string& name() const { return name_; }

  private:
    GatheringVfs();
    std::string name_;
    std::unique_ptr<sqlite3_vfs> vfs_;
};

}  // namespace sampan::sqlite
