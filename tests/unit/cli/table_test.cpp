#include "cli/table.h"

#include <sstream>

#include "cli/text.h"
#include "support/catch.h"

using namespace sampan::cli;

namespace {

Table sample() {
    Table table({{"ID"}, {"TITLE", false, 8, true}, {"N", true}});
    table.add({"4f1c2a90", "แนวโน้มการเดินทางข้ามแดน และข้อความที่ยาวมาก", "12"});
    table.add({"aabbccdd", "short", "3"});
    return table;
}

std::vector<std::string> lines_of(const std::string& text) {
    std::vector<std::string> out;
    std::istringstream in(text);
    for (std::string line; std::getline(in, line);) out.push_back(line);
    return out;
}

}  // namespace

TEST_CASE("no line of a table is wider than the terminal") {
    for (std::size_t width : {24U, 40U, 60U, 120U})
        for (const std::string& line : lines_of(sample().text(width, false))) {
            INFO(width << ": " << line);
            CHECK(display_width(line) <= width);
        }
}

TEST_CASE("a table written to a pipe is cut nowhere") {
    const std::string text = sample().text(std::nullopt, false);
    CHECK(text.find("…") == std::string::npos);
    CHECK(text.find("ข้อความที่ยาวมาก") != std::string::npos);
}

TEST_CASE("identifiers keep their width while titles give way") {
    const std::string text = sample().text(30, false);
    CHECK(text.find("4f1c2a90") != std::string::npos);
    CHECK(text.find("…") != std::string::npos);
}

TEST_CASE("numbers stand at the right") {
    const auto lines = lines_of(sample().text(120, false));
    REQUIRE(lines.size() == 3);
    CHECK(lines[1].ends_with("12"));
    CHECK(lines[2].ends_with(" 3"));
    CHECK(display_width(lines[1]) == display_width(lines[2]));
}

TEST_CASE("a cell cannot break out of its table") {
    Table table({{"A"}});
    table.add({"x\n\x1b[2Jy"});
    const std::string text = table.text(std::nullopt, false);
    CHECK(lines_of(text).size() == 2);
    CHECK(text.find('\x1b') == std::string::npos);
}

TEST_CASE("titles are bold only when asked") {
    CHECK(sample().text(80, false).find('\x1b') == std::string::npos);
    CHECK(sample().text(80, true).find("\x1b[1m") == 0);
}
