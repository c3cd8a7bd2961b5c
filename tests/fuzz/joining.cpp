// A joining request, as the authority has it from a stranger: the text, and the bytes inside its armour.
#include "fuzz/fuzz.h"
#include "sampan/identity/descriptor.h"

using namespace sampan;

namespace {

constexpr UnixMillis k_now{1'614'589'200'000};

void verify(std::string_view text) {
    const auto request = verify_joining_request(text, k_now);
    if (!request.ok()) return fuzz::hold(!request.error().name().empty(), "a refusal has a name");
    fuzz::hold(request->descriptor.descriptor.agency == request->request.agency,
               "the descriptor is the agency's own");
    fuzz::hold(request->root.is_authority(), "the root is a root");
}

}  // namespace

SAMPAN_FUZZ_TARGET {
    verify(as_text(in));
    const std::string base64 = to_base64(in);
    std::string text = "-----BEGIN SAMPAN JOINING REQUEST-----\n";
    for (std::size_t at = 0; at < base64.size(); at += 64) text.append(base64, at, 64).append("\n");
    verify(text + "-----END SAMPAN JOINING REQUEST-----\n");
}
