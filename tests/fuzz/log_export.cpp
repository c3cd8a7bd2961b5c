// A log export, as an auditor has it from anyone: the file's items, and the whole audit of it. No export that
// a key did not sign passes.
#include "auditor/audit.h"
#include "fuzz/fuzz.h"

using namespace sampan;

namespace {

void items(ByteView in) {
    fuzz::MemoryFile file(to_bytes(in));
    auto reader = ExportReader::begin(file);
    if (!reader.ok()) return;
    fuzz::MemoryFile copy;
    auto writer = ExportWriter::begin(copy, reader->scope());
    fuzz::hold(writer.ok(), "an export begins");
    for (;;) {
        const auto item = reader->next();
        if (!item.ok()) return;
        if (!item->has_value()) break;
        const ExportItem& read = **item;
        if (read.kind == ExportItemKind::first)
            fuzz::round_trip(read.payload, "the edge before an export has one form", decode_export_first,
                             encode_export_first);
        if (read.kind == ExportItemKind::known)
            fuzz::round_trip(read.payload, "a known descriptor has one form", decode_known_descriptor,
                             encode_known_descriptor);
        if (read.kind == ExportItemKind::checkpoint) {
            fuzz::hold(writer->finish(as_text(read.payload)).ok(), "a checkpoint is written");
        } else {
            fuzz::hold(writer->item(read).ok(), "an item is written");
        }
    }
    fuzz::same(copy.bytes, in, "an export is written as it was read");
}

void audit(ByteView trust_bytes, ByteView in) {
    AuditOptions options;
    if (const auto trust = Sha256Digest::parse(trust_bytes); trust.ok()) options.trust = *trust;
    options.on_row = [](const AuditedRow& row) {
        fuzz::hold(!row.summary.empty(), "an entry says something");
    };
    ExportAudit made(std::move(options));
    fuzz::MemoryFile file(to_bytes(in));
    if (!made.read(file).ok()) return;
    fuzz::hold(!made.report().steps.empty(), "an audit says what it did");
    fuzz::hold(!made.report().ok() || made.report().findings.empty(), "an audit with findings does not pass");
}

}  // namespace

SAMPAN_FUZZ_TARGET {
    items(in);
    fuzz::Input input(in);
    const ByteView trust = input.take(32);
    const ByteView rest = input.rest();
    items(rest);
    audit(trust, rest);
}
