// Retention orders: the authority writes retention.toml, signs the next order, and puts it beside the epochs,
// where brokers look. Files only; one process at a time on a folder.
//
//   DIR/retention.toml          event_days, [level_days], [[hold]]
//   DIR/epochs/0001.order       the orders, from the first on
#pragma once

#include "sampan/authority/authority.h"
#include "sampan/identity/retention.h"

namespace sampan {

std::string order_path(const std::string& folder, std::uint64_t number);

// What retention.toml says; its number, exchange and time are not filled. Errors carry file, line and reason.
Result<RetentionOrder> parse_retention_file(std::string_view text, const std::string& path);

struct NewOrder {
    SignedRetention order;
    std::string path;
    std::vector<std::string> changes;  // against the order before, in words
    std::uint32_t signatures_needed = 1;
};
// The newest order of the folder; none: no order was made yet.
Result<std::optional<SignedRetention>> newest_order(FileSystem& files, const std::string& folder);
// The next order, as `toml_path` says, signed by `key`. `no_change` when it says what the newest does,
// `not_a_signer` for a key that is none of the newest epoch's, `bad_file` for levels that the policy does not
// have.
Result<NewOrder> make_order(FileSystem& files, const std::string& folder, const std::string& toml_path,
                            const Ed25519Key& key, UnixMillis now);
// Another signature on an order, which is replaced by the signed one.
Result<NewOrder> cosign_order(FileSystem& files, const std::string& folder, const std::string& path,
                              const Ed25519Key& key);

}  // namespace sampan
