// The hand-written codec against protobuf and the strict scanner: the same bytes out, the same bytes
// accepted.
#include <google/protobuf/descriptor.h>

#include <iostream>
#include <set>

#include "support/catch.h"
#include "transport/packet_fields.h"
#include "unit/transport/packet_samples.h"
#include "wire/session.pb.h"

namespace sampan {
namespace {

constexpr std::size_t k_kinds = std::variant_size_v<Packet>;

std::uint64_t seed() {
    static const std::uint64_t value = [] {
        const char* given = std::getenv("SAMPAN_TEST_SEED");
        const std::uint64_t chosen = given != nullptr ? std::stoull(given) : std::random_device{}();
        std::cerr << "SAMPAN_TEST_SEED=" << chosen << '\n';
        return chosen;
    }();
    return value;
}

Bytes frame_of(const Packet& packet) {
    FrameWriter writer;
    writer.add(packet);
    return writer.finish().at(0);
}
Bytes frame_of(const std::vector<Packet>& packets) {
    FrameWriter writer;
    for (const Packet& packet : packets) writer.add(packet);
    auto frames = writer.finish();
    REQUIRE(frames.size() == 1);
    return frames[0];
}

// Collects the numbers and names that a description visits; every archive function has this shape.
struct NamesArchive {
    static constexpr bool k_reads = false;
    struct Ignored {
        Ignored() = default;
        Ignored(std::initializer_list<std::uint64_t>) {}
        Ignored(archive::Bounds) {}
        Ignored(archive::Range) {}
        Ignored(const decltype(archive::k_role_names)&) {}
    };
    std::map<int, std::string> found;
#define SAMPAN_VISIT(function)                                                              \
    template <typename T>                                                                   \
    void function(std::uint8_t n, const char* what, const T&, Ignored = {}, Ignored = {}) { \
        found[n] = what;                                                                    \
    }
    SAMPAN_VISIT(u32)
    SAMPAN_VISIT(u64)
    SAMPAN_VISIT(flag)
    SAMPAN_VISIT(index)
    SAMPAN_VISIT(time_ms)
    SAMPAN_VISIT(kind)
    SAMPAN_VISIT(choice)
    SAMPAN_VISIT(bytes)
    SAMPAN_VISIT(text)
    SAMPAN_VISIT(name)
    SAMPAN_VISIT(optional_name)
    SAMPAN_VISIT(names)
    SAMPAN_VISIT(fixed)
    SAMPAN_VISIT(optional_fixed)
    SAMPAN_VISIT(hashes)
    SAMPAN_VISIT(blobs)
    SAMPAN_VISIT(packed)
    SAMPAN_VISIT(list)
    SAMPAN_VISIT(optional_message)
#undef SAMPAN_VISIT
};

template <typename P>
void check_names(const google::protobuf::Descriptor& type) {
    INFO(type.full_name());
    NamesArchive visited;
    const P value{};
    fields(visited, value);
    std::map<int, std::string> declared;
    for (int i = 0; i < type.field_count(); ++i) declared[type.field(i)->number()] = type.field(i)->name();
    CHECK(visited.found == declared);
}

TEST_CASE("every packet describes exactly the fields that session.proto declares") {
    const auto& packet = *wire::Packet::descriptor();
    CHECK(packet.field_count() == int(k_kinds));
    [&]<std::size_t... I>(std::index_sequence<I...>) {
        const auto check = [&](auto index) {
            const auto* field = packet.FindFieldByNumber(k_packet_kinds[index].number);
            REQUIRE(field != nullptr);
            CHECK(field->message_type()->name() == k_packet_kinds[index].name);
            check_names<std::variant_alternative_t<index, Packet>>(*field->message_type());
        };
        (check(std::integral_constant<std::size_t, I>()), ...);
    }
    (std::make_index_sequence<k_kinds>());
    check_names<LoggedStatement>(*wire::Statement::descriptor());
    check_names<Peer>(*wire::Peer::descriptor());
    check_names<PartRange>(*wire::PartRange::descriptor());
    check_names<LeafProof>(*wire::LeafProof::descriptor());
    check_names<EntryRecord>(*wire::EntryRecord::descriptor());
}

TEST_CASE("every packet is written byte for byte as protobuf writes it, and read back the same") {
    PacketSamples samples(seed());
    for (std::size_t round = 0; round < 200; ++round) {
        for (std::size_t kind = 0; kind < k_kinds; ++kind) {
            const Packet packet = samples.make(kind);
            INFO(packet_name(packet));
            const Bytes frame = frame_of(packet);
            REQUIRE(frame.size() == encoded_packet_size(packet));
            wire::Frame parsed;
            auto strict = decode_strict(frame, limits::k_frame_bytes, parsed);
            INFO((strict.ok() ? "" : strict.error().text()));
            REQUIRE(strict.ok());
            REQUIRE(encode_canonical(parsed) == frame);
            auto packets = decode_frame(frame);
            INFO((packets.ok() ? "" : packets.error().text()));
            REQUIRE(packets.ok());
            REQUIRE(packets->size() == 1);
            REQUIRE(packets->at(0).index() == kind);
            REQUIRE(frame_of(packets->at(0)) == frame);
        }
    }
}

// The values arrive where the schema says, seen through protobuf's own accessors.
TEST_CASE("the fields of a submission and of a delivery carry their own values") {
    PacketSamples samples(seed());
    const Packet submit_packet = samples.make(4);
    const auto& submit = std::get<Submit>(submit_packet);
    const Packet deliver_packet = samples.make(22);
    const auto& deliver = std::get<Deliver>(deliver_packet);
    wire::Frame frame;
    REQUIRE(decode_strict(frame_of({submit_packet, deliver_packet}), limits::k_frame_bytes, frame).ok());
    REQUIRE(frame.packets_size() == 2);
    const auto& s = frame.packets(0).submit();
    CHECK(s.seal() == as_text(submit.seal));
    CHECK(s.signature() == as_text(submit.signature.view()));
    CHECK(s.stanzas() == as_text(submit.stanzas));
    CHECK(s.body() == as_text(submit.body));
    const auto& d = frame.packets(1).deliver();
    CHECK(d.seal() == as_text(deliver.seal));
    CHECK(d.signature() == as_text(deliver.signature.view()));
    CHECK(d.stanza_index() == deliver.stanza_index);
    CHECK(d.stanza() == as_text(deliver.stanza));
    CHECK(d.stanza_proof_size() == int(deliver.stanza_proof.size()));
    CHECK(d.body() == as_text(deliver.body));
    CHECK(d.leaf_index() == deliver.leaf_index.get());
    CHECK(d.time_s() == deliver.time_s);
}

// --- what is accepted

// Refusals that the strict scanner does not make: of values, lengths and counts.
bool is_refusal_of_value(const Error& error) {
    return error.is(WireError::bad_value) || error.is(WireError::out_of_range) ||
           error.is(WireError::unknown_enum);
}

struct Tally {
    std::size_t accepted = 0, refused = 0, refused_by_value = 0;
};

void compare(ByteView frame, Tally& tally) {
    wire::Frame parsed;
    const Status strict = decode_strict(frame, limits::k_frame_bytes, parsed);
    const auto ours = decode_frame(frame);
    if (ours.ok()) {
        ++tally.accepted;
        const bool agree = strict.ok() && frame_of(*ours) == to_bytes(frame);
        if (!agree) FAIL("accepted, but not by the scanner: " << to_hex(frame));
    } else if (strict.ok()) {
        ++tally.refused_by_value;
        if (!is_refusal_of_value(ours.error()))
            FAIL(ours.error().text() << ", but the scanner accepts " << to_hex(frame));
    } else {
        ++tally.refused;
    }
}

Bytes mutated(PacketSamples& samples, Bytes frame) {
    const auto place = [&] { return static_cast<std::ptrdiff_t>(samples.number(0, frame.size() - 1)); };
    for (std::uint64_t i = samples.number(1, 3); i > 0 && !frame.empty(); --i) {
        const auto at = place();
        auto& byte = frame[static_cast<std::size_t>(at)];
        switch (samples.number(0, 6)) {
            case 0:
                byte = static_cast<std::uint8_t>(byte ^ 1U << samples.number(0, 7));
                break;
            case 1:
                byte = static_cast<std::uint8_t>(samples.number(0, 255));
                break;
            case 2:
                frame.erase(frame.begin() + at);
                break;
            case 3:
                frame.insert(frame.begin() + at, static_cast<std::uint8_t>(samples.number(0, 255)));
                break;
            case 4:  // a varint made longer than it need be
                byte = byte | 0x80;
                frame.insert(frame.begin() + at + 1, 0);
                break;
            case 5:
                frame.resize(static_cast<std::size_t>(at));
                break;
            default: {  // a stretch repeated
                const auto from = std::min(at, place());
                const Bytes again(frame.begin() + from, frame.begin() + at);
                frame.insert(frame.begin() + at, again.begin(), again.end());
            }
        }
    }
    return frame;
}

TEST_CASE("mutated frames are accepted exactly where the strict scanner accepts them") {
    PacketSamples samples(seed());
    Tally tally;
    for (std::size_t round = 0; round < 300; ++round) {
        for (std::size_t kind = 0; kind < k_kinds; ++kind) {
            const Packet packet = samples.make(kind);
            const Bytes frame = frame_of(packet);
            // Mutations crowd into the first bytes, where the structure is.
            Bytes head(frame.begin(), frame.begin() + std::min<std::ptrdiff_t>(48, std::ssize(frame)));
            const Bytes tail(frame.begin() + std::ssize(head), frame.end());
            for (int i = 0; i < 6; ++i) {
                Bytes changed = mutated(samples, i % 2 == 0 ? head : frame);
                if (i % 2 == 0) append(changed, tail);
                compare(changed, tally);
            }
        }
    }
    CHECK(tally.accepted > 1000);
    CHECK(tally.refused > 1000);
    CHECK(tally.refused_by_value > 100);
}

// Small packets, so that whole fields are moved: the mutations that keep lengths right.
TEST_CASE("fields that are reordered, repeated or left out are judged as the scanner judges them") {
    PacketSamples samples(seed());
    Tally tally;
    for (std::size_t round = 0; round < 200; ++round) {
        for (std::size_t kind = 0; kind < k_kinds; ++kind) {
            wire::Frame frame;
            REQUIRE(decode_strict(frame_of(samples.make(kind)), limits::k_frame_bytes, frame).ok());
            std::string body;
            const auto* field =
                frame.packets(0).GetDescriptor()->FindFieldByNumber(k_packet_kinds[kind].number);
            frame.packets(0).GetReflection()->GetMessage(frame.packets(0), field).SerializeToString(&body);
            // The fields of the message, each with its tag.
            std::vector<std::string> pieces;
            for (const auto *at = reinterpret_cast<const std::uint8_t*>(body.data()), *end = at + body.size();
                 at != end;) {
                const auto* start = at;
                const auto tag = archive::get_varint(at, end);
                const auto value = archive::get_varint(at, end);
                if ((*tag & 7) == archive::k_bytes) at += *value;
                pieces.emplace_back(reinterpret_cast<const char*>(start),
                                    static_cast<std::size_t>(at - start));
            }
            if (pieces.empty()) continue;
            const auto any = [&] { return static_cast<std::size_t>(samples.number(0, pieces.size() - 1)); };
            switch (samples.number(0, 3)) {
                case 0:
                    std::swap(pieces[any()], pieces[any()]);
                    break;
                case 1:
                    pieces.insert(pieces.begin() + std::ptrdiff_t(any()), std::string(pieces[any()]));
                    break;
                case 2:
                    pieces.erase(pieces.begin() + std::ptrdiff_t(any()));
                    break;
                default:  // an unknown field, or an explicit zero
                    pieces.push_back(
                        std::string{char(samples.number(0, 15) << 3), char(samples.number(0, 2))});
            }
            std::string content;
            for (const auto& piece : pieces) content += piece;
            wire::Packet shell;
            std::string packet(1, '\0');
            std::uint8_t room[32];
            std::uint8_t* put =
                archive::put_varint(room, std::uint64_t(k_packet_kinds[kind].number) << 3 | 2);
            put = archive::put_varint(put, content.size());
            packet.assign(reinterpret_cast<char*>(room), static_cast<std::size_t>(put - room));
            packet += content;
            put = archive::put_varint(room, 10);
            put = archive::put_varint(put, packet.size());
            const std::string whole =
                std::string(reinterpret_cast<char*>(room), std::size_t(put - room)) + packet;
            compare(as_bytes(whole), tally);
        }
    }
    CHECK(tally.accepted > 100);
    CHECK(tally.refused > 1000);
    CHECK(tally.refused_by_value > 100);
}

}  // namespace
}  // namespace sampan
