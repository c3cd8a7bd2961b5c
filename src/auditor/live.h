// Taking an export from a running broker over an auditor's session.
#pragma once

#include "sampan/log/export.h"
#include "sampan/transport/dealer.h"

namespace sampan {

struct LiveExportOptions {
    DealerOptions dealer;
    ExchangeName exchange;
    AgencyId auditor;
    const Ed25519Key* signing_key = nullptr;  // outlives the call
    Bytes first_epoch;                        // the trusted epoch file
    TreeSize from;                            // entries below are not fetched; their tree's edge is
    std::int64_t patience_ms = 10'000;        // without any answer
};

// Gives every epoch, the entries from `from` to the newest checkpoint, and that checkpoint. Nothing is
// believed here: ExportAudit checks what it is given. Returns the number of entries.
Result<std::uint64_t> read_live(LiveExportOptions options, const ExportSink& sink, const Clock& clock);
// The same into `out` (empty).
Result<std::uint64_t> export_live(LiveExportOptions options, File& out, const Clock& clock);

}  // namespace sampan
