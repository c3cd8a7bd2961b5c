#include "sampan/envelope/part.h"

#include <algorithm>

#include "envelope/codec.h"

namespace sampan {

std::uint64_t part_frame_size(const PartDescription& part, std::uint64_t index) {
    if (index >= part.frames()) return 0;
    return std::min<std::uint64_t>(limits::k_part_frame_bytes,
                                   part.size - index * limits::k_part_frame_bytes);
}

Status verify_part_frame(const PartDescription& part, const PartFrame& frame) {
    if (frame.index >= part.frames()) return Error(EnvelopeError::bad_part, "there is no such frame");
    if (frame.data.size() != part_frame_size(part, frame.index))
        return Error(EnvelopeError::bad_part, "frame " + std::to_string(frame.index) + " has the wrong size");
    ENVELOPE_TRY(EnvelopeError::bad_part,
                 verify_inclusion(merkle_leaf_hash(frame.data), LeafIndex(frame.index),
                                  TreeSize(part.frames()), frame.proof, part.root));
    return ok_status();
}

MerkleProof PartTree::proof(std::uint64_t frame) const {
    SAMPAN_ASSERT(frame < leaves.size());
    return merkle_inclusion(leaves, LeafIndex(frame));
}

std::vector<MerkleProof> PartTree::proofs() const {
    return merkle_inclusion_all(leaves);
}

}  // namespace sampan
