#include "cli/node_client.h"

#include <unistd.h>

#include <boost/asio/io_context.hpp>
#include <boost/asio/local/stream_protocol.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http.hpp>
#include <cerrno>
#include <cstring>
#include <optional>

#include "sampan/base/file.h"

namespace sampan::cli {
namespace {

namespace asio = boost::asio;
namespace http = boost::beast::http;
using Local = asio::local::stream_protocol;
using boost::system::error_code;

constexpr std::size_t k_piece_bytes = 256 * 1024;
// Attachments have at most 2 GiB; exports of a long log may have more.
constexpr std::uint64_t k_download_bytes = 1ULL << 40;

// One connection; every step has a limit of time.
class Connection {
  public:
    Connection(const std::string& path, int wait_s) : path_(path), wait_(wait_s), socket_(io_) {}

    Status open() {
        if (path_.size() >= 108)
            return Error(CliError::usage, "the socket path \"" + path_ + "\" is longer than 107 bytes",
                         "put the node's socket into a folder with a shorter path");
        error_code failed;
        socket_.connect(Local::endpoint(path_), failed);
        if (!failed) return ok_status();
        if (failed == boost::system::errc::permission_denied)
            return Error(CliError::not_allowed, "this user may not use the node at " + path_,
                         "ask the operator to add you to allow_uids in node.toml, and to the socket's group");
        return Error(CliError::unreachable, "no node answers at " + path_ + ": " + failed.message(),
                     "start it (sampan node run --config node.toml), or name another with --node SOCKET");
    }

    // Runs one asynchronous step; `start` is given the handler to call.
    template <typename Start>
    Status step(const char* doing, const Start& start, error_code* seen = nullptr) {
        error_code failed;
        bool finished = false;
        io_.restart();
        start([&](error_code why, std::size_t) {
            failed = why;
            finished = true;
        });
        io_.run_for(std::chrono::seconds(wait_));
        if (!finished) {
            error_code ignored;
            socket_.close(ignored);
            io_.restart();
            io_.run();
            return Error(CliError::unreachable,
                         "the node at " + path_ + " did not finish " + doing + " within " +
                             std::to_string(wait_) + " s",
                         "sampan doctor tells how the node is");
        }
        if (seen != nullptr) *seen = failed;
        if (failed && (seen == nullptr || failed != http::error::need_buffer))
            return Error(CliError::unreachable,
                         "the node at " + path_ + " broke off while " + doing + ": " + failed.message(),
                         "sampan status tells whether it runs");
        return ok_status();
    }

    Local::socket& socket() { return socket_; }

  private:
    std::string path_;
    int wait_;
    asio::io_context io_;
    Local::socket socket_;
};

template <typename Fields>
std::string field(const Fields& from, http::field name) {
    const auto found = from[name];
    return std::string(found.data(), found.size());
}

http::verb verb_of(std::string_view method) {
    return http::string_to_verb({method.data(), method.size()});
}

template <typename Request>
void fill(Request& request, std::string_view method, std::string_view target, const std::string& token) {
    request.version(11);
    request.method(verb_of(method));
    request.target({target.data(), target.size()});
    request.set(http::field::host, "sampan-node");
    request.set(http::field::connection, "close");
    if (!token.empty()) request.set(http::field::authorization, "Bearer " + token);
}

Result<HttpAnswer> read_answer(Connection& connection) {
    boost::beast::flat_buffer buffer;
    http::response_parser<http::string_body> parser;
    parser.body_limit(NodeClient::k_answer_bytes);
    SAMPAN_TRY(connection.step(
        "answering", [&](auto handler) { http::async_read(connection.socket(), buffer, parser, handler); }));
    auto answer = parser.release();
    return HttpAnswer{answer.result_int(), field(answer, http::field::content_type),
                      std::move(answer.body())};
}

Status write_all(int sink, const char* data, std::size_t size) {
    while (size > 0) {
        const ssize_t n = ::write(sink, data, size);
        if (n < 0 && errno == EINTR) continue;
        if (n < 0) return Error(CliError::failed, std::string("writing the file: ") + std::strerror(errno));
        data += n;
        size -= static_cast<std::size_t>(n);
    }
    return ok_status();
}

Error stopped() {
    return Error(CliError::interrupted, "stopped");
}

}  // namespace

Result<HttpAnswer> NodeClient::send(std::string_view method, std::string_view target, ByteView body,
                                    int wait_s) const {
    Connection connection(socket_, wait_s);
    SAMPAN_TRY(connection.open());
    http::request<http::span_body<const std::uint8_t>> request;
    fill(request, method, target, token_);
    request.body() = {body.data(), body.size()};
    if (!body.empty()) request.set(http::field::content_type, "application/json");
    request.prepare_payload();
    SAMPAN_TRY(connection.step("reading the request", [&](auto handler) {
        http::async_write(connection.socket(), request, handler);
    }));
    return read_answer(connection);
}

Result<HttpAnswer> NodeClient::upload(std::string_view target, const std::string& path, std::string_view name,
                                      std::string_view media_type, const TransferProgress& progress) const {
    SAMPAN_ASSIGN(std::unique_ptr<File> file, system_files().open_read(path));
    SAMPAN_ASSIGN(std::uint64_t total, file->size());
    Connection connection(socket_, 120);
    SAMPAN_TRY(connection.open());
    http::request<http::buffer_body> request;
    fill(request, "PUT", target, token_);
    request.set(http::field::content_type, {media_type.data(), media_type.size()});
    request.set("X-Sampan-Name", {name.data(), name.size()});
    request.content_length(total);
    request.body().data = nullptr;
    request.body().more = true;
    http::request_serializer<http::buffer_body> serializer(request);
    SAMPAN_TRY(connection.step("reading the request", [&](auto handler) {
        http::async_write_header(connection.socket(), serializer, handler);
    }));
    Bytes piece(k_piece_bytes);
    std::uint64_t done = 0;
    do {
        SAMPAN_ASSIGN(std::size_t size, file->read_at(done, piece));
        done += size;
        const bool more = size > 0 && done < total;
        request.body().data = size > 0 ? piece.data() : nullptr;
        request.body().size = size;
        request.body().more = more;
        error_code seen;
        const Status sent = connection.step(
            "taking the attachment",
            [&](auto handler) { http::async_write(connection.socket(), serializer, handler); }, &seen);
        // A node that refuses answers before it has read everything: its answer says more than a broken pipe.
        if (!sent.ok()) {
            auto answer = read_answer(connection);
            return answer.ok() ? answer : Result<HttpAnswer>(sent.error());
        }
        if (!progress(done, total)) return stopped();
        if (size == 0 && done < total)
            return Error(CliError::failed, path + " became shorter while it was read");
        if (!more) break;
    } while (true);
    return read_answer(connection);
}

Result<HttpAnswer> NodeClient::download(std::string_view target, int sink,
                                        const TransferProgress& progress) const {
    Connection connection(socket_, 120);
    SAMPAN_TRY(connection.open());
    http::request<http::empty_body> request;
    fill(request, "GET", target, token_);
    SAMPAN_TRY(connection.step("reading the request", [&](auto handler) {
        http::async_write(connection.socket(), request, handler);
    }));
    boost::beast::flat_buffer buffer;
    http::response_parser<http::buffer_body> parser;
    parser.body_limit(k_download_bytes);
    SAMPAN_TRY(connection.step("answering", [&](auto handler) {
        http::async_read_header(connection.socket(), buffer, parser, handler);
    }));
    HttpAnswer answer{parser.get().result_int(), field(parser.get(), http::field::content_type), {}};
    const std::uint64_t total = parser.content_length() ? *parser.content_length() : 0;
    std::uint64_t done = 0;
    std::string piece(k_piece_bytes, '\0');
    while (!parser.is_done()) {
        parser.get().body().data = piece.data();
        parser.get().body().size = piece.size();
        error_code seen;
        SAMPAN_TRY(connection.step(
            "sending the attachment",
            [&](auto handler) { http::async_read(connection.socket(), buffer, parser, handler); }, &seen));
        const std::size_t size = piece.size() - parser.get().body().size;
        done += size;
        if (answer.status >= 400) {
            if (done > k_piece_bytes) return Error(CliError::failed, "the node's refusal is too long");
            answer.body.append(piece.data(), size);
            continue;
        }
        SAMPAN_TRY(write_all(sink, piece.data(), size));
        if (!progress(done, total)) return stopped();
    }
    return answer;
}

std::string percent_encoded(std::string_view text) {
    static constexpr char k_digits[] = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                           c == '-' || c == '.' || c == '_' || c == '~';
        if (plain) {
            out.push_back(c);
        } else {
            out.push_back('%');
            out.push_back(k_digits[byte >> 4]);
            out.push_back(k_digits[byte & 15]);
        }
    }
    return out;
}

}  // namespace sampan::cli
