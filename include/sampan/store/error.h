// Failures of the store layer. None is retried: whoever sees `io_error` or `damaged` stops by name.
#pragma once

#include <string_view>

#include "sampan/base/result.h"

namespace sampan {

enum class StoreError {
    locked_by_another_process,
    disk_full,
    damaged,         // the store contradicts itself, or is no store of ours
    io_error,        // the machine could not read or write; what was promised is unknown from here on
    cannot_open,     // missing folder, no permission
    unknown_format,  // made by another program or by a later version
    conflict,        // a row is there already, or the compare-and-swap found another head
    not_found,
    library,
    backup_damaged,    // not what was written, or no backup
    backup_wrong_key,  // this passphrase or key does not open it
    backup_refused,    // of another exchange or owner, or there is data in its way
};
constexpr std::string_view error_name(StoreError e) {
    switch (e) {
        case StoreError::locked_by_another_process:
            return "locked_by_another_process";
        case StoreError::disk_full:
            return "disk_full";
        case StoreError::damaged:
            return "store_damaged";
        case StoreError::io_error:
            return "store_io_error";
        case StoreError::cannot_open:
            return "store_cannot_open";
        case StoreError::unknown_format:
            return "store_unknown_format";
        case StoreError::conflict:
            return "store_conflict";
        case StoreError::not_found:
            return "store_not_found";
        case StoreError::library:
            return "store_library";
        case StoreError::backup_damaged:
            return "backup_damaged";
        case StoreError::backup_wrong_key:
            return "backup_wrong_key";
        case StoreError::backup_refused:
            return "backup_refused";
    }
    return "unknown";
}

}  // namespace sampan
