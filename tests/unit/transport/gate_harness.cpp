#include "unit/transport/gate_harness.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <chrono>
#include <fstream>
#include <iostream>

#include "sampan/crypto/random.h"
#include "support/catch.h"

namespace sampan {
namespace {

using SteadyClock = std::chrono::steady_clock;

}  // namespace

bool eventually(const std::function<bool()>& done, int patience_ms) {
    const auto end = SteadyClock::now() + std::chrono::milliseconds(patience_ms);
    while (!done()) {
        if (SteadyClock::now() > end) return false;
        ::poll(nullptr, 0, 2);
    }
    return true;
}

GateHarness::GateHarness(std::uint64_t memory_limit_bytes, std::size_t connection_limit) {
    REQUIRE(start_crypto().ok());
    int ends[2] = {-1, -1};
    REQUIRE(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
    gate_ = ::fork();
    REQUIRE(gate_ >= 0);
    if (gate_ == 0) {
        ::close(ends[0]);
        GateOptions options;
        options.bind_address = "tcp://127.0.0.1:0";
        options.curve_secret = keys_.secret_key.duplicate();
        options.channel_descriptor = ends[1];
        options.memory_limit_bytes = memory_limit_bytes;
        options.connection_limit = connection_limit;
        options.confined = !k_sanitized;
        const Status status = run_gate(std::move(options));
        if (!status.ok() && !status.error().is(TransportError::channel_closed))
            std::cerr << "gate: " << status.error().text() << '\n';
        ::_exit(status.ok() ? 0 : status.error().is(TransportError::channel_closed) ? 3 : 4);
    }
    ::close(ends[1]);
    channel_ = std::make_unique<GateChannel>(ends[0]);
    REQUIRE(until([this] { return !endpoint_.empty(); }));
}

GateHarness::~GateHarness() {
    channel_.reset();
    if (gate_ > 0 && !gate_ended(5'000)) {
        ::kill(gate_, SIGKILL);
        ::waitpid(gate_, nullptr, 0);
    }
}

std::optional<int> GateHarness::gate_ended(int patience_ms) {
    int status = 0;
    const bool ended = eventually([&] { return ::waitpid(gate_, &status, WNOHANG) == gate_; }, patience_ms);
    if (!ended) return std::nullopt;
    gate_ = -1;
    return status;
}

std::uint64_t GateHarness::gate_peak_kib() const {
    std::ifstream status("/proc/" + std::to_string(gate_) + "/status");
    std::string word;
    while (status >> word) {
        if (word != "VmHWM:") continue;
        std::uint64_t kib = 0;
        status >> kib;
        return kib;
    }
    return 0;
}

void GateHarness::allow(const std::vector<const TestMember*>& members) {
    GateAllow list;
    for (const TestMember* member : members) list.keys.push_back({member->keys.public_key, member->agency});
    send(std::move(list));
}

DealerOptions GateHarness::options_for(const TestMember& member) const {
    return {endpoint_, keys_.public_key, member.keys.public_key, member.keys.secret_key.duplicate()};
}
std::unique_ptr<Dealer> GateHarness::connect(const TestMember& member) const {
    return std::move(Dealer::connect(options_for(member))).value();
}

void GateHarness::send(GateMessage message) {
    channel_->send(std::move(message));
    REQUIRE(until([this] { return !channel_->wants_write(); }));
}

void GateHarness::gather() {
    std::vector<GateMessage> messages;
    const Status status = channel_->receive(messages, 10'000);
    for (auto& message : messages) {
        if (auto* ready = std::get_if<GateReady>(&message)) endpoint_ = ready->endpoint;
        if (auto* frame = std::get_if<GateFrame>(&message)) frames.push_back(std::move(*frame));
        if (auto* end = std::get_if<GateClosed>(&message)) closed.push_back(std::move(*end));
        if (auto* event = std::get_if<GateEvent>(&message)) events.push_back(std::move(*event));
        if (auto* numbers = std::get_if<GateCounters>(&message)) counters = *numbers;
    }
    REQUIRE(status.ok());
}

bool GateHarness::until(const std::function<bool()>& done, int patience_ms) {
    return eventually(
        [&] {
            REQUIRE(channel_->flush().ok());
            gather();
            return done();
        },
        patience_ms);
}

bool GateHarness::was_closed(ConnectionId id, std::string_view reason) const {
    return std::any_of(closed.begin(), closed.end(),
                       [&](const auto& end) { return end.connection == id && end.reason == reason; });
}
const GateEvent* GateHarness::event(std::string_view name) const {
    for (const auto& event : events)
        if (event.name == name) return &event;
    return nullptr;
}
bool GateHarness::has_event(std::string_view name) const {
    return event(name) != nullptr;
}

bool send_patiently(Dealer& dealer, ByteView frame, int patience_ms) {
    return eventually(
        [&] {
            static_cast<void>(dealer.events());
            return dealer.send(frame).value();
        },
        patience_ms);
}

Bytes receive_patiently(Dealer& dealer, int patience_ms) {
    Bytes out;
    eventually(
        [&] {
            auto frame = dealer.receive();
            REQUIRE(frame.ok());
            if (*frame) out = std::move(**frame);
            return !out.empty();
        },
        patience_ms);
    return out;
}

RawPeer::RawPeer(const GateHarness& gate, const TestMember& member,
                 const std::function<void(zmq::socket_t&)>& prepare)
    : socket_(context_, zmq::socket_type::dealer) {
    const auto key = [](ByteView bytes) { return zmq::buffer(bytes.data(), bytes.size()); };
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::sndtimeo, 5'000);
    socket_.set(zmq::sockopt::curve_serverkey, key(gate.public_key().view()));
    socket_.set(zmq::sockopt::curve_publickey, key(member.keys.public_key.view()));
    socket_.set(zmq::sockopt::curve_secretkey, key(member.keys.secret_key.reveal(k_reveal)));
    if (prepare) prepare(socket_);
    socket_.connect(gate.endpoint());
}

bool RawPeer::send(ByteView part, bool more) {
    const auto flags = more ? zmq::send_flags::sndmore : zmq::send_flags::none;
    return socket_.send(zmq::buffer(part.data(), part.size()), flags).has_value();
}

}  // namespace sampan
