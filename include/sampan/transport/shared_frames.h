// Frames to several readers of the same messages, written so that what a delivery has in common for all of
// its readers passes from core to gate once (gate_channel.h). A reader's frame is the same, byte for byte, as
// FrameWriter's (packet.h).
#pragma once

#include "sampan/transport/gate_channel.h"
#include "sampan/transport/packet.h"

namespace sampan {

// A Deliver's fields before those of its reader (seal, signature), and after (body, leaf index, time),
// encoded.
Bytes delivery_head(const Deliver& packet);
Bytes delivery_tail(const Deliver& packet);

struct SharedBytes {
    std::uint32_t share = 0;  // its number in the channel
    std::size_t size = 0;
};
struct SharedDelivery {
    SharedBytes head, tail;
};

// As FrameWriter. One owner. The connection is for whoever sends the frames to fill in.
class SharedFrameWriter {
  public:
    void add(const Packet& packet);
    // A delivery whose head and tail were shared.
    void add(const Deliver& packet, const SharedDelivery& shared);
    // Of the frame that is still open, what is its own.
    std::size_t open_bytes() const { return open_.own.size(); }
    std::vector<GateCompose> take_full() { return std::exchange(full_, {}); }
    std::vector<GateCompose> finish();

  private:
    void make_room(std::size_t size);
    void close();

    std::vector<GateCompose> full_;
    GateCompose open_;
    std::size_t open_size_ = 0;  // with what is shared
    std::size_t open_packets_ = 0;
};

}  // namespace sampan
