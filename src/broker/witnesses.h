// Collects the witnesses' cosignatures under the checkpoints that were shown to them. In memory: what is lost
// by a restart is asked for again, by showing the head anew. Owned by the core; no clock.
#pragma once

#include <deque>
#include <functional>
#include <map>

#include "broker/key_book.h"
#include "sampan/log/witness.h"

namespace sampan::broker {

inline constexpr std::size_t k_checkpoints_shown = 64;     // of which cosignatures are still taken
inline constexpr std::size_t k_cosignatures_of_one = 256;  // under one checkpoint

// Whose cosignatures count under `epoch`: active members with a logged descriptor.
WitnessSet witness_set(const RegistryEpoch& epoch, const KeyBook& keys);

class Witnesses {
  public:
    // Another incarnation of the log begins: nothing of the one before is cosigned any more.
    void forget() { shown_.clear(); }
    // A checkpoint that is about to be shown.
    void shown(TreeSize size, const std::string& note);
    enum class Taken { ignored, kept, invalid };
    // `ignored`: not of a checkpoint that was shown lately, or there already.
    Taken take(TreeSize size, std::uint64_t time_s, const Ed25519Signature& signature,
               const WitnessKey& witness);
    // The note with the cosignatures under it so far; none when it was not shown.
    std::optional<Note> note(TreeSize size) const;
    // The largest checkpoint above `above` of which `enough` holds.
    std::optional<std::pair<TreeSize, Note>> newest(TreeSize above,
                                                    const std::function<bool(const Note&)>& enough) const;

  private:
    struct Shown {
        TreeSize size;
        Note note;
        std::map<std::string, bool> by;  // names of those who cosigned
    };
    Shown* find(TreeSize size);
    std::deque<Shown> shown_;  // oldest first
};

}  // namespace sampan::broker
