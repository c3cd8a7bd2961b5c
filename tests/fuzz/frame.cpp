// Frames of a session, as a broker has them from any member and a member from any broker.
#include "fuzz/fuzz.h"
#include "sampan/transport/packet.h"

using namespace sampan;

SAMPAN_FUZZ_TARGET {
    const auto packets = decode_frame(in);
    if (!packets.ok()) return fuzz::hold(!packets.error().name().empty(), "a refusal has a name");
    fuzz::hold(!packets->empty() && packets->size() <= limits::k_packets_per_frame,
               "a frame has 1 to 64 packets");
    FrameWriter writer;
    for (const Packet& packet : *packets) {
        fuzz::hold(encoded_packet_size(packet) <= in.size(), "a packet takes no more than its frame");
        writer.add(packet);
    }
    const std::vector<Bytes> frames = writer.finish();
    fuzz::hold(frames.size() == 1, "the packets of one frame fit one frame");
    fuzz::same(frames.front(), in, "a frame is written as it was read");
}
