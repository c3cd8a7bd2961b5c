#include "sampan/store/backup_desk.h"

#include <poll.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "sampan/base/encode.h"

namespace sampan {
namespace {

constexpr const char* k_socket_name = "/backup.sock";
constexpr std::size_t k_read_bytes = 256 * limits::k_kib;
constexpr int k_stuck_ms = 60'000;  // a program that asks and does not read
constexpr std::uint8_t k_given = 0, k_refused = 1;

Error system_error(const std::string& doing) {
    return Error(StoreError::cannot_open, doing + ": " + std::strerror(errno));
}

Result<sockaddr_un> address_of(const std::string& path) {
    sockaddr_un out{};
    out.sun_family = AF_UNIX;
    if (path.size() >= sizeof out.sun_path)
        return Error(StoreError::cannot_open, path + " is too long for a Unix socket",
                     "give the data folder a shorter path");
    std::memcpy(out.sun_path, path.c_str(), path.size());
    return out;
}

Status send_all(int socket, ByteView bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = ::send(socket, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent < 0 && errno == EINTR) continue;
        if (sent <= 0) return Error(StoreError::io_error, "the program that asked for the backup went away");
        bytes = bytes.subspan(static_cast<std::size_t>(sent));
    }
    return ok_status();
}

bool is_own_user(int socket) {
    ucred peer{};
    socklen_t size = sizeof peer;
    if (::getsockopt(socket, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0) return false;
    return peer.uid == ::geteuid() || peer.uid == 0;
}

}  // namespace

Result<std::unique_ptr<BackupDesk>> BackupDesk::open(const std::string& folder) {
    const std::string path = folder + k_socket_name;
    SAMPAN_ASSIGN(sockaddr_un address, address_of(path));
    const int listener = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (listener < 0) return system_error("opening " + path);
    ::unlink(path.c_str());
    const bool bound = ::bind(listener, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0 &&
                       ::chmod(path.c_str(), 0600) == 0 && ::listen(listener, 1) == 0;
    const int stop = bound ? ::eventfd(0, EFD_CLOEXEC) : -1;
    if (stop < 0) {
        const Error error = system_error("opening " + path);
        ::close(listener);
        return error;
    }
    std::unique_ptr<BackupDesk> out(new BackupDesk(path, listener, stop));
    out->thread_ = std::thread([desk = out.get()] { desk->work(); });
    return out;
}

BackupDesk::~BackupDesk() {
    {
        const std::lock_guard lock(mutex_);
        stopping_ = true;
    }
    handed_.notify_all();
    const std::uint64_t one = 1;
    // A counter that cannot be full: there is nothing that could fail and be answered for here.
    [[maybe_unused]] const ssize_t told = ::write(stop_, &one, sizeof one);
    thread_.join();
    ::unlink(path_.c_str());
    ::close(listener_);
    ::close(stop_);
}

void BackupDesk::work() {
    while (true) {
        pollfd polled[2] = {{listener_, POLLIN, 0}, {stop_, POLLIN, 0}};
        if (::poll(polled, 2, -1) < 0 && errno != EINTR) return;
        if (polled[1].revents != 0) return;
        const int client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
        if (client < 0) continue;
        const timeval patience{k_stuck_ms / 1000, 0};
        ::setsockopt(client, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
        if (is_own_user(client)) serve(client);
        ::close(client);
    }
}

std::optional<Result<std::vector<BackupSource>>> BackupDesk::wait_for_owner() {
    std::unique_lock lock(mutex_);
    handed_.wait(lock, [this] { return stopping_ || snapshot_.has_value(); });
    return std::exchange(snapshot_, std::nullopt);
}

void BackupDesk::serve(int client) {
    state_ = State::wanted;
    const auto snapshot = wait_for_owner();
    if (snapshot && snapshot->ok()) {
        const Bytes given{k_given};
        Status sent = send_all(client, given);
        if (sent.ok())
            sent = write_backup_items(system_files(), **snapshot,
                                      [client](ByteView bytes) { return send_all(client, bytes); });
        // Who asked sees that the end is missing.
        static_cast<void>(system_files().remove((*snapshot)->front().path).ok());
    } else if (snapshot) {
        const Bytes refusal = Writer()
                                  .u8(k_refused)
                                  .lp(snapshot->error().name())
                                  .lp(std::string_view(snapshot->error().text()))
                                  .bytes();
        static_cast<void>(send_all(client, refusal).ok());
    }
    state_ = State::idle;
}

void BackupDesk::give(std::vector<BackupSource> sources) {
    SAMPAN_ASSERT(wanted() && !sources.empty());
    state_ = State::given;
    const std::lock_guard lock(mutex_);
    snapshot_ = std::move(sources);
    handed_.notify_all();
}

void BackupDesk::refuse(const Error& why) {
    SAMPAN_ASSERT(wanted());
    state_ = State::given;
    const std::lock_guard lock(mutex_);
    snapshot_ = Result<std::vector<BackupSource>>(why);
    handed_.notify_all();
}

Status fetch_backup(const std::string& folder, const ByteSink& sink) {
    SAMPAN_ASSIGN(sockaddr_un address, address_of(folder + k_socket_name));
    const int socket = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (socket < 0) return system_error("opening a socket");
    const struct Closer {
        int descriptor;
        ~Closer() { ::close(descriptor); }
    } closer{socket};
    if (::connect(socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0)
        return Error(StoreError::not_found, "nothing runs on " + folder);
    Bytes buffer(k_read_bytes);
    Bytes refusal;
    std::optional<std::uint8_t> how;
    while (true) {
        const ssize_t got = ::recv(socket, buffer.data(), buffer.size(), 0);
        if (got < 0 && errno == EINTR) continue;
        if (got < 0) return system_error("reading the backup");
        if (got == 0) break;
        ByteView bytes = ByteView(buffer).first(static_cast<std::size_t>(got));
        if (!how) {
            how = bytes.front();
            bytes = bytes.subspan(1);
        }
        if (*how == k_given)
            SAMPAN_TRY(sink(bytes));
        else
            append(refusal, bytes);
    }
    if (how == k_given) return ok_status();
    Reader in(refusal);
    const auto name = in.lp(limits::k_error_name_bytes);
    const auto why = name.ok() ? in.lp(limits::k_error_detail_bytes) : name;
    return Error(StoreError::backup_refused,
                 why.ok() ? std::string(as_text(*why)) : "the program there ended without an answer");
}

}  // namespace sampan
