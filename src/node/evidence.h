// Collects what proves one message to someone outside (sampan/log/evidence.h), from this node's store and its
// verified view of the log. On the owner thread, but for the inclusion proof, which the broker is asked for
// in between.
#pragma once

#include "node/core.h"
#include "sampan/log/evidence.h"

namespace sampan::node {

struct EvidenceDraft {
    Evidence evidence;
    LeafIndex leaf;
    TreeSize size;  // of the witnessed checkpoint
    MerkleHash root;
};
// `id` as in views.h. With `disclose` the archive must be unlocked, and the journal says that it was done.
// `not_witnessed` until the message stands under a checkpoint that a quorum cosigned.
Result<EvidenceDraft> draft_evidence(Core& core, const Caller& caller, const std::string& id, bool disclose,
                                     UnixMillis now);
// With the proof, verified once more.
Result<Bytes> finish_evidence(EvidenceDraft draft, MerkleProof proof);

}  // namespace sampan::node
