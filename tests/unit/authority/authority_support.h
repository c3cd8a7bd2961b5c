// A folder that goes away, a small exchange file, and agencies made with keys that are quick to open.
#pragma once

#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "sampan/authority/agencies_file.h"
#include "support/catch.h"
#include "support/exchange.h"

namespace sampan::test {

inline constexpr KeyFileCost k_cheap{1, 8};

inline SecretBuffer passphrase(std::string_view text = "correct horse") {
    return SecretBuffer::copy_of(as_bytes(text));
}

class Folder {
  public:
    Folder() {
        std::string name = (std::filesystem::temp_directory_path() / "sampan-authority-XXXXXX").string();
        REQUIRE(::mkdtemp(name.data()) != nullptr);
        path_ = name;
    }
    Folder(const Folder&) = delete;
    Folder& operator=(const Folder&) = delete;
    ~Folder() { std::filesystem::remove_all(path_); }
    std::string file(const std::string& name) const { return path_ + "/" + name; }
    std::string write(const std::string& name, std::string_view text) const {
        std::ofstream(file(name), std::ios::binary) << text;
        return file(name);
    }
    std::string read(const std::string& name) const {
        std::ifstream in(file(name), std::ios::binary);
        return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
    }

  private:
    std::string path_;
};

// Line numbers matter to the tests: add at the end.
inline const std::string k_exchange_toml = R"([exchange]
name = "ajct.example"
valid_days = 30
witness_quorum = 2

[policy]
id = "sample"
version = 1
title = "Sample"
release_threshold = "secret"

[[policy.level]]
id = "restricted"
rank = 1
title = "RESTRICTED"

[[policy.level]]
id = "secret"
rank = 2
title = "SECRET"

[[policy.category]]
tag = "compartment"
type = "restrictive"
title = "Compartment"
values = ["cyber", "ct"]

[[policy.handling]]
scheme = "tlp"
codes = ["CLEAR", "GREEN", "AMBER", "AMBER+STRICT", "RED"]

[[dialogue]]
id = "ajct-12"
title = "12th dialogue"
host = "jp-npa"
submission_deadline = "2021-02-20T12:00:00Z"
begins = "2021-03-09"
ends = "2021-03-10"
participants = ["th-rtp", "jp-npa", "my-rmp"]
sister = "ajcc-4"

[[dialogue]]
id = "ajcc-4"
title = "4th dialogue"
host = "th-rtp"
submission_deadline = "2021-02-20"
begins = "2021-03-11"
ends = "2021-03-12"
participants = ["th-rtp", "my-rmp"]
sister = "ajct-12"
)";

inline AgencyPlan plan_of(std::string_view id, std::string_view exchange = "ajct.example") {
    return {agency_id(id),
            must(ExchangeName::parse(exchange)),
            {{"en", "Agency " + std::string(id)}},
            "SG",
            MemberKind::member_state};
}

}  // namespace sampan::test
