#include "sampan/transport/registry_pieces.h"

#include <algorithm>

#include "sampan/transport/error.h"

namespace sampan {
namespace {

// Room beside the epochs for the packet's own fields and the frame's.
constexpr std::size_t k_budget = limits::k_frame_bytes - 16 * limits::k_kib;
static_assert(limits::k_registry_bytes / k_budget < 16, "an epoch takes a handful of pieces");

}  // namespace

RegistryEpochs make_registry_answer(const FetchRegistry& request, Epoch newest,
                                    const std::function<ByteView(Epoch)>& at) {
    RegistryEpochs out;
    out.newest = newest;
    if (request.after >= newest) return out;
    const ByteView first = at(request.after.next());
    if (first.size() + 8 > k_budget) {
        const std::size_t from = request.offset < first.size() ? static_cast<std::size_t>(request.offset) : 0;
        const std::size_t size = std::min(k_budget, first.size() - from);
        out.piece = to_bytes(first.subspan(from, size));
        out.piece_offset = from;
        out.piece_of = first.size();
        return out;
    }
    std::size_t bytes = 0;
    for (Epoch epoch = request.after.next(); epoch <= newest; epoch = epoch.next()) {
        const ByteView signed_bytes = at(epoch);
        bytes += signed_bytes.size() + 8;
        if (bytes > k_budget || out.epochs.size() == limits::k_packets_per_frame) break;
        out.epochs.push_back(to_bytes(signed_bytes));
    }
    return out;
}

Result<std::vector<Bytes>> EpochPieces::take(const RegistryEpochs& answer, Epoch held) {
    const auto bad = [&](const char* why) {
        forget();
        return Error(TransportError::bad_frame, std::string("a piece of a registry epoch ") + why);
    };
    std::vector<Bytes> out = answer.epochs;
    if (answer.piece.empty()) return out;
    if (!out.empty()) return bad("came beside whole epochs");
    if (answer.piece_of > limits::k_registry_bytes) return bad("is of one that is too large");
    if (answer.piece_offset > answer.piece_of || answer.piece.size() > answer.piece_of - answer.piece_offset)
        return bad("goes beyond its end");
    if (held != of_ || answer.piece_offset == 0) {
        of_ = held;
        pieces_.clear();
    }
    if (answer.piece_offset != pieces_.size()) return bad("does not continue the one before");
    append(pieces_, answer.piece);
    if (pieces_.size() == answer.piece_of) out.push_back(std::exchange(pieces_, {}));
    return out;
}

}  // namespace sampan
