#include "sampan/base/file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

namespace sampan {
namespace {

Error errno_error(const std::string& doing, int number) {
    FileError code = FileError::io;
    std::string remedy;
    if (number == ENOENT) code = FileError::not_found;
    if (number == EEXIST) code = FileError::exists;
    if (number == ENOSPC || number == EDQUOT) {
        code = FileError::no_space;
        remedy = "free space on this disk, then try again; nothing was lost";
    }
    if (number == EACCES || number == EPERM)
        remedy = "check the owner and the permissions of the file and its folder";
    return Error(code, doing + ": " + std::strerror(number), remedy);
}

class PosixFile final : public File {
  public:
    PosixFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
    PosixFile(const PosixFile&) = delete;
    PosixFile& operator=(const PosixFile&) = delete;
    ~PosixFile() override { ::close(descriptor_); }

    Result<std::size_t> read_at(std::uint64_t offset, MutableBytes out) override {
        std::size_t done = 0;
        while (done < out.size()) {
            ssize_t n =
                ::pread(descriptor_, out.data() + done, out.size() - done, static_cast<off_t>(offset + done));
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) return errno_error("reading " + path_, errno);
            if (n == 0) break;
            done += static_cast<std::size_t>(n);
        }
        return done;
    }
    Status write_at(std::uint64_t offset, ByteView bytes) override {
        std::size_t done = 0;
        while (done < bytes.size()) {
            ssize_t n = ::pwrite(descriptor_, bytes.data() + done, bytes.size() - done,
                                 static_cast<off_t>(offset + done));
            if (n < 0 && errno == EINTR) continue;
            if (n < 0) return errno_error("writing " + path_, errno);
            done += static_cast<std::size_t>(n);
        }
        return ok_status();
    }
    Result<std::uint64_t> size() override {
        struct stat info {};
        if (::fstat(descriptor_, &info) != 0) return errno_error("measuring " + path_, errno);
        return static_cast<std::uint64_t>(info.st_size);
    }
    Status sync() override {
        if (::fdatasync(descriptor_) != 0) return errno_error("syncing " + path_, errno);
        return ok_status();
    }

  private:
    int descriptor_;
    std::string path_;
};

class PosixFileSystem final : public FileSystem {
  public:
    Result<std::unique_ptr<File>> open_read(const std::string& path) override { return open(path, O_RDONLY); }
    Result<std::unique_ptr<File>> open_write(const std::string& path) override {
        return open(path, O_RDWR | O_CREAT);
    }
    Status rename(const std::string& from, const std::string& to) override {
        if (::rename(from.c_str(), to.c_str()) != 0) return errno_error("renaming to " + to, errno);
        return ok_status();
    }
    Status remove(const std::string& path) override {
        if (std::remove(path.c_str()) != 0) return errno_error("removing " + path, errno);
        return ok_status();
    }
    Status make_directories(const std::string& path) override {
        for (std::size_t at = 1; at != 0 && at <= path.size();) {
            std::size_t slash = path.find('/', at);
            std::string part = path.substr(0, slash);
            if (::mkdir(part.c_str(), 0700) != 0 && errno != EEXIST)
                return errno_error("making the folder " + part, errno);
            at = slash == std::string::npos ? 0 : slash + 1;
        }
        struct stat info {};
        if (::stat(path.c_str(), &info) != 0) return errno_error("opening the folder " + path, errno);
        if (!S_ISDIR(info.st_mode)) return Error(FileError::exists, path + " exists and is not a folder");
        return ok_status();
    }
    Status sync_directory(const std::string& path) override {
        int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (descriptor < 0) return errno_error("opening the folder " + path, errno);
        int failed = ::fsync(descriptor);
        int number = errno;
        ::close(descriptor);
        if (failed != 0) return errno_error("syncing the folder " + path, number);
        return ok_status();
    }
    Result<std::vector<std::string>> list(const std::string& path) override {
        DIR* folder = ::opendir(path.c_str());
        if (folder == nullptr) return errno_error("listing " + path, errno);
        std::vector<std::string> names;
        while (const dirent* entry = ::readdir(folder)) {
            std::string name = entry->d_name;
            if (name != "." && name != "..") names.push_back(std::move(name));
        }
        ::closedir(folder);
        std::sort(names.begin(), names.end());
        return names;
    }
    bool exists(const std::string& path) override {
        struct stat info {};
        return ::stat(path.c_str(), &info) == 0;
    }
    Result<unsigned> mode(const std::string& path) override {
        struct stat info {};
        if (::stat(path.c_str(), &info) != 0) return errno_error("opening " + path, errno);
        if (!S_ISREG(info.st_mode)) return Error(FileError::io, path + " is not a regular file");
        return static_cast<unsigned>(info.st_mode & 07777);
    }
    Status set_mode(const std::string& path, unsigned bits) override {
        if (::chmod(path.c_str(), static_cast<mode_t>(bits)) != 0)
            return errno_error("changing the mode of " + path, errno);
        return ok_status();
    }

  private:
    static Result<std::unique_ptr<File>> open(const std::string& path, int flags) {
        int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
        if (descriptor < 0) return errno_error("opening " + path, errno);
        return std::unique_ptr<File>(std::make_unique<PosixFile>(descriptor, path));
    }
};

std::string folder_of(const std::string& path) {
    auto slash = path.rfind('/');
    if (slash == std::string::npos) return ".";
    return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

FileSystem& system_files() {
    static PosixFileSystem files;
    return files;
}

Result<Bytes> read_file(FileSystem& files, const std::string& path, std::size_t limit) {
    SAMPAN_ASSIGN(std::unique_ptr<File> file, files.open_read(path));
    SAMPAN_ASSIGN(std::uint64_t size, file->size());
    if (size > limit)
        return Error(FileError::too_large, path + " has " + std::to_string(size) + " bytes; at most " +
                                               std::to_string(limit) + " are read");
    Bytes out(static_cast<std::size_t>(size));
    SAMPAN_ASSIGN(std::size_t done, file->read_at(0, out));
    out.resize(done);
    return out;
}

Result<Bytes> read_private_file(FileSystem& files, const std::string& path, std::size_t limit) {
    SAMPAN_ASSIGN(unsigned bits, files.mode(path));
    if ((bits & 077) != 0)
        return Error(FileError::unsafe_mode, path + " can be read or changed by others", "chmod 600 " + path);
    return read_file(files, path, limit);
}

Status write_file(FileSystem& files, const std::string& path, ByteView bytes, Replace replace,
                  unsigned mode) {
    if (replace == Replace::no && files.exists(path))
        return Error(FileError::exists, path + " exists already", "choose another name, or move it away");
    const std::string beside = path + ".new";
    if (files.exists(beside)) SAMPAN_TRY(files.remove(beside));
    {
        SAMPAN_ASSIGN(std::unique_ptr<File> file, files.open_write(beside));
        SAMPAN_TRY(files.set_mode(beside, mode));
        SAMPAN_TRY(file->write_at(0, bytes));
        SAMPAN_TRY(file->sync());
    }
    SAMPAN_TRY(files.rename(beside, path));
    return files.sync_directory(folder_of(path));
}

}  // namespace sampan
