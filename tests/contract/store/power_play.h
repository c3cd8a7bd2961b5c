// A recorded workload on the broker's store, on a disk that can fail, and what must be true of it afterwards.
#pragma once

#include <optional>

#include "contract/store/broker_scribe.h"
#include "support/power_vfs.h"

namespace sampan::test {

// A run of batches, and after which operation of the disk each was acknowledged.
struct Run {
    struct Acknowledged {
        std::size_t operations;
        TreeSize size;
        MerkleHash root;
    };
    std::vector<Acknowledged> acknowledged;
    // The batch whose commit failed: it may be there whole, or not at all.
    std::optional<Acknowledged> failed;
    bool stopped = false;
};

Result<std::unique_ptr<BrokerStore>> open_on(PowerDisk& disk, const std::string& folder);
Run play(PowerDisk& disk, const std::string& folder, std::size_t batches);
// What a store says after the loss, against what was acknowledged before it. False: something is lost.
bool survives(const Run& run, std::size_t operations, PowerDisk& after, const std::string& folder);

}  // namespace sampan::test
