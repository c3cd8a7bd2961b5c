#include "cli/table.h"

#include <algorithm>
#include <numeric>

#include "cli/text.h"
#include "sampan/base/result.h"

namespace sampan::cli {
namespace {

constexpr std::size_t k_gap = 2;

}  // namespace

void Table::add(std::vector<std::string> cells) {
    SAMPAN_ASSERT(cells.size() == columns_.size());
    for (std::string& cell : cells) cell = printable(cell);
    rows_.push_back(std::move(cells));
}

std::vector<std::size_t> Table::fitted(std::optional<std::size_t> width) const {
    std::vector<std::size_t> out;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
        std::size_t widest = display_width(columns_[i].title);
        for (const auto& row : rows_) widest = std::max(widest, display_width(row[i]));
        out.push_back(widest);
    }
    if (!width) return out;
    std::size_t total = std::accumulate(out.begin(), out.end(), k_gap * (columns_.size() - 1));
    // The widest column that may shrink gives way, one by one; then the others too.
    for (const bool shrinking : {true, false}) {
        while (total > *width) {
            std::size_t* widest = nullptr;
            for (std::size_t i = 0; i < out.size(); ++i)
                if (columns_[i].shrinks == shrinking && out[i] > columns_[i].least &&
                    (widest == nullptr || out[i] > *widest))
                    widest = &out[i];
            if (widest == nullptr) break;
            --*widest;
            --total;
        }
    }
    return out;
}

std::string Table::text(std::optional<std::size_t> width, bool bold) const {
    const std::vector<std::size_t> widths = fitted(width);
    std::string out;
    const auto line = [&](const auto& cell_of) {
        std::string made;
        for (std::size_t i = 0; i < columns_.size(); ++i) {
            if (i > 0) made.append(k_gap, ' ');
            made += padded(truncated(cell_of(i), widths[i]), widths[i], columns_[i].right_aligned);
        }
        made.erase(made.find_last_not_of(' ') + 1);
        return made;
    };
    const std::string titles = line([&](std::size_t i) -> const std::string& { return columns_[i].title; });
    out += bold ? "\x1b[1m" + titles + "\x1b[0m\n" : titles + "\n";
    for (const auto& row : rows_)
        out += line([&](std::size_t i) -> const std::string& { return row[i]; }) + "\n";
    return out;
}

}  // namespace sampan::cli
