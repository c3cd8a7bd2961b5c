// HTTP on a Unix socket as a hostile or clumsy local program speaks it.
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "node/api_server.h"
#include "support/catch.h"
#include "unit/node/room.h"

namespace sampan::test {
namespace {

using node::ApiRequest;
using node::ApiResponse;
using node::ApiServer;

// Answers with what it was asked.
ApiResponse echo(const ApiRequest& request) {
    ApiResponse out;
    out.body = request.method;
    for (const std::string& segment : request.path) out.body += "/" + segment;
    for (const auto& [key, value] : request.query) out.body += " " + key + "=" + value;
    out.body += " " + std::string(as_text(request.body));
    return out;
}

class Socket {
  public:
    explicit Socket(const std::string& path) : descriptor_(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
        const timeval patience{10, 0};
        ::setsockopt(descriptor_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
        SAMPAN_ASSERT(::connect(descriptor_, reinterpret_cast<const sockaddr*>(&address), sizeof address) ==
                      0);
    }
    ~Socket() { ::close(descriptor_); }
    Socket(const Socket&) = delete;
    Socket& operator=(const Socket&) = delete;
    void say(std::string_view text) {
        while (!text.empty()) {
            const ssize_t sent = ::send(descriptor_, text.data(), text.size(), MSG_NOSIGNAL);
            if (sent <= 0) return;
            text.remove_prefix(static_cast<std::size_t>(sent));
        }
    }
    // Until the server closes, or `until` was seen.
    std::string hear(std::string_view until = "") {
        std::string out;
        char buffer[4096];
        while (until.empty() || out.find(until) == std::string::npos) {
            const ssize_t got = ::recv(descriptor_, buffer, sizeof buffer, 0);
            if (got <= 0) break;
            out.append(buffer, static_cast<std::size_t>(got));
        }
        return out;
    }

  private:
    int descriptor_;
};

struct Served {
    Folder folder;
    std::string path = folder.path() + "/node.sock";
    std::unique_ptr<ApiServer> server = must(ApiServer::start({path, 0600, {}}, echo));
    std::string ask(std::string_view request) const {
        Socket socket(path);
        socket.say(request);
        return socket.hear();
    }
};

}  // namespace

TEST_CASE("a request is answered, and the connection kept for the next", "[node]") {
    Served served;
    Socket socket(served.path);
    socket.say("GET /v1/a%20b/c?x=%E0%B8%81&y HTTP/1.1\r\nHost: node\r\n\r\n");
    const std::string first = socket.hear("y= ");
    REQUIRE(first.starts_with("HTTP/1.1 200"));
    REQUIRE(first.find("GET/v1/a b/c x=\xE0\xB8\x81 y= ") != std::string::npos);
    REQUIRE(first.find("Cache-Control: no-store") != std::string::npos);
    socket.say("POST /v1/b HTTP/1.1\r\nHost: node\r\nContent-Length: 4\r\nConnection: close\r\n\r\nbody");
    REQUIRE(socket.hear().find("POST/v1/b body") != std::string::npos);
}

TEST_CASE("what is no request is answered 400 and the connection ends", "[node]") {
    const Served served;
    for (const std::string& request :
         {std::string("\r\n\r\n\r\n"), std::string("nonsense\r\n\r\n"), std::string("GET / HTTP/9.9\r\n\r\n"),
          std::string("GET /%zz HTTP/1.1\r\n\r\n"), std::string("GET /%0 HTTP/1.1\r\n\r\n"),
          std::string("GET /a%00 HTTP/1.1\r\n\r\n"), std::string("GET /?a=1&a=2 HTTP/1.1\r\n\r\n"),
          std::string("GET relative HTTP/1.1\r\n\r\n"),
          std::string("GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n"),
          std::string("GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n"),
          std::string("PUT / HTTP/1.1\r\nX-Sampan-Name: %ZZ\r\nContent-Length: 1\r\n\r\nx")}) {
        CAPTURE(request);
        const std::string answer = served.ask(request);
        REQUIRE(answer.starts_with("HTTP/1.1 400"));
        REQUIRE(answer.find("bad_request") != std::string::npos);
    }
}

TEST_CASE("sizes are bounded before anything is read", "[node]") {
    const Served served;
    const std::string large = served.ask("POST / HTTP/1.1\r\nContent-Length: 1048577\r\n\r\n");
    REQUIRE(large.starts_with("HTTP/1.1 413"));
    const std::string upload = served.ask("PUT /v1/uploads HTTP/1.1\r\nContent-Length: 2147483649\r\n\r\n");
    REQUIRE(upload.starts_with("HTTP/1.1 413"));
    const std::string huge =
        served.ask("PUT /v1/uploads HTTP/1.1\r\nContent-Length: 18446744073709551615\r\n\r\n");
    REQUIRE(huge.starts_with("HTTP/1.1 4"));
    const std::string chunked =
        served.ask("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n\r\n");
    REQUIRE(chunked.starts_with("HTTP/1.1 411"));
    const std::string head = served.ask("GET / HTTP/1.1\r\nX-Long: " + std::string(20'000, 'a') + "\r\n\r\n");
    REQUIRE(head.starts_with("HTTP/1.1 431"));
}

TEST_CASE("a half request and a client that goes away leave the server as it was", "[node]") {
    const Served served;
    for (int i = 0; i < 20; ++i) {
        Socket socket(served.path);
        socket.say("POST /v1/x HTTP/1.1\r\nContent-Length: 100\r\n\r\nhalf");
    }
    REQUIRE(served.ask("GET /ok HTTP/1.1\r\nConnection: close\r\n\r\n").find("GET/ok") != std::string::npos);
}

TEST_CASE("over the number of connections one is told so, and room is made when others end", "[node]") {
    const Served served;
    {
        std::vector<std::unique_ptr<Socket>> silent;
        for (std::size_t i = 0; i < node::k_api_connections; ++i) {
            silent.push_back(std::make_unique<Socket>(served.path));
            // Heard, so accepted.
            silent.back()->say("GET /here HTTP/1.1\r\nHost: node\r\n\r\n");
            REQUIRE(silent.back()->hear("GET/here").find("GET/here") != std::string::npos);
        }
        REQUIRE(Socket(served.path).hear().starts_with("HTTP/1.1 503"));
    }
    std::string answer;
    for (int i = 0; i < 100 && !answer.starts_with("HTTP/1.1 200"); ++i) {
        answer = served.ask("GET /again HTTP/1.1\r\nConnection: close\r\n\r\n");
        ::usleep(20'000);
    }
    REQUIRE(answer.starts_with("HTTP/1.1 200"));
}

TEST_CASE("the socket is its owner's alone, and one that is in use is not taken", "[node]") {
    Served served;
    struct stat found {};
    REQUIRE(::stat(served.path.c_str(), &found) == 0);
    REQUIRE((found.st_mode & 0777) == 0600);
    const auto second = ApiServer::start({served.path, 0600, {}}, echo);
    REQUIRE(second.error().is(FileError::exists));
    REQUIRE(served.ask("GET /still HTTP/1.1\r\nConnection: close\r\n\r\n").find("GET/still") !=
            std::string::npos);
    served.server.reset();
    REQUIRE(::stat(served.path.c_str(), &found) != 0);
    // A file that is no socket is nobody's to remove.
    auto file = must(system_files().open_write(served.path));
    must(file->write_at(0, as_bytes("precious")));
    REQUIRE(ApiServer::start({served.path, 0600, {}}, echo).error().is(FileError::exists));
    REQUIRE(::stat(served.path.c_str(), &found) == 0);
}

}  // namespace sampan::test
