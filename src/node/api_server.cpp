#include "node/api_server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <boost/asio.hpp>
#include <boost/beast/core.hpp>
#include <boost/beast/http.hpp>
#include <cstdio>
#include <list>
#include <mutex>
#include <nlohmann/json.hpp>
#include <thread>

#include "sampan/base/limits.h"
#include "sampan/transport/bundle.h"

namespace sampan::node {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
namespace http = beast::http;
using Socket = asio::local::stream_protocol::socket;

constexpr std::size_t k_header_bytes = 16 * limits::k_kib;
constexpr std::size_t k_stream_buffer_bytes = 256 * limits::k_kib;

int hex_value(char c) {
    if (c >= '0' && c <= '9') return c - '0';
    if (c >= 'a' && c <= 'f') return c - 'a' + 10;
    if (c >= 'A' && c <= 'F') return c - 'A' + 10;
    return -1;
}

// RFC 3986 §2.1; refuses broken escapes and NUL.
Result<std::string> percent_decode(std::string_view text) {
    std::string out;
    for (std::size_t i = 0; i < text.size(); ++i) {
        if (text[i] != '%') {
            out.push_back(text[i]);
            continue;
        }
        const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
        const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
        if (high < 0 || low < 0 || (high == 0 && low == 0))
            return Error(NodeError::bad_request, "a broken percent escape in the request");
        out.push_back(static_cast<char>(high << 4 | low));
        i += 2;
    }
    return out;
}

Status parse_target(std::string_view target, ApiRequest& out) {
    const auto question = target.find('?');
    std::string_view path = target.substr(0, question);
    if (path.empty() || path.front() != '/')
        return Error(NodeError::bad_request, "the request target is no path");
    while (!path.empty()) {
        path.remove_prefix(1);
        const auto slash = path.find('/');
        SAMPAN_ASSIGN(std::string segment, percent_decode(path.substr(0, slash)));
        out.path.push_back(std::move(segment));
        path = slash == std::string_view::npos ? std::string_view() : path.substr(slash);
    }
    std::string_view query =
        question == std::string_view::npos ? std::string_view() : target.substr(question + 1);
    while (!query.empty()) {
        const auto ampersand = query.find('&');
        const std::string_view pair = query.substr(0, ampersand);
        query = ampersand == std::string_view::npos ? std::string_view() : query.substr(ampersand + 1);
        const auto equals = pair.find('=');
        SAMPAN_ASSIGN(std::string key, percent_decode(pair.substr(0, equals)));
        SAMPAN_ASSIGN(std::string value,
                      percent_decode(equals == std::string_view::npos ? "" : pair.substr(equals + 1)));
        if (!out.query.emplace(std::move(key), std::move(value)).second)
            return Error(NodeError::bad_request, "a query key stands twice");
    }
    return ok_status();
}

// The body of an upload, as a file that is read once, in order.
class BodyFile final : public File {
  public:
    BodyFile(Socket& socket, beast::flat_buffer& buffer, http::request_parser<http::buffer_body>& parser,
             std::uint64_t size)
        : socket_(socket), buffer_(buffer), parser_(parser), size_(size) {}

    Result<std::size_t> read_at(std::uint64_t offset, MutableBytes out) override {
        if (offset != position_) return Error(FileError::io, "an upload is read in order");
        std::size_t done = 0;
        while (done < out.size() && !parser_.is_done()) {
            auto& body = parser_.get().body();
            body.data = out.data() + done;
            body.size = out.size() - done;
            beast::error_code failure;
            http::read(socket_, buffer_, parser_, failure);
            if (failure == http::error::need_buffer) failure = {};
            if (failure) return Error(FileError::io, "the upload ended early: " + failure.message());
            done = out.size() - body.size;
        }
        position_ += done;
        return done;
    }
    Status write_at(std::uint64_t, ByteView) override {
        return Error(FileError::io, "an upload is not written");
    }
    Result<std::uint64_t> size() override { return size_; }
    Status sync() override { return ok_status(); }

  private:
    Socket& socket_;
    beast::flat_buffer& buffer_;
    http::request_parser<http::buffer_body>& parser_;
    std::uint64_t size_;
    std::uint64_t position_ = 0;
};

// The body of an answer, written once, in order.
class SocketFile final : public File {
  public:
    explicit SocketFile(Socket& socket) : socket_(socket) {}
    Result<std::size_t> read_at(std::uint64_t, MutableBytes) override {
        return Error(FileError::io, "an answer is not read");
    }
    Status write_at(std::uint64_t offset, ByteView bytes) override {
        if (offset != position_) return Error(FileError::io, "an answer is written in order");
        beast::error_code failure;
        asio::write(socket_, asio::buffer(bytes.data(), bytes.size()), failure);
        if (failure) return Error(FileError::io, "the reader went away: " + failure.message());
        position_ += bytes.size();
        return ok_status();
    }
    Result<std::uint64_t> size() override { return position_; }
    Status sync() override { return ok_status(); }
    std::uint64_t position() const { return position_; }

  private:
    Socket& socket_;
    std::uint64_t position_ = 0;
};

// RFC 5987 for any name; control characters never reach a header.
std::string disposition(std::string_view name) {
    constexpr std::string_view plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789.-_";
    std::string out = "attachment; filename*=UTF-8''";
    for (char c : name) {
        if (plain.find(c) != std::string_view::npos) {
            out.push_back(c);
        } else {
            char escaped[4];
            std::snprintf(escaped, sizeof escaped, "%%%02X",
                          static_cast<unsigned>(static_cast<unsigned char>(c)));
            out += escaped;
        }
    }
    return out;
}

// RFC 6750 §2.1, with our tokens: 64 hexadecimal digits. No header, no token.
Result<Bytes> bearer_token(std::string_view header) {
    constexpr std::string_view k_scheme = "Bearer ";
    if (header.empty()) return Bytes();
    auto token = header.starts_with(k_scheme) ? from_hex(header.substr(k_scheme.size()))
                                              : Result<Bytes>(Error(NodeError::bad_request, ""));
    if (!token.ok() || token->size() != 32)
        return Error(NodeError::bad_request, "Authorization: expected \"Bearer\" and 64 hexadecimal digits",
                     "sampan sign-in ID gives a token");
    return token;
}

bool has_control(std::string_view text) {
    return std::any_of(text.begin(), text.end(),
                       [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7f; });
}

// The one place where an answer's head is made.
Status write_answer(Socket& socket, ApiResponse response, bool keep_alive) {
    http::response<http::empty_body> head{static_cast<http::status>(response.status), 11};
    if (has_control(response.content_type)) response.content_type = "application/octet-stream";
    head.set(http::field::content_type, response.content_type);
    head.set("X-Content-Type-Options", "nosniff");
    head.set(http::field::cache_control, "no-store");
    if (!response.file_name.empty())
        head.set(http::field::content_disposition, disposition(response.file_name));
    head.keep_alive(keep_alive);
    head.content_length(response.stream ? response.stream_bytes : response.body.size());
    http::response_serializer<http::empty_body> serializer(head);
    beast::error_code failure;
    http::write_header(socket, serializer, failure);
    if (failure) return Error(FileError::io, failure.message());
    SocketFile out(socket);
    if (!response.stream) return out.write_at(0, as_bytes(response.body));
    SAMPAN_TRY(response.stream(out));
    if (out.position() != response.stream_bytes)
        return Error(FileError::io, "an answer had another length than announced");
    return ok_status();
}

Error too_large(std::string_view what, std::uint64_t most) {
    return Error(NodeError::bad_request, std::string(what) + " has at most " +
                                             std::to_string(most / (1024 * limits::k_mib)) + " GiB");
}

}  // namespace

ApiResponse error_response(unsigned status, const Error& error) {
    ApiResponse out;
    out.status = status;
    out.body =
        nlohmann::json{
            {"error", {{"name", error.name()}, {"detail", error.context()}, {"remedy", error.remedy()}}}}
            .dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
    return out;
}

struct ApiServer::State {
    State(ApiOptions chosen, ApiHandler called)
        : options(std::move(chosen)), handler(std::move(called)), acceptor(context) {}

    void accept_loop() {
        while (!stopping) {
            Socket socket(context);
            beast::error_code failure;
            acceptor.accept(socket, failure);
            if (stopping) return;
            if (failure) {
                std::this_thread::sleep_for(std::chrono::milliseconds(20));
                continue;
            }
            const std::lock_guard lock(mutex);
            connections.remove_if([](Connection& c) {
                if (!c.done) return false;
                c.thread.join();
                return true;
            });
            if (connections.size() >= k_api_connections) {
                const Error full(NodeError::bad_request, "too many connections to this node's socket",
                                 "end one of them, or try again");
                [[maybe_unused]] const Status sent = write_answer(socket, error_response(503, full), false);
                continue;
            }
            Connection& connection = connections.emplace_back();
            connection.descriptor = socket.native_handle();
            connection.thread = std::thread(
                [this, &connection, moved = std::make_shared<Socket>(std::move(socket))]() mutable {
                    serve(*moved);
                    {
                        const std::lock_guard closing(mutex);
                        connection.descriptor = -1;
                        moved.reset();
                    }
                    connection.done = true;
                });
        }
    }

    // The user at the other end, when it is one of those that may.
    std::optional<std::uint32_t> allowed_peer(Socket& socket) const {
        ucred peer{};
        socklen_t size = sizeof peer;
        if (::getsockopt(socket.native_handle(), SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return {};
        const bool may = peer.uid == 0 || peer.uid == ::getuid() ||
                         std::find(options.allow_uids.begin(), options.allow_uids.end(), peer.uid) !=
                             options.allow_uids.end();
        return may ? std::optional<std::uint32_t>(peer.uid) : std::nullopt;
    }

    void serve(Socket& socket) {
        // Nobody holds a thread by saying nothing.
        const timeval patience{120, 0};
        ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        ::setsockopt(socket.native_handle(), SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        const std::optional<std::uint32_t> peer = allowed_peer(socket);
        if (!peer) {
            const Error refused(NodeError::bad_request, "your user may not use this node",
                                "ask the operator for allow_uids in node.toml");
            [[maybe_unused]] const Status sent = write_answer(socket, error_response(403, refused), false);
            return;
        }
        try {
            beast::flat_buffer buffer(k_stream_buffer_bytes);
            while (!stopping && serve_one(socket, buffer, *peer)) {
            }
        } catch (const std::exception&) {
            // Beast and Asio throw on allocation and system failures alone: the connection ends, the node
            // goes on.
        }
    }

    // False when the connection is to end.
    bool serve_one(Socket& socket, beast::flat_buffer& buffer, std::uint32_t peer) {
        http::request_parser<http::buffer_body> parser;
        parser.header_limit(k_header_bytes);
        parser.body_limit(k_bundle_bytes + 1);
        beast::error_code failure;
        http::read_header(socket, buffer, parser, failure);
        const auto refuse = [&](unsigned status, const Error& error) {
            [[maybe_unused]] const Status sent = write_answer(socket, error_response(status, error), false);
            return false;
        };
        if (failure == http::error::header_limit)
            return refuse(431, Error(NodeError::bad_request, "the head of the request is over 16 KiB"));
        if (failure == http::error::body_limit) return refuse(413, too_large("a bundle", k_bundle_bytes));
        // HTTP's own errors are answered; a connection that ended is not.
        if (failure && failure.category() == http::make_error_code(http::error::bad_method).category() &&
            failure != http::error::end_of_stream && failure != http::error::partial_message)
            return refuse(400, Error(NodeError::bad_request, "this is no HTTP: " + failure.message()));
        if (failure) return false;
        const auto& head = parser.get();
        ApiRequest request;
        request.method = std::string(head.method_string());
        request.content_type = std::string(head[http::field::content_type]);
        request.peer_uid = peer;
        if (const Status target =
                parse_target(std::string_view(head.target().data(), head.target().size()), request);
            !target.ok())
            return refuse(400, target.error());
        const auto name = head["X-Sampan-Name"];
        auto decoded = percent_decode(std::string_view(name.data(), name.size()));
        if (!decoded.ok()) return refuse(400, decoded.error());
        request.name = std::move(*decoded);
        const auto authorization = head[http::field::authorization];
        auto token = bearer_token(std::string_view(authorization.data(), authorization.size()));
        if (!token.ok()) return refuse(400, token.error());
        request.token = std::move(*token);
        const std::uint64_t length = parser.content_length().value_or(0);
        if (parser.chunked())
            return refuse(411, Error(NodeError::bad_request, "a body needs Content-Length"));
        BodyFile body(socket, buffer, parser, length);
        if (request.method == "PUT") {
            // The broker's answer to a bundle holds every attachment that waits for this node.
            const bool bundle = request.path.size() == 2 && request.path[1] == "bundle";
            const std::uint64_t most = bundle ? k_bundle_bytes : limits::k_part_plaintext_bytes;
            if (length > most) return refuse(413, too_large(bundle ? "a bundle" : "an attachment", most));
            request.upload = &body;
        } else {
            if (length > k_api_body_bytes)
                return refuse(413, Error(NodeError::bad_request, "the request is over 1 MiB"));
            request.body.resize(static_cast<std::size_t>(length));
            const auto got = body.read_at(0, request.body);
            if (!got.ok() || *got != request.body.size()) return false;
        }
        ApiResponse response = handler(request);
        const bool keep = head.keep_alive() && (request.upload == nullptr || parser.is_done());
        return write_answer(socket, std::move(response), keep).ok() && keep;
    }

    struct Connection {
        std::thread thread;
        int descriptor = -1;
        std::atomic<bool> done{false};
    };

    ApiOptions options;
    ApiHandler handler;
    asio::io_context context;
    asio::local::stream_protocol::acceptor acceptor;
    std::atomic<bool> stopping{false};
    std::thread accepting;
    std::mutex mutex;  // connections are made by one thread, marked by their own, ended by a third
    std::list<Connection> connections;
};

ApiServer::ApiServer(std::unique_ptr<State> state) : state_(std::move(state)) {}

namespace {

// A socket that a crash left over goes; one that is listened on, or any other file, is not ours to take.
Status make_room(const std::string& path) {
    struct stat found {};
    if (::lstat(path.c_str(), &found) != 0) return ok_status();
    if (!S_ISSOCK(found.st_mode))
        return Error(FileError::exists, path + " is there and is no socket",
                     "name another socket in node.toml");
    asio::io_context context;
    Socket probe(context);
    beast::error_code failure;
    probe.connect(asio::local::stream_protocol::endpoint(path), failure);
    if (!failure)
        return Error(FileError::exists, "another program listens on " + path, "is a node running already?");
    ::unlink(path.c_str());
    return ok_status();
}

}  // namespace

Result<std::unique_ptr<ApiServer>> ApiServer::start(ApiOptions options, ApiHandler handler) {
    auto state = std::make_unique<State>(std::move(options), std::move(handler));
    const std::string& path = state->options.socket_path;
    try {
        SAMPAN_TRY(make_room(path));
        const mode_t before = ::umask(0177);
        asio::local::stream_protocol::endpoint endpoint(path);
        beast::error_code failure;
        state->acceptor.open(endpoint.protocol());
        state->acceptor.bind(endpoint, failure);
        ::umask(before);
        if (failure)
            return Error(FileError::io, "cannot listen on " + path + ": " + failure.message(),
                         "check the folder of socket in node.toml");
        if (::chmod(path.c_str(), static_cast<mode_t>(state->options.mode)) != 0)
            return Error(FileError::io, "cannot set the mode of " + path);
        state->acceptor.listen();
    } catch (const std::exception& failure) {
        return Error(FileError::io, "cannot listen on " + path + ": " + failure.what(),
                     "check the folder of socket in node.toml");
    }
    state->accepting = std::thread([raw = state.get()] { raw->accept_loop(); });
    return std::unique_ptr<ApiServer>(new ApiServer(std::move(state)));
}

ApiServer::~ApiServer() {
    state_->stopping = true;
    ::shutdown(state_->acceptor.native_handle(), SHUT_RDWR);
    // Closing alone does not wake a blocked accept: connect once.
    try {
        Socket wake(state_->context);
        beast::error_code ignored;
        wake.connect(asio::local::stream_protocol::endpoint(state_->options.socket_path), ignored);
    } catch (const std::exception&) {
    }
    state_->accepting.join();
    {
        const std::lock_guard lock(state_->mutex);
        for (State::Connection& connection : state_->connections)
            if (connection.descriptor >= 0) ::shutdown(connection.descriptor, SHUT_RDWR);
    }
    for (State::Connection& connection : state_->connections) connection.thread.join();
    ::unlink(state_->options.socket_path.c_str());
}

}  // namespace sampan::node
