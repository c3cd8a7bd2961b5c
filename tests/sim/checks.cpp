// Entitlement is asked at four places through one function. This stands before it (the linker's --wrap), so
// that any one of the places, or all, can be switched off while the product stays as it is.
#include "sampan/envelope/header.h"
#include "sim/world.h"

namespace sampan::sim {
namespace {
Check g_at = Check::none, g_off = Check::none;  // one thread; the seam is a free function
}  // namespace

void now_at(Check check) {
    g_at = check;
}
void switch_off(Check check) {
    g_off = check;
}
bool is_off() {
    return g_off == Check::all || (g_off != Check::none && g_off == g_at);
}

}  // namespace sampan::sim

// Names as the Itanium ABI has them: sampan::judge_recipient(Header const&, AgencyId const&, RegistryEpoch
// const&, UnixMillis).
extern "C" sampan::Decision SAMPAN_REAL_JUDGE(const sampan::Header& header, const sampan::AgencyId& recipient,
                                              const sampan::RegistryEpoch& epoch, sampan::UnixMillis now);
extern "C" sampan::Decision SAMPAN_WRAP_JUDGE(const sampan::Header& header, const sampan::AgencyId& recipient,
                                              const sampan::RegistryEpoch& epoch, sampan::UnixMillis now) {
    sampan::Decision decision = SAMPAN_REAL_JUDGE(header, recipient, epoch, now);
    if (sampan::sim::is_off()) decision.verdict = sampan::Verdict::permitted;
    return decision;
}
