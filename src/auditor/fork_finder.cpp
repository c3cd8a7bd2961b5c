#include "auditor/fork_finder.h"

#include "sampan/log/export.h"

namespace sampan {
namespace {

struct Tree {
    std::vector<Bytes> entries;
    std::vector<MerkleHash> leaves;
    std::string note;
    Checkpoint head;
};

Result<Tree> read_tree(File& file) {
    SAMPAN_ASSIGN(ExportReader reader, ExportReader::begin(file));
    Tree out;
    while (true) {
        SAMPAN_ASSIGN(std::optional<ExportItem> item, reader.next());
        if (!item) break;
        if (item->kind == ExportItemKind::entry) {
            out.entries.push_back(to_bytes(item->payload.first(k_log_entry_bytes)));
            out.leaves.push_back(merkle_leaf_hash(out.entries.back()));
        }
        if (item->kind == ExportItemKind::checkpoint) out.note = std::string(as_text(item->payload));
    }
    SAMPAN_ASSIGN(Note note, Note::parse(out.note));
    SAMPAN_ASSIGN(out.head, Checkpoint::parse(note.text));
    if (out.head.size.get() != out.leaves.size() || merkle_root(out.leaves) != out.head.root)
        return Error(LogError::bad_export, "an export is not whole, or not what its checkpoint is over",
                     "sampan-audit verify says which");
    return out;
}

}  // namespace

Result<std::optional<ForkEvidence>> find_fork(File& one, File& other) {
    SAMPAN_ASSIGN(Tree a, read_tree(one));
    SAMPAN_ASSIGN(Tree b, read_tree(other));
    if (a.head.origin != b.head.origin)
        return Error(LogError::wrong_origin,
                     "these are exports of two logs: " + a.head.origin + " and " + b.head.origin);
    const Tree& smaller = a.head.size <= b.head.size ? a : b;
    const Tree& larger = a.head.size <= b.head.size ? b : a;
    const std::size_t size = smaller.leaves.size();
    if (size == 0 || merkle_root(std::span(larger.leaves).first(size)) == smaller.head.root)
        return std::optional<ForkEvidence>();
    ForkEvidence out{smaller.note, larger.note, {}, {}};
    if (smaller.head.size < larger.head.size) {
        out.entry = larger.entries[size - 1];
        out.proof = merkle_inclusion(larger.leaves, LeafIndex(size - 1));
    }
    return std::optional(std::move(out));
}

}  // namespace sampan
