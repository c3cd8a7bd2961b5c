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
    auto writer = ExportWriter::begin(copy);
    fuzz::hold(writer.ok(), "an export begins");
    for (;;) {
        const auto item = reader->next();
        if (!item.ok()) return;
        if (!item->has_value()) break;
        const ByteView payload = (*item)->payload;
        switch ((*item)->kind) {
            case ExportItemKind::epoch:
                fuzz::hold(writer->epoch(payload).ok(), "an epoch is written");
                break;
            case ExportItemKind::first: {
                std::uint64_t index = 0;
                for (const std::uint8_t byte : payload) index = index << 8 | byte;
                fuzz::hold(writer->first(LeafIndex(index)).ok(), "a first index is written");
                break;
            }
            case ExportItemKind::entry:
                fuzz::hold(
                    writer->entry(payload.first(k_log_entry_bytes), payload.subspan(k_log_entry_bytes)).ok(),
                    "an entry is written");
                break;
            case ExportItemKind::checkpoint:
                fuzz::hold(writer->finish(as_text(payload)).ok(), "a checkpoint is written");
                break;
        }
    }
    fuzz::same(copy.bytes, in, "an export is written as it was read");
}

void audit(ByteView trust_bytes, ByteView in) {
    AuditOptions options;
    if (const auto trust = Sha256Digest::parse(trust_bytes); trust.ok()) options.trust = *trust;
    options.keep_rows = true;
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
