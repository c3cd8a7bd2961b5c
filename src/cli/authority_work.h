// What the commands of `sampan authority` share: their options, and the making of the next epoch.
#pragma once

#include <functional>

#include "cli/app.h"
#include "sampan/authority/drafts.h"

namespace sampan::cli {

struct AuthorityOptions {
    std::string folder, exchange_file, card, agency, clearance, ceiling, key, name;
    std::vector<std::string> requests;
    std::vector<std::uint64_t> epochs;
    std::uint32_t threshold = 0;
    PassphraseSource passphrase;
    bool exercise_keys = false, await_confirmation = false;
};
using AuthorityOptionsPtr = std::shared_ptr<AuthorityOptions>;

void print_epoch(Console& console, const NewEpoch& made);
// Opens with the key, lets `change` make its changes, signs the next epoch or drafts it.
Result<int> next_epoch(Console& console, const AuthorityOptions& o,
                       const std::function<Status(Authority&, UnixMillis)>& change);
// A command that takes the authority's folder and passphrase.
CLI::App* changing_command(CLI::App& parent, const AuthorityOptionsPtr& o, const char* name, const char* what,
                           const std::vector<std::string>& examples);

// signer, add-signer, remove-signer, threshold, sign, publish, withdraw, diff
void add_signer_commands(App& app, CLI::App& authority);
// retention, retention-sign
void add_retention_commands(App& app, CLI::App& authority);

}  // namespace sampan::cli
