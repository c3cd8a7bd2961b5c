#include "sampan/transport/packet.h"

#include "sampan/base/encode.h"
#include "sampan/transport/shared_frames.h"
#include "transport/packet_fields.h"

namespace sampan {
namespace {

using archive::k_bytes;
using archive::put_varint;
using archive::varint_size;

constexpr std::uint8_t k_frame_tag = 1 << 3 | k_bytes;  // Frame.packets
constexpr std::size_t k_kind_numbers = 64;

std::uint64_t packet_tag(std::size_t alternative) {
    return static_cast<std::uint64_t>(k_packet_kinds[alternative].number) << 3 | k_bytes;
}

// --- decoding: one function a kind, found by its number
using Decoder = Status (*)(ByteView, std::vector<Packet>&);

template <std::size_t I>
Status decode_as(ByteView content, std::vector<Packet>& out) {
    using P = std::variant_alternative_t<I, Packet>;
    archive::ReadArchive reader(k_packet_kinds[I].name, content);
    fields(reader, std::get<P>(out.emplace_back(std::in_place_type<P>)));
    return reader.finish();
}

template <std::size_t... I>
constexpr std::array<Decoder, k_kind_numbers> decoders(std::index_sequence<I...>) {
    std::array<Decoder, k_kind_numbers> table{};
    ((table[k_packet_kinds[I].number] = &decode_as<I>), ...);
    return table;
}
constexpr auto k_decoders = decoders(std::make_index_sequence<std::variant_size_v<Packet>>());

// The content of a length-delimited field after its tag; steps over it.
Result<ByteView> content_of(const std::uint8_t*& at, const std::uint8_t* end, std::string_view what) {
    const auto size = archive::get_varint(at, end);
    if (!size)
        return Error(WireError::not_canonical,
                     std::string(what) + ": its length is truncated or not minimal");
    if (*size > static_cast<std::uint64_t>(end - at))
        return Error(WireError::truncated, std::string(what) + ": ends inside it");
    const ByteView content(at, static_cast<std::size_t>(*size));
    at += *size;
    return content;
}

Status decode_packet(ByteView packet, std::vector<Packet>& out) {
    if (packet.empty()) return Error(WireError::bad_value, "Packet: is of no kind");
    const std::uint8_t* at = packet.data();
    const std::uint8_t* end = at + packet.size();
    const auto tag = archive::get_varint(at, end);
    if (!tag) return Error(WireError::not_canonical, "Packet: its tag is truncated or not minimal");
    const std::uint64_t number = *tag >> 3;
    if (number >= k_kind_numbers || k_decoders[number] == nullptr)
        return Error(WireError::unknown_field, "Packet: kind " + std::to_string(number) + " is unknown");
    if ((*tag & 7) != k_bytes) return Error(WireError::not_canonical, "Packet: has another wire type");
    SAMPAN_ASSIGN(ByteView content, content_of(at, end, "Packet"));
    if (at != end) return Error(WireError::not_canonical, "Packet: holds more than one packet");
    return k_decoders[number](content, out);
}

// --- encoding
struct PacketSize {
    std::size_t fields = 0;  // of the message of its kind
    std::size_t packet = 0;  // with the kind's tag and length
    std::size_t total = 0;   // with the frame's tag and length
};

PacketSize sizes_of(std::size_t alternative, std::size_t fields_size) {
    PacketSize out{fields_size, 0, 0};
    out.packet = varint_size(packet_tag(alternative)) + varint_size(fields_size) + fields_size;
    out.total = 1 + varint_size(out.packet) + out.packet;
    return out;
}

}  // namespace

std::string_view packet_name(const Packet& packet) {
    return k_packet_kinds[packet.index()].name;
}

Bytes session_transcript(const ExchangeName& exchange, const Challenge& challenge, const AgencyId& agency,
                         SessionRole role) {
    Writer out;
    out.lp(exchange.text())
        .lp(challenge.broker.text())
        .lp(agency.text())
        .lp(archive::k_role_names[static_cast<std::size_t>(role) - 1])
        .u64(challenge.epoch.get())
        .raw(challenge.nonce.view());
    return std::move(out).bytes();
}

Result<std::vector<Packet>> decode_frame(ByteView frame) {
    if (frame.size() > limits::k_frame_bytes)
        return Error(WireError::too_large, "Frame: " + std::to_string(frame.size()) + " bytes; at most " +
                                               std::to_string(limits::k_frame_bytes) + " are accepted");
    if (frame.empty()) return Error(WireError::bad_value, "Frame: holds no packet");
    std::vector<Packet> out;
    const std::uint8_t* at = frame.data();
    const std::uint8_t* end = at + frame.size();
    while (at != end) {
        if (*at++ != k_frame_tag)
            return Error(WireError::not_canonical, "Frame: something else than a packet");
        if (out.size() == limits::k_packets_per_frame)
            return Error(WireError::out_of_range, "Frame: more than 64 packets");
        SAMPAN_ASSIGN(ByteView packet, content_of(at, end, "Frame"));
        SAMPAN_TRY(decode_packet(packet, out));
    }
    return out;
}

std::size_t encoded_packet_size(const Packet& packet) {
    const auto counted = [&](const auto& body) { return archive::encoded_fields_size(body); };
    return sizes_of(packet.index(), std::visit(counted, packet)).total;
}

std::uint8_t* FrameWriter::open_room(std::size_t alternative, std::size_t fields_size) {
    const PacketSize size = sizes_of(alternative, fields_size);
    SAMPAN_ASSERT(size.total <= limits::k_frame_bytes);
    if (open_packets_ == limits::k_packets_per_frame || open_.size() + size.total > limits::k_frame_bytes)
        close();
    const std::size_t before = open_.size();
    // A frame that gets a second packet will get more.
    if (before > 0 && open_.capacity() < before + size.total)
        open_.reserve(std::min(limits::k_frame_bytes, 4 * (before + size.total)));
    open_.resize(before + size.total);
    ++open_packets_;
    std::uint8_t* at = open_.data() + before;
    *at++ = k_frame_tag;
    at = put_varint(at, size.packet);
    at = put_varint(at, packet_tag(alternative));
    return put_varint(at, size.fields);
}

template <typename P>
void FrameWriter::add_as(std::size_t alternative, const P& body) {
    const std::size_t size = archive::encoded_fields_size(body);
    archive::WriteArchive writer(open_room(alternative, size));
    fields(writer, body);
    SAMPAN_ASSERT(writer.end() == open_.data() + open_.size());
}

void FrameWriter::add(const Packet& packet) {
    std::visit([&](const auto& body) { add_as(packet.index(), body); }, packet);
}

void FrameWriter::close() {
    if (open_packets_ == 0) return;
    full_.push_back(std::move(open_));
    open_ = Bytes();
    open_packets_ = 0;
}

bool FrameWriter::empty() const {
    return open_packets_ == 0 && full_.empty();
}

std::vector<Bytes> FrameWriter::take_full() {
    return std::exchange(full_, {});
}

std::vector<Bytes> FrameWriter::finish() {
    close();
    return take_full();
}

// --- frames with shared bytes
namespace {

// The fields of a Deliver in three parts: packet_fields.h has them in one.
struct DeliveryHead {
    const Deliver& packet;
};
struct DeliveryMiddle {
    const Deliver& packet;
};
struct DeliveryTail {
    const Deliver& packet;
};
template <typename A>
void fields(A& a, const DeliveryHead& p) {
    a.bytes(1, "seal", p.packet.seal, archive::k_seal);
    a.fixed(2, "signature", p.packet.signature);
}
template <typename A>
void fields(A& a, const DeliveryMiddle& p) {
    a.u32(3, "stanza_index", p.packet.stanza_index);
    a.bytes(4, "stanza", p.packet.stanza, archive::k_one_stanza);
    a.hashes(5, "stanza_proof", p.packet.stanza_proof, archive::k_proof);
}
template <typename A>
void fields(A& a, const DeliveryTail& p) {
    a.bytes(6, "body", p.packet.body, archive::k_body);
    a.index(7, "leaf_index", p.packet.leaf_index);
    a.u64(8, "time_s", p.packet.time_s);
}

template <typename Part>
Bytes encoded_part(const Part& part) {
    archive::SizeArchive counted;
    fields(counted, part);
    Bytes out(counted.size());
    archive::WriteArchive writer(out.data());
    fields(writer, part);
    return out;
}

constexpr std::size_t k_moved_bytes = 32 * limits::k_kib;  // a packet so large is a frame by itself

}  // namespace

Bytes delivery_head(const Deliver& packet) {
    return encoded_part(DeliveryHead{packet});
}
Bytes delivery_tail(const Deliver& packet) {
    return encoded_part(DeliveryTail{packet});
}

void SharedFrameWriter::make_room(std::size_t size) {
    if (open_packets_ == limits::k_packets_per_frame || open_size_ + size > limits::k_frame_bytes) close();
    ++open_packets_;
    open_size_ += size;
}

void SharedFrameWriter::add(const Packet& packet) {
    FrameWriter writer;
    writer.add(packet);
    Bytes frame = std::move(writer.finish().front());
    if (frame.size() >= k_moved_bytes) {
        close();
        full_.push_back({ConnectionId(), {}, std::move(frame)});
        return;
    }
    make_room(frame.size());
    append(open_.own, frame);
}

void SharedFrameWriter::add(const Deliver& packet, const SharedDelivery& shared) {
    static const std::size_t k_alternative = Packet(std::in_place_type<Deliver>).index();
    archive::SizeArchive counted;
    fields(counted, DeliveryMiddle{packet});
    const PacketSize size = sizes_of(k_alternative, shared.head.size + counted.size() + shared.tail.size);
    SAMPAN_ASSERT(size.total <= limits::k_frame_bytes);
    make_room(size.total);
    Bytes& own = open_.own;
    const std::size_t before = own.size();
    own.resize(before + size.total - shared.head.size - shared.tail.size);
    std::uint8_t* at = own.data() + before;
    *at++ = k_frame_tag;
    at = put_varint(at, size.packet);
    at = put_varint(at, packet_tag(k_alternative));
    at = put_varint(at, size.fields);
    open_.splices.push_back({static_cast<std::uint32_t>(at - own.data()), shared.head.share});
    archive::WriteArchive writer(at);
    fields(writer, DeliveryMiddle{packet});
    SAMPAN_ASSERT(writer.end() == own.data() + own.size());
    open_.splices.push_back({static_cast<std::uint32_t>(own.size()), shared.tail.share});
}

void SharedFrameWriter::close() {
    if (open_packets_ == 0) return;
    full_.push_back(std::exchange(open_, {}));
    open_size_ = open_packets_ = 0;
}

std::vector<GateCompose> SharedFrameWriter::finish() {
    close();
    return take_full();
}

}  // namespace sampan
