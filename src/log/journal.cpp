#include "sampan/log/journal.h"

#include "sampan/base/encode.h"

namespace sampan {
namespace {

constexpr std::uint8_t k_version = 1;
constexpr std::uint16_t k_journal_mark = 1;
constexpr std::uint64_t k_latest_time_s = 253'402'300'799;  // 9999-12-31T23:59:59Z

Error bad(std::string why) {
    return Error(LogError::bad_entry, std::move(why));
}

// At most `limit` bytes, never half a character.
std::string_view cut(std::string_view text, std::size_t limit) {
    if (text.size() <= limit) return text;
    while (limit > 0 && (static_cast<unsigned char>(text[limit]) & 0xc0) == 0x80) --limit;
    return text.substr(0, limit);
}

}  // namespace

std::string_view journal_event_name(JournalEvent event) {
    static constexpr std::array<std::string_view, 35> k_names = {"unknown",
                                                                 "started",
                                                                 "sign_in",
                                                                 "sign_in_failed",
                                                                 "sign_out",
                                                                 "draft",
                                                                 "release",
                                                                 "release_refused",
                                                                 "send",
                                                                 "refused",
                                                                 "receive",
                                                                 "rejected",
                                                                 "read",
                                                                 "export",
                                                                 "print",
                                                                 "attachment_saved",
                                                                 "key_used",
                                                                 "key_locked",
                                                                 "prekey_destroyed",
                                                                 "settings",
                                                                 "registry_accepted",
                                                                 "journal_read",
                                                                 "officer_changed",
                                                                 "acknowledged",
                                                                 "recalled",
                                                                 "log_conflict",
                                                                 "ended",
                                                                 "acted",
                                                                 "destroyed",
                                                                 "recall_refused",
                                                                 "backed_up",
                                                                 "restored",
                                                                 "log_began_again",
                                                                 "passed_on",
                                                                 "relabelled"};
    const auto number = static_cast<std::size_t>(event);
    return number < k_names.size() ? k_names[number] : k_names[0];
}

JournalEntry encode_journal_entry(const JournalNote& note, std::uint64_t time_s, const JournalSalt& salt) {
    Writer record;
    record.raw(salt.view()).lp(cut(note.officer, k_officer_bytes)).u8(note.message ? 1 : 0);
    if (note.message) record.raw(note.message->view());
    JournalEntry out;
    out.record = std::move(record.lp(cut(note.detail, k_journal_detail_bytes))).bytes();
    const Bytes entry = Writer(k_log_entry_bytes)
                            .u8(k_version)
                            .u8(static_cast<std::uint8_t>(note.event))
                            .u16(k_journal_mark)
                            .u64(time_s)
                            .raw(sha256(out.record).view())
                            .bytes();
    std::copy(entry.begin(), entry.end(), out.entry.mutable_view().begin());
    return out;
}

Result<ReadJournalEntry> decode_journal_entry(ByteView entry, ByteView record) {
    if (entry.size() != k_log_entry_bytes) return bad("an entry of a journal has 44 bytes");
    Reader in(entry);
    ReadJournalEntry out;
    SAMPAN_ASSIGN(const std::uint8_t version, in.u8());
    SAMPAN_ASSIGN(const std::uint8_t event, in.u8());
    SAMPAN_ASSIGN(const std::uint16_t mark, in.u16());
    SAMPAN_ASSIGN(out.time_s, in.u64());
    out.note.event = static_cast<JournalEvent>(event);
    if (version != k_version || mark != k_journal_mark || out.time_s > k_latest_time_s ||
        journal_event_name(out.note.event) == "unknown")
        return bad("this is no entry of a journal");
    out.record_present = !record.empty();
    if (!out.record_present) return out;
    SAMPAN_ASSIGN(const ByteView subject, in.raw(Sha256Digest::k_size));
    const Sha256Digest hash = sha256(record);
    if (!std::equal(subject.begin(), subject.end(), hash.view().begin()))
        return bad("the record is not the one of this entry");
    Reader fields(record);
    SAMPAN_ASSIGN([[maybe_unused]] const ByteView salt, fields.raw(k_entry_salt_bytes));
    SAMPAN_ASSIGN(const ByteView officer, fields.lp(k_officer_bytes));
    out.note.officer = std::string(as_text(officer));
    SAMPAN_ASSIGN(const std::uint8_t about, fields.u8());
    if (about > 1) return bad("a record of a journal is malformed");
    if (about == 1) {
        SAMPAN_ASSIGN(const ByteView id, fields.raw(MessageId::k_size));
        SAMPAN_ASSIGN(out.note.message, MessageId::parse(id));
    }
    SAMPAN_ASSIGN(const ByteView detail, fields.lp(k_journal_detail_bytes));
    out.note.detail = std::string(as_text(detail));
    SAMPAN_TRY(fields.finish());
    return out;
}

std::string journal_origin(const AgencyId& agency, const ExchangeName& exchange) {
    return agency.text() + "." + exchange.text() + "/journal";
}

Result<JournalAnchor> sign_journal_head(const Checkpoint& head, const Signer& witness) {
    SAMPAN_ASSIGN(const Ed25519Signature signature, witness.sign_checkpoint(as_bytes(head.text())));
    return JournalAnchor{head, signature};
}

Result<Checkpoint> verify_journal_head(std::string_view text, const Ed25519Signature& signature,
                                       const std::string& origin, const Ed25519PublicKey& witness) {
    SAMPAN_ASSIGN(Checkpoint head, Checkpoint::parse(text));
    if (head.origin != origin || !head.extensions.empty())
        return Error(LogError::bad_checkpoint,
                     "this is the head of \"" + head.origin + "\", not of \"" + origin + "\"");
    if (!verify_ed25519(witness, as_bytes(text), signature).ok())
        return Error(LogError::bad_note, "the head of the journal is not signed by its node's witness key");
    return head;
}

}  // namespace sampan
