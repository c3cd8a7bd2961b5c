#include "sampan/log/export.h"

#include "sampan/base/encode.h"
#include "sampan/base/limits.h"

namespace sampan {
namespace {

constexpr std::string_view k_magic = "sampan log export 1\n";
constexpr std::size_t k_buffer_bytes = limits::k_mib;

std::size_t item_limit(ExportItemKind kind) {
    switch (kind) {
        case ExportItemKind::epoch:
            return limits::k_registry_bytes;
        case ExportItemKind::first:
            return 8;
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

Result<ExportWriter> ExportWriter::begin(File& file) {
    ExportWriter out(file);
    append(out.buffer_, as_bytes(k_magic));
    return out;
}

Status ExportWriter::flush() {
    SAMPAN_TRY(file_->write_at(offset_, buffer_));
    offset_ += buffer_.size();
    buffer_.clear();
    return ok_status();
}

Status ExportWriter::item(ExportItemKind kind, ByteView payload, ByteView more) {
    Writer head;
    head.u8(static_cast<std::uint8_t>(kind)).u32(static_cast<std::uint32_t>(payload.size() + more.size()));
    append(buffer_, head.bytes());
    append(buffer_, payload);
    append(buffer_, more);
    return buffer_.size() >= k_buffer_bytes ? flush() : ok_status();
}

Status ExportWriter::epoch(ByteView epoch_file) {
    return item(ExportItemKind::epoch, epoch_file, {});
}
Status ExportWriter::first(LeafIndex index) {
    return item(ExportItemKind::first, Writer().u64(index.get()).bytes(), {});
}
Status ExportWriter::entry(ByteView entry, ByteView record) {
    SAMPAN_ASSERT(entry.size() == k_log_entry_bytes);
    return item(ExportItemKind::entry, entry, record);
}
Status ExportWriter::finish(std::string_view checkpoint) {
    SAMPAN_TRY(item(ExportItemKind::checkpoint, as_bytes(checkpoint), {}));
    SAMPAN_TRY(flush());
    return file_->sync();
}

Result<ExportReader> ExportReader::begin(File& file) {
    ExportReader in(file);
    if (!in.fill(k_magic.size()).ok() || as_text(ByteView(in.buffer_).first(k_magic.size())) != k_magic)
        return bad("this is not a log export: it does not begin with \"sampan log export 1\"");
    in.used_ = k_magic.size();
    return in;
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
    if (kind_byte < 1 || kind_byte > 4)
        return bad("an item has the unknown kind " + std::to_string(kind_byte));
    const auto kind = static_cast<ExportItemKind>(kind_byte);
    if (size > item_limit(kind))
        return bad("an item of " + std::to_string(size) + " bytes is over its limit");
    if (kind == ExportItemKind::entry && size < k_log_entry_bytes) return bad("an entry is cut short");
    const bool repeats = kind == ExportItemKind::epoch || kind == ExportItemKind::entry;
    const bool in_order = !any_ ? kind == ExportItemKind::epoch : kind > last_ || (kind == last_ && repeats);
    if (!in_order) return bad("items stand in the wrong order");
    SAMPAN_TRY(fill(5 + static_cast<std::size_t>(size)));
    ExportItem out{kind, to_bytes(ByteView(buffer_).subspan(used_ + 5, size))};
    used_ += 5 + static_cast<std::size_t>(size);
    last_ = kind;
    any_ = true;
    return std::optional<ExportItem>(std::move(out));
}

}  // namespace sampan
