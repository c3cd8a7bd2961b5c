#include "sampan/crypto/padding.h"
#include "sampan/crypto/random.h"
#include "sampan/crypto/stream.h"
#include "sampan/seal/seal.h"
#include "support/catch.h"
#include "support/exchange.h"

using namespace sampan;
using test::must;

namespace {

constexpr std::uint64_t k_frame = limits::k_part_frame_bytes;
constexpr std::uint64_t k_chunk = limits::k_stream_chunk_bytes;

// A file in memory that can be made to fail, shrink or be only said to be large.
class MemoryFile : public File {
  public:
    explicit MemoryFile(Bytes content = {}) : bytes(std::move(content)) {}
    Result<std::size_t> read_at(std::uint64_t offset, MutableBytes out) override {
        if (fail_reads) return Error(FileError::io, "on purpose");
        if (offset >= bytes.size()) return std::size_t{0};
        const std::size_t size = std::min(out.size(), bytes.size() - static_cast<std::size_t>(offset));
        std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(offset), size, out.begin());
        return size;
    }
    Status write_at(std::uint64_t offset, ByteView in) override {
        if (fail_writes) return Error(FileError::no_space, "on purpose");
        if (bytes.size() < offset + in.size()) bytes.resize(static_cast<std::size_t>(offset) + in.size());
        std::copy(in.begin(), in.end(), bytes.begin() + static_cast<std::ptrdiff_t>(offset));
        return ok_status();
    }
    Result<std::uint64_t> size() override { return claimed.value_or(bytes.size()); }
    Status sync() override { return ok_status(); }

    Bytes bytes;
    std::optional<std::uint64_t> claimed;
    bool fail_reads = false;
    bool fail_writes = false;
};

Bytes random_content(std::size_t size) {
    Bytes out(size);
    random_fill(out);
    return out;
}

struct Sealed {
    MemoryFile source;
    MemoryFile target;
    SealedPart part;
    AttachmentEntry entry;
    explicit Sealed(std::size_t size)
        : source(random_content(size)), part(must(seal_part(source, target, {}))) {
        entry.size = part.plaintext_size;
        entry.sha256 = part.plaintext_sha256;
        entry.key = part.key.duplicate();
    }
    Status open(MemoryFile& out) { return open_part(target, part.description, entry, out, {}); }
    bool refused() {
        MemoryFile out;
        const Status status = open(out);
        if (!status.ok()) UNSCOPED_INFO(status.error().text());
        return !status.ok() && status.error().is(EnvelopeError::bad_part);
    }
    MutableBytes frame(std::uint64_t index) {
        return MutableBytes(target.bytes)
            .subspan(static_cast<std::size_t>(index * k_frame),
                     static_cast<std::size_t>(part_frame_size(part.description, index)));
    }
};

}  // namespace

TEST_CASE("a file of any size is sealed and opened again, across every boundary") {
    for (const std::uint64_t size :
         {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{1019}, std::uint64_t{1020}, std::uint64_t{1021},
          k_chunk - 5, k_chunk - 4, k_chunk - 3, k_chunk, 8 * k_chunk - 5, 8 * k_chunk - 4, 8 * k_chunk - 3,
          8 * k_chunk, 16 * k_chunk - 4, std::uint64_t{3'000'000}}) {
        INFO(size);
        Sealed s(static_cast<std::size_t>(size));
        CHECK(s.part.description.size == s.target.bytes.size());
        CHECK(s.part.description.size == stream_sealed_size(padded_length_of_content(size)));
        CHECK(s.part.plaintext_size == size);
        CHECK(s.part.plaintext_sha256 == sha256(s.source.bytes));
        MemoryFile out;
        REQUIRE(s.open(out).ok());
        CHECK(out.bytes == s.source.bytes);
    }
}

TEST_CASE("a part is the STREAM of the padded file, cut into frames") {
    Sealed s(700'000);
    const auto padded = must(stream_open(s.part.key, s.target.bytes));
    const auto plaintext = must(unpad(padded.reveal(k_reveal)));
    CHECK(to_bytes(plaintext) == s.source.bytes);
    REQUIRE(s.part.tree.leaves.size() == s.part.description.frames());
    for (std::uint64_t i = 0; i < s.part.description.frames(); ++i) {
        PartFrame frame{i, to_bytes(s.frame(i)), s.part.tree.proof(i)};
        CHECK(verify_part_frame(s.part.description, frame).ok());
    }
}

TEST_CASE("two parts of one file have different keys and ciphertexts") {
    MemoryFile source(random_content(100));
    MemoryFile one;
    MemoryFile two;
    const auto first = must(seal_part(source, one, {}));
    const auto second = must(seal_part(source, two, {}));
    CHECK_FALSE(first.key.equals(second.key));
    CHECK(one.bytes != two.bytes);
    CHECK(first.description.root != second.description.root);
}

TEST_CASE("a part that was altered anywhere is refused") {
    Sealed s(1'200'000);
    for (const std::size_t at : {std::size_t{0}, std::size_t{65'535}, std::size_t{65'536},
                                 std::size_t{524'416}, std::size_t{900'000}, s.target.bytes.size() - 1}) {
        s.target.bytes[at] ^= 1;
        CHECK(s.refused());
        s.target.bytes[at] ^= 1;
    }
    MemoryFile out;
    CHECK(s.open(out).ok());
}

TEST_CASE("a part that was cut short, at a frame, a chunk or a byte, is refused") {
    for (const std::uint64_t cut : {std::uint64_t{1}, k_chunk + 16, k_frame}) {
        Sealed s(1'200'000);
        s.target.bytes.resize(s.target.bytes.size() - static_cast<std::size_t>(cut));
        CHECK(s.refused());
        // Even when the description is made to agree: the attachment says how long it is.
        s.part.description.size = s.target.bytes.size();
        CHECK(s.refused());
    }
}

TEST_CASE("a part that was extended is refused") {
    Sealed s(1'200'000);
    s.target.bytes.resize(s.target.bytes.size() + 1);
    CHECK(s.refused());
    s.part.description.size += 1;
    CHECK(s.refused());
}

TEST_CASE("a part whose frames were reordered is refused") {
    Sealed s(2'000'000);
    const Bytes first = to_bytes(s.frame(0));
    const Bytes second = to_bytes(s.frame(1));
    std::copy(second.begin(), second.end(), s.frame(0).begin());
    std::copy(first.begin(), first.end(), s.frame(1).begin());
    CHECK(s.refused());
}

TEST_CASE("a part with a frame of another part is refused") {
    Sealed s(2'000'000);
    Sealed other(2'000'000);
    const Bytes foreign = to_bytes(other.frame(1));
    std::copy(foreign.begin(), foreign.end(), s.frame(1).begin());
    CHECK(s.refused());
}

TEST_CASE("a part opened with another key, size or hash is refused") {
    Sealed s(5000);
    s.entry.key = random_secret<PartKey>();
    CHECK(s.refused());
    s.entry.key = s.part.key.duplicate();
    // 5,001 bytes pad to the same length: only the prefix tells.
    REQUIRE(padded_length_of_content(5001) == padded_length_of_content(5000));
    s.entry.size = 5001;
    CHECK(s.refused());
    s.entry.size = 1;
    CHECK(s.refused());
    s.entry.size = limits::k_part_plaintext_bytes + 1;
    CHECK(s.refused());
    s.entry.size = UINT64_MAX;
    CHECK(s.refused());
    s.entry.size = 5000;
    s.entry.sha256.mutable_view()[0] ^= 1;
    CHECK(s.refused());
    s.entry.sha256.mutable_view()[0] ^= 1;
    MemoryFile out;
    CHECK(s.open(out).ok());
}

TEST_CASE("padding that is not zero is refused, though it authenticates") {
    const auto key = random_secret<PartKey>();
    const Bytes content(100, 7);
    const auto padded = pad(content);
    const auto build = [&](bool dirty) {
        Bytes plaintext = to_bytes(padded.reveal(k_reveal));
        if (dirty) plaintext.back() = 1;
        return MemoryFile(stream_seal(key, plaintext));
    };
    AttachmentEntry entry{"a", "text/plain", 100, sha256(content), key.duplicate()};
    for (const bool dirty : {false, true}) {
        MemoryFile source = build(dirty);
        MemoryFile out;
        const PartDescription description{source.bytes.size(), MerkleHash()};
        CHECK(open_part(source, description, entry, out, {}).ok() == !dirty);
    }
}

TEST_CASE("a file over two gibibytes is refused before anything is read") {
    MemoryFile source;
    MemoryFile target;
    source.claimed = limits::k_part_plaintext_bytes + 1;
    source.fail_reads = true;
    const auto sealed = seal_part(source, target, {});
    REQUIRE(!sealed.ok());
    CHECK(sealed.error().is(EnvelopeError::too_large));
    CHECK(target.bytes.empty());
}

TEST_CASE("a file that is shorter than it said is refused") {
    MemoryFile source(random_content(1000));
    MemoryFile target;
    source.claimed = 2000;
    const auto sealed = seal_part(source, target, {});
    REQUIRE(!sealed.ok());
    CHECK(sealed.error().is(EnvelopeError::bad_part));
}

TEST_CASE("failures of the files are passed on by their own names") {
    MemoryFile source(random_content(1000));
    MemoryFile target;
    target.fail_writes = true;
    const auto full = seal_part(source, target, {});
    REQUIRE(!full.ok());
    CHECK(full.error().is(FileError::no_space));
    source.fail_reads = true;
    const auto unread = seal_part(source, target, {});
    REQUIRE(!unread.ok());
    CHECK(unread.error().is(FileError::io));
}

TEST_CASE("progress counts the file's bytes and may stop the work") {
    MemoryFile source(random_content(2'000'000));
    MemoryFile target;
    std::vector<std::uint64_t> seen;
    const auto part = must(seal_part(source, target, [&](std::uint64_t done) {
        seen.push_back(done);
        return true;
    }));
    REQUIRE(seen.size() == part.description.frames());
    CHECK(std::is_sorted(seen.begin(), seen.end()));
    CHECK(seen.back() == 2'000'000);
    MemoryFile unfinished;
    const auto stopped = seal_part(source, unfinished, [](std::uint64_t) { return false; });
    REQUIRE(!stopped.ok());
    CHECK(stopped.error().is(EnvelopeError::stopped));
    AttachmentEntry entry{"a", "text/plain", 2'000'000, part.plaintext_sha256, part.key.duplicate()};
    MemoryFile out;
    const Status unopened =
        open_part(target, part.description, entry, out, [](std::uint64_t) { return false; });
    REQUIRE(!unopened.ok());
    CHECK(unopened.error().is(EnvelopeError::stopped));
}
