#include "sampan/base/encode.h"
#include "sampan/log/log.h"

namespace sampan {
namespace {

constexpr std::uint8_t k_entry_version = 1;
constexpr std::uint64_t k_latest_time_s = 253'402'300'799;  // 9999-12-31T23:59:59Z

Error bad(std::string why) {
    return Error(LogError::bad_entry, std::move(why));
}

}  // namespace

std::string_view entry_type_name(EntryType type) {
    switch (type) {
        case EntryType::submitted:
            return "submitted";
        case EntryType::refused:
            return "refused";
        case EntryType::delivered:
            return "delivered";
        case EntryType::rejected:
            return "rejected";
        case EntryType::receipt:
            return "receipt";
        case EntryType::recall:
            return "recall";
        case EntryType::prekeys:
            return "prekeys";
        case EntryType::descriptor:
            return "descriptor";
        case EntryType::registry:
            return "registry";
        case EntryType::journal_anchor:
            return "journal_anchor";
        case EntryType::admin:
            return "admin";
        case EntryType::restore:
            return "restore";
        case EntryType::erasure:
            return "erasure";
        case EntryType::hold:
            return "hold";
        case EntryType::audit_read:
            return "audit_read";
        case EntryType::gate_event:
            return "gate_event";
        case EntryType::outcome:
            return "outcome";
        case EntryType::refusal_summary:
            return "refusal_summary";
    }
    return "unknown";
}

LogEntryBytes encode_log_entry(const LogEntry& entry) {
    const Bytes bytes = Writer(k_log_entry_bytes)
                            .u8(k_entry_version)
                            .u8(static_cast<std::uint8_t>(entry.type))
                            .u16(0)
                            .u64(entry.time_s)
                            .raw(entry.subject.view())
                            .bytes();
    LogEntryBytes out;
    SAMPAN_ASSERT(bytes.size() == out.view().size());
    std::copy(bytes.begin(), bytes.end(), out.mutable_view().begin());
    return out;
}

Result<LogEntry> decode_log_entry(ByteView bytes) {
    if (bytes.size() != k_log_entry_bytes)
        return bad("an entry has 44 bytes, not " + std::to_string(bytes.size()));
    Reader reader(bytes);
    SAMPAN_ASSIGN(const std::uint8_t version, reader.u8());
    if (version != k_entry_version) return bad("version " + std::to_string(version) + " is unknown");
    SAMPAN_ASSIGN(const std::uint8_t type, reader.u8());
    LogEntry entry;
    entry.type = static_cast<EntryType>(type);
    if (entry_type_name(entry.type) == "unknown") return bad("type " + std::to_string(type) + " is unknown");
    SAMPAN_ASSIGN(const std::uint16_t reserved, reader.u16());
    if (reserved != 0) return bad("reserved bytes are not zero");
    SAMPAN_ASSIGN(entry.time_s, reader.u64());
    if (entry.time_s > k_latest_time_s) return bad("its time is out of range");
    SAMPAN_ASSIGN(const ByteView subject, reader.raw(EntrySubject::k_size));
    SAMPAN_ASSIGN(entry.subject, EntrySubject::parse(subject));
    return entry;
}

EntrySubject salted_subject(ByteView salt, ByteView record) {
    SAMPAN_ASSERT(salt.size() == k_entry_salt_bytes);
    return EntrySubject(sha256({salt, record}).array());
}

}  // namespace sampan
