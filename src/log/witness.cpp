#include "sampan/log/witness.h"

#include <algorithm>

namespace sampan {

std::optional<std::uint32_t> WitnessSet::tolerates() const {
    const auto n = static_cast<std::int64_t>(witnesses.size());
    const auto k = static_cast<std::int64_t>(quorum);
    // k > (n + f) / 2 and k <= n - f.
    const std::int64_t faulty = std::min(2 * k - n - 1, n - k);
    if (faulty < 0) return std::nullopt;
    return static_cast<std::uint32_t>(faulty);
}

std::string witness_name(const AgencyId& agency, const ExchangeName& exchange) {
    return agency.text() + "." + exchange.text() + "/witness";
}

WitnessJudgement judge_witnesses(const Note& note, const WitnessSet& set) {
    WitnessJudgement out;
    out.quorum = std::max<std::uint32_t>(1, set.quorum);
    std::vector<std::uint64_t> times;
    for (const WitnessKey& witness : set.witnesses) {
        WitnessView view{witness.name, {}, {}};
        const auto time = cosignature_time(note, witness);
        if (!time.ok()) {
            view.problem = time.error().context();
        } else if (*time) {
            view.time_s = **time;
            times.push_back(**time);
        }
        out.witnesses.push_back(std::move(view));
    }
    out.cosigned = static_cast<std::uint32_t>(times.size());
    if (!out.reached()) return out;
    const auto middle = times.begin() + static_cast<std::ptrdiff_t>((times.size() - 1) / 2);
    std::nth_element(times.begin(), middle, times.end());
    out.time_s = *middle;
    return out;
}

}  // namespace sampan
