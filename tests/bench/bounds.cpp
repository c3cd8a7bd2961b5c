#include "bench/bounds.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <thread>
#include <zmq.hpp>

#include "sampan/crypto/ed25519.h"
#include "sampan/crypto/hash.h"
#include "sampan/crypto/merkle.h"
#include "sampan/crypto/random.h"

namespace sampan::bench {
namespace {

using Clock = std::chrono::steady_clock;

Seconds since(Clock::time_point start) {
    return Clock::now() - start;
}

// Runs `step` until `time` has passed; `step` does one operation.
template <typename Step>
Rate run_for(Seconds time, Step step) {
    const auto start = Clock::now();
    std::uint64_t done = 0;
    while (since(start) < time) {
        for (int i = 0; i < 16; ++i) step();
        done += 16;
    }
    return {static_cast<double>(done) / since(start).count(), 0, 0};
}

struct CurveKeys {
    char server_public[41], server_secret[41], client_public[41], client_secret[41];
    CurveKeys() {
        if (zmq_curve_keypair(server_public, server_secret) != 0 ||
            zmq_curve_keypair(client_public, client_secret) != 0)
            std::abort();
    }
};

void serve(zmq::socket_t& socket, const CurveKeys& keys) {
    socket.set(zmq::sockopt::curve_server, 1);
    socket.set(zmq::sockopt::curve_secretkey, keys.server_secret);
    socket.set(zmq::sockopt::linger, 0);
    socket.bind("tcp://127.0.0.1:*");
}

void join(zmq::socket_t& socket, const CurveKeys& keys, const std::string& endpoint) {
    socket.set(zmq::sockopt::curve_serverkey, keys.server_public);
    socket.set(zmq::sockopt::curve_publickey, keys.client_public);
    socket.set(zmq::sockopt::curve_secretkey, keys.client_secret);
    socket.set(zmq::sockopt::linger, 0);
    socket.connect(endpoint);
}

}  // namespace

double percentile_us(std::vector<double>& samples_us, double fraction) {
    if (samples_us.empty()) return 0;
    const auto at = static_cast<std::ptrdiff_t>(fraction * static_cast<double>(samples_us.size() - 1));
    std::nth_element(samples_us.begin(), samples_us.begin() + at, samples_us.end());
    return samples_us[static_cast<std::size_t>(at)];
}

Rate bound_verify_hash_append(std::size_t bytes, Seconds time) {
    const Ed25519Key key = Ed25519Key::generate();
    Bytes message(bytes);
    random_fill(message);
    const Ed25519Signature signature = key.sign(message);
    MerkleEdge tree;
    return run_for(time, [&] {
        if (!verify_ed25519(key.public_key(), message, signature).ok()) std::abort();
        const Sha256Digest digest = sha256(message);
        tree.append(merkle_leaf_hash(digest.view()));
        if (tree.root().is_zero()) std::abort();
    });
}

Rate bound_verify(Seconds time) {
    const Ed25519Key key = Ed25519Key::generate();
    Bytes message(64);
    random_fill(message);
    const Ed25519Signature signature = key.sign(message);
    return run_for(time, [&] {
        if (!verify_ed25519(key.public_key(), message, signature).ok()) std::abort();
    });
}

Rate bound_merkle_append(std::size_t bytes, Seconds time) {
    Bytes entry(bytes);
    random_fill(entry);
    MerkleEdge tree;
    return run_for(time, [&] { tree.append(merkle_leaf_hash(entry)); });
}

Rate bound_fdatasync(const std::string& folder, Seconds time) {
    const std::string path = folder + "/fdatasync.bound";
    const int file = ::open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600);
    if (file < 0) std::abort();
    const Bytes block(4096, 7);
    std::vector<double> samples_us;
    const auto start = Clock::now();
    while (since(start) < time) {
        const auto before = Clock::now();
        if (::write(file, block.data(), block.size()) < 0 || ::fdatasync(file) != 0) std::abort();
        samples_us.push_back(since(before).count() * 1e6);
    }
    const double per_second = static_cast<double>(samples_us.size()) / since(start).count();
    ::close(file);
    ::unlink(path.c_str());
    return {per_second, percentile_us(samples_us, 0.5), percentile_us(samples_us, 0.99)};
}

Rate bound_curve_fan_out(std::size_t bytes, std::size_t readers, Seconds time) {
    zmq::context_t sender_context(1), reader_context(1);
    const CurveKeys keys;
    zmq::socket_t sender(sender_context, zmq::socket_type::pub);
    sender.set(zmq::sockopt::xpub_nodrop, 1);
    sender.set(zmq::sockopt::sndtimeo, 100);
    serve(sender, keys);
    const std::string endpoint = sender.get(zmq::sockopt::last_endpoint);
    std::atomic<std::uint64_t> received{0};
    std::atomic<std::size_t> joined{0};  // readers that got something
    std::atomic<bool> stop{false};
    std::thread reader([&] {
        std::vector<zmq::socket_t> sockets;
        std::vector<zmq::pollitem_t> items;
        for (std::size_t i = 0; i < readers; ++i) {
            sockets.emplace_back(reader_context, zmq::socket_type::sub);
            sockets.back().set(zmq::sockopt::subscribe, "");
            join(sockets.back(), keys, endpoint);
        }
        std::vector<bool> seen(readers);
        for (auto& socket : sockets) items.push_back({socket.handle(), 0, ZMQ_POLLIN, 0});
        zmq::message_t message;
        while (!stop) {
            zmq::poll(items.data(), items.size(), std::chrono::milliseconds(20));
            for (std::size_t i = 0; i < sockets.size(); ++i) {
                if ((items[i].revents & ZMQ_POLLIN) == 0) continue;
                if (!seen[i]) ++joined;
                seen[i] = true;
                for (int n = 0; n < 64 && sockets[i].recv(message, zmq::recv_flags::dontwait); ++n)
                    ++received;
            }
        }
    });
    const Bytes payload(bytes, 7);
    const auto send = [&] { return sender.send(zmq::buffer(payload), zmq::send_flags::none).has_value(); };
    const auto settled = Clock::now() + std::chrono::seconds(20);
    while (joined < readers) {
        if (Clock::now() > settled) std::abort();
        send();
        std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    const auto warm = Clock::now() + std::chrono::milliseconds(100);
    while (Clock::now() < warm) send();
    const std::uint64_t before = received;
    const auto start = Clock::now();
    while (since(start) < time) send();
    const double rate = static_cast<double>(received - before) / since(start).count();
    stop = true;
    reader.join();
    return {rate, 0, 0};
}

Rate bound_curve_round_trip(std::size_t bytes, Seconds time) {
    zmq::context_t server_context(1), client_context(1);
    const CurveKeys keys;
    zmq::socket_t server(server_context, zmq::socket_type::rep);
    serve(server, keys);
    server.set(zmq::sockopt::rcvtimeo, 100);
    std::atomic<bool> stop{false};
    std::thread echo([&] {
        zmq::message_t message;
        while (!stop)
            if (server.recv(message, zmq::recv_flags::none)) server.send(message, zmq::send_flags::none);
    });
    zmq::socket_t client(client_context, zmq::socket_type::req);
    join(client, keys, server.get(zmq::sockopt::last_endpoint));
    const Bytes payload(bytes, 7);
    std::vector<double> samples_us;
    zmq::message_t answer;
    const auto start = Clock::now();
    while (since(start) < time) {
        const auto before = Clock::now();
        client.send(zmq::buffer(payload), zmq::send_flags::none);
        if (!client.recv(answer, zmq::recv_flags::none)) std::abort();
        samples_us.push_back(since(before).count() * 1e6);
    }
    stop = true;
    echo.join();
    return {static_cast<double>(samples_us.size()) / since(start).count(), percentile_us(samples_us, 0.5),
            percentile_us(samples_us, 0.99)};
}

}  // namespace sampan::bench
