#include "support/memory_files.h"

#include <algorithm>

namespace sampan::test {

class MemoryFile final : public File {
  public:
    explicit MemoryFile(std::shared_ptr<MemoryFiles::Content> content) : content_(std::move(content)) {}
    Result<std::size_t> read_at(std::uint64_t offset, MutableBytes out) override {
        const Bytes& bytes = content_->now;
        if (offset >= bytes.size()) return std::size_t{0};
        const auto from = static_cast<std::size_t>(offset);
        const std::size_t size = std::min(out.size(), bytes.size() - from);
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(from), size, out.begin());
        return size;
    }
    Status write_at(std::uint64_t offset, ByteView bytes) override {
        const auto from = static_cast<std::size_t>(offset);
        Bytes& all = content_->now;
        all.resize(std::max(all.size(), from + bytes.size()));
        std::copy(bytes.begin(), bytes.end(), all.begin() + static_cast<std::ptrdiff_t>(from));
        return ok_status();
    }
    Result<std::uint64_t> size() override { return std::uint64_t{content_->now.size()}; }
    Status sync() override {
        content_->synced = content_->now;
        content_->ever_synced = true;
        return ok_status();
    }

  private:
    std::shared_ptr<MemoryFiles::Content> content_;
};

namespace {
Error missing(const std::string& path) {
    return Error(FileError::not_found, path);
}
}  // namespace

void MemoryFiles::lose_power() {
    for (auto it = files_.begin(); it != files_.end();) {
        it->second->now = it->second->synced;
        it = it->second->ever_synced ? std::next(it) : files_.erase(it);
    }
}

Result<std::unique_ptr<File>> MemoryFiles::open_read(const std::string& path) {
    const auto found = files_.find(path);
    if (found == files_.end()) return missing(path);
    return std::unique_ptr<File>(std::make_unique<MemoryFile>(found->second));
}

Result<std::unique_ptr<File>> MemoryFiles::open_write(const std::string& path) {
    auto& content = files_[path];
    if (!content) content = std::make_shared<Content>();
    return std::unique_ptr<File>(std::make_unique<MemoryFile>(content));
}

Status MemoryFiles::rename(const std::string& from, const std::string& to) {
    const auto found = files_.find(from);
    if (found == files_.end()) return missing(from);
    files_[to] = found->second;
    files_.erase(from);
    return ok_status();
}

Status MemoryFiles::remove(const std::string& path) {
    if (files_.erase(path) == 0) return missing(path);
    return ok_status();
}

Result<std::vector<std::string>> MemoryFiles::list(const std::string& path) {
    std::vector<std::string> out;
    const std::string folder = path + "/";
    for (const auto& [name, content] : files_)
        if (name.starts_with(folder) && name.find('/', folder.size()) == std::string::npos)
            out.push_back(name.substr(folder.size()));
    return out;
}

Result<unsigned> MemoryFiles::mode(const std::string& path) {
    const auto found = files_.find(path);
    if (found == files_.end()) return missing(path);
    return found->second->mode;
}

Status MemoryFiles::set_mode(const std::string& path, unsigned bits) {
    const auto found = files_.find(path);
    if (found == files_.end()) return missing(path);
    found->second->mode = bits;
    return ok_status();
}

}  // namespace sampan::test
