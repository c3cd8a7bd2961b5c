#include "transport/gate_codec.h"

namespace sampan::gate_codec {
namespace {

enum class Kind : std::uint8_t {
    ready = 1,
    frame = 2,
    closed = 3,
    event = 4,
    counters = 5,
    allow = 16,
    send = 17,
    drop = 18,
    stop = 19,
    share = 20,
    compose = 21,
    forget = 22,
};
constexpr std::size_t k_text_bytes = 4 * limits::k_kib;

Writer& begin(Writer& out, Kind kind) {
    return out.u8(static_cast<std::uint8_t>(kind));
}

// Reasons and details are for people: cut, rather than refused by the reader.
std::string_view clipped(std::string_view text) {
    return text.substr(0, k_text_bytes);
}

struct HeadEncoder {
    Writer& out;

    void operator()(const GateReady& m) const { begin(out, Kind::ready).lp(clipped(m.endpoint)); }
    void operator()(const GateFrame& m) const {
        begin(out, Kind::frame).u64(m.connection.get()).lp(m.agency.text());
    }
    void operator()(const GateClosed& m) const {
        begin(out, Kind::closed).u64(m.connection.get()).lp(clipped(m.reason));
    }
    void operator()(const GateEvent& m) const {
        begin(out, Kind::event).lp(clipped(m.name)).lp(m.agency.text()).lp(clipped(m.detail));
    }
    void operator()(const GateCounters& m) const {
        begin(out, Kind::counters)
            .u64(m.connections)
            .u64(m.frames_in)
            .u64(m.frames_out)
            .u64(m.bytes_in)
            .u64(m.bytes_out)
            .u64(m.refused_handshakes)
            .u64(m.dropped_peers)
            .u64(m.memory_bytes);
    }
    void operator()(const GateAllow& m) const {
        begin(out, Kind::allow).u32(static_cast<std::uint32_t>(m.keys.size()));
        for (const auto& entry : m.keys) out.raw(entry.key.view()).lp(entry.agency.text());
    }
    void operator()(const GateSend& m) const { begin(out, Kind::send).u64(m.connection.get()); }
    void operator()(const GateDrop& m) const {
        begin(out, Kind::drop).u64(m.connection.get()).lp(clipped(m.reason));
    }
    void operator()(const GateStop&) const { begin(out, Kind::stop); }
    void operator()(const GateShare&) const { begin(out, Kind::share); }
    void operator()(const GateCompose& m) const {
        begin(out, Kind::compose).u64(m.connection.get()).u32(static_cast<std::uint32_t>(m.splices.size()));
        for (const auto& splice : m.splices) out.u32(splice.at).u32(splice.share);
    }
    void operator()(const GateForget&) const { begin(out, Kind::forget); }
};

Result<std::string> text(Reader& in) {
    SAMPAN_ASSIGN(ByteView view, in.lp(k_text_bytes));
    return std::string(as_text(view));
}
Result<AgencyId> agency(Reader& in) {
    SAMPAN_ASSIGN(std::string name, text(in));
    return AgencyId::parse(name);
}
Result<ConnectionId> connection(Reader& in) {
    SAMPAN_ASSIGN(std::uint64_t id, in.u64());
    return ConnectionId(id);
}
// What is left, which is the frame.
Result<Bytes> frame(Reader& in) {
    if (in.left() > limits::k_frame_bytes) return Error(TransportError::bad_frame, "a frame is too large");
    SAMPAN_ASSIGN(ByteView view, in.raw(in.left()));
    return to_bytes(view);
}

Result<GateMessage> decode_ready(Reader& in) {
    SAMPAN_ASSIGN(std::string endpoint, text(in));
    return GateMessage(GateReady{std::move(endpoint)});
}
Result<GateMessage> decode_frame_message(Reader& in) {
    SAMPAN_ASSIGN(ConnectionId id, connection(in));
    SAMPAN_ASSIGN(AgencyId from, agency(in));
    SAMPAN_ASSIGN(Bytes bytes, frame(in));
    return GateMessage(GateFrame{id, std::move(from), std::move(bytes)});
}
Result<GateMessage> decode_closed(Reader& in) {
    SAMPAN_ASSIGN(ConnectionId id, connection(in));
    SAMPAN_ASSIGN(std::string reason, text(in));
    return GateMessage(GateClosed{id, std::move(reason)});
}
Result<GateMessage> decode_event(Reader& in) {
    GateEvent out;
    SAMPAN_ASSIGN(out.name, text(in));
    SAMPAN_ASSIGN(std::string who, text(in));
    if (!who.empty()) {
        SAMPAN_ASSIGN(out.agency, AgencyId::parse(who));
    }
    SAMPAN_ASSIGN(out.detail, text(in));
    return GateMessage(std::move(out));
}
Result<GateMessage> decode_counters(Reader& in) {
    GateCounters out;
    for (std::uint64_t* field :
         {&out.connections, &out.frames_in, &out.frames_out, &out.bytes_in, &out.bytes_out,
          &out.refused_handshakes, &out.dropped_peers, &out.memory_bytes}) {
        SAMPAN_ASSIGN(*field, in.u64());
    }
    return GateMessage(out);
}
Result<GateMessage> decode_allow(Reader& in) {
    SAMPAN_ASSIGN(std::uint32_t count, in.u32());
    if (count > k_message_bytes / CurvePublicKey::k_size)
        return Error(TransportError::bad_frame, "too many keys");
    GateAllow out;
    out.keys.reserve(count);
    for (std::uint32_t i = 0; i < count; ++i) {
        SAMPAN_ASSIGN(ByteView bytes, in.raw(CurvePublicKey::k_size));
        SAMPAN_ASSIGN(CurvePublicKey key, CurvePublicKey::parse(bytes));
        SAMPAN_ASSIGN(AgencyId owner, agency(in));
        out.keys.push_back({key, std::move(owner)});
    }
    return GateMessage(std::move(out));
}
Result<GateMessage> decode_send_message(Reader& in) {
    SAMPAN_ASSIGN(ConnectionId id, connection(in));
    SAMPAN_ASSIGN(Bytes bytes, frame(in));
    return GateMessage(GateSend{id, std::move(bytes)});
}
Result<GateMessage> decode_share(Reader& in) {
    SAMPAN_ASSIGN(Bytes bytes, frame(in));
    return GateMessage(GateShare{std::move(bytes)});
}
Result<GateMessage> decode_compose(Reader& in) {
    GateCompose out;
    SAMPAN_ASSIGN(out.connection, connection(in));
    SAMPAN_ASSIGN(std::uint32_t count, in.u32());
    if (count > k_splices) return Error(TransportError::bad_frame, "too many splices");
    out.splices.resize(count);
    std::uint32_t last = 0;
    for (auto& splice : out.splices) {
        SAMPAN_ASSIGN(splice.at, in.u32());
        SAMPAN_ASSIGN(splice.share, in.u32());
        if (splice.at < last) return Error(TransportError::bad_frame, "splices out of order");
        last = splice.at;
    }
    SAMPAN_ASSIGN(out.own, frame(in));
    if (last > out.own.size()) return Error(TransportError::bad_frame, "a splice beyond the frame");
    return GateMessage(std::move(out));
}
Result<GateMessage> decode_drop(Reader& in) {
    SAMPAN_ASSIGN(ConnectionId id, connection(in));
    SAMPAN_ASSIGN(std::string reason, text(in));
    return GateMessage(GateDrop{id, std::move(reason)});
}

Result<GateMessage> decode_kind(Kind kind, Reader& in) {
    switch (kind) {
        case Kind::ready:
            return decode_ready(in);
        case Kind::frame:
            return decode_frame_message(in);
        case Kind::closed:
            return decode_closed(in);
        case Kind::event:
            return decode_event(in);
        case Kind::counters:
            return decode_counters(in);
        case Kind::allow:
            return decode_allow(in);
        case Kind::send:
            return decode_send_message(in);
        case Kind::drop:
            return decode_drop(in);
        case Kind::stop:
            return GateMessage(GateStop{});
        case Kind::share:
            return decode_share(in);
        case Kind::compose:
            return decode_compose(in);
        case Kind::forget:
            return GateMessage(GateForget{});
    }
    return Error(TransportError::bad_frame, "a message of an unknown kind");
}

}  // namespace

Bytes encode_head(const GateMessage& message) {
    Writer out(64);
    std::visit(HeadEncoder{out}, message);
    return std::move(out).bytes();
}

Bytes encode_frame_head(ConnectionId connection_id, const AgencyId& from) {
    Writer out(64);
    begin(out, Kind::frame).u64(connection_id.get()).lp(from.text());
    return std::move(out).bytes();
}

ByteView frame_of(const GateMessage& message) {
    if (const auto* in = std::get_if<GateFrame>(&message)) return in->frame;
    if (const auto* out = std::get_if<GateSend>(&message)) return out->frame;
    if (const auto* shared = std::get_if<GateShare>(&message)) return shared->bytes;
    if (const auto* composed = std::get_if<GateCompose>(&message)) return composed->own;
    return {};
}

Result<GateMessage> decode(ByteView message) {
    Reader in(message);
    SAMPAN_ASSIGN(std::uint8_t kind, in.u8());
    SAMPAN_ASSIGN(GateMessage out, decode_kind(Kind(kind), in));
    SAMPAN_TRY(in.finish());
    return out;
}

std::optional<GateSendView> decode_send(ByteView message) {
    constexpr std::size_t head = 1 + 8;
    if (message.size() < head || message[0] != static_cast<std::uint8_t>(Kind::send)) return std::nullopt;
    std::uint64_t id = 0;
    for (std::size_t i = 1; i < head; ++i) id = id << 8 | message[i];
    return GateSendView{ConnectionId(id), message.subspan(head)};
}

}  // namespace sampan::gate_codec
