#include "node_server.h"

#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <sstream>

#include "cli/app.h"
#include "sampan/base/file.h"

namespace sampan::cli::test {
namespace {

std::string make_folder() {
    std::string path = "/tmp/sampan-cli-XXXXXX";
    SAMPAN_ASSERT(::mkdtemp(path.data()) != nullptr);
    return path;
}

void send_all(int connection, std::string_view text) {
    while (!text.empty()) {
        const ssize_t n = ::send(connection, text.data(), text.size(), MSG_NOSIGNAL);
        if (n <= 0) return;
        text.remove_prefix(static_cast<std::size_t>(n));
    }
}

}  // namespace

NodeServer::NodeServer() : folder_(make_folder()), socket_(folder_ + "/node.sock") {
    listener_ = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, socket_.c_str(), sizeof address.sun_path - 1);
    SAMPAN_ASSERT(::bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0);
    SAMPAN_ASSERT(::listen(listener_, 8) == 0);
    thread_ = std::thread([this] { serve(); });
}

NodeServer::~NodeServer() {
    stop_ = true;
    ::shutdown(listener_, SHUT_RDWR);
    thread_.join();
    ::close(listener_);
    std::filesystem::remove_all(folder_);
}

void NodeServer::answer(const std::string& request, unsigned status, const std::string& body) {
    const std::lock_guard lock(mutex_);
    answers_[request] = {status, body};
}

std::vector<Asked> NodeServer::asked() {
    const std::lock_guard lock(mutex_);
    return asked_;
}

void NodeServer::serve() {
    while (!stop_) {
        const int connection = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (connection < 0) continue;
        handle(connection);
        ::close(connection);
    }
}

void NodeServer::handle(int connection) {
    std::string in;
    char piece[65536];
    std::size_t head_end = std::string::npos;
    std::size_t wanted = 0;
    while (true) {
        const ssize_t n = ::recv(connection, piece, sizeof piece, 0);
        if (n <= 0) break;
        in.append(piece, static_cast<std::size_t>(n));
        if (head_end == std::string::npos) {
            head_end = in.find("\r\n\r\n");
            if (head_end == std::string::npos) continue;
            const auto length = in.find("Content-Length: ");
            wanted =
                head_end + 4 + (length < head_end ? std::strtoul(in.c_str() + length + 16, nullptr, 10) : 0);
        }
        if (in.size() >= wanted) break;
    }
    if (head_end == std::string::npos) return;
    Asked asked;
    std::istringstream line(in);
    line >> asked.method >> asked.target;
    asked.head = in.substr(0, head_end);
    asked.body = in.substr(head_end + 4);
    const std::lock_guard lock(mutex_);
    asked_.push_back(asked);
    const auto found = answers_.find(asked.method + " " + asked.target);
    const unsigned status = found == answers_.end() ? 404 : found->second.first;
    const std::string body = found == answers_.end()
                                 ? R"({"error":{"name":"not_found","detail":"no such page","remedy":""}})"
                                 : found->second.second;
    send_all(connection, "HTTP/1.1 " + std::to_string(status) +
                             " X\r\nContent-Type: application/json\r\nContent-Length: " +
                             std::to_string(body.size()) + "\r\nConnection: close\r\n\r\n" + body);
}

Ran run(const std::vector<std::string>& arguments, std::size_t terminal_width) {
    std::ostringstream out;
    std::ostringstream err;
    Console::Setup setup;
    setup.no_colour = true;
    if (terminal_width > 0) setup.width = terminal_width;
    Console console(out, err, setup);
    App app;
    const int code = app.run(arguments, console);
    return {code, out.str(), err.str()};
}

TemporaryFolder::TemporaryFolder() : folder_(make_folder()) {}
TemporaryFolder::~TemporaryFolder() {
    std::filesystem::remove_all(folder_);
}
std::string TemporaryFolder::write(const std::string& name, const std::string& text, unsigned mode) const {
    const Status done = write_file(system_files(), path(name), as_bytes(text), Replace::yes, mode);
    SAMPAN_ASSERT(done.ok());
    return path(name);
}

SessionFolder::SessionFolder(const TemporaryFolder& in) {
    if (const char* set = std::getenv("XDG_RUNTIME_DIR")) before_ = set;
    ::setenv("XDG_RUNTIME_DIR", in.path("").c_str(), 1);
}

SessionFolder::~SessionFolder() {
    if (before_.empty())
        ::unsetenv("XDG_RUNTIME_DIR");
    else
        ::setenv("XDG_RUNTIME_DIR", before_.c_str(), 1);
}

}  // namespace sampan::cli::test
