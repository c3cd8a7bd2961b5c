#include "cli/progress.h"

#include <algorithm>
#include <cstdio>

namespace sampan::cli {
namespace {

constexpr std::size_t k_bar_columns = 24;

}  // namespace

Progress::Progress(const Console& console, std::string what)
    : shown_(console.setup().err_is_terminal && !console.quiet && !console.json),
      what_(truncated(printable(what), 32)),
      started_(std::chrono::steady_clock::now()),
      last_(started_ - std::chrono::seconds(1)) {}

Progress::~Progress() {
    if (drawn_) std::fputs("\r\x1b[K", stderr);
}

void Progress::update(std::uint64_t done, std::uint64_t total) {
    if (!shown_) return;
    const double seconds = std::chrono::duration<double>(std::chrono::steady_clock::now() - started_).count();
    const auto rate = static_cast<std::uint64_t>(static_cast<double>(done) / std::max(seconds, 0.001));
    draw(done, total,
         human_size(done) + (total > 0 ? " of " + human_size(total) : "") + "  " + human_size(rate) + "/s");
}

void Progress::count(std::uint64_t done, std::uint64_t total) {
    draw(done, total, std::to_string(done) + " of " + std::to_string(total));
}

void Progress::draw(std::uint64_t done, std::uint64_t total, const std::string& figures) {
    const auto now = std::chrono::steady_clock::now();
    if (!shown_ || (now - last_ < std::chrono::milliseconds(100) && done != total)) return;
    last_ = now;
    drawn_ = true;
    const std::size_t full =
        total == 0 ? 0 : static_cast<std::size_t>(std::min(done, total) * k_bar_columns / total);
    const std::string bar = std::string(full, '#') + std::string(k_bar_columns - full, '.');
    std::fprintf(stderr, "\r%s [%s] %s\x1b[K", padded(what_, 20).c_str(), bar.c_str(), figures.c_str());
    std::fflush(stderr);
}

}  // namespace sampan::cli
