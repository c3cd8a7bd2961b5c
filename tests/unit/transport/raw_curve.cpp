#include "unit/transport/raw_curve.h"

#include <netinet/in.h>
#include <poll.h>
#include <sodium.h>
#include <sys/socket.h>
#include <unistd.h>

#include "sampan/base/encode.h"
#include "support/catch.h"

namespace sampan {
namespace {

Bytes box(ByteView plain, ByteView nonce, ByteView their_public, const CurveSecretKey& our_secret) {
    REQUIRE(nonce.size() == crypto_box_NONCEBYTES);
    Bytes out(plain.size() + crypto_box_MACBYTES);
    REQUIRE(crypto_box_easy(out.data(), plain.data(), plain.size(), nonce.data(), their_public.data(),
                            our_secret.reveal(k_reveal).data()) == 0);
    return out;
}
Bytes unbox(ByteView boxed, ByteView nonce, ByteView their_public, const CurveSecretKey& our_secret) {
    Bytes out(boxed.size() - crypto_box_MACBYTES);
    REQUIRE(crypto_box_open_easy(out.data(), boxed.data(), boxed.size(), nonce.data(), their_public.data(),
                                 our_secret.reveal(k_reveal).data()) == 0);
    return out;
}
Bytes nonce_of(std::string_view prefix, ByteView rest) {
    Writer out;
    out.raw(prefix).raw(rest);
    return std::move(out).bytes();
}
Bytes counter_nonce(std::uint64_t counter) {
    Writer out;
    out.u64(counter);
    return std::move(out).bytes();
}

}  // namespace

RawCurveClient::RawCurveClient(const GateHarness& gate, const TestMember& member,
                               const std::map<std::string, std::string>& properties) {
    const auto port = std::stoi(gate.endpoint().substr(gate.endpoint().rfind(':') + 1));
    socket_ = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<std::uint16_t>(port));
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    REQUIRE(::connect(socket_, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0);
    shake_hands(gate, member, properties);
}

RawCurveClient::~RawCurveClient() {
    ::close(socket_);
}

void RawCurveClient::shake_hands(const GateHarness& gate, const TestMember& member,
                                 const std::map<std::string, std::string>& properties) {
    const ByteView permanent = gate.public_key().view();
    Writer greeting;
    greeting.u8(0xff).raw(Bytes(8)).u8(0x7f).u8(3).u8(0).raw("CURVE").raw(Bytes(15)).u8(0).raw(Bytes(31));
    REQUIRE(write(greeting.bytes()));
    REQUIRE(read(64).size() == 64);

    Writer hello;
    hello.u8(4).u8(200).u8(5).raw("HELLO").u8(1).u8(0).raw(Bytes(72)).raw(own_.public_key.view());
    const Bytes hello_nonce = counter_nonce(nonce_++);
    hello.raw(hello_nonce)
        .raw(box(Bytes(64), nonce_of("CurveZMQHELLO---", hello_nonce), permanent, own_.secret_key));
    REQUIRE(write(hello.bytes()));

    const Bytes welcome = read_command();
    REQUIRE(welcome.size() == 168);
    const ByteView view(welcome);
    const Bytes opened =
        unbox(view.subspan(24), nonce_of("WELCOME-", view.subspan(8, 16)), permanent, own_.secret_key);
    server_.assign(opened.begin(), opened.begin() + 32);
    const Bytes cookie(opened.begin() + 32, opened.end());

    const Bytes vouch_nonce(16, 7);
    Writer vouch;
    vouch.raw(own_.public_key.view()).raw(permanent);
    Writer inner;
    inner.raw(member.keys.public_key.view())
        .raw(vouch_nonce)
        .raw(box(vouch.bytes(), nonce_of("VOUCH---", vouch_nonce), server_, member.keys.secret_key));
    const auto property = [&](const std::string& name, const std::string& value) {
        inner.u8(static_cast<std::uint8_t>(name.size())).raw(name).lp(value);
    };
    property("Socket-Type", "DEALER");
    if (!properties.contains("Identity")) property("Identity", "");
    for (const auto& [name, value] : properties) property(name, value);
    const Bytes initiate_nonce = counter_nonce(nonce_++);
    Writer initiate;
    initiate.u8(8).raw("INITIATE").raw(cookie).raw(initiate_nonce);
    initiate.raw(box(inner.bytes(), nonce_of("CurveZMQINITIATE", initiate_nonce), server_, own_.secret_key));
    Writer command;
    command.u8(6).u64(initiate.bytes().size()).raw(initiate.bytes());
    REQUIRE(write(command.bytes()));
    const Bytes ready = read_command();
    REQUIRE(as_text(ByteView(ready)).substr(1, 5) == "READY");
}

bool RawCurveClient::send(ByteView payload, bool more) {
    const Bytes nonce = counter_nonce(nonce_++);
    Bytes plain(1, more ? 1 : 0);
    append(plain, payload);
    Writer body;
    body.u8(7).raw("MESSAGE").raw(nonce).raw(
        box(plain, nonce_of("CurveZMQMESSAGEC", nonce), server_, own_.secret_key));
    Writer frame;
    if (body.bytes().size() > 255) {
        frame.u8(2).u64(body.bytes().size());
    } else {
        frame.u8(0).u8(static_cast<std::uint8_t>(body.bytes().size()));
    }
    frame.raw(body.bytes());
    return write(frame.bytes());
}

bool RawCurveClient::ended(int patience_ms) {
    return eventually(
        [&] {
            std::uint8_t room[4096];
            const ssize_t size = ::recv(socket_, room, sizeof room, MSG_DONTWAIT);
            return size == 0 || (size < 0 && errno != EAGAIN);
        },
        patience_ms);
}

bool RawCurveClient::write(ByteView bytes) {
    while (!bytes.empty()) {
        const ssize_t size = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (size <= 0) return false;
        bytes = bytes.subspan(static_cast<std::size_t>(size));
    }
    return true;
}

Bytes RawCurveClient::read(std::size_t size) {
    Bytes out(size);
    std::size_t have = 0;
    while (have < size) {
        const ssize_t more = ::recv(socket_, out.data() + have, size - have, 0);
        if (more <= 0) return {};
        have += static_cast<std::size_t>(more);
    }
    return out;
}

Bytes RawCurveClient::read_command() {
    const Bytes head = read(2);
    REQUIRE(head.size() == 2);
    REQUIRE(head[0] == 4);
    return read(head[1]);
}

}  // namespace sampan
