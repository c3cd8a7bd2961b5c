// C2SP signed-note.
#include <algorithm>
#include <array>

#include "log/note_text.h"
#include "sampan/base/limits.h"
#include "sampan/log/log.h"
#include "sampan/wire/strict.h"

namespace sampan {
namespace {

constexpr std::string_view k_dash = "\xe2\x80\x94 ";  // U+2014 and a space
constexpr std::uint8_t k_type_ed25519 = 0x01;

Error bad(std::string why) {
    return Error(LogError::bad_note, std::move(why));
}

// UTF-8 of the characters with the White_Space property beyond ASCII.
constexpr std::array<std::string_view, 19> k_unicode_spaces = {
    "\xc2\x85",     "\xc2\xa0",     "\xe1\x9a\x80", "\xe2\x80\x80", "\xe2\x80\x81",
    "\xe2\x80\x82", "\xe2\x80\x83", "\xe2\x80\x84", "\xe2\x80\x85", "\xe2\x80\x86",
    "\xe2\x80\x87", "\xe2\x80\x88", "\xe2\x80\x89", "\xe2\x80\x8a", "\xe2\x80\xa8",
    "\xe2\x80\xa9", "\xe2\x80\xaf", "\xe2\x81\x9f", "\xe3\x80\x80"};

Status check_characters(std::string_view note) {
    if (note.size() > limits::k_note_bytes) return bad("a note is too large");
    if (!is_utf8(as_bytes(note))) return bad("a note is not UTF-8");
    const auto control = [](char c) { return static_cast<unsigned char>(c) < 0x20 && c != '\n'; };
    if (std::any_of(note.begin(), note.end(), control)) return bad("a note has a control character in it");
    return ok_status();
}

Result<NoteSignature> parse_line(std::string_view line) {
    if (line.substr(0, k_dash.size()) != k_dash) return bad("a signature line does not begin with a dash");
    line.remove_prefix(k_dash.size());
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos) return bad("a signature line has no signature");
    NoteSignature out;
    out.name = line.substr(0, space);
    if (!is_note_name(out.name)) return bad("a key name is empty or has a space or plus sign in it");
    const auto bytes = from_base64(line.substr(space + 1));
    if (!bytes.ok()) return bad("a signature is not base64");
    if (bytes->size() <= NoteKeyId::k_size) return bad("a signature is empty");
    SAMPAN_ASSIGN(out.id, NoteKeyId::parse(ByteView(*bytes).first(NoteKeyId::k_size)));
    out.signature.assign(bytes->begin() + NoteKeyId::k_size, bytes->end());
    return out;
}

}  // namespace

bool is_note_name(std::string_view name) {
    if (name.empty() || name.size() > k_note_name_bytes || !is_utf8(as_bytes(name))) return false;
    const auto plain = [](char c) { return static_cast<unsigned char>(c) > 0x20 && c != '+' && c != 0x7f; };
    return std::all_of(name.begin(), name.end(), plain) &&
           std::none_of(k_unicode_spaces.begin(), k_unicode_spaces.end(),
                        [&](std::string_view space) { return name.find(space) != std::string_view::npos; });
}

NoteKeyId note_key_id(std::string_view name, std::uint8_t type, const Ed25519PublicKey& key) {
    const std::array<std::uint8_t, 2> separator = {'\n', type};
    const Sha256Digest digest = sha256({as_bytes(name), separator, key.view()});
    NoteKeyId id;
    std::copy_n(digest.view().begin(), NoteKeyId::k_size, id.mutable_view().begin());
    return id;
}

std::string note_vkey(std::string_view name, std::uint8_t type, const Ed25519PublicKey& key) {
    Bytes encoded = {type};
    append(encoded, key.view());
    return std::string(name) + "+" + note_key_id(name, type, key).hex() + "+" + to_base64(encoded);
}

NoteKeyId NoteKey::id() const {
    return note_key_id(name, k_type_ed25519, key);
}

std::string NoteKey::text() const {
    return note_vkey(name, k_type_ed25519, key);
}

Result<std::pair<std::string, Ed25519PublicKey>> parse_note_vkey(std::string_view vkey, std::uint8_t type) {
    const std::size_t first = vkey.find('+');
    const std::size_t second = first == std::string_view::npos ? first : vkey.find('+', first + 1);
    if (second == std::string_view::npos) return bad("a verifier key is name+id+key");
    const std::string name(vkey.substr(0, first));
    if (!is_note_name(name)) return bad("a verifier key's name is empty or has a space in it");
    const auto bytes = from_base64(vkey.substr(second + 1));
    if (!bytes.ok()) return bad("a verifier key is not base64");
    if (bytes->size() != 1 + Ed25519PublicKey::k_size || bytes->front() != type)
        return bad("a verifier key is not an Ed25519 key of this kind");
    const auto key = parse_ed25519_public_key(ByteView(*bytes).subspan(1));
    if (!key.ok()) return bad(key.error().text());
    if (vkey.substr(first + 1, second - first - 1) != note_key_id(name, type, *key).hex())
        return bad("a verifier key's id is not that of its name and key");
    return std::pair(name, *key);
}

Result<NoteKey> NoteKey::parse(std::string_view vkey) {
    SAMPAN_ASSIGN(auto parsed, parse_note_vkey(vkey, k_type_ed25519));
    return NoteKey{std::move(parsed.first), parsed.second};
}

Result<Note> Note::parse(std::string_view note) {
    SAMPAN_TRY(check_characters(note));
    const std::size_t blank = note.rfind("\n\n");
    if (blank == std::string_view::npos) return bad("a note has no blank line before its signatures");
    Note out;
    out.text = note.substr(0, blank + 1);
    std::string_view lines = note.substr(blank + 2);
    if (lines.empty() || lines.back() != '\n') return bad("a note ends in a whole signature line");
    while (!lines.empty()) {
        const std::size_t end = lines.find('\n');
        SAMPAN_ASSIGN(NoteSignature signature, parse_line(lines.substr(0, end)));
        out.signatures.push_back(std::move(signature));
        lines.remove_prefix(end + 1);
    }
    return out;
}

std::string Note::encode() const {
    std::string out = text + "\n";
    for (const auto& signature : signatures) {
        Bytes bytes = to_bytes(signature.id.view());
        append(bytes, signature.signature);
        out.append(k_dash).append(signature.name).append(" ").append(to_base64(bytes)).append("\n");
    }
    return out;
}

Result<const NoteSignature*> signature_by(const Note& note, std::string_view name, const NoteKeyId& id) {
    const NoteSignature* found = nullptr;
    for (const auto& signature : note.signatures) {
        if (signature.name != name || signature.id != id) continue;
        if (found != nullptr) return bad("two signatures by " + std::string(name));
        found = &signature;
    }
    return found;
}

Status verify_note(const Note& note, const NoteKey& key) {
    SAMPAN_ASSIGN(const NoteSignature* found, signature_by(note, key.name, key.id()));
    if (found == nullptr) return bad("no signature by " + key.name);
    const auto signature = Ed25519Signature::parse(found->signature);
    if (!signature.ok()) return bad(signature.error().text());
    const Status verified = verify_ed25519(key.key, as_bytes(note.text), *signature);
    if (!verified.ok()) return bad("the signature by " + key.name + " does not verify");
    return ok_status();
}

}  // namespace sampan
