// A file in memory, for suites that read and write exports.
#pragma once

#include <algorithm>

#include "sampan/base/file.h"

namespace sampan::test {

class MemoryFile final : public File {
  public:
    MemoryFile() = default;
    explicit MemoryFile(Bytes content) : bytes(std::move(content)) {}
    Result<std::size_t> read_at(std::uint64_t offset, MutableBytes out) override {
        if (offset >= bytes.size()) return std::size_t{0};
        const std::size_t n = std::min(out.size(), bytes.size() - static_cast<std::size_t>(offset));
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), n, out.begin());
        return n;
    }
    Status write_at(std::uint64_t offset, ByteView more) override {
        const auto at = static_cast<std::size_t>(offset);
        if (bytes.size() < at + more.size()) bytes.resize(at + more.size());
        std::copy(more.begin(), more.end(), bytes.begin() + static_cast<std::ptrdiff_t>(at));
        return ok_status();
    }
    Result<std::uint64_t> size() override { return std::uint64_t{bytes.size()}; }
    Status sync() override { return ok_status(); }

    Bytes bytes;
};

}  // namespace sampan::test
