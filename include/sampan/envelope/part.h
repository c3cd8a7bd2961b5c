// Attachments travel as parts: STREAM ciphertext of pad(file), cut into frames of limits::k_part_frame_bytes
// (8 chunks); the part's id is the RFC 6962 root over its frames, so that every frame is checked as it
// arrives and transfer resumes at any frame.
#pragma once

#include "sampan/base/file.h"
#include "sampan/envelope/header.h"

namespace sampan {

struct PartFrame {
    std::uint64_t index = 0;
    Bytes data;
    MerkleProof proof;
};
// The frame belongs to the part: size, position and proof.
Status verify_part_frame(const PartDescription& part, const PartFrame& frame);
// Expected bytes of frame `index`.
std::uint64_t part_frame_size(const PartDescription& part, std::uint64_t index);

// The leaf hashes of one part, so that frames can be sent with proofs without reading the whole again.
struct PartTree {
    std::vector<MerkleHash> leaves;
    // Hashes the whole tree again: for one frame. `proofs` gives all of them at little more.
    MerkleProof proof(std::uint64_t frame) const;
    std::vector<MerkleProof> proofs() const;
};

}  // namespace sampan
