#include "sampan/transport/dealer.h"

#include <chrono>
#include <cstring>

#include "transport/zmq_support.h"

namespace sampan {
namespace {

namespace settings = transport_settings;
using SteadyClock = std::chrono::steady_clock;

constexpr int k_watched_events = ZMQ_EVENT_CONNECTED | ZMQ_EVENT_CONNECT_DELAYED | ZMQ_EVENT_CONNECT_RETRIED |
                                 ZMQ_EVENT_DISCONNECTED | ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
                                 ZMQ_EVENT_HANDSHAKE_FAILED_AUTH | ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL |
                                 ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL;

zmq::const_buffer buffer_of(ByteView bytes) {
    return zmq::buffer(bytes.data(), bytes.size());
}

class ZmqDealer final : public Dealer {
  public:
    // Throws zmq::error_t.
    explicit ZmqDealer(DealerOptions options)
        : address_(std::move(options.address)),
          context_(settings::k_io_threads),
          socket_(context_, zmq::socket_type::dealer) {
        set_common_options(socket_);
        socket_.set(zmq::sockopt::immediate, true);
        socket_.set(zmq::sockopt::ipv6, true);
        socket_.set(zmq::sockopt::reconnect_ivl, settings::k_reconnect_first_ms);
        socket_.set(zmq::sockopt::reconnect_ivl_max, settings::k_reconnect_most_ms);
        socket_.set(zmq::sockopt::curve_serverkey, buffer_of(options.broker_key.view()));
        socket_.set(zmq::sockopt::curve_publickey, buffer_of(options.own_public.view()));
        socket_.set(zmq::sockopt::curve_secretkey, buffer_of(options.own_secret.reveal(k_reveal)));
        monitor_.emplace(context_, socket_, "dealer-monitor", k_watched_events);
        socket_.connect(address_);
    }

    Result<bool> send(ByteView frame) override {
        SAMPAN_ASSERT(frame.size() <= limits::k_frame_bytes);
        try {
            zmq::message_t message(frame.data(), frame.size());
            return socket_.send(message, zmq::send_flags::dontwait).has_value();
        } catch (const zmq::error_t& error) {
            return zmq_failure("sending", error);
        }
    }

    Result<std::optional<Bytes>> receive() override {
        try {
            zmq::message_t message;
            if (!socket_.recv(message, zmq::recv_flags::dontwait)) return std::optional<Bytes>();
            const bool multipart = message.more();
            // A whole message was received: its other parts are here.
            while (message.more()) static_cast<void>(socket_.recv(message, zmq::recv_flags::none));
            if (multipart || message.size() > limits::k_frame_bytes) {
                reconnect();
                return Error(TransportError::bad_frame,
                             multipart
                                 ? "the broker sent a message of several parts"
                                 : "the broker sent a frame of " + std::to_string(message.size()) + " bytes");
            }
            const auto* data = message.data<std::uint8_t>();
            return std::optional<Bytes>(Bytes(data, data + message.size()));
        } catch (const zmq::error_t& error) {
            return zmq_failure("receiving", error);
        }
    }

    std::vector<DealerEvent> events() override {
        std::vector<DealerEvent> out = std::exchange(pending_events_, {});
        try {
            while (const auto event = monitor_->next()) note(event->event, out);
            if (give_up_waiting_at_ && SteadyClock::now() >= *give_up_waiting_at_) reconnect();
        } catch (const zmq::error_t&) {
            // Nothing to report: whoever sends or receives next meets the same failure, as an error.
        }
        return out;
    }

    std::vector<int> descriptors() const override {
        return {socket_.get(zmq::sockopt::fd), monitor_->socket().get(zmq::sockopt::fd)};
    }

  private:
    void note(std::uint16_t event, std::vector<DealerEvent>& out) {
        switch (event) {
            case ZMQ_EVENT_HANDSHAKE_SUCCEEDED:
                connected_ = true;
                retry_ms_ = settings::k_reconnect_first_ms;
                give_up_waiting_at_.reset();
                out.push_back(DealerEvent::connected);
                break;
            case ZMQ_EVENT_HANDSHAKE_FAILED_AUTH:
                out.push_back(DealerEvent::refused);
                await_retry();
                break;
            case ZMQ_EVENT_DISCONNECTED:
                if (std::exchange(connected_, false)) out.push_back(DealerEvent::disconnected);
                await_retry();
                break;
            case ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL:
            case ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL:
                await_retry();
                break;
            default:  // libzmq tries on its own
                give_up_waiting_at_.reset();
        }
    }

    // libzmq 4.3 reconnects after a lost connection, but ends for good after a failed handshake or a protocol
    // error. Which it was shows only in whether it announces another try.
    void await_retry() {
        if (give_up_waiting_at_) return;
        give_up_waiting_at_ = SteadyClock::now() + std::chrono::milliseconds(retry_ms_);
        retry_ms_ = std::min(retry_ms_ * 2, settings::k_reconnect_most_ms);
    }

    void reconnect() {
        give_up_waiting_at_.reset();
        if (std::exchange(connected_, false)) pending_events_.push_back(DealerEvent::disconnected);
        // Fails where libzmq has let go of the address by itself.
        static_cast<void>(zmq_disconnect(socket_.handle(), address_.c_str()));
        socket_.connect(address_);
    }

    std::string address_;
    zmq::context_t context_;
    mutable zmq::socket_t socket_;
    mutable std::optional<SocketMonitor> monitor_;
    bool connected_ = false;
    int retry_ms_ = settings::k_reconnect_first_ms;
    std::optional<SteadyClock::time_point> give_up_waiting_at_;
    std::vector<DealerEvent> pending_events_;
};

}  // namespace

Result<std::unique_ptr<Dealer>> Dealer::connect(DealerOptions options) {
    SAMPAN_TRY(check_tcp_address(options.address, AddressUse::connect));
    try {
        return std::unique_ptr<Dealer>(std::make_unique<ZmqDealer>(std::move(options)));
    } catch (const zmq::error_t& error) {
        return zmq_failure("connecting", error);
    }
}

}  // namespace sampan
