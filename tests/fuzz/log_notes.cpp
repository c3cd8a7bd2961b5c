// The log's texts: signed notes, checkpoints, keys, cosignatures, and the names of tiles.
#include "fuzz/fuzz.h"
#include "sampan/log/cosignature.h"
#include "sampan/log/tiles.h"

using namespace sampan;

SAMPAN_FUZZ_TARGET {
    const std::string_view text = as_text(in);
    fuzz::round_trip(
        in, "a key's text is written as it was read", [](ByteView v) { return NoteKey::parse(as_text(v)); },
        [](const NoteKey& key) { return key.text(); });
    fuzz::round_trip(
        in, "a tile's name is written as it was read", [](ByteView v) { return TileName::parse(as_text(v)); },
        [](const TileName& tile) { return tile.path(); });
    const auto note = Note::parse(text);
    if (note.ok()) {
        fuzz::same(as_bytes(note->encode()), in, "a note is written as it was read");
        for (const NoteSignature& line : note->signatures) {
            const NoteKey key{line.name, Ed25519PublicKey{}};
            fuzz::hold(!verify_note(*note, key).ok(), "a key of low order vouches for nothing");
            [[maybe_unused]] const auto time = cosignature_time(*note, {line.name, Ed25519PublicKey{}});
        }
    }
    const auto checkpoint = Checkpoint::parse(note.ok() ? std::string_view(note->text) : text);
    if (!checkpoint.ok()) return;
    const auto again = Checkpoint::parse(checkpoint->text());
    fuzz::hold(again.ok() && again->origin == checkpoint->origin && again->size == checkpoint->size &&
                   again->root == checkpoint->root,
               "a checkpoint is read as it was written");
    fuzz::hold(!verify_checkpoint(text, checkpoint->origin, Ed25519PublicKey{}).ok(),
               "a checkpoint is signed");
}
