// The audit log's formats (C2SP signed-note, tlog-checkpoint, tlog-tiles) and its entries. Pure but for the
// signer.
#pragma once

#include <string>

#include "sampan/crypto/merkle.h"
#include "sampan/identity/signer.h"
#include "sampan/log/error.h"

namespace sampan {

enum class EntryType : std::uint8_t {
    submitted = 1,
    refused = 2,
    delivered = 3,  // a node's signed list of outcomes, whatever they are
    rejected = 4,   // reserved for a single rejection outside a list
    receipt = 5,
    recall = 6,
    prekeys = 7,
    descriptor = 8,
    registry = 9,
    journal_anchor = 10,
    admin = 11,
    restore = 12,
    erasure = 13,
    hold = 14,
    audit_read = 15,
    gate_event = 16,
    outcome = 17,  // decided by the broker: withheld, expired, recalled
    refusal_summary = 18,
};
std::string_view entry_type_name(EntryType type);

using EntrySubject = FixedBytes<struct EntrySubjectTag, 32>;
// u8 version (1) || u8 type || u16 0 || u64 time, in whole seconds since 1970 || subject (32): 44 bytes.
struct LogEntry {
    EntryType type = EntryType::submitted;
    std::uint64_t time_s = 0;
    EntrySubject subject;
};
inline constexpr std::size_t k_log_entry_bytes = 44;
using LogEntryBytes = FixedBytes<struct LogEntryTag, k_log_entry_bytes>;
LogEntryBytes encode_log_entry(const LogEntry& entry);
Result<LogEntry> decode_log_entry(ByteView bytes);
inline MerkleHash log_leaf(const LogEntry& entry) {
    return merkle_leaf_hash(encode_log_entry(entry).view());
}
inline constexpr std::size_t k_entry_salt_bytes = 16;
// SHA-256(salt (16) || record): for low-entropy records that may be erased.
EntrySubject salted_subject(ByteView salt, ByteView record);

// --- C2SP signed-note: text, blank line, signature lines "— name base64(key id 4 || signature)".
using NoteKeyId = FixedBytes<struct NoteKeyIdTag, 4>;
struct NoteKey {
    std::string name;
    Ed25519PublicKey key;
    NoteKeyId id() const;      // first 4 bytes of SHA-256(name || 0x0A || 0x01 || key)
    std::string text() const;  // vkey: "name+hex id+base64(0x01 || key)"
    static Result<NoteKey> parse(std::string_view vkey);
};
struct NoteSignature {
    std::string name;
    NoteKeyId id;
    Bytes signature;  // without the id
};
struct Note {
    std::string text;  // ends with a newline
    std::vector<NoteSignature> signatures;
    static Result<Note> parse(std::string_view note);
    std::string encode() const;
};
// `bad_note` unless exactly the named key signed the text; unknown lines are ignored, two by the same key are
// refused.
Status verify_note(const Note& note, const NoteKey& key);

// --- C2SP tlog-checkpoint: origin, size, base64 root, and extension lines, which we read and never write.
struct Checkpoint {
    std::string origin;
    TreeSize size;
    MerkleHash root;
    std::vector<std::string> extensions = {};  // opaque; not empty, without newlines
    std::string text() const;
    // Any log's; what else this exchange's logs keep to, verify_checkpoint says.
    static Result<Checkpoint> parse(std::string_view text);
};
Result<std::string> sign_checkpoint(const Checkpoint& checkpoint, const std::string& key_name,
                                    const Signer& log_key);
// Of a log of this exchange. Parses, verifies the log's signature and the origin, refuses extension lines:
// what no monitor can check has no place under our witnesses' signatures.
Result<Checkpoint> verify_checkpoint(std::string_view note, const std::string& origin,
                                     const Ed25519PublicKey& log_key);

}  // namespace sampan
