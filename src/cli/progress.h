// A progress bar on stderr, when that is a terminal. One thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "cli/console.h"

namespace sampan::cli {

class Progress {
  public:
    Progress(const Console& console, std::string what);
    Progress(const Progress&) = delete;
    Progress& operator=(const Progress&) = delete;
    ~Progress();  // takes the bar away
    // Of bytes; `total` 0 when unknown. Redraws at most ten times a second.
    void update(std::uint64_t done, std::uint64_t total);
    // Of a count of things: "12 of 30".
    void count(std::uint64_t done, std::uint64_t total);

  private:
    void draw(std::uint64_t done, std::uint64_t total, const std::string& figures);
    bool shown_;
    bool drawn_ = false;
    std::string what_;
    std::chrono::steady_clock::time_point started_, last_;
};

}  // namespace sampan::cli
