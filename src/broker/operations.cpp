#include "broker/operations.h"

#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>

#include <mutex>
#include <thread>

#include "sampan/transport/error.h"

namespace sampan::broker {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = boost::beast::http;
using tcp = asio::ip::tcp;

constexpr std::size_t k_request_limit = 8 * limits::k_kib;
constexpr auto k_request_patience = std::chrono::seconds(5);

struct Shared {
    std::mutex mutex;
    Snapshot snapshot;
    Snapshot copy() {
        const std::lock_guard lock(mutex);
        return snapshot;
    }
};

http::response<http::string_body> respond(const http::request<http::empty_body>& request, Shared& shared) {
    http::response<http::string_body> out;
    out.version(11);
    out.keep_alive(false);
    out.result(http::status::ok);
    if (request.method() != http::verb::get) {
        out.result(http::status::method_not_allowed);
        out.body() = "only GET\n";
    } else if (request.target() == "/metrics") {
        out.set(http::field::content_type, "text/plain; version=0.0.4; charset=utf-8");
        out.body() = metrics_text(shared.copy());
    } else if (request.target() == "/health") {
        const Snapshot snapshot = shared.copy();
        if (!is_healthy(snapshot)) out.result(http::status::service_unavailable);
        out.set(http::field::content_type, "application/json");
        out.body() = health_json(snapshot);
    } else {
        out.result(http::status::not_found);
        out.body() = "/metrics or /health\n";
    }
    out.prepare_payload();
    return out;
}

// One request, one answer.
class Exchange : public std::enable_shared_from_this<Exchange> {
  public:
    Exchange(tcp::socket socket, Shared& shared) : stream_(std::move(socket)), shared_(shared) {
        parser_.header_limit(k_request_limit);
        parser_.body_limit(0);
    }
    void run() {
        stream_.expires_after(k_request_patience);
        http::async_read(stream_, buffer_, parser_,
                         [self = shared_from_this()](beast::error_code error, std::size_t) {
                             if (!error) self->answer();
                         });
    }

  private:
    void answer() {
        response_ = respond(parser_.get(), shared_);
        http::async_write(stream_, response_, [self = shared_from_this()](beast::error_code, std::size_t) {
            beast::error_code ignored;
            self->stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
        });
    }
    beast::tcp_stream stream_;
    beast::flat_static_buffer<2 * k_request_limit> buffer_;
    http::request_parser<http::empty_body> parser_;
    http::response<http::string_body> response_;
    Shared& shared_;
};

class Listener final : public Operations {
  public:
    explicit Listener(const tcp::endpoint& endpoint) : acceptor_(context_) {
        acceptor_.open(endpoint.protocol());
        acceptor_.set_option(asio::socket_base::reuse_address(true));
        acceptor_.bind(endpoint);
        acceptor_.listen(16);
        const auto bound = acceptor_.local_endpoint();
        endpoint_ = bound.address().to_string() + ":" + std::to_string(bound.port());
        accept();
        thread_ = std::jthread([this] { context_.run(); });
    }
    ~Listener() override { context_.stop(); }
    const std::string& endpoint() const override { return endpoint_; }
    void publish(const Snapshot& snapshot) override {
        const std::lock_guard lock(shared_.mutex);
        shared_.snapshot = snapshot;
    }

  private:
    void accept() {
        acceptor_.async_accept([this](beast::error_code error, tcp::socket socket) {
            if (!error) std::make_shared<Exchange>(std::move(socket), shared_)->run();
            if (acceptor_.is_open()) accept();
        });
    }
    Shared shared_;
    asio::io_context context_{1};
    tcp::acceptor acceptor_;
    std::string endpoint_;
    std::jthread thread_;
};

}  // namespace

Result<std::unique_ptr<Operations>> Operations::start(const std::string& address) {
    const auto colon = address.rfind(':');
    const auto failed = [&](const std::string& why) {
        return Error(TransportError::bad_address, "operations.address " + address + ": " + why,
                     "give an address of this machine and a free port, or port 0");
    };
    if (colon == std::string::npos) return failed("is not host:port");
    try {
        const auto host = asio::ip::make_address(address.substr(0, colon));
        const unsigned long port = std::stoul(address.substr(colon + 1));
        if (port > 65535) return failed("has no such port");
        return std::unique_ptr<Operations>(
            std::make_unique<Listener>(tcp::endpoint(host, static_cast<unsigned short>(port))));
    } catch (const std::exception& error) {
        return failed(error.what());
    }
}

}  // namespace sampan::broker
