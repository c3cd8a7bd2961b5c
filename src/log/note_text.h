// What signed notes, checkpoints and cosignatures share.
#pragma once

#include "sampan/log/log.h"

namespace sampan {

// Longest key name or origin accepted.
inline constexpr std::size_t k_note_name_bytes = 256;

// Not empty, no space of any script, no plus sign, no control character.
bool is_note_name(std::string_view name);
NoteKeyId note_key_id(std::string_view name, std::uint8_t type, const Ed25519PublicKey& key);
std::string note_vkey(std::string_view name, std::uint8_t type, const Ed25519PublicKey& key);
// Name and key of a verifier key "name+id+key" of this type; its id must be theirs.
Result<std::pair<std::string, Ed25519PublicKey>> parse_note_vkey(std::string_view vkey, std::uint8_t type);
// The one line of this name and id; none where there is none, `bad_note` where there are two.
Result<const NoteSignature*> signature_by(const Note& note, std::string_view name, const NoteKeyId& id);

}  // namespace sampan
