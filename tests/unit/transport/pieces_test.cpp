// Registry epochs over a session: whole ones as far as they fit, and pieces of one that no frame holds.
#include "sampan/transport/registry_pieces.h"

#include "sampan/transport/error.h"
#include "support/catch.h"

using namespace sampan;

namespace {

struct Library {
    std::vector<Bytes> epochs;  // epochs[0] is epoch 1

    explicit Library(const std::vector<std::size_t>& sizes) {
        for (std::size_t size : sizes) {
            Bytes epoch(size);
            for (std::size_t i = 0; i < size; ++i) epoch[i] = static_cast<std::uint8_t>(i * 7 + size);
            epochs.push_back(std::move(epoch));
        }
    }
    RegistryEpochs answer(const FetchRegistry& request) const {
        return make_registry_answer(request, Epoch(epochs.size()), [&](Epoch epoch) {
            return ByteView(epochs[static_cast<std::size_t>(epoch.get() - 1)]);
        });
    }
};

// Asks until everything is there.
std::vector<Bytes> fetch_all(const Library& library) {
    EpochPieces pieces;
    std::vector<Bytes> got;
    for (int turns = 0; got.size() < library.epochs.size(); ++turns) {
        REQUIRE(turns < 100);
        const Epoch held(got.size());
        const RegistryEpochs answer = library.answer(pieces.request(held));
        REQUIRE(encoded_packet_size(answer) < limits::k_frame_bytes);
        auto more = pieces.take(answer, held);
        REQUIRE(more.ok());
        for (Bytes& epoch : *more) got.push_back(std::move(epoch));
    }
    return got;
}

RegistryEpochs piece(Bytes bytes, std::uint64_t offset, std::uint64_t of) {
    return {{}, Epoch(9), std::move(bytes), offset, of};
}

}  // namespace

TEST_CASE("epochs of every size arrive whole, those beyond a frame in pieces") {
    for (const std::vector<std::size_t>& sizes :
         {std::vector<std::size_t>{100, 200, 300},
          {100, limits::k_registry_bytes, 300},
          {limits::k_frame_bytes, limits::k_frame_bytes + 1, 10},
          {limits::k_frame_bytes - 16 * limits::k_kib - 8, limits::k_frame_bytes - 16 * limits::k_kib - 7},
          std::vector<std::size_t>(200, 5000)}) {
        const Library library(sizes);
        CHECK(fetch_all(library) == library.epochs);
    }
}

TEST_CASE("nothing is given to whoever holds the newest") {
    const Library library({10, 10});
    const RegistryEpochs answer = library.answer({Epoch(2), 0});
    CHECK(answer.epochs.empty());
    CHECK(answer.piece.empty());
    CHECK(answer.newest == Epoch(2));
}

TEST_CASE("an offset beyond the epoch begins it again") {
    const Library library({limits::k_registry_bytes});
    CHECK(library.answer({Epoch(0), limits::k_registry_bytes}).piece_offset == 0);
}

TEST_CASE("a piece that does not continue, goes beyond, is too large or comes beside epochs is refused") {
    const auto refused = [](const RegistryEpochs& answer) {
        EpochPieces pieces;
        REQUIRE(pieces.take(piece(Bytes(4), 0, 12), Epoch(1)).ok());
        const auto taken = pieces.take(answer, Epoch(1));
        return !taken.ok() && taken.error().is(TransportError::bad_frame);
    };
    CHECK(refused(piece(Bytes(4), 5, 12)));
    CHECK(refused(piece(Bytes(9), 4, 12)));
    CHECK(refused(piece(Bytes(4), 13, 12)));
    CHECK(refused(piece(Bytes(4), 4, limits::k_registry_bytes + 1)));
    RegistryEpochs both = piece(Bytes(4), 4, 12);
    both.epochs.push_back(Bytes(1));
    CHECK(refused(both));
    CHECK_FALSE(refused(piece(Bytes(8), 4, 12)));
}

TEST_CASE("pieces of one epoch are never taken for pieces of another") {
    EpochPieces pieces;
    REQUIRE(pieces.take(piece(Bytes(4, 1), 0, 8), Epoch(1)).ok());
    CHECK(pieces.request(Epoch(1)).offset == 4);
    CHECK(pieces.request(Epoch(2)).offset == 0);
    CHECK_FALSE(pieces.take(piece(Bytes(4, 2), 4, 8), Epoch(2)).ok());
    CHECK(pieces.request(Epoch(1)).offset == 0);
}
