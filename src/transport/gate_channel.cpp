#include "sampan/transport/gate_channel.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/uio.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <deque>

#include "transport/gate_codec.h"

namespace sampan {
namespace {

using gate_codec::k_length_bytes;
using gate_codec::k_message_bytes;

constexpr std::size_t k_gather_bytes = 256 * limits::k_kib;  // small messages share a segment up to this
constexpr std::size_t k_move_bytes = 32 * limits::k_kib;     // frames from here on keep their own bytes
constexpr std::size_t k_read_bytes = 256 * limits::k_kib;    // asked of the socket at a time
constexpr std::size_t k_segments_per_write = 64;
constexpr int k_socket_buffer_bytes = 4 * static_cast<int>(limits::k_mib);

std::uint32_t big_endian_u32(const std::uint8_t* at) {
    return static_cast<std::uint32_t>(at[0]) << 24 | static_cast<std::uint32_t>(at[1]) << 16 |
           static_cast<std::uint32_t>(at[2]) << 8 | at[3];
}

}  // namespace

struct GateChannel::Buffers {
    // Written in order. Small messages are gathered into the last segment.
    std::deque<Bytes> out;
    std::size_t out_offset = 0;  // of the first segment, already written
    std::size_t queued = 0;
    // Read, not yet taken: in[begin, end).
    Bytes in;
    std::size_t begin = 0;
    std::size_t end = 0;
    bool ended = false;  // the other end is gone
    // What the core shared and did not say to forget: on its side the number, on the gate's the bytes.
    std::uint32_t shares_sent = 0;
    std::vector<Bytes> shares;
    std::size_t shared_bytes = 0;

    Status keep_share(Bytes&& bytes) {
        shared_bytes += bytes.size();
        if (shares.size() == gate_codec::k_shares || shared_bytes > gate_codec::k_shared_bytes)
            return Error(TransportError::bad_frame, "too much is shared");
        shares.push_back(std::move(bytes));
        return ok_status();
    }
    void forget_shares() {
        shares.clear();
        shared_bytes = 0;
    }
    // The frame's pieces in their order.
    Result<std::vector<ByteView>> pieces_of(const GateCompose& composed) const {
        std::vector<ByteView> pieces;
        pieces.reserve(2 * composed.splices.size() + 1);
        std::size_t at = 0, size = composed.own.size();
        for (const auto& splice : composed.splices) {
            if (splice.share >= shares.size())
                return Error(TransportError::bad_frame, "a frame names what was not shared");
            if (splice.at > at) pieces.push_back(ByteView(composed.own).subspan(at, splice.at - at));
            at = splice.at;
            pieces.push_back(shares[splice.share]);
            size += pieces.back().size();
        }
        if (at < composed.own.size()) pieces.push_back(ByteView(composed.own).subspan(at));
        if (size > limits::k_frame_bytes)
            return Error(TransportError::bad_frame, "a frame to send is too large");
        return pieces;
    }

    Bytes& gather(std::size_t more) {
        if (out.empty() || out.back().size() + more > k_gather_bytes) out.emplace_back();
        return out.back();
    }
    void put_head(ByteView head, std::size_t frame_size) {
        const std::size_t size = head.size() + frame_size;
        SAMPAN_ASSERT(size <= k_message_bytes);
        Bytes& segment = gather(k_length_bytes + size);
        const std::array<std::uint8_t, k_length_bytes> length{
            static_cast<std::uint8_t>(size >> 24), static_cast<std::uint8_t>(size >> 16),
            static_cast<std::uint8_t>(size >> 8), static_cast<std::uint8_t>(size)};
        append(segment, length);
        append(segment, head);
        queued += k_length_bytes + size;
    }
    void put(ByteView head, ByteView frame) {
        put_head(head, frame.size());
        append(out.back(), frame);
    }
    void put_moved(ByteView head, Bytes&& frame) {
        put_head(head, frame.size());
        out.push_back(std::move(frame));
        out.emplace_back();  // what follows is gathered anew, not behind someone's frame
    }
    void written(std::size_t size) {
        queued -= size;
        while (size > 0) {
            const std::size_t left = out.front().size() - out_offset;
            if (size < left) {
                out_offset += size;
                return;
            }
            size -= left;
            out_offset = 0;
            out.pop_front();
        }
        while (!out.empty() && out.front().size() == out_offset) {
            out.pop_front();
            out_offset = 0;
        }
    }
    // The whole message at the head of what was read, without its length; empty when there is none yet.
    Result<ByteView> whole() const {
        if (end - begin < k_length_bytes) return ByteView();
        const std::size_t size = big_endian_u32(in.data() + begin);
        if (size == 0 || size > k_message_bytes)
            return Error(TransportError::bad_frame, "a message between gate and core has no sane length");
        if (end - begin < k_length_bytes + size) return ByteView();
        return ByteView(in).subspan(begin + k_length_bytes, size);
    }
    void make_room() {
        if (begin == end) begin = end = 0;
        if (in.size() - end >= k_read_bytes) return;
        if (begin > 0) {
            std::memmove(in.data(), in.data() + begin, end - begin);
            end -= begin;
            begin = 0;
        }
        if (in.size() - end < k_read_bytes) in.resize(end + k_read_bytes);
    }
};

GateChannel::GateChannel(int descriptor) : descriptor_(descriptor), buffers_(std::make_unique<Buffers>()) {
    SAMPAN_ASSERT(descriptor >= 0);
    const int flags = ::fcntl(descriptor, F_GETFL);
    SAMPAN_ASSERT(flags != -1 && ::fcntl(descriptor, F_SETFL, flags | O_NONBLOCK) != -1);
    // As much as the kernel grants: fewer turns between two processes on one core.
    for (int option : {SO_SNDBUF, SO_RCVBUF})
        ::setsockopt(descriptor, SOL_SOCKET, option, &k_socket_buffer_bytes, sizeof k_socket_buffer_bytes);
}

GateChannel::~GateChannel() {
    ::close(descriptor_);
}

void GateChannel::send(const GateMessage& message) {
    buffers_->put(gate_codec::encode_head(message), gate_codec::frame_of(message));
}

void GateChannel::send(GateMessage&& message) {
    Bytes* frame = nullptr;
    if (auto* in = std::get_if<GateFrame>(&message)) frame = &in->frame;
    if (auto* out = std::get_if<GateSend>(&message)) frame = &out->frame;
    if (auto* composed = std::get_if<GateCompose>(&message)) frame = &composed->own;
    if (frame == nullptr || frame->size() < k_move_bytes) return send(std::as_const(message));
    buffers_->put_moved(gate_codec::encode_head(message), std::move(*frame));
}

void GateChannel::send_frame(ConnectionId connection, const AgencyId& agency, ByteView frame) {
    buffers_->put(gate_codec::encode_frame_head(connection, agency), frame);
}

Status GateChannel::flush() {
    while (buffers_->queued > 0) {
        std::array<iovec, k_segments_per_write> pieces{};
        std::size_t count = 0;
        std::size_t offset = buffers_->out_offset;
        for (Bytes& segment : buffers_->out) {
            if (count == pieces.size()) break;
            if (segment.size() > offset) pieces[count++] = {segment.data() + offset, segment.size() - offset};
            offset = 0;
        }
        msghdr message{};
        message.msg_iov = pieces.data();
        message.msg_iovlen = count;
        const ssize_t size = ::sendmsg(descriptor_, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (size < 0) {
            if (errno == EINTR) continue;
            if (errno == EAGAIN) return ok_status();
            return Error(TransportError::channel_closed, std::strerror(errno));
        }
        buffers_->written(static_cast<std::size_t>(size));
    }
    return ok_status();
}

bool GateChannel::wants_write() const {
    return buffers_->queued > 0;
}
std::size_t GateChannel::queued_bytes() const {
    return buffers_->queued;
}

bool GateChannel::waiting() const {
    const auto message = buffers_->whole();
    return !message.ok() || !message->empty();
}

template <typename Sink>
Status GateChannel::receive_each(std::size_t limit, const Sink& sink) {
    Buffers& b = *buffers_;
    while (limit > 0) {
        SAMPAN_ASSIGN(ByteView message, b.whole());
        if (!message.empty()) {
            SAMPAN_TRY(sink(message));
            b.begin += k_length_bytes + message.size();
            --limit;
            continue;
        }
        if (b.ended) return Error(TransportError::channel_closed, "the other end is gone");
        b.make_room();
        const ssize_t size = ::recv(descriptor_, b.in.data() + b.end, b.in.size() - b.end, MSG_DONTWAIT);
        if (size > 0) {
            b.end += static_cast<std::size_t>(size);
        } else if (size == 0 || (errno != EINTR && errno != EAGAIN)) {
            b.ended = true;
        } else if (errno == EAGAIN) {
            break;
        }
    }
    return ok_status();
}

Status GateChannel::receive(std::vector<GateMessage>& out, std::size_t limit) {
    return receive_each(limit, [&](ByteView message) -> Status {
        auto decoded = gate_codec::decode(message);
        if (!decoded.ok()) return Error(TransportError::bad_frame, decoded.error().text());
        out.push_back(std::move(decoded).value());
        return ok_status();
    });
}

std::uint32_t GateChannel::share(ByteView bytes) {
    buffers_->put(gate_codec::encode_head(GateShare{}), bytes);
    return buffers_->shares_sent++;
}

void GateChannel::forget() {
    send(GateMessage(GateForget{}));
    buffers_->shares_sent = 0;
}

Status GateChannel::receive(const SendSink& send, const OtherSink& other, std::size_t limit) {
    return receive_each(limit, [&](ByteView message) -> Status {
        if (const auto view = gate_codec::decode_send(message)) {
            if (view->frame.size() > limits::k_frame_bytes)
                return Error(TransportError::bad_frame, "a frame to send is too large");
            send(view->connection, Pieces(&view->frame, 1));
            return ok_status();
        }
        auto decoded = gate_codec::decode(message);
        if (!decoded.ok()) return Error(TransportError::bad_frame, decoded.error().text());
        if (auto* shared = std::get_if<GateShare>(&*decoded))
            return buffers_->keep_share(std::move(shared->bytes));
        if (std::holds_alternative<GateForget>(*decoded)) {
            buffers_->forget_shares();
        } else if (const auto* composed = std::get_if<GateCompose>(&*decoded)) {
            SAMPAN_ASSIGN(std::vector<ByteView> pieces, buffers_->pieces_of(*composed));
            send(composed->connection, pieces);
        } else {
            other(std::move(decoded).value());
        }
        return ok_status();
    });
}

}  // namespace sampan
