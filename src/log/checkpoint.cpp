// C2SP tlog-checkpoint.
#include <charconv>
#include <iterator>

#include "log/note_text.h"
#include "sampan/log/log.h"

namespace sampan {
namespace {

constexpr std::uint64_t k_largest_size = 0x7fff'ffff'ffff'ffffULL;

Error bad(std::string why) {
    return Error(LogError::bad_checkpoint, std::move(why));
}

Result<TreeSize> parse_size(std::string_view text) {
    std::uint64_t size = 0;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), size);
    if (error != std::errc() || end != text.data() + text.size() || size > k_largest_size ||
        std::to_string(size) != text)
        return bad("the size is not a decimal number without leading zeros");
    return TreeSize(size);
}

// At least three lines, none of them empty, each ended.
Result<std::vector<std::string>> lines_of(std::string_view text) {
    std::vector<std::string> lines;
    while (!text.empty()) {
        const std::size_t end = text.find('\n');
        if (end == std::string_view::npos) return bad("the last line is not ended");
        if (end == 0) return bad("an empty line");
        lines.emplace_back(text.substr(0, end));
        text.remove_prefix(end + 1);
    }
    if (lines.size() < 3) return bad("a checkpoint has at least three lines");
    return lines;
}

}  // namespace

std::string Checkpoint::text() const {
    std::string out = origin + "\n" + std::to_string(size.get()) + "\n" + to_base64(root.view()) + "\n";
    for (const std::string& line : extensions) out.append(line).append("\n");
    return out;
}

Result<Checkpoint> Checkpoint::parse(std::string_view text) {
    SAMPAN_ASSIGN(std::vector<std::string> lines, lines_of(text));
    Checkpoint out;
    out.origin = lines[0];
    if (out.origin.size() > k_note_name_bytes) return bad("the origin is too long");
    SAMPAN_ASSIGN(out.size, parse_size(lines[1]));
    const auto root = from_base64(lines[2]);
    if (!root.ok() || root->size() != MerkleHash::k_size) return bad("the root is not base64 of 32 bytes");
    SAMPAN_ASSIGN(out.root, MerkleHash::parse(*root));
    out.extensions.assign(std::make_move_iterator(lines.begin() + 3), std::make_move_iterator(lines.end()));
    if (out.size.get() == 0 && out.root != merkle_empty_root())
        return bad("an empty tree with another root than the hash of nothing");
    return out;
}

Result<std::string> sign_checkpoint(const Checkpoint& checkpoint, const std::string& key_name,
                                    const Signer& log_key) {
    if (!is_note_name(checkpoint.origin) || !is_note_name(key_name))
        return bad("the origin or the key name is empty or has a space or plus sign in it");
    if (!checkpoint.extensions.empty()) return bad("logs of an exchange write no extension lines");
    Note note;
    note.text = checkpoint.text();
    SAMPAN_ASSIGN(const Ed25519Signature signature, log_key.sign_checkpoint(as_bytes(note.text)));
    const NoteKey key{key_name, log_key.public_key()};
    note.signatures.push_back({key_name, key.id(), to_bytes(signature.view())});
    return note.encode();
}

Result<Checkpoint> verify_checkpoint(std::string_view note, const std::string& origin,
                                     const Ed25519PublicKey& log_key) {
    SAMPAN_ASSIGN(const Note parsed, Note::parse(note));
    SAMPAN_ASSIGN(Checkpoint checkpoint, Checkpoint::parse(parsed.text));
    if (checkpoint.origin != origin)
        return Error(LogError::wrong_origin,
                     "this is the log \"" + checkpoint.origin + "\", not \"" + origin + "\"");
    SAMPAN_TRY(verify_note(parsed, NoteKey{origin, log_key}));
    if (!checkpoint.extensions.empty()) return bad("it has extension lines, which no witness can check");
    return checkpoint;
}

}  // namespace sampan
