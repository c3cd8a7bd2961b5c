// HTTP/1.1 on a Unix socket, for one machine's own people: peer credentials are checked, sizes bounded, and
// every answer is built in one place that refuses control characters in header values. One thread a
// connection, a bounded number.
#pragma once

#include <functional>
#include <map>
#include <memory>

#include "node/error.h"
#include "sampan/base/file.h"

namespace sampan::node {

struct ApiRequest {
    std::string method;
    std::vector<std::string> path;             // decoded segments: {"v1", "messages", "…"}
    std::map<std::string, std::string> query;  // decoded
    std::string content_type;
    std::string name;  // X-Sampan-Name, decoded
    Bytes token;       // of "Authorization: Bearer …"; empty when there is none
    std::uint32_t peer_uid = 0;
    Bytes body;              // at most k_api_body_bytes; empty for an upload
    File* upload = nullptr;  // the body of PUT, read in order; its size is Content-Length
};
struct ApiResponse {
    unsigned status = 200;
    std::string content_type = "application/json";
    std::string body;
    std::string file_name;  // for Content-Disposition
    std::uint64_t stream_bytes = 0;
    // Writes exactly stream_bytes in order; set instead of `body`. A failure ends the connection.
    std::function<Status(File& out)> stream;
};
inline constexpr std::size_t k_api_body_bytes = 1024 * 1024;
inline constexpr std::size_t k_api_connections = 64;

struct ApiOptions {
    std::string socket_path;
    unsigned mode = 0600;
    std::vector<std::uint32_t> allow_uids;  // whoever else connects is told so and closed
};
using ApiHandler = std::function<ApiResponse(const ApiRequest&)>;  // called on connection threads

class ApiServer {
  public:
    static Result<std::unique_ptr<ApiServer>> start(ApiOptions options, ApiHandler handler);
    ~ApiServer();  // ends every connection and waits for its thread
    ApiServer(const ApiServer&) = delete;
    ApiServer& operator=(const ApiServer&) = delete;

  private:
    struct State;
    explicit ApiServer(std::unique_ptr<State> state);
    std::unique_ptr<State> state_;
};

ApiResponse error_response(unsigned status, const Error& error);

}  // namespace sampan::node
