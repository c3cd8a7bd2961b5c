// A log export: one file with entries, the records beside them, the registry epochs, and the checkpoint that
// they are under. What auditors and members take away; read and written in order, in constant memory.
//
//   file     "sampan log export 1\n" then items
//   item     u8 kind || lp(payload)
//   kind 1   an epoch file, in order from epoch 1
//   kind 2   u64 index of the first entry that follows; once, before the entries
//   kind 3   an entry (44 bytes) || its record (empty: not for these eyes, or erased)
//   kind 4   the checkpoint, a signed note; once, last
#pragma once

#include "sampan/base/file.h"
#include "sampan/log/log.h"

namespace sampan {

enum class ExportItemKind : std::uint8_t { epoch = 1, first = 2, entry = 3, checkpoint = 4 };

struct ExportItem {
    ExportItemKind kind = ExportItemKind::entry;
    Bytes payload;
};

// Buffers and appends. One owner.
class ExportWriter {
  public:
    // Truncation is the caller's: `file` is new or empty.
    static Result<ExportWriter> begin(File& file);
    Status epoch(ByteView epoch_file);
    Status first(LeafIndex index);
    Status entry(ByteView entry, ByteView record);
    // The last item; syncs.
    Status finish(std::string_view checkpoint);

  private:
    explicit ExportWriter(File& file) : file_(&file) {}
    Status item(ExportItemKind kind, ByteView payload, ByteView more);
    Status flush();
    File* file_;
    std::uint64_t offset_ = 0;
    Bytes buffer_;
};

// Refuses (`bad_export`) unknown kinds, oversized items, and items in another order than above.
class ExportReader {
  public:
    static Result<ExportReader> begin(File& file);
    // The next item, or none after the checkpoint and the end of the file.
    Result<std::optional<ExportItem>> next();

  private:
    explicit ExportReader(File& file) : file_(&file) {}
    Status fill(std::size_t size);
    File* file_;
    std::uint64_t offset_ = 0;
    Bytes buffer_;
    std::size_t used_ = 0;
    ExportItemKind last_ = ExportItemKind::epoch;
    bool any_ = false;
};

}  // namespace sampan
