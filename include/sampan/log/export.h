// A log export: one file with entries, the records beside them, the registry epochs, and the checkpoint that
// they are under. What auditors and members take away; read and written in order, in constant memory.
//
//   file     "sampan log export 2\n", or "sampan log excerpt 2\n" where records that are not for the reader's
//   eyes are
//            left out, then items
//   item     u8 kind || lp(payload)
//   kind 1   an epoch file, in order from epoch 1
//   kind 2   u64 index of the first entry that follows || the roots of the perfect subtrees of the tree
//   before it,
//            largest first (32 bytes each, one for each one bit of the index); once, before the entries
//   kind 3   a descriptor logged before the first entry: u64 index || u64 time_s || u8 n || n hashes (its
//            inclusion in the tree before the first entry) || lp(statement) || signature (64)
//   kind 4   an entry (44 bytes) || its record, the mark of an erased one (erasure.h), or, in an excerpt,
//   nothing kind 5   the checkpoint, a signed note with its cosignatures; once, last
#pragma once

#include <functional>

#include "sampan/base/file.h"
#include "sampan/identity/descriptor.h"
#include "sampan/log/log.h"

namespace sampan {

enum class ExportItemKind : std::uint8_t { epoch = 1, first = 2, known = 3, entry = 4, checkpoint = 5 };

struct ExportItem {
    ExportItemKind kind = ExportItemKind::entry;
    ByteView payload;  // the giver's, until the next item
};
// Where items go: a file, or straight to who checks them.
using ExportSink = std::function<Status(const ExportItem&)>;

// A descriptor that was logged before the export begins.
struct KnownDescriptor {
    LeafIndex leaf;
    std::uint64_t time_s = 0;
    MerkleProof proof;
    SignedStatement statement;
};
Bytes encode_export_first(const MerkleEdge& before);
Result<MerkleEdge> decode_export_first(ByteView payload);
Bytes encode_known_descriptor(const KnownDescriptor& known);
Result<KnownDescriptor> decode_known_descriptor(ByteView payload);

// All that an auditor may see, or what a member may: there records are missing for good reason.
enum class ExportScope : std::uint8_t { whole, excerpt };

// Buffers and appends. One owner.
class ExportWriter {
  public:
    // Truncation is the caller's: `file` is new or empty.
    static Result<ExportWriter> begin(File& file, ExportScope scope = ExportScope::whole);
    // In order. The checkpoint is the last, and syncs.
    Status item(const ExportItem& item) { return write(item.kind, item.payload, {}); }
    Status epoch(ByteView epoch_file);
    // The edge of the tree before the first entry: its size is the entry's index.
    Status first(const MerkleEdge& before);
    Status entry(ByteView entry, ByteView record);
    Status finish(std::string_view checkpoint);

  private:
    explicit ExportWriter(File& file) : file_(&file) {}
    Status write(ExportItemKind kind, ByteView payload, ByteView more);
    Status flush();
    File* file_;
    std::uint64_t offset_ = 0;
    Bytes buffer_;
};

// Refuses (`bad_export`) unknown kinds, oversized items, and items in another order than above.
class ExportReader {
  public:
    static Result<ExportReader> begin(File& file);
    ExportScope scope() const { return scope_; }
    // The next item, or none after the checkpoint and the end of the file.
    Result<std::optional<ExportItem>> next();

  private:
    explicit ExportReader(File& file) : file_(&file) {}
    Status fill(std::size_t size);
    File* file_;
    std::uint64_t offset_ = 0;
    Bytes buffer_;
    std::size_t used_ = 0;
    ExportScope scope_ = ExportScope::whole;
    ExportItemKind last_ = ExportItemKind::epoch;
    bool any_ = false;
};

}  // namespace sampan
