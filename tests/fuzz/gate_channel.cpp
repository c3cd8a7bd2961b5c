// What a gate that was taken over could say to the core, and the other way round: single messages, and a
// stream of them.
#include <sys/socket.h>
#include <unistd.h>

#include "fuzz/fuzz.h"
#include "transport/gate_codec.h"

using namespace sampan;

namespace {

Bytes encoded(const GateMessage& message) {
    Bytes out = gate_codec::encode_head(message);
    append(out, gate_codec::frame_of(message));
    return out;
}

void one_message(ByteView in) {
    const auto message = gate_codec::decode(in);
    const auto view = gate_codec::decode_send(in);
    if (!message.ok()) return;
    fuzz::same(encoded(*message), in, "a message of the gate is written as it was read");
    const auto* send = std::get_if<GateSend>(&*message);
    fuzz::hold(view.has_value() == (send != nullptr), "both ways of reading agree on the kind");
    if (send == nullptr) return;
    fuzz::hold(view->connection == send->connection, "both ways of reading agree on the connection");
    fuzz::same(view->frame, send->frame, "both ways of reading agree on the frame");
}

// The same bytes as a stream, in pieces: what is read is what was written, up to the first broken message.
void stream(ByteView in, std::size_t piece) {
    int ends[2];
    fuzz::hold(::socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0, "a socket pair is made");
    GateChannel channel(ends[0]);
    std::vector<GateMessage> messages;
    bool alive = true;
    while (!in.empty() && alive) {
        const ByteView part = in.first(std::min(piece, in.size()));
        in = in.subspan(part.size());
        fuzz::hold(::write(ends[1], part.data(), part.size()) == static_cast<ssize_t>(part.size()),
                   "a piece is written");
        do alive = channel.receive(messages, 4).ok();
        while (alive && channel.waiting());
    }
    ::close(ends[1]);
    for (const GateMessage& message : messages) {
        const auto again = gate_codec::decode(encoded(message));
        fuzz::hold(again.ok(), "what the channel gives can be sent on");
    }
}

}  // namespace

SAMPAN_FUZZ_TARGET {
    one_message(in);
    if (!in.empty() && in.size() < 4096) stream(in.subspan(1), std::size_t{1} + in[0]);
}
