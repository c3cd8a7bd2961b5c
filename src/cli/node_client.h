// HTTP/1.1 over the node's Unix socket. The one place of the command line that knows Boost.Beast. One request
// a connection; not shared between threads.
#pragma once

#include <functional>
#include <string>

#include "cli/error.h"
#include "sampan/base/bytes.h"

namespace sampan::cli {

struct HttpAnswer {
    unsigned status = 0;
    std::string media_type;
    std::string body;
};

// Bytes done and bytes in all (0: unknown). False stops the transfer.
using TransferProgress = std::function<bool(std::uint64_t done, std::uint64_t total)>;

class NodeClient {
  public:
    static constexpr std::uint64_t k_answer_bytes = 64ULL * 1024 * 1024;

    explicit NodeClient(std::string socket) : socket_(std::move(socket)) {}
    const std::string& socket() const { return socket_; }
    // The session's token, in hexadecimal, sent with every request from now on; "" for none.
    void set_token(std::string token) { token_ = std::move(token); }

    // `body` is sent as application/json. `unreachable` when nobody listens, or nothing comes for `wait_s`.
    Result<HttpAnswer> send(std::string_view method, std::string_view target, ByteView body = {},
                            int wait_s = 60) const;
    // The file's bytes as they are, read in pieces. `name` is the header X-Sampan-Name, encoded already.
    Result<HttpAnswer> upload(std::string_view target, const std::string& path, std::string_view name,
                              std::string_view media_type, const TransferProgress& progress) const;
    // Writes the body to the open descriptor `sink`; an answer of 400 and above comes back as body instead.
    Result<HttpAnswer> download(std::string_view target, int sink, const TransferProgress& progress) const;

  private:
    std::string socket_;
    std::string token_;
};

// RFC 3986: everything but unreserved characters becomes %XX.
std::string percent_encoded(std::string_view text);

}  // namespace sampan::cli
