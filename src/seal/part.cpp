// Attachments: one pass, one frame in memory.
#include <algorithm>

#include "sampan/base/encode.h"
#include "sampan/crypto/padding.h"
#include "sampan/crypto/random.h"
#include "sampan/crypto/stream.h"
#include "sampan/seal/seal.h"

namespace sampan {
namespace {

constexpr std::uint64_t k_chunk = limits::k_stream_chunk_bytes;
constexpr std::uint64_t k_frame_plaintext = limits::k_part_frame_chunks * k_chunk;
constexpr std::uint64_t k_prefix = 4;  // of lp()

using Progress = std::function<bool(std::uint64_t)>;

Error bad(std::string why) {
    return Error(EnvelopeError::bad_part, std::move(why));
}

Status report(const Progress& progress, std::uint64_t done) {
    if (progress && !progress(done)) return Error(EnvelopeError::stopped, "stopped on request");
    return ok_status();
}

// Where the file's bytes lie in the padded plaintext, and where frames do.
struct Layout {
    std::uint64_t file = 0;    // bytes of the file
    std::uint64_t padded = 0;  // lp(file) || zeros

    explicit Layout(std::uint64_t size) : file(size), padded(padded_length_of_content(size)) {}
    std::uint64_t chunks() const { return (padded + k_chunk - 1) / k_chunk; }
    std::uint64_t frames() const { return (padded + k_frame_plaintext - 1) / k_frame_plaintext; }
    std::uint64_t frame_begin(std::uint64_t frame) const { return frame * k_frame_plaintext; }
    std::uint64_t frame_size(std::uint64_t frame) const {
        return std::min(k_frame_plaintext, padded - frame_begin(frame));
    }
    // Bytes of the file that lie before the padded plaintext's `offset`.
    std::uint64_t file_before(std::uint64_t offset) const {
        return offset <= k_prefix ? 0 : std::min(offset - k_prefix, file);
    }
};

// The part of one frame's plaintext that is the file's.
struct FileSlice {
    std::uint64_t file_offset;
    std::size_t begin;  // in the frame
    std::size_t size;
};
FileSlice slice_of(const Layout& layout, std::uint64_t frame) {
    const std::uint64_t begin = layout.frame_begin(frame);
    const std::uint64_t from = layout.file_before(begin);
    const std::uint64_t to = layout.file_before(begin + layout.frame_size(frame));
    return {from, static_cast<std::size_t>(frame == 0 ? k_prefix : 0), static_cast<std::size_t>(to - from)};
}

// Fills `plaintext` with one frame of lp(file) || zeros.
Status read_frame(File& source, const Layout& layout, std::uint64_t frame, MutableBytes plaintext,
                  Sha256& hash) {
    std::fill(plaintext.begin(), plaintext.end(), std::uint8_t{0});
    if (frame == 0) {
        const Bytes prefix = Writer(k_prefix).u32(static_cast<std::uint32_t>(layout.file)).bytes();
        std::copy(prefix.begin(), prefix.end(), plaintext.begin());
    }
    const FileSlice slice = slice_of(layout, frame);
    const MutableBytes bytes = plaintext.subspan(slice.begin, slice.size);
    SAMPAN_ASSIGN(std::size_t got, source.read_at(slice.file_offset, bytes));
    if (got != bytes.size()) return bad("the file became shorter while it was read");
    hash.update(bytes);
    return ok_status();
}

// Seals the frame's chunks into `out`; gives the bytes written.
std::size_t seal_frame(StreamSealer& sealer, const Layout& layout, std::uint64_t frame, ByteView plaintext,
                       MutableBytes out) {
    std::uint64_t chunk = frame * limits::k_part_frame_chunks;
    std::size_t written = 0;
    while (!plaintext.empty()) {
        const ByteView piece = plaintext.first(std::min<std::size_t>(plaintext.size(), k_chunk));
        const std::size_t sealed = piece.size() + limits::k_aead_tag_bytes;
        sealer.seal_chunk(chunk, chunk + 1 == layout.chunks(), piece, out.subspan(written, sealed));
        written += sealed;
        plaintext = plaintext.subspan(piece.size());
        ++chunk;
    }
    return written;
}

Status open_frame(StreamOpener& opener, const Layout& layout, std::uint64_t frame, ByteView sealed,
                  MutableBytes out) {
    std::uint64_t chunk = frame * limits::k_part_frame_chunks;
    while (!out.empty()) {
        const MutableBytes piece = out.first(std::min<std::size_t>(out.size(), k_chunk));
        const std::size_t size = piece.size() + limits::k_aead_tag_bytes;
        const Status opened =
            opener.open_chunk(chunk, chunk + 1 == layout.chunks(), sealed.first(size), piece);
        if (!opened.ok()) return bad(opened.error().within("chunk " + std::to_string(chunk)).text());
        sealed = sealed.subspan(size);
        out = out.subspan(piece.size());
        ++chunk;
    }
    return ok_status();
}

// The prefix is the file's size and what is not the file's is zero.
Status check_padding(const Layout& layout, std::uint64_t frame, ByteView plaintext) {
    const FileSlice slice = slice_of(layout, frame);
    if (frame == 0) {
        SAMPAN_ASSIGN(std::uint32_t size, Reader(plaintext.first(k_prefix)).u32());
        if (size != layout.file) return bad("the part holds a file of another size");
    }
    const ByteView tail = plaintext.subspan(slice.begin + slice.size);
    if (!std::all_of(tail.begin(), tail.end(), [](std::uint8_t byte) { return byte == 0; }))
        return bad("the padding is not zero");
    return ok_status();
}

std::size_t sealed_frame_size(const Layout& layout, std::uint64_t frame) {
    return static_cast<std::size_t>(stream_sealed_size(layout.frame_size(frame)));
}

}  // namespace

Result<SealedPart> seal_part(File& source, File& target, const Progress& progress) {
    SAMPAN_ASSIGN(const std::uint64_t size, source.size());
    if (size > limits::k_part_plaintext_bytes)
        return Error(EnvelopeError::too_large, "the file has " + std::to_string(size) + " bytes; at most " +
                                                   std::to_string(limits::k_part_plaintext_bytes) +
                                                   " are carried");
    const Layout layout(size);
    SealedPart out;
    out.key = random_secret<PartKey>();
    out.plaintext_size = size;
    StreamSealer sealer(out.key);
    Sha256 hash;
    SecretBuffer plaintext(static_cast<std::size_t>(layout.frame_size(0)));
    Bytes sealed(sealed_frame_size(layout, 0));
    for (std::uint64_t frame = 0; frame < layout.frames(); ++frame) {
        const MutableBytes piece =
            plaintext.fill(k_reveal).first(static_cast<std::size_t>(layout.frame_size(frame)));
        SAMPAN_TRY(read_frame(source, layout, frame, piece, hash));
        const ByteView bytes = ByteView(sealed).first(seal_frame(sealer, layout, frame, piece, sealed));
        out.tree.leaves.push_back(merkle_leaf_hash(bytes));
        SAMPAN_TRY(target.write_at(frame * limits::k_part_frame_bytes, bytes));
        SAMPAN_TRY(report(progress, layout.file_before(layout.frame_begin(frame) + piece.size())));
    }
    SAMPAN_ASSIGN(const std::uint64_t size_after, source.size());
    if (size_after != size) return bad("the file changed while it was read");
    out.plaintext_sha256 = hash.finish();
    out.description.size = stream_sealed_size(layout.padded);
    out.description.root = merkle_root(out.tree.leaves);
    return out;
}

Status open_part(File& source, const PartDescription& part, const AttachmentEntry& entry, File& target,
                 const Progress& progress) {
    if (entry.size > limits::k_part_plaintext_bytes) return bad("the attachment is too large");
    const Layout layout(entry.size);
    SAMPAN_ASSIGN(const std::uint64_t sealed_size, source.size());
    if (part.size != stream_sealed_size(layout.padded) || sealed_size != part.size)
        return bad("the part has another size than the attachment");
    StreamOpener opener(entry.key);
    Sha256 hash;
    Bytes sealed(sealed_frame_size(layout, 0));
    SecretBuffer plaintext(static_cast<std::size_t>(layout.frame_size(0)));
    for (std::uint64_t frame = 0; frame < layout.frames(); ++frame) {
        const MutableBytes in = MutableBytes(sealed).first(sealed_frame_size(layout, frame));
        SAMPAN_ASSIGN(const std::size_t got, source.read_at(frame * limits::k_part_frame_bytes, in));
        if (got != in.size()) return bad("the part ends early");
        const MutableBytes piece =
            plaintext.fill(k_reveal).first(static_cast<std::size_t>(layout.frame_size(frame)));
        SAMPAN_TRY(open_frame(opener, layout, frame, in, piece));
        SAMPAN_TRY(check_padding(layout, frame, piece));
        const FileSlice slice = slice_of(layout, frame);
        const ByteView bytes = ByteView(piece).subspan(slice.begin, slice.size);
        hash.update(bytes);
        if (!bytes.empty()) SAMPAN_TRY(target.write_at(slice.file_offset, bytes));
        SAMPAN_TRY(report(progress, slice.file_offset + slice.size));
    }
    if (hash.finish() != entry.sha256) return bad("the file's hash is not the one its sender stated");
    return ok_status();
}

}  // namespace sampan
