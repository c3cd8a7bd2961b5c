#include "sampan/transport/bundle.h"

#include <algorithm>

#include "sampan/base/encode.h"

namespace sampan {
namespace {

constexpr std::string_view k_magic = "sampan bundle 1\n";
constexpr std::uint8_t k_head = 1, k_frame = 2, k_end = 3;
constexpr std::size_t k_item_prefix = 5;  // kind and length
constexpr std::size_t k_head_bytes = 4 * limits::k_kib;
constexpr std::size_t k_end_bytes = 4 + k_bundle_certificate_bytes + Ed25519Signature::k_size;
constexpr std::int64_t k_year_10000_ms = 253'402'300'800'000;

Error bad(std::string why) {
    return Error(BundleError::bad_bundle, std::move(why), "have it made and carried again");
}
Error bad_at(std::uint64_t at, const std::string& why) {
    return bad("byte " + std::to_string(at) + ": " + why);
}

Bytes item(std::uint8_t kind, ByteView payload) {
    return Writer(k_item_prefix + payload.size()).u8(kind).lp(payload).bytes();
}

Bytes transcript_of(ByteView head, std::uint64_t length, const Sha256Digest& hash) {
    return Writer().lp(head).u64(length).raw(hash.view()).bytes();
}

template <typename Id>
Result<Id> read_name(Reader& in, const char* what) {
    SAMPAN_ASSIGN(ByteView text, in.lp(256));
    auto id = Id::parse(as_text(text));
    if (!id.ok()) return bad(std::string("its head names no ") + what);
    return id;
}

Result<Bytes> read_exactly(File& file, std::uint64_t at, std::size_t size) {
    Bytes out(size);
    SAMPAN_ASSIGN(std::size_t got, file.read_at(at, out));
    if (got != size) return bad_at(at, "it is cut short");
    return out;
}

}  // namespace

Bytes encode_bundle_head(const BundleHead& head) {
    Writer out;
    out.u8(static_cast<std::uint8_t>(head.direction));
    out.lp(head.exchange.text()).lp(head.agency.text()).lp(head.broker.text());
    out.u64(head.sequence).u64(static_cast<std::uint64_t>(head.created.get()));
    out.u64(head.epoch.get()).u64(head.pinned.get()).raw(head.answers.view());
    return std::move(out).bytes();
}

Result<BundleHead> decode_bundle_head(ByteView bytes) {
    Reader in(bytes);
    BundleHead out;
    SAMPAN_ASSIGN(std::uint8_t direction, in.u8());
    if (direction != 1 && direction != 2) return bad("its head says no direction");
    out.direction = static_cast<BundleDirection>(direction);
    SAMPAN_ASSIGN(out.exchange, read_name<ExchangeName>(in, "exchange"));
    SAMPAN_ASSIGN(out.agency, read_name<AgencyId>(in, "agency"));
    SAMPAN_ASSIGN(out.broker, read_name<BrokerId>(in, "broker"));
    SAMPAN_ASSIGN(out.sequence, in.u64());
    SAMPAN_ASSIGN(std::uint64_t created, in.u64());
    SAMPAN_ASSIGN(std::uint64_t epoch, in.u64());
    SAMPAN_ASSIGN(std::uint64_t pinned, in.u64());
    SAMPAN_ASSIGN(ByteView answers, in.raw(Sha256Digest::k_size));
    SAMPAN_TRY(in.finish());
    if (out.sequence == 0 || epoch == 0) return bad("sequences and epochs begin at 1");
    if (created == 0 || created >= static_cast<std::uint64_t>(k_year_10000_ms) || pinned >> 63 != 0)
        return bad("its head has a time or a size that there is not");
    out.created = UnixMillis(static_cast<std::int64_t>(created));
    out.epoch = Epoch(epoch);
    out.pinned = TreeSize(pinned);
    SAMPAN_ASSIGN(out.answers, Sha256Digest::parse(answers));
    if (out.answers.is_zero() != (out.direction == BundleDirection::to_broker))
        return bad("an answer names what it answers, and nothing else does");
    return out;
}

Result<BundleWriter> BundleWriter::begin(File& out, const BundleHead& head) {
    BundleWriter writer(out, encode_bundle_head(head));
    SAMPAN_TRY(writer.put(as_bytes(k_magic)));
    SAMPAN_TRY(writer.put(item(k_head, writer.head_)));
    return writer;
}

Status BundleWriter::put(ByteView bytes) {
    if (at_ + bytes.size() > k_bundle_bytes)
        return Error(BundleError::bad_bundle, "a bundle has at most 16 GiB");
    SAMPAN_TRY(out_->write_at(at_, bytes));
    at_ += bytes.size();
    hash_.update(bytes);
    return ok_status();
}

Status BundleWriter::put_frames(std::vector<Bytes> frames) {
    for (const Bytes& frame : frames) SAMPAN_TRY(put(item(k_frame, frame)));
    return ok_status();
}

Status BundleWriter::add(const Packet& packet) {
    frames_.add(packet);
    return put_frames(frames_.take_full());
}

Status BundleWriter::finish(const BundleSign& sign, ByteView certificate) {
    SAMPAN_TRY(put_frames(frames_.finish()));
    SAMPAN_ASSIGN(Ed25519Signature signature, sign(transcript_of(head_, at_, hash_.finish())));
    const Bytes end = Writer().lp(certificate).raw(signature.view()).bytes();
    SAMPAN_TRY(out_->write_at(at_, item(k_end, end)));
    return out_->sync();
}

Result<BundleReader> BundleReader::open(std::unique_ptr<File> file) {
    BundleReader out;
    SAMPAN_ASSIGN(out.bytes_, file->size());
    if (out.bytes_ > k_bundle_bytes) return bad("it is larger than 16 GiB");
    SAMPAN_ASSIGN(Bytes magic, read_exactly(*file, 0, std::min<std::uint64_t>(out.bytes_, k_magic.size())));
    if (as_text(magic) != k_magic)
        return bad("it does not begin as a bundle does: \"" + std::string(k_magic.substr(0, 15)) + "\"");
    Sha256 hash;
    hash.update(magic);
    for (std::uint64_t at = k_magic.size();;) {
        SAMPAN_ASSIGN(Bytes prefix, read_exactly(*file, at, k_item_prefix));
        Reader in(prefix);
        SAMPAN_ASSIGN(const std::uint8_t kind, in.u8());
        SAMPAN_ASSIGN(const std::uint32_t size, in.u32());
        const bool first = at == k_magic.size();
        const std::size_t limit = kind == k_head  ? k_head_bytes
                                  : kind == k_end ? k_end_bytes
                                                  : limits::k_frame_bytes;
        if (kind < k_head || kind > k_end || first != (kind == k_head))
            return bad_at(at, "an item of kind " + std::to_string(kind) + " where it cannot stand");
        if (size == 0 || size > limit) return bad_at(at, "an item of " + std::to_string(size) + " bytes");
        SAMPAN_ASSIGN(Bytes payload, read_exactly(*file, at + k_item_prefix, size));
        const std::uint64_t next = at + k_item_prefix + size;
        if (kind == k_end) {
            if (next != out.bytes_) return bad_at(next, "something follows its end");
            out.transcript_ = transcript_of(out.head_bytes_, at, hash.finish());
            if (const Status end = out.read_end(payload); !end.ok())
                return bad_at(at, "its end: " + end.error().context());
            out.file_ = std::move(file);
            return out;
        }
        hash.update(prefix);
        hash.update(payload);
        if (kind == k_head) {
            auto head = decode_bundle_head(payload);
            if (!head.ok()) return bad_at(at, "its head: " + head.error().context());
            out.head_ = std::move(*head);
            out.head_bytes_ = std::move(payload);
        } else {
            if (out.frames_.size() >= k_bundle_frames) return bad("it has too many frames");
            out.frames_.push_back({at + k_item_prefix, size});
        }
        at = next;
    }
}

Status BundleReader::read_end(ByteView payload) {
    Reader in(payload);
    SAMPAN_ASSIGN(ByteView certificate, in.lp(k_bundle_certificate_bytes));
    SAMPAN_ASSIGN(ByteView signature, in.raw(Ed25519Signature::k_size));
    SAMPAN_TRY(in.finish());
    if (certificate.empty() != (head_.direction == BundleDirection::to_node))
        return bad("a node's bundle has its certificate, and a broker's has none");
    certificate_ = to_bytes(certificate);
    SAMPAN_ASSIGN(signature_, Ed25519Signature::parse(signature));
    return ok_status();
}

Result<Bytes> BundleReader::frame_bytes(std::size_t index) const {
    const Place& place = frames_.at(index);
    return read_exactly(*file_, place.at, place.size);
}

Result<std::vector<Packet>> BundleReader::frame(std::size_t index) const {
    SAMPAN_ASSIGN(Bytes bytes, frame_bytes(index));
    auto packets = decode_frame(bytes);
    if (!packets.ok()) return bad_at(frames_[index].at, packets.error().text());
    return packets;
}

}  // namespace sampan
