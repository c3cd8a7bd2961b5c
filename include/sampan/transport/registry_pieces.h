// Registry epochs as they come over a session: whole ones, and pieces of one that is larger than a frame.
// Pure; one owner.
#pragma once

#include <functional>

#include "sampan/base/limits.h"
#include "sampan/transport/packet.h"

namespace sampan {

// The broker's answer to a FetchRegistry: whole epochs after `request.after` as far as they fit, or the next
// piece of the one that follows it. `at(n)` gives the signed bytes of epoch n.
RegistryEpochs make_registry_answer(const FetchRegistry& request, Epoch newest,
                                    const std::function<ByteView(Epoch)>& at);

// Puts the pieces of one epoch together. At most limits::k_registry_bytes are held.
class EpochPieces {
  public:
    // What to ask for next, when `held` is the newest epoch that was accepted.
    FetchRegistry request(Epoch held) const { return {held, held == of_ ? pieces_.size() : 0}; }
    // The whole epochs that this answer gives or completes, ascending; none while a piece is missing. A piece
    // that does not continue what is here begins anew, or is `bad_frame`.
    Result<std::vector<Bytes>> take(const RegistryEpochs& answer, Epoch held);
    void forget() { pieces_.clear(); }

  private:
    Epoch of_;  // the epoch before the one whose pieces these are
    Bytes pieces_;
};

}  // namespace sampan
