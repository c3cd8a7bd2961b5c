// STIX bundles on their way in and out: read while an upload streams by, and opened again for an export.
#pragma once

#include <algorithm>

#include "sampan/base/file.h"
#include "sampan/dialogue/stix.h"

namespace sampan::node {

// Passes a source's bytes on, and keeps the first k_stix_bytes of them. Read in order.
class KeepingFile final : public File {
  public:
    explicit KeepingFile(File& source) : source_(source) {}
    Result<std::size_t> read_at(std::uint64_t offset, MutableBytes out) override {
        SAMPAN_ASSIGN(std::size_t got, source_.read_at(offset, out));
        if (offset != kept_.size() || kept_.size() + got > k_stix_bytes)
            whole_ = whole_ && got == 0;
        else
            kept_.insert(kept_.end(), out.begin(), out.begin() + static_cast<std::ptrdiff_t>(got));
        return got;
    }
    Status write_at(std::uint64_t offset, ByteView bytes) override { return source_.write_at(offset, bytes); }
    Result<std::uint64_t> size() override { return source_.size(); }
    Status sync() override { return source_.sync(); }
    // None when the file was larger, or is no bundle; an error when it is one that does not hold.
    Result<std::optional<StixSummary>> bundle() const {
        if (!whole_ || !looks_like_stix(as_text(kept_))) return std::optional<StixSummary>();
        SAMPAN_ASSIGN(StixSummary summary, read_stix(as_text(kept_)));
        return std::optional<StixSummary>(std::move(summary));
    }

  private:
    File& source_;
    Bytes kept_;
    bool whole_ = true;
};

// Bytes in memory, up to k_stix_bytes.
class SmallFile final : public File {
  public:
    Result<std::size_t> read_at(std::uint64_t offset, MutableBytes out) override {
        if (offset >= bytes_.size()) return std::size_t{0};
        const std::size_t count =
            std::min<std::size_t>(out.size(), bytes_.size() - static_cast<std::size_t>(offset));
        std::copy_n(bytes_.begin() + static_cast<std::ptrdiff_t>(offset), count, out.begin());
        return count;
    }
    Status write_at(std::uint64_t offset, ByteView bytes) override {
        if (offset + bytes.size() > k_stix_bytes)
            return Error(StixError::stix_too_large, "a bundle has at most 8 MiB");
        if (offset + bytes.size() > bytes_.size())
            bytes_.resize(static_cast<std::size_t>(offset) + bytes.size());
        std::copy(bytes.begin(), bytes.end(), bytes_.begin() + static_cast<std::ptrdiff_t>(offset));
        return ok_status();
    }
    Result<std::uint64_t> size() override { return std::uint64_t{bytes_.size()}; }
    Status sync() override { return ok_status(); }
    const Bytes& bytes() const { return bytes_; }

  private:
    Bytes bytes_;
};

}  // namespace sampan::node
