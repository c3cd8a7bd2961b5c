// docs/openapi.yaml and the program name the same requests.
#include <fstream>

#include "node/api.h"
#include "support/catch.h"

namespace sampan::node {
namespace {

// The document's paths and methods, in its order: "GET /v1/status". Paths stand two columns in, methods four.
std::vector<std::string> described() {
    std::ifstream in(SAMPAN_TEST_DATA "/../../docs/openapi.yaml");
    std::vector<std::string> out;
    std::string path;
    for (std::string line; std::getline(in, line);) {
        if (line.starts_with("  /") && line.ends_with(":")) path = line.substr(2, line.size() - 3);
        for (const std::string_view method : {"get", "post", "put", "delete", "patch"})
            if (!path.empty() && line == "    " + std::string(method) + ":") {
                std::string upper(method);
                for (char& c : upper) c = static_cast<char>(c - 'a' + 'A');
                out.push_back(upper + " " + path);
            }
        if (line.starts_with("components:")) break;
    }
    return out;
}

}  // namespace

TEST_CASE("docs/openapi.yaml describes every route, and no other, in the same order", "[node]") {
    std::vector<std::string> served;
    for (const Route& route : routes())
        served.push_back(std::string(route.method) + " " + std::string(route.path));
    REQUIRE(served.size() > 10);
    REQUIRE(described() == served);
}

}  // namespace sampan::node
