// The one seam to the file system: all file access outside SQLite goes through FileSystem, so that fault
// tests can replace it. Writers choose how durable; nothing is ever half-replaced.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "sampan/base/bytes.h"

namespace sampan {

enum class FileError { not_found, exists, too_large, unsafe_mode, no_space, io };
constexpr std::string_view error_name(FileError e) {
    switch (e) {
        case FileError::not_found:
            return "file_not_found";
        case FileError::exists:
            return "file_exists";
        case FileError::too_large:
            return "file_too_large";
        case FileError::unsafe_mode:
            return "unsafe_mode";
        case FileError::no_space:
            return "no_space";
        case FileError::io:
            return "io_error";
    }
    return "unknown";
}

// An open file, read or written in order or at offsets. Closed when destroyed.
class File {
  public:
    virtual ~File() = default;
    // Reads up to out.size() bytes at `offset`; fewer only at the end of the file.
    virtual Result<std::size_t> read_at(std::uint64_t offset, MutableBytes out) = 0;
    // Writes all of `bytes` at `offset`.
    virtual Status write_at(std::uint64_t offset, ByteView bytes) = 0;
    virtual Result<std::uint64_t> size() = 0;
    // fdatasync: what was written is on the disk when this succeeds. A failure is never retried.
    virtual Status sync() = 0;
};

class FileSystem {
  public:
    virtual ~FileSystem() = default;
    virtual Result<std::unique_ptr<File>> open_read(const std::string& path) = 0;
    // Creates (mode 0600) or opens for reading and writing, without truncating.
    virtual Result<std::unique_ptr<File>> open_write(const std::string& path) = 0;
    virtual Status rename(const std::string& from, const std::string& to) = 0;
    virtual Status remove(const std::string& path) = 0;
    // Creates the directory and its parents with mode 0700 where they are missing.
    virtual Status make_directories(const std::string& path) = 0;
    // Makes renames and creations inside the directory durable.
    virtual Status sync_directory(const std::string& path) = 0;
    // Names of the entries, sorted, without "." and "..".
    virtual Result<std::vector<std::string>> list(const std::string& path) = 0;
    virtual bool exists(const std::string& path) = 0;
    // Permission bits of a regular file; refuses anything else.
    virtual Result<unsigned> mode(const std::string& path) = 0;
    virtual Status set_mode(const std::string& path, unsigned bits) = 0;
};

// The machine's own file system.
FileSystem& system_files();

// The whole file, refused when longer than `limit` bytes.
Result<Bytes> read_file(FileSystem& files, const std::string& path, std::size_t limit);
// As read_file, refused (`unsafe_mode`) when group or others may read or write the file.
Result<Bytes> read_private_file(FileSystem& files, const std::string& path, std::size_t limit);

enum class Replace { no, yes };
// Writes beside, syncs, renames, syncs the directory: the old content or the new, never half. With
// Replace::no an existing file is refused (`exists`). `mode` is 0600 for anything private, 0644 otherwise.
Status write_file(FileSystem& files, const std::string& path, ByteView bytes, Replace replace, unsigned mode);

}  // namespace sampan
