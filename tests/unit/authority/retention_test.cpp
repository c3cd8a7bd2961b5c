#include "sampan/authority/retention.h"

#include "sampan/authority/drafts.h"
#include "sampan/authority/error.h"
#include "unit/authority/authority_support.h"

using namespace sampan;
using namespace sampan::test;

namespace {

constexpr char k_retention_toml[] = R"(event_days = 730

[level_days]
restricted = 365

[[hold]]
id = "case-17"
reason = "court order of 3 March"
agency = "th-rtp"
since = "2021-01-01"
)";

struct Made {
    Folder folder;
    std::string dir = folder.file("ajct");
    Made() {
        must(Authority::init(system_files(), dir, folder.write("exchange.toml", k_exchange_toml),
                             passphrase(), k_now, k_cheap));
    }
    Ed25519Key key() { return must(load_signer(system_files(), dir + "/authority.key", passphrase())); }
    Result<NewOrder> order(std::string_view toml) {
        return make_order(system_files(), dir, folder.write("retention.toml", toml), key(), k_now);
    }
};

}  // namespace

TEST_CASE("orders are numbered, signed, and lie beside the epochs") {
    Made made;
    const NewOrder first = must(made.order(k_retention_toml));
    CHECK(first.path == made.dir + "/epochs/0001.order");
    CHECK(first.changes.size() == 3);
    const SignedRetention read = must(open_retention(must(read_file(system_files(), first.path, 1 << 20))));
    const Authority authority = must(Authority::open_to_read(system_files(), made.dir));
    CHECK(check_retention(read, authority.chain().newest()->registry()).ok());
    CHECK(read.order.holds.front().since == must(parse_rfc3339("2021-01-01")));
    const auto again = made.order(k_retention_toml);
    CHECK(again.error().is(AuthorityError::no_change));
    const NewOrder second = must(made.order("event_days = 30\n"));
    CHECK(second.order.order.number == 2);
    CHECK(second.changes.back().find("case-17") != std::string::npos);
}

TEST_CASE("a retention file that makes no sense is refused with its line") {
    Made made;
    const auto refused = [&](std::string_view toml, std::string_view words) {
        const auto order = made.order(toml);
        REQUIRE_FALSE(order.ok());
        INFO(order.error().text());
        CHECK(order.error().text().find(words) != std::string::npos);
    };
    refused("event_days = 0\n", "retention.toml:1");
    refused("[level_days]\ntop = 3\n", "no level of the label policy");
    refused("[[hold]]\nid = \"Case\"\nreason = \"x\"\n", "retention.toml:2");
    refused("[[hold]]\nid = \"a\"\n", "reason");
    refused("[[hold]]\nid = \"a\"\nreason = \"x\"\nmessage = \"12\"\n", "32 hexadecimal");
    refused("[[hold]]\nid = \"a\"\nreason = \"x\"\nsince = \"2021-02-01\"\nuntil = \"2021-02-01\"\n",
            "not after since");
    refused("[[hold]]\nid = \"a\"\nreason = \"x\"\n[[hold]]\nid = \"a\"\nreason = \"y\"\n", "stands twice");
    refused("keep = 3\n", "keep");
}

TEST_CASE("an order of a stranger's key is not made, nor signed") {
    Made made;
    const std::string toml = made.folder.write("retention.toml", k_retention_toml);
    const Ed25519Key stranger = Ed25519Key::generate();
    CHECK(
        make_order(system_files(), made.dir, toml, stranger, k_now).error().is(AuthorityError::not_a_signer));
    const NewOrder order = must(made.order(k_retention_toml));
    CHECK(cosign_order(system_files(), made.dir, order.path, stranger)
              .error()
              .is(AuthorityError::not_a_signer));
}
