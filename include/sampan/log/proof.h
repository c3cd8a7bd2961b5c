// C2SP tlog-proof: that an entry stands in a log, as a text that is checked offline. Pure.
//
//   c2sp.org/tlog-proof@v1
//   extra <base64>              only where there is some
//   index <decimal>
//   <base64 of 32 bytes>        the inclusion proof, the leaf's sibling first; zero or more lines
//                               an empty line
//   <the checkpoint, verbatim, with its signatures>
#pragma once

#include "sampan/log/log.h"

namespace sampan {

struct LogProof {
    Bytes extra;  // not authenticated: for applications
    LeafIndex index;
    MerkleProof path;
    std::string checkpoint;  // the signed note
    std::string encode() const;
    // `bad_log_proof` for anything but the one form. Says nothing of whether it holds.
    static Result<LogProof> parse(std::string_view text);
};

// Whether the leaf stands at the proof's index under the proof's checkpoint. The checkpoint's own signatures
// are the caller's to verify.
Status verify_log_proof(const LogProof& proof, const MerkleHash& leaf);

}  // namespace sampan
