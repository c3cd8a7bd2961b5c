// Tables that fit: aligned columns, cut to the terminal's width where there is one.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace sampan::cli {

struct Column {
    std::string title;
    bool right_aligned = false;
    std::size_t least = 4;  // never cut below this many columns
    bool shrinks = false;   // columns that hold free text give way first
};

class Table {
  public:
    explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
    // As many cells as columns. Cells are made printable here.
    void add(std::vector<std::string> cells);
    bool empty() const { return rows_.empty(); }
    std::size_t rows() const { return rows_.size(); }
    // `width`: columns of the terminal, none for a pipe or file (nothing is cut there). `bold` marks titles.
    std::string text(std::optional<std::size_t> width, bool bold) const;

  private:
    std::vector<std::size_t> fitted(std::optional<std::size_t> width) const;
    std::vector<Column> columns_;
    std::vector<std::vector<std::string>> rows_;
};

}  // namespace sampan::cli
