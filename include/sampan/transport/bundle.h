// Sessions on removable media: what a node would send to the broker in one file, and the broker's answers in
// another. The packets are those of a session (session.proto), so that both cores take them as from one; the
// nonce of a session's opening is replaced by a sequence, and CURVE by one signature over the whole file.
//
//   file      "sampan bundle 1\n", then items `u8 kind || lp(payload)`
//   1 head    once, first: u8 direction || lp(exchange) || lp(agency) || lp(broker) || u64 sequence ||
//             u64 created_ms || u64 epoch || u64 size of the pinned checkpoint || answers 32
//   2 frame   one serialised Frame of 1 to 64 packets
//   3 end     once, last: lp(certificate) || signature 64
//
//   signature = Sign("sampan/1 bundle\n", lp(head) || u64 length || H(all before the end item))
//
// The signature is made and checked by whoever holds identities: here it is bytes. One owner.
#pragma once

#include <functional>
#include <memory>

#include "sampan/base/file.h"
#include "sampan/base/time.h"
#include "sampan/crypto/hash.h"
#include "sampan/transport/packet.h"

namespace sampan {

enum class BundleError { bad_bundle, bundle_altered, foreign_bundle, bundle_not_needed, bundle_refused };
constexpr std::string_view error_name(BundleError e) {
    switch (e) {
        case BundleError::bad_bundle:
            return "bad_bundle";
        case BundleError::bundle_altered:
            return "bundle_altered";
        case BundleError::foreign_bundle:
            return "foreign_bundle";
        case BundleError::bundle_not_needed:
            return "bundle_not_needed";
        case BundleError::bundle_refused:
            return "bundle_refused";
    }
    return "unknown";
}

inline constexpr std::uint64_t k_bundle_bytes = 16ULL * 1024 * limits::k_mib;
inline constexpr std::size_t k_bundle_frames = 1'000'000;
inline constexpr std::size_t k_bundle_certificate_bytes = 8 * limits::k_kib;

enum class BundleDirection : std::uint8_t { to_broker = 1, to_node = 2 };
struct BundleHead {
    BundleDirection direction = BundleDirection::to_broker;
    ExchangeName exchange;
    AgencyId agency;             // whose node made it, or is to take it
    BrokerId broker;             // to the node: who answers; to the broker: whom the node means
    std::uint64_t sequence = 0;  // from 1: of the node's bundle; an answer has that of what it answers
    UnixMillis created;
    Epoch epoch;           // the newest that the maker holds
    TreeSize pinned;       // to the broker: the last checkpoint that the node verified, 0: none yet
    Sha256Digest answers;  // to the node: SHA-256 of the head that is answered; else zero
};
Bytes encode_bundle_head(const BundleHead& head);
Result<BundleHead> decode_bundle_head(ByteView bytes);

// The signature over the transcript of a bundle.
using BundleSign = std::function<Result<Ed25519Signature>(ByteView transcript)>;

class BundleWriter {
  public:
    // `out` outlives the writer, and is empty.
    static Result<BundleWriter> begin(File& out, const BundleHead& head);
    Status add(const Packet& packet);
    std::uint64_t bytes() const { return at_; }
    // The rest of the frames and the end, synced. `certificate`: of the node, empty for the broker.
    Status finish(const BundleSign& sign, ByteView certificate);

  private:
    BundleWriter(File& out, Bytes head) : out_(&out), head_(std::move(head)) {}
    Status put(ByteView bytes);
    Status put_frames(std::vector<Bytes> frames);

    File* out_;
    Bytes head_;
    std::uint64_t at_ = 0;
    Sha256 hash_;
    FrameWriter frames_;
};

class BundleReader {
  public:
    // Reads the whole file once: its form, its hash, where its frames are. `bad_bundle` names what is wrong
    // and where; nothing of a frame is decoded yet.
    static Result<BundleReader> open(std::unique_ptr<File> file);
    const BundleHead& head() const { return head_; }
    const Bytes& head_bytes() const { return head_bytes_; }
    ByteView certificate() const { return certificate_; }
    const Ed25519Signature& signature() const { return signature_; }
    // What the signature is over.
    const Bytes& transcript() const { return transcript_; }
    std::uint64_t bytes() const { return bytes_; }
    std::size_t frames() const { return frames_.size(); }
    // The bytes of a frame, and its packets; `bad_bundle` when they are none.
    Result<Bytes> frame_bytes(std::size_t index) const;
    Result<std::vector<Packet>> frame(std::size_t index) const;

  private:
    struct Place {
        std::uint64_t at = 0;
        std::uint32_t size = 0;
    };
    Status read_end(ByteView payload);

    std::unique_ptr<File> file_;
    BundleHead head_;
    Bytes head_bytes_, certificate_, transcript_;
    Ed25519Signature signature_;
    std::uint64_t bytes_ = 0;
    std::vector<Place> frames_;
};

}  // namespace sampan
