#include "sampan/log/proof.h"

#include <charconv>

#include "sampan/base/encode.h"
#include "sampan/base/limits.h"

namespace sampan {
namespace {

constexpr std::string_view k_first_line = "c2sp.org/tlog-proof@v1";
constexpr std::string_view k_extra = "extra ";
constexpr std::string_view k_index = "index ";
constexpr std::size_t k_proof_text_bytes = 2 * limits::k_note_bytes;

Error bad(std::string why) {
    return Error(LogError::bad_log_proof, std::move(why));
}

// The line before the next newline, which is consumed.
Result<std::string_view> take_line(std::string_view& text) {
    const std::size_t end = text.find('\n');
    if (end == std::string_view::npos) return bad("a line is not ended");
    const std::string_view line = text.substr(0, end);
    text.remove_prefix(end + 1);
    return line;
}

Result<LeafIndex> parse_index(std::string_view line) {
    if (line.substr(0, k_index.size()) != k_index) return bad("the index is missing");
    line.remove_prefix(k_index.size());
    std::uint64_t index = 0;
    const auto [end, error] = std::from_chars(line.data(), line.data() + line.size(), index);
    if (error != std::errc() || std::to_string(index) != line)
        return bad("the index is not a decimal number without leading zeros");
    return LeafIndex(index);
}

}  // namespace

std::string LogProof::encode() const {
    std::string out = std::string(k_first_line) + "\n";
    if (!extra.empty()) out.append(k_extra).append(to_base64(extra)).append("\n");
    out.append(k_index).append(std::to_string(index.get())).append("\n");
    for (const MerkleHash& hash : path) out.append(to_base64(hash.view())).append("\n");
    return out + "\n" + checkpoint;
}

Result<LogProof> LogProof::parse(std::string_view text) {
    if (text.size() > k_proof_text_bytes) return bad("it is too large");
    SAMPAN_ASSIGN(std::string_view line, take_line(text));
    if (line != k_first_line) return bad("its first line is not \"" + std::string(k_first_line) + "\"");
    LogProof out;
    SAMPAN_ASSIGN(line, take_line(text));
    if (line.substr(0, k_extra.size()) == k_extra) {
        auto extra = from_base64(line.substr(k_extra.size()));
        if (!extra.ok() || extra->empty()) return bad("the extra data are not base64, or empty");
        out.extra = std::move(extra).value();
        SAMPAN_ASSIGN(line, take_line(text));
    }
    SAMPAN_ASSIGN(out.index, parse_index(line));
    while (true) {
        SAMPAN_ASSIGN(line, take_line(text));
        if (line.empty()) break;
        const auto bytes = from_base64(line);
        if (!bytes.ok() || bytes->size() != MerkleHash::k_size)
            return bad("a line of the inclusion proof is not base64 of 32 bytes");
        if (out.path.size() == limits::k_proof_hashes) return bad("the inclusion proof is too long");
        SAMPAN_ASSIGN(const MerkleHash hash, MerkleHash::parse(*bytes));
        out.path.push_back(hash);
    }
    out.checkpoint = text;
    if (const auto note = Note::parse(out.checkpoint); !note.ok())
        return bad("its checkpoint: " + note.error().text());
    return out;
}

Status verify_log_proof(const LogProof& proof, const MerkleHash& leaf) {
    SAMPAN_ASSIGN(const Note note, Note::parse(proof.checkpoint));
    SAMPAN_ASSIGN(const Checkpoint checkpoint, Checkpoint::parse(note.text));
    return verify_inclusion(leaf, proof.index, checkpoint.size, proof.path, checkpoint.root);
}

}  // namespace sampan
