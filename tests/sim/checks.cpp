// Entitlement is asked at four places through one function. This stands before it (the linker's --wrap), so
// that any one of the places, or all, can be switched off while the product stays as it is.
#include "sampan/envelope/header.h"
#include "sim/world.h"

namespace sampan::sim {
namespace {

// One thread; the seam is a free function, so its state is the program's.
struct Switch {
    Check at = Check::none;
    Check off = Check::none;
};
Switch& the_switch() {
    static Switch value;
    return value;
}
bool is_off() {
    const Switch& now = the_switch();
    return now.off == Check::all || (now.off != Check::none && now.off == now.at);
}

}  // namespace

void now_at(Check check) {
    the_switch().at = check;
}
void switch_off(Check check) {
    the_switch().off = check;
}

}  // namespace sampan::sim

// By the names that the linker gives them, so that both stay C++ functions.
namespace sampan::sim {
Decision real_judge(const Header& header, const AgencyId& recipient, const RegistryEpoch& epoch,
                    UnixMillis now) __asm__(SAMPAN_REAL_JUDGE);
Decision wrapped_judge(const Header& header, const AgencyId& recipient, const RegistryEpoch& epoch,
                       UnixMillis now) __asm__(SAMPAN_WRAP_JUDGE);

Decision wrapped_judge(const Header& header, const AgencyId& recipient, const RegistryEpoch& epoch,
                       UnixMillis now) {
    Decision decision = real_judge(header, recipient, epoch, now);
    if (is_off()) decision.verdict = Verdict::permitted;
    return decision;
}

}  // namespace sampan::sim
