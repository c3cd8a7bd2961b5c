// A node's local API on its Unix socket, as any program of the machine's users may speak to it: HTTP, the
// paths, and the JSON in the bodies, with the whole node behind it. Whoever asks is signed in as the first
// officer, so that every handler is reached. What is answered is HTTP, and no request is answered with a
// failure of the node.
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cstring>

#include "fuzz/fuzz.h"
#include "fuzz/steady.h"
#include "unit/node/served.h"

using namespace sampan;
using namespace sampan::test;

namespace {

constexpr int k_runs_of_a_world = 2000;  // what requests left behind does not grow for ever

struct World {
    Room room;
    TestNode& node;
    Served served;
    Folder folder;
    std::unique_ptr<node::ApiServer> server;
    int runs = 0;

    World() : node(room.start("jp-npa")), served(room, node) {
        node::ApiOptions options;
        options.socket_path = path();
        server = must(node::ApiServer::start(std::move(options), [this](const node::ApiRequest& request) {
            node::ApiRequest copy = request;
            return served.handle(std::move(copy));
        }));
    }
    std::string path() const { return folder.path() + "/api"; }
    // The officer is signed in; not, when a request has signed everybody out, or changed the passphrase.
    bool fit() {
        return ++runs < k_runs_of_a_world &&
               (served.ask("GET", "/v1/whoami").status == 200 || served.sign_in() == 200);
    }
};

World& world() {
    static std::unique_ptr<World> made;
    if (!made || !made->fit()) {
        made.reset();
        made = std::make_unique<World>();
    }
    return *made;
}

std::string exchange_on(const std::string& path, ByteView in) {
    const int descriptor = ::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    sockaddr_un address{};
    address.sun_family = AF_UNIX;
    std::strncpy(address.sun_path, path.c_str(), sizeof address.sun_path - 1);
    fuzz::hold(::connect(descriptor, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0,
               "the node takes connections");
    // Shorter than a socket's buffer: written before anything is read.
    while (!in.empty()) {
        const ssize_t sent = ::send(descriptor, in.data(), in.size(), MSG_NOSIGNAL);
        if (sent <= 0) break;
        in = in.subspan(static_cast<std::size_t>(sent));
    }
    ::shutdown(descriptor, SHUT_WR);
    std::string out;
    char buffer[16384];
    for (ssize_t got = 0; (got = ::recv(descriptor, buffer, sizeof buffer, 0)) > 0;)
        out.append(buffer, static_cast<std::size_t>(got));
    ::close(descriptor);
    return out;
}

}  // namespace

extern "C" int LLVMFuzzerInitialize(int*, char***);
extern "C" int LLVMFuzzerInitialize(int*, char***) {
    fuzz::make_randomness_steady();
    return 0;
}

SAMPAN_FUZZ_TARGET {
    if (in.size() > 64 * limits::k_kib) return;
    const std::string answer = exchange_on(world().path(), in);
    fuzz::hold(answer.empty() || answer.starts_with("HTTP/1.1 "), "what is answered is HTTP");
    // An upload that ends early has failed, whoever's fault it was.
    const bool upload = as_text(in).find("PUT") != std::string_view::npos;
    fuzz::hold(upload || !answer.starts_with("HTTP/1.1 500"), "no request makes the node fail");
}
