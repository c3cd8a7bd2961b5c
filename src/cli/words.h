// Small phrases that several commands print.
#pragma once

#include "cli/console.h"
#include "cli/node.h"
#include "sampan/base/ids.h"
#include "sampan/base/time.h"

namespace sampan::cli {

// The first eight digits, which `sampan read` takes.
std::string short_id(const std::string& message_id);
// A time as the node gives it (RFC 3339 text or Unix milliseconds): "2021-03-01 09:00".
std::string when(const json& in, const char* key);
// "yes" or "no", green or red on a terminal.
std::string yes_no(const Console& console, bool yes);
// One line across the terminal (or 72 columns) with the marking in its middle: what stands on top and at the
// bottom of everything that is read.
std::string marking_line(const Console& console, std::string_view marking);
// "name    value" lines, the names padded alike; empty values are left out. Printable.
std::string fields(const std::vector<std::pair<std::string, std::string>>& list);
// The readers of a message that is to be, and why some may not read it.
Table readers_table(const json& readers);
// A query string: "?a=1&b=2", percent-encoded, empty values left out.
std::string query(const std::vector<std::pair<std::string, std::string>>& list);

// What changed between two registry epochs, a line each.
void print_registry_changes(Console& console, std::uint64_t from, std::uint64_t to,
                            const std::vector<std::string>& changes);

// What officers said of a message's copies, and what each agency still owes (commands_receipts.cpp).
void print_officers_receipts(Console& console, const json& recipients);

// What became of a briefing that was published, or would be (commands_publish.cpp).
void print_published(Console& console, const json& made, bool dry_run);

// A message as `sampan read` prints it: the marking on top and at the bottom.
void print_message(Console& console, const json& message);

}  // namespace sampan::cli
