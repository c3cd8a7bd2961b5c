// What a daemon gives up once everything that it needs is open: programs, other processes, the kernel's
// administration, files beyond those it is for, and (where it has no use for them) TCP connections. So that
// who takes it over has what it holds, and nothing else of the machine.
#pragma once

#include <string>
#include <vector>

#include "sampan/transport/error.h"

namespace sampan {

struct DaemonConfinement {
    // Folders and files, absolute. What is not there is left out. Empty `writes`: files are not confined.
    std::vector<std::string> reads, writes;
    std::vector<std::string> runs;  // programs it starts; none: none can be started
    bool connects = true;           // TCP, outwards
    bool listens = true;            // TCP, on ports that are not open yet
};
struct ConfinementReached {
    bool files = false;    // Landlock; kernels before 5.13 have none
    bool network = false;  // Landlock from version 4 on
};

// Nothing of this process is written to swap, where it may lock as much as it uses. False: it may not.
bool lock_memory();
// No core dumps, nothing for tracers, no new privileges, memory kept out of swap as far as RLIMIT_MEMLOCK
// lets it. Before keys are read.
bool harden_daemon();
// For this thread and those it starts: before any other. `unsafe_library` when the kernel refuses the filter.
Result<ConfinementReached> confine_daemon(const DaemonConfinement& rules);

}  // namespace sampan
