// The scanner before protobuf: whatever it accepts, protobuf parses, and writes again as it was.
#include <google/protobuf/message.h>

#include "fuzz/fuzz.h"
#include "sampan/wire/strict.h"
#include "wire/identity.pb.h"
#include "wire/message.pb.h"
#include "wire/registry.pb.h"
#include "wire/session.pb.h"

using namespace sampan;

namespace {

template <typename Message>
void scan(ByteView in) {
    Message message;
    if (!decode_strict(in, std::size_t{1} << 20, message).ok()) return;
    fuzz::same(encode_canonical(message), in, "a value has one form");
    Message loosely;
    fuzz::hold(loosely.ParseFromArray(in.data(), static_cast<int>(in.size())),
               "protobuf parses what is accepted");
}

}  // namespace

SAMPAN_FUZZ_TARGET {
    scan<wire::Frame>(in);
    scan<wire::Header>(in);
    scan<wire::Content>(in);
    scan<wire::Registry>(in);
    scan<wire::SignedRegistry>(in);
    scan<wire::Descriptor>(in);
    scan<wire::PrekeyBundle>(in);
    scan<wire::SignedList>(in);
}
