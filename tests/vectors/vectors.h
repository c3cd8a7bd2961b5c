// Reading the vectors beside this file.
#pragma once

#include <fstream>
#include <nlohmann/json.hpp>

#include "support/catch.h"

namespace sampan::test {

inline nlohmann::json read_vectors(const std::string& name) {
    std::ifstream in(std::string(SAMPAN_TEST_DATA) + "/" + name);
    REQUIRE(in.good());
    return nlohmann::json::parse(in);
}

}  // namespace sampan::test
