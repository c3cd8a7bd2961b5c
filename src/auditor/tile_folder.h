// A log as C2SP tlog-tiles lays it out in a folder: "checkpoint", "tile/<level>/…", "tile/entries/…". Written
// from an export, and checked with nothing but the log's key: any log of the format, not only an exchange's.
// Memory does not grow with the log.
#pragma once

#include "auditor/audit_report.h"
#include "sampan/base/file.h"
#include "sampan/log/export.h"

namespace sampan {

// `folder` must not exist. The export must be whole (from entry 0); it is not verified here.
Result<TreeSize> write_tile_folder(FileSystem& files, File& export_file, const std::string& folder);

struct TileAuditOptions {
    NoteKey log;
    std::optional<std::string> earlier;  // a checkpoint held from before
    WitnessSet witnesses;                // none: cosignatures are not looked at
};
// Recomputes every tile and the root from the entries. An Error only when the folder cannot be read at all.
Result<AuditReport> audit_tile_folder(FileSystem& files, const std::string& folder,
                                      const TileAuditOptions& options);

}  // namespace sampan
