// Files in memory, with what a loss of power leaves: what was not synced is gone. One owner thread.
#pragma once

#include <map>
#include <memory>

#include "sampan/base/file.h"

namespace sampan::test {

class MemoryFiles final : public FileSystem {
  public:
    // Every file is what it was at its last sync; files never synced are gone.
    void lose_power();

    Result<std::unique_ptr<File>> open_read(const std::string& path) override;
    Result<std::unique_ptr<File>> open_write(const std::string& path) override;
    Status rename(const std::string& from, const std::string& to) override;
    Status remove(const std::string& path) override;
    Status make_directories(const std::string&) override { return ok_status(); }
    Status sync_directory(const std::string&) override { return ok_status(); }
    Result<std::vector<std::string>> list(const std::string& path) override;
    bool exists(const std::string& path) override { return files_.count(path) != 0; }
    Result<unsigned> mode(const std::string& path) override;
    Status set_mode(const std::string& path, unsigned bits) override;

  private:
    struct Content {
        Bytes now, synced;
        bool ever_synced = false;
        unsigned mode = 0600;
    };
    friend class MemoryFile;
    std::map<std::string, std::shared_ptr<Content>> files_;
};

}  // namespace sampan::test
