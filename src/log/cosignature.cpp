#include "sampan/log/cosignature.h"

#include "log/note_text.h"
#include "sampan/base/encode.h"

namespace sampan {
namespace {

constexpr std::uint8_t k_type_cosignature = 0x04;
constexpr std::uint64_t k_latest_time_s = 0x7fff'ffff'ffff'ffffULL;

Error bad(std::string why) {
    return Error(LogError::bad_note, std::move(why));
}

std::string cosigned_message(std::string_view checkpoint_text, std::uint64_t time_s) {
    return "cosignature/v1\ntime " + std::to_string(time_s) + "\n" + std::string(checkpoint_text);
}

}  // namespace

NoteKeyId WitnessKey::id() const {
    return note_key_id(name, k_type_cosignature, key);
}

std::string WitnessKey::text() const {
    return note_vkey(name, k_type_cosignature, key);
}

Result<WitnessKey> WitnessKey::parse(std::string_view vkey) {
    SAMPAN_ASSIGN(auto parsed, parse_note_vkey(vkey, k_type_cosignature));
    return WitnessKey{std::move(parsed.first), parsed.second};
}

Result<NoteSignature> cosign_checkpoint(const Checkpoint& checkpoint, std::uint64_t time_s,
                                        const std::string& witness_name, const Signer& witness) {
    if (!is_note_name(witness_name) || time_s > k_latest_time_s)
        return bad("a witness's name is empty or has a space in it, or its time is out of range");
    const std::string message = cosigned_message(checkpoint.text(), time_s);
    SAMPAN_ASSIGN(const Ed25519Signature signature, witness.sign_checkpoint(as_bytes(message)));
    NoteSignature line;
    line.name = witness_name;
    line.id = WitnessKey{witness_name, witness.public_key()}.id();
    line.signature = Writer(8 + Ed25519Signature::k_size).u64(time_s).raw(signature.view()).bytes();
    return line;
}

Result<std::optional<std::uint64_t>> cosignature_time(const Note& note, const WitnessKey& witness) {
    using Time = std::optional<std::uint64_t>;
    SAMPAN_ASSIGN(const NoteSignature* line, signature_by(note, witness.name, witness.id()));
    if (line == nullptr) return Time();
    if (line->signature.size() != 8 + Ed25519Signature::k_size)
        return bad("the cosignature by " + witness.name + " has the wrong length");
    Reader reader(line->signature);
    SAMPAN_ASSIGN(const std::uint64_t time_s, reader.u64());
    if (time_s > k_latest_time_s) return bad("the cosignature's time is out of range");
    SAMPAN_ASSIGN(const ByteView bytes, reader.raw(Ed25519Signature::k_size));
    SAMPAN_ASSIGN(const auto signature, Ed25519Signature::parse(bytes));
    const std::string message = cosigned_message(note.text, time_s);
    if (!verify_ed25519(witness.key, as_bytes(message), signature).ok())
        return bad("the cosignature by " + witness.name + " does not verify");
    return Time(time_s);
}

}  // namespace sampan
