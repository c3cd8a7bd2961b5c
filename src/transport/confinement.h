// What the gate gives up: files, other processes' descriptors, new programs, new sockets, core dumps, and
// memory beyond a limit. Three steps, because Landlock must precede libzmq's threads (they inherit it) and
// the system call filter must follow them (it is put on all of them, and forbids new ones).
#pragma once

#include <cstdint>

#include "sampan/transport/error.h"

namespace sampan {

// Closes every descriptor but the standard three and this one; no core dumps, no new privileges; signals that
// ask to end are ignored: the core decides, and its channel tells.
Status confine_before_threads(int channel_descriptor);
// No file can be opened from here on, and no TCP connection made, where the kernel has Landlock (5.13).
Status confine_files();
// Address space (0: no limit), and the system call filter. `unsafe_library` when the kernel refuses it.
Status confine_after_threads(std::uint64_t memory_limit_bytes);

// Resident memory of this process. Opened before the files are gone.
class MemoryProbe {
  public:
    MemoryProbe() = default;
    ~MemoryProbe();
    MemoryProbe(const MemoryProbe&) = delete;
    MemoryProbe& operator=(const MemoryProbe&) = delete;
    void open();
    // 0 when unknown.
    std::uint64_t resident_bytes() const;

  private:
    int descriptor_ = -1;
};

}  // namespace sampan
