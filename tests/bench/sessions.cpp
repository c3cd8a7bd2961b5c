#include "bench/sessions.h"

#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "bench/light_node.h"

namespace sampan::bench {
namespace {

using Clock = std::chrono::steady_clock;

constexpr auto k_patience = std::chrono::seconds(60);
// Between two looks at all sockets: looking at each event as it comes would cost more than the handshakes.
constexpr auto k_pause = std::chrono::milliseconds(2);

[[noreturn]] void give_up(const char* what) {
    std::fprintf(stderr, "sampan-bench: waited in vain for %s\n", what);
    std::exit(1);
}

// Runs `look` until it says that all are there; the seconds since `start`.
double seconds_until(const char* what, Clock::time_point start, const std::function<bool()>& look) {
    while (!look()) {
        if (Clock::now() - start > k_patience) give_up(what);
        std::this_thread::sleep_for(k_pause);
    }
    return std::chrono::duration<double>(Clock::now() - start).count();
}

SessionCost cost_of(std::size_t sessions, double seconds, double grown_mib) {
    const auto count = static_cast<double>(sessions);
    return {count / seconds, grown_mib * 1024 / count};
}

// --- the bare router
constexpr char k_curve_secret[] = "JTKVSB%%)wK0E.X)V>+}o?pNmC{O&4W4b!Ni{Lh6";  // the pair in zmq_curve(7)
constexpr char k_curve_public[] = "rq:rM>}U?@Lns47E1%kR.o@n%FcmmsL/@{H8]yf7";

// Accepts everybody, as a handler with a long list would after its look-up.
void answer_zap(zmq::socket_t& zap) {
    while (true) {
        std::vector<zmq::message_t> request;
        do request.emplace_back();
        while (zap.recv(request.back(), zmq::recv_flags::none) && request.back().more());
        if (request.size() < 2) continue;
        const auto text = [&](const char* part, bool more) {
            zap.send(zmq::buffer(std::string_view(part)),
                     more ? zmq::send_flags::sndmore : zmq::send_flags::none);
        };
        text("1.0", true);
        zap.send(request[1], zmq::send_flags::sndmore);
        text("200", true);
        text("OK", true);
        text("somebody", true);
        text("", false);
    }
}

struct BareRouter {
    pid_t pid = -1;
    std::string endpoint;
    int input = -1;
    BareRouter();
    ~BareRouter() {
        ::close(input);
        ::waitpid(pid, nullptr, 0);
    }
    BareRouter(const BareRouter&) = delete;
    BareRouter& operator=(const BareRouter&) = delete;
};

BareRouter::BareRouter() {
    int in[2], out[2];
    if (::pipe(in) != 0 || ::pipe(out) != 0) give_up("a pipe");
    const std::string program = program_folder() + "/sampan-bench";
    pid = ::fork();
    if (pid == 0) {
        ::dup2(in[0], 0);
        ::dup2(out[1], 1);
        for (const int each : {in[0], in[1], out[0], out[1]}) ::close(each);
        ::execl(program.c_str(), "sampan-bench", "bare-router", nullptr);
        ::_exit(127);
    }
    ::close(in[0]);
    ::close(out[1]);
    input = in[1];
    char byte = 0;
    while (::read(out[0], &byte, 1) == 1 && byte != '\n') endpoint.push_back(byte);
    ::close(out[0]);
    if (endpoint.empty()) give_up("the bare router");
}

struct BareClient {
    zmq::socket_t socket;
    bool answered = false;
};

}  // namespace

int serve_bare_router() {
    zmq::context_t context(1);
    zmq::socket_t zap(context, zmq::socket_type::rep);
    zap.bind("inproc://zeromq.zap.01");
    std::thread(answer_zap, std::ref(zap)).detach();
    zmq::socket_t router(context, zmq::socket_type::router);
    router.set(zmq::sockopt::curve_server, 1);
    router.set(zmq::sockopt::curve_secretkey, k_curve_secret);
    router.set(zmq::sockopt::zap_domain, "bench");
    router.set(zmq::sockopt::backlog, 1024);
    router.bind("tcp://127.0.0.1:*");
    std::printf("%s\n", router.get(zmq::sockopt::last_endpoint).c_str());
    std::fflush(stdout);
    std::thread([&] {
        zmq::message_t from, message;
        while (router.recv(from, zmq::recv_flags::none) && router.recv(message, zmq::recv_flags::none)) {
            router.send(from, zmq::send_flags::sndmore);
            router.send(message, zmq::send_flags::none);
        }
    }).detach();
    char byte = 0;
    while (::read(0, &byte, 1) > 0) {
    }
    ::_exit(0);
}

SessionCost connect_to_bare_router(std::size_t sessions) {
    const BareRouter router;
    zmq::context_t context(1);
    const double before = process_use(router.pid).resident_mib;
    std::vector<std::array<char, 41>> publics(sessions), secrets(sessions);
    for (std::size_t i = 0; i < sessions; ++i) zmq_curve_keypair(publics[i].data(), secrets[i].data());
    std::vector<BareClient> clients;
    clients.reserve(sessions);
    const auto start = Clock::now();
    for (std::size_t i = 0; i < sessions; ++i) {
        zmq::socket_t socket(context, zmq::socket_type::dealer);
        socket.set(zmq::sockopt::linger, 0);
        socket.set(zmq::sockopt::curve_serverkey, k_curve_public);
        socket.set(zmq::sockopt::curve_publickey, publics[i].data());
        socket.set(zmq::sockopt::curve_secretkey, secrets[i].data());
        socket.connect(router.endpoint);
        socket.send(zmq::str_buffer("hello"), zmq::send_flags::none);
        clients.push_back({std::move(socket)});
    }
    std::size_t answered = 0;
    const double seconds = seconds_until("bare sessions", start, [&] {
        zmq::message_t message;
        for (BareClient& client : clients)
            if (!client.answered && client.socket.recv(message, zmq::recv_flags::dontwait)) {
                client.answered = true;
                ++answered;
            }
        return answered == sessions;
    });
    return cost_of(sessions, seconds, process_use(router.pid).resident_mib - before);
}

SessionCost connect_to_broker(std::size_t sessions) {
    Rig rig(sessions);
    zmq::context_t context(1);
    const double before = rig.core().resident_mib + rig.gate().resident_mib;
    std::vector<std::unique_ptr<LightNode>> nodes;
    const auto start = Clock::now();
    for (std::size_t i = 1; i <= sessions; ++i) {
        nodes.push_back(std::make_unique<LightNode>(context, rig, i));
        nodes.back()->only_connect();
    }
    const double seconds = seconds_until("sessions", start, [&] {
        for (const auto& node : nodes) node->pump();
        return std::all_of(nodes.begin(), nodes.end(), [](const auto& node) { return node->welcomed(); });
    });
    const double after = rig.core().resident_mib + rig.gate().resident_mib;
    return cost_of(sessions, seconds, after - before);
}

}  // namespace sampan::bench
