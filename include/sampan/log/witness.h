// Who witnesses a log, and what their cosignatures under one checkpoint amount to. Pure.
//
// The witnesses are the nodes of active members whose witness key was logged; the quorum is the registry's.
// With n witnesses and a quorum k, a split view needs more than 2k - n faulty ones, and proofs still become
// witnessed while n - k are silent or faulty.
#pragma once

#include "sampan/log/cosignature.h"

namespace sampan {

struct WitnessSet {
    std::vector<WitnessKey> witnesses;
    std::uint32_t quorum = 1;
    // How many faulty witnesses the quorum bears: two quorums always share an honest one, and the honest ones
    // are a quorum. None where not even zero.
    std::optional<std::uint32_t> tolerates() const;
};
// "<agency>.<exchange>/witness"
std::string witness_name(const AgencyId& agency, const ExchangeName& exchange);

struct WitnessView {
    std::string name;
    std::optional<std::uint64_t> time_s;  // of its cosignature, when it stands there and verifies
    std::string problem;                  // when it stands there and does not
};
struct WitnessJudgement {
    std::vector<WitnessView> witnesses;  // in the set's order
    std::uint32_t cosigned = 0;
    std::uint32_t quorum = 1;
    bool reached() const { return cosigned >= quorum; }
    // Median of the cosignatures' times (the lower of two): the log's time of this checkpoint. None below the
    // quorum.
    std::optional<std::uint64_t> time_s;
};
WitnessJudgement judge_witnesses(const Note& note, const WitnessSet& set);

}  // namespace sampan
