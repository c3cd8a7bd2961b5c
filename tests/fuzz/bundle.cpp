// A bundle, as a stick brings it: its form, every packet in it, and what a node looks up in it.
#include "fuzz/fuzz.h"
#include "node/carried.h"

using namespace sampan;

namespace {

void ask(const node::CarriedAnswers& answers) {
    const auto asked = [&](const Packet& request) {
        const auto said = answers.answer(request);
        fuzz::hold(said.ok(), "what was indexed is found again");
    };
    asked(FetchPeers{});
    asked(FetchConsistency{TreeSize(1), TreeSize(2)});
    asked(FetchInclusion{{LeafIndex(0)}, TreeSize(1)});
    asked(FetchEntries{LeafIndex(0), 1});
    asked(FetchParts{MessageSubject(), 1, 0, 8});
    fuzz::hold(answers.answer(Ping{1}).ok() && answers.answer(Ping{1})->empty(), "nothing else is answered");
}

void read(ByteView in) {
    fuzz::round_trip(in, "a bundle's head has one form", decode_bundle_head, encode_bundle_head);
    const auto bundle = BundleReader::open(std::make_unique<fuzz::MemoryFile>(to_bytes(in)));
    if (!bundle.ok()) {
        fuzz::hold(bundle.error().is(BundleError::bad_bundle) || !bundle.error().name().empty(),
                   "a refusal has a name");
        return;
    }
    fuzz::round_trip(bundle->head_bytes(), "a bundle's head has one form", decode_bundle_head,
                     encode_bundle_head);
    fuzz::hold(bundle->certificate().empty() == (bundle->head().direction == BundleDirection::to_node),
               "a node's bundle has its certificate");
    fuzz::hold(!bundle->transcript().empty() && bundle->bytes() == in.size(), "all of it was read");
    const auto answers = node::CarriedAnswers::index(*bundle);
    if (answers.ok()) ask(*answers);
}

}  // namespace

SAMPAN_FUZZ_TARGET {
    read(in);
    // Past the fixed beginning, so that the first bytes need not be found.
    Bytes whole = to_bytes(as_bytes("sampan bundle 1\n"));
    append(whole, in);
    read(whole);
}
