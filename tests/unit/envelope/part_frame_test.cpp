#include "sampan/crypto/random.h"
#include "sampan/envelope/part.h"
#include "support/catch.h"

using namespace sampan;

namespace {

struct Part {
    PartDescription description;
    PartTree tree;
    std::vector<Bytes> frames;
    explicit Part(std::uint64_t size) {
        description.size = size;
        for (std::uint64_t i = 0; i < description.frames(); ++i) {
            Bytes frame(static_cast<std::size_t>(part_frame_size(description, i)));
            random_fill(frame);
            tree.leaves.push_back(merkle_leaf_hash(frame));
            frames.push_back(std::move(frame));
        }
        description.root = merkle_root(tree.leaves);
    }
    PartFrame frame(std::uint64_t index) const {
        return {index, frames[static_cast<std::size_t>(index)], tree.proof(index)};
    }
};
bool refused(const Part& part, const PartFrame& frame) {
    const Status status = verify_part_frame(part.description, frame);
    return !status.ok() && status.error().is(EnvelopeError::bad_part);
}
constexpr std::uint64_t k_frame = limits::k_part_frame_bytes;

}  // namespace

TEST_CASE("a part has as many frames as its size needs, the last one shorter") {
    CHECK(PartDescription{1040, {}}.frames() == 1);
    CHECK(PartDescription{k_frame, {}}.frames() == 1);
    CHECK(PartDescription{k_frame + 1, {}}.frames() == 2);
    const PartDescription part{2 * k_frame + 17, {}};
    CHECK(part_frame_size(part, 0) == k_frame);
    CHECK(part_frame_size(part, 1) == k_frame);
    CHECK(part_frame_size(part, 2) == 17);
    CHECK(part_frame_size(part, 3) == 0);
    CHECK(part_frame_size(part, UINT64_MAX) == 0);
}

TEST_CASE("each frame of a part verifies") {
    for (const std::uint64_t size : {std::uint64_t{1040}, k_frame, 2 * k_frame + 17, 5 * k_frame}) {
        const Part part(size);
        for (std::uint64_t i = 0; i < part.description.frames(); ++i)
            CHECK(verify_part_frame(part.description, part.frame(i)).ok());
    }
}

TEST_CASE("proofs of all frames at once are those of each frame") {
    const Part part(5 * k_frame + 1);
    const auto proofs = part.tree.proofs();
    REQUIRE(proofs.size() == 6);
    for (std::uint64_t i = 0; i < 6; ++i) CHECK(proofs[static_cast<std::size_t>(i)] == part.tree.proof(i));
}

TEST_CASE("a frame in another place is refused") {
    const Part part(3 * k_frame);
    PartFrame frame = part.frame(1);
    frame.index = 0;
    CHECK(refused(part, frame));
    frame.index = 3;
    CHECK(refused(part, frame));
    frame.index = UINT64_MAX;
    CHECK(refused(part, frame));
    frame = part.frame(1);
    frame.proof = part.tree.proof(0);
    CHECK(refused(part, frame));
}

TEST_CASE("a frame of another part is refused") {
    const Part part(3 * k_frame);
    const Part other(3 * k_frame);
    CHECK(refused(part, other.frame(1)));
}

TEST_CASE("a frame that was altered, shortened or lengthened is refused") {
    const Part part(2 * k_frame + 100);
    PartFrame frame = part.frame(2);
    frame.data[50] ^= 1;
    CHECK(refused(part, frame));
    frame = part.frame(2);
    frame.data.pop_back();
    CHECK(refused(part, frame));
    frame = part.frame(2);
    frame.data.push_back(0);
    CHECK(refused(part, frame));
    frame = part.frame(2);
    frame.data.clear();
    CHECK(refused(part, frame));
}

TEST_CASE("a frame with a proof that is too long or too short is refused") {
    const Part part(3 * k_frame);
    PartFrame frame = part.frame(0);
    frame.proof.push_back(MerkleHash());
    CHECK(refused(part, frame));
    frame = part.frame(0);
    frame.proof.pop_back();
    CHECK(refused(part, frame));
}

TEST_CASE("a part that claims another size than its frames have is refused") {
    Part part(2 * k_frame + 100);
    const PartFrame last = part.frame(2);
    part.description.size += 1;
    CHECK(refused(part, last));
    part.description.size = 2 * k_frame;
    CHECK(refused(part, last));
}
