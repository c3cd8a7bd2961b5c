// The bytes of parts: one file a part, named by its root, frames at their places. A frame is written and its
// file synced before the row that says it is here. One owner.
#pragma once

#include <map>

#include "sampan/base/file.h"
#include "sampan/envelope/part.h"

namespace sampan {

class PartFiles {
  public:
    // `directory` "" keeps the bytes in memory.
    PartFiles(FileSystem& files, std::string directory) : files_(&files), directory_(std::move(directory)) {}
    Status prepare();
    Status write(const MerkleHash& part, std::uint64_t index, ByteView data);
    // Makes durable what was written since the last time.
    Status sync();
    Result<Bytes> read(const MerkleHash& part, std::uint64_t index, std::size_t size);
    Result<std::vector<MerkleHash>> list();
    Status remove(const MerkleHash& part);

    std::string path_of(const MerkleHash& part) const { return directory_ + "/" + part.hex(); }

  private:
    Result<File*> open(const MerkleHash& part);

    FileSystem* files_;
    std::string directory_;
    std::map<MerkleHash, std::unique_ptr<File>> written_;  // since the last sync
    std::map<MerkleHash, std::unique_ptr<File>> reading_;  // at most k_open_files
    bool created_ = false;
    std::map<MerkleHash, std::map<std::uint64_t, Bytes>> memory_;
};

}  // namespace sampan
