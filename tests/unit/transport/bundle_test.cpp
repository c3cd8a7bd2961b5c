// Bundles: what is written is read; every cut, every changed byte and every item out of place is refused.
#include "sampan/transport/bundle.h"

#include "sampan/crypto/random.h"
#include "support/catch.h"
#include "support/memory_file.h"

using namespace sampan;

namespace {

const Ed25519Key& signing_key() {
    static const Ed25519Key key = Ed25519Key::generate();
    return key;
}
const Bytes k_certificate = {1, 2, 3};

BundleHead a_head(BundleDirection direction = BundleDirection::to_broker) {
    BundleHead out;
    out.direction = direction;
    out.exchange = ExchangeName::parse("ajct.example").value();
    out.agency = AgencyId::parse("th-rtp").value();
    out.broker = BrokerId::parse("broker-1").value();
    out.sequence = 7;
    out.created = UnixMillis(1'800'000'000'000);
    out.epoch = Epoch(3);
    out.pinned = TreeSize(42);
    if (direction == BundleDirection::to_node) out.answers = sha256(as_bytes("head"));
    return out;
}

Bytes a_bundle(const BundleHead& head, std::size_t pings, ByteView certificate) {
    test::MemoryFile file;
    BundleWriter writer = BundleWriter::begin(file, head).value();
    for (std::size_t i = 0; i < pings; ++i) REQUIRE(writer.add(Ping{i}).ok());
    const auto sign = [](ByteView transcript) {
        return Result<Ed25519Signature>(signing_key().sign(transcript));
    };
    REQUIRE(writer.finish(sign, certificate).ok());
    return file.bytes;
}

Result<BundleReader> read(Bytes bytes) {
    return BundleReader::open(std::make_unique<test::MemoryFile>(std::move(bytes)));
}
bool holds(const BundleReader& bundle) {
    return verify_ed25519(signing_key().public_key(), bundle.transcript(), bundle.signature()).ok();
}

}  // namespace

TEST_CASE("a bundle is read as it was written, in either direction") {
    for (const auto direction : {BundleDirection::to_broker, BundleDirection::to_node}) {
        const BundleHead head = a_head(direction);
        const Bytes certificate = direction == BundleDirection::to_broker ? k_certificate : Bytes();
        const auto got = read(a_bundle(head, 200, certificate));
        REQUIRE(got.ok());
        CHECK(holds(*got));
        CHECK(encode_bundle_head(got->head()) == encode_bundle_head(head));
        CHECK(to_bytes(got->certificate()) == certificate);
        REQUIRE(got->frames() == 4);  // 64 packets a frame
        std::uint64_t next = 0;
        for (std::size_t i = 0; i < got->frames(); ++i) {
            const auto packets = got->frame(i);
            REQUIRE(packets.ok());
            for (const Packet& packet : *packets) CHECK(std::get<Ping>(packet).token == next++);
        }
        CHECK(next == 200);
    }
    CHECK(read(a_bundle(a_head(), 0, k_certificate))->frames() == 0);
}

TEST_CASE("a bundle that is cut anywhere, or goes on, is refused") {
    const Bytes good = a_bundle(a_head(), 3, k_certificate);
    for (std::size_t size = 0; size < good.size(); ++size) {
        const auto got = read(Bytes(good.begin(), good.begin() + static_cast<std::ptrdiff_t>(size)));
        REQUIRE_FALSE(got.ok());
        CHECK(got.error().is(BundleError::bad_bundle));
    }
    Bytes longer = good;
    longer.push_back(0);
    CHECK(read(longer).error().is(BundleError::bad_bundle));
}

TEST_CASE("no bit of a bundle can be changed without being found") {
    const Bytes good = a_bundle(a_head(), 3, k_certificate);
    REQUIRE(holds(*read(good)));
    for (std::size_t i = 0; i < good.size(); ++i)
        for (int bit = 0; bit < 8; ++bit) {
            Bytes bad = good;
            bad[i] = static_cast<std::uint8_t>(bad[i] ^ (1U << bit));
            const auto got = read(bad);
            // The certificate is not under the signature: it is what verifies it, and is judged by itself.
            const bool certificate = got.ok() && to_bytes(got->certificate()) != k_certificate;
            if (!certificate) CHECK((!got.ok() || !holds(*got)));
        }
}

TEST_CASE("items out of place, of no kind, empty or too long are refused") {
    const Bytes good = a_bundle(a_head(), 3, k_certificate);
    constexpr std::size_t head_at = 16;
    const std::size_t head_size = 5 + encode_bundle_head(a_head()).size();
    Bytes twice = good;
    twice.insert(twice.begin() + head_at + static_cast<std::ptrdiff_t>(head_size), good.begin() + head_at,
                 good.begin() + head_at + static_cast<std::ptrdiff_t>(head_size));
    CHECK_FALSE(read(twice).ok());
    Bytes none = good;
    none.erase(none.begin() + head_at, none.begin() + head_at + static_cast<std::ptrdiff_t>(head_size));
    CHECK_FALSE(read(none).ok());
    for (const int kind : {0, 3, 4, 255}) {
        Bytes other = good;
        other[head_at] = static_cast<std::uint8_t>(kind);
        CHECK_FALSE(read(other).ok());
    }
    Bytes huge = good;
    huge[head_at + head_size + 1] = 0xff;  // the length of the frame
    CHECK_FALSE(read(huge).ok());
    Bytes empty = good;
    for (std::size_t i = 1; i < 5; ++i) empty[head_at + head_size + i] = 0;
    CHECK_FALSE(read(empty).ok());
}

TEST_CASE("a head that says what cannot be is refused") {
    const auto refused = [](auto change) {
        BundleHead head = a_head();
        change(head);
        return !decode_bundle_head(encode_bundle_head(head)).ok();
    };
    CHECK_FALSE(refused([](BundleHead&) {}));
    CHECK(refused([](BundleHead& h) { h.sequence = 0; }));
    CHECK(refused([](BundleHead& h) { h.epoch = Epoch(0); }));
    CHECK(refused([](BundleHead& h) { h.created = UnixMillis(0); }));
    CHECK(refused([](BundleHead& h) { h.created = UnixMillis(253'402'300'800'000); }));
    CHECK(refused([](BundleHead& h) { h.pinned = TreeSize(1ULL << 63); }));
    CHECK(refused([](BundleHead& h) { h.direction = BundleDirection::to_node; }));
    CHECK(refused([](BundleHead& h) { h.answers = sha256({}); }));
    CHECK(refused([](BundleHead& h) { h.direction = static_cast<BundleDirection>(3); }));
    Bytes more = encode_bundle_head(a_head());
    more.push_back(0);
    CHECK_FALSE(decode_bundle_head(more).ok());
}

TEST_CASE("a frame that is none is named with its place, and a certificate stands where it belongs") {
    Bytes bad = a_bundle(a_head(), 3, k_certificate);
    const std::size_t frame = 16 + 5 + encode_bundle_head(a_head()).size() + 5;
    bad[frame] = 0xff;
    const auto got = read(bad);
    REQUIRE(got.ok());
    REQUIRE_FALSE(got->frame(0).ok());
    CHECK(got->frame(0).error().context().find("byte " + std::to_string(frame)) == 0);
    CHECK_FALSE(read(a_bundle(a_head(), 1, {})).ok());
    CHECK_FALSE(read(a_bundle(a_head(BundleDirection::to_node), 1, k_certificate)).ok());
}
