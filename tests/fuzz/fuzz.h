// What the fuzz targets share. A target gives any bytes to a real decoder: it must refuse them by name, or
// accept them, and then what it accepted has exactly one form. A broken claim ends the program, which
// libFuzzer keeps as a finding.
#pragma once

#include <algorithm>
#include <cstdio>
#include <cstdlib>

#include "sampan/base/bytes.h"
#include "sampan/base/file.h"

namespace sampan::fuzz {

inline void hold(bool holds, std::string_view claim) {
    if (holds) return;
    std::fprintf(stderr, "broken claim: %.*s\n", static_cast<int>(claim.size()), claim.data());
    std::abort();
}

inline void same(ByteView found, ByteView expected, std::string_view claim) {
    hold(std::equal(found.begin(), found.end(), expected.begin(), expected.end()), claim);
}

// Decodes; what is accepted must encode to the very bytes it came from, what is refused has a name.
template <typename Decode, typename Encode>
void round_trip(ByteView in, std::string_view claim, Decode decode, Encode encode) {
    const auto value = decode(in);
    if (!value.ok()) {
        hold(!value.error().name().empty() && value.error().name() != "unknown", "a refusal has a name");
        return;
    }
    const auto out = encode(*value);
    same(ByteView(reinterpret_cast<const std::uint8_t*>(out.data()), out.size()), in, claim);
}

// The fuzzer's bytes, taken off as values. Past the end there are zeros, so that every input means something.
class Input {
  public:
    explicit Input(ByteView in) : in_(in) {}
    bool empty() const { return in_.empty(); }
    std::uint8_t u8() {
        if (in_.empty()) return 0;
        const std::uint8_t out = in_.front();
        in_ = in_.subspan(1);
        return out;
    }
    std::uint16_t u16() {
        const auto high = u8();
        return static_cast<std::uint16_t>(high << 8 | u8());
    }
    // Length (u16) and bytes; fewer where there are fewer.
    ByteView piece() { return take(u16()); }
    ByteView take(std::size_t size) {
        const ByteView out = in_.first(std::min(size, in_.size()));
        in_ = in_.subspan(out.size());
        return out;
    }
    ByteView rest() { return take(in_.size()); }

  private:
    ByteView in_;
};

// One file in memory.
class MemoryFile final : public File {
  public:
    explicit MemoryFile(Bytes content = {}) : bytes(std::move(content)) {}
    Result<std::size_t> read_at(std::uint64_t offset, MutableBytes out) override {
        if (offset >= bytes.size()) return std::size_t{0};
        const std::size_t size = std::min(out.size(), bytes.size() - static_cast<std::size_t>(offset));
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), size, out.begin());
        return size;
    }
    Status write_at(std::uint64_t offset, ByteView in) override {
        if (bytes.size() < offset + in.size()) bytes.resize(static_cast<std::size_t>(offset) + in.size());
        std::copy(in.begin(), in.end(), bytes.begin() + static_cast<std::ptrdiff_t>(offset));
        return ok_status();
    }
    Result<std::uint64_t> size() override { return bytes.size(); }
    Status sync() override { return ok_status(); }

    Bytes bytes;
};

// A file system that holds nothing but one private file, whatever it is asked for.
class OneFile final : public FileSystem {
  public:
    explicit OneFile(ByteView content) : content_(to_bytes(content)) {}
    Result<std::unique_ptr<File>> open_read(const std::string&) override {
        return std::unique_ptr<File>(std::make_unique<MemoryFile>(content_));
    }
    Result<std::unique_ptr<File>> open_write(const std::string&) override { return refused(); }
    Status rename(const std::string&, const std::string&) override { return refused(); }
    Status remove(const std::string&) override { return refused(); }
    Status make_directories(const std::string&) override { return refused(); }
    Status sync_directory(const std::string&) override { return refused(); }
    Result<std::vector<std::string>> list(const std::string&) override { return std::vector<std::string>{}; }
    bool exists(const std::string&) override { return true; }
    Result<unsigned> mode(const std::string&) override { return 0600U; }
    Status set_mode(const std::string&, unsigned) override { return refused(); }

  private:
    static Error refused() { return Error(FileError::io, "this file is only read"); }
    Bytes content_;
};

}  // namespace sampan::fuzz

// The body of a target: sees `in`.
#define SAMPAN_FUZZ_TARGET                                                              \
    static void fuzz_one(sampan::ByteView in);                                          \
    extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);  \
    extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) { \
        fuzz_one({data, size});                                                         \
        return 0;                                                                       \
    }                                                                                   \
    static void fuzz_one([[maybe_unused]] sampan::ByteView in)
