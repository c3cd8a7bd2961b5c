#include "transport/gate_zap.h"

#include "sampan/base/encode.h"

namespace sampan {
namespace {

namespace settings = transport_settings;

struct Request {
    std::vector<zmq::message_t> envelope;  // up to and with the empty delimiter
    std::string id;
    std::string address;
    std::optional<CurvePublicKey> key;  // nothing: not a request that we understand
};

std::string text_of(const zmq::message_t& message) {
    return std::string(message.data<char>(), message.size());
}

// RFC 27: version, request id, domain, address, identity, mechanism, and for CURVE the client's key.
std::optional<Request> receive_request(zmq::socket_t& socket) {
    Request out;
    std::vector<zmq::message_t> parts;
    do {
        zmq::message_t part;
        const auto flags =
            parts.empty() && out.envelope.empty() ? zmq::recv_flags::dontwait : zmq::recv_flags::none;
        if (!socket.recv(part, flags)) return std::nullopt;
        const bool in_envelope = out.envelope.empty() || out.envelope.back().size() > 0;
        (in_envelope ? out.envelope : parts).push_back(std::move(part));
    } while (parts.empty() ? out.envelope.back().more() : parts.back().more());
    if (parts.size() > 1) out.id = text_of(parts[1]);
    if (parts.size() != 7) return out;
    out.address = text_of(parts[3]);
    const ByteView key(parts[6].data<std::uint8_t>(), parts[6].size());
    auto parsed = CurvePublicKey::parse(key);
    if (text_of(parts[0]) == "1.0" && text_of(parts[2]) == settings::k_zap_domain &&
        text_of(parts[5]) == "CURVE" && parsed.ok())
        out.key = parsed.value();
    return out;
}

// ZMTP metadata: u8 length and name, u32 length and value.
Bytes key_property(const CurvePublicKey& key) {
    constexpr std::string_view name = "X-Key";
    Writer out;
    out.u8(static_cast<std::uint8_t>(name.size())).raw(name).lp(key.hex());
    return std::move(out).bytes();
}

void reply(zmq::socket_t& socket, Request& request, const AgencyId* agency) {
    for (auto& part : request.envelope) socket.send(part, zmq::send_flags::sndmore);
    const auto part = [&](ByteView bytes, zmq::send_flags flags) {
        socket.send(zmq::buffer(bytes.data(), bytes.size()), flags);
    };
    constexpr auto more = zmq::send_flags::sndmore;
    part(as_bytes("1.0"), more);
    part(as_bytes(request.id), more);
    part(as_bytes(agency != nullptr ? "200" : "400"), more);
    part(as_bytes(agency != nullptr ? "OK" : "unknown key"), more);
    part(agency != nullptr ? as_bytes(agency->text()) : ByteView(), more);
    part(agency != nullptr ? ByteView(key_property(*request.key)) : ByteView(), zmq::send_flags::none);
}

}  // namespace

void ZapHandler::replace(const GateAllow& allow) {
    allowed_.clear();
    for (const auto& entry : allow.keys) allowed_.insert_or_assign(entry.key, entry.agency);
}

const AgencyId* ZapHandler::owner(const CurvePublicKey& key) const {
    const auto found = allowed_.find(key);
    return found == allowed_.end() ? nullptr : &found->second;
}

std::size_t ZapHandler::answer(zmq::socket_t& socket, std::size_t limit, const Refused& refused) {
    std::size_t answered = 0;
    for (; answered < limit; ++answered) {
        auto request = receive_request(socket);
        if (!request) break;
        const AgencyId* agency = request->key ? owner(*request->key) : nullptr;
        if (agency == nullptr) refused(request->address, request->key ? request->key->hex() : "");
        reply(socket, *request, agency);
    }
    return answered;
}

}  // namespace sampan
