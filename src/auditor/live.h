// Taking an export from a running broker over an auditor's session.
#pragma once

#include "sampan/base/file.h"
#include "sampan/crypto/ed25519.h"
#include "sampan/transport/dealer.h"

namespace sampan {

struct LiveExportOptions {
    DealerOptions dealer;
    ExchangeName exchange;
    AgencyId auditor;
    const Ed25519Key* signing_key = nullptr;  // outlives the call
    Bytes first_epoch;                        // the trusted epoch file
    std::int64_t patience_ms = 10'000;        // without any answer
};

// Fetches every epoch, every entry below the newest checkpoint and that checkpoint, and writes them to `out`
// (empty). Nothing is believed here: ExportAudit checks the file afterwards. Gives the number of entries.
Result<std::uint64_t> export_live(LiveExportOptions options, File& out, const Clock& clock);

}  // namespace sampan
