#include "sampan/log/export.h"

#include "sampan/base/encode.h"
#include "sampan/base/limits.h"

namespace sampan {
namespace {

constexpr std::string_view k_magic = "sampan log export 2\n";
constexpr std::string_view k_excerpt_magic = "sampan log excerpt 2\n";
constexpr std::size_t k_buffer_bytes = limits::k_mib;

std::size_t item_limit(ExportItemKind kind) {
    switch (kind) {
        case ExportItemKind::epoch:
            return limits::k_registry_bytes;
        case ExportItemKind::first:
            return 8 + 64 * MerkleHash::k_size;
        case ExportItemKind::known:
            return limits::k_statement_bytes + 4 * limits::k_kib;
        case ExportItemKind::entry:
            return k_log_entry_bytes + limits::k_registry_bytes;
        case ExportItemKind::checkpoint:
            return limits::k_note_bytes;
    }
    return 0;
}

Error bad(std::string why) {
    return Error(LogError::bad_export, std::move(why),
                 "export the log again; keep the damaged file for the auditor");
}

}  // namespace

// --- what stands in items
Bytes encode_export_first(const MerkleEdge& before) {
    Writer out;
    out.u64(before.size().get());
    for (const MerkleHash& subtree : before.subtrees()) out.raw(subtree.view());
    return std::move(out).bytes();
}

Result<MerkleEdge> decode_export_first(ByteView payload) {
    Reader in(payload);
    const auto size = in.u64();
    if (!size.ok() || in.left() % MerkleHash::k_size != 0) return bad("the first index is malformed");
    std::vector<MerkleHash> subtrees;
    while (in.left() != 0) {
        SAMPAN_ASSIGN(ByteView bytes, in.raw(MerkleHash::k_size));
        SAMPAN_ASSIGN(MerkleHash hash, MerkleHash::parse(bytes));
        subtrees.push_back(hash);
    }
    auto edge = MerkleEdge::restore(TreeSize(*size), std::move(subtrees));
    if (!edge.ok()) return bad(edge.error().context());
    return edge;
}

Bytes encode_known_descriptor(const KnownDescriptor& known) {
    SAMPAN_ASSERT(known.proof.size() <= limits::k_proof_hashes);
    Writer out;
    out.u64(known.leaf.get()).u64(known.time_s).u8(static_cast<std::uint8_t>(known.proof.size()));
    for (const MerkleHash& hash : known.proof) out.raw(hash.view());
    return out.lp(known.statement.bytes).raw(known.statement.signature.view()).bytes();
}

Result<KnownDescriptor> decode_known_descriptor(ByteView payload) {
    Reader in(payload);
    KnownDescriptor out;
    SAMPAN_ASSIGN(const std::uint64_t leaf, in.u64());
    out.leaf = LeafIndex(leaf);
    SAMPAN_ASSIGN(out.time_s, in.u64());
    SAMPAN_ASSIGN(const std::uint8_t hashes, in.u8());
    if (hashes > limits::k_proof_hashes) return bad("a descriptor's proof is too long");
    for (unsigned i = 0; i < hashes; ++i) {
        SAMPAN_ASSIGN(ByteView bytes, in.raw(MerkleHash::k_size));
        SAMPAN_ASSIGN(MerkleHash hash, MerkleHash::parse(bytes));
        out.proof.push_back(hash);
    }
    SAMPAN_ASSIGN(ByteView statement, in.lp(limits::k_statement_bytes));
    out.statement.bytes = to_bytes(statement);
    SAMPAN_ASSIGN(ByteView signature, in.raw(Ed25519Signature::k_size));
    SAMPAN_ASSIGN(out.statement.signature, Ed25519Signature::parse(signature));
    SAMPAN_TRY(in.finish());
    return out;
}

Result<ExportWriter> ExportWriter::begin(File& file, ExportScope scope) {
    ExportWriter out(file);
    append(out.buffer_, as_bytes(scope == ExportScope::whole ? k_magic : k_excerpt_magic));
    return out;
}

Status ExportWriter::flush() {
    SAMPAN_TRY(file_->write_at(offset_, buffer_));
    offset_ += buffer_.size();
    buffer_.clear();
    return ok_status();
}

Status ExportWriter::write(ExportItemKind kind, ByteView payload, ByteView more) {
    Writer head;
    head.u8(static_cast<std::uint8_t>(kind)).u32(static_cast<std::uint32_t>(payload.size() + more.size()));
    append(buffer_, head.bytes());
    append(buffer_, payload);
    append(buffer_, more);
    if (kind == ExportItemKind::checkpoint) {
        SAMPAN_TRY(flush());
        return file_->sync();
    }
    return buffer_.size() >= k_buffer_bytes ? flush() : ok_status();
}

Status ExportWriter::epoch(ByteView epoch_file) {
    return write(ExportItemKind::epoch, epoch_file, {});
}
Status ExportWriter::first(const MerkleEdge& before) {
    return write(ExportItemKind::first, encode_export_first(before), {});
}
Status ExportWriter::entry(ByteView entry, ByteView record) {
    SAMPAN_ASSERT(entry.size() == k_log_entry_bytes);
    return write(ExportItemKind::entry, entry, record);
}
Status ExportWriter::finish(std::string_view checkpoint) {
    return write(ExportItemKind::checkpoint, as_bytes(checkpoint), {});
}

Result<ExportReader> ExportReader::begin(File& file) {
    ExportReader in(file);
    for (const std::string_view magic : {k_magic, k_excerpt_magic}) {
        if (!in.fill(magic.size()).ok() || as_text(ByteView(in.buffer_).first(magic.size())) != magic)
            continue;
        in.used_ = magic.size();
        in.scope_ = magic == k_magic ? ExportScope::whole : ExportScope::excerpt;
        return in;
    }
    return bad("this is not a log export: it does not begin with \"sampan log export 2\"");
}

// Makes at least `size` unread bytes available.
Status ExportReader::fill(std::size_t size) {
    if (buffer_.size() - used_ >= size) return ok_status();
    buffer_.erase(buffer_.begin(), buffer_.begin() + static_cast<std::ptrdiff_t>(used_));
    used_ = 0;
    const std::size_t had = buffer_.size();
    buffer_.resize(std::max(size, k_buffer_bytes));
    SAMPAN_ASSIGN(std::size_t got, file_->read_at(offset_, MutableBytes(buffer_).subspan(had)));
    offset_ += got;
    buffer_.resize(had + got);
    if (buffer_.size() < size) return bad("the file ends in the middle of an item");
    return ok_status();
}

Result<std::optional<ExportItem>> ExportReader::next() {
    if (any_ && last_ == ExportItemKind::checkpoint) {
        if (fill(1).ok()) return bad("bytes follow the checkpoint");
        return std::optional<ExportItem>();
    }
    SAMPAN_TRY(fill(5));
    Reader head(ByteView(buffer_).subspan(used_, 5));
    const std::uint8_t kind_byte = head.u8().value();
    const std::uint32_t size = head.u32().value();
    if (kind_byte < 1 || kind_byte > 5)
        return bad("an item has the unknown kind " + std::to_string(kind_byte));
    const auto kind = static_cast<ExportItemKind>(kind_byte);
    if (size > item_limit(kind))
        return bad("an item of " + std::to_string(size) + " bytes is over its limit");
    if (kind == ExportItemKind::entry && size < k_log_entry_bytes) return bad("an entry is cut short");
    const bool repeats =
        kind == ExportItemKind::epoch || kind == ExportItemKind::known || kind == ExportItemKind::entry;
    const bool in_order = !any_ ? kind == ExportItemKind::epoch : kind > last_ || (kind == last_ && repeats);
    if (!in_order) return bad("items stand in the wrong order");
    SAMPAN_TRY(fill(5 + static_cast<std::size_t>(size)));
    const ExportItem out{kind, ByteView(buffer_).subspan(used_ + 5, size)};
    used_ += 5 + static_cast<std::size_t>(size);
    last_ = kind;
    any_ = true;
    return std::optional(out);
}

}  // namespace sampan
