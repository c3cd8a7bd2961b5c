// sampan-node's one owner thread: store, core, connection; and what feeds it.
#pragma once

#include "node/settings.h"

namespace sampan::node {

// Runs until SIGTERM or SIGINT; an Error is why it could not start or had to stop.
Status run_daemon(const Settings& settings);
// Reads everything and opens nothing: settings, keys, registry.
Status check_start(const Settings& settings);

}  // namespace sampan::node
