// The records beside the log's entries (PROTOCOL.md, section 11).
#include "sampan/base/encode.h"
#include "sampan/envelope/signed_list.h"
#include "sampan/store/broker_store.h"

namespace sampan {
namespace {

template <typename Digest>
EntrySubject subject_from(const Digest& digest) {
    return EntrySubject(digest.array());
}

}  // namespace

Bytes encode_message_record(ByteView seal, const Ed25519Signature& signature) {
    Writer out(4 + seal.size() + Ed25519Signature::k_size);
    out.lp(seal).raw(signature.view());
    return std::move(out).bytes();
}

Result<MessageRecord> decode_message_record(EntryType type, ByteView record) {
    Reader in(record);
    MessageRecord out;
    SAMPAN_ASSIGN(out.seal, in.lp(limits::k_seal_bytes));
    SAMPAN_ASSIGN(ByteView signature, in.raw(Ed25519Signature::k_size));
    SAMPAN_ASSIGN(out.signature, Ed25519Signature::parse(signature));
    if (type == EntryType::refused) {
        SAMPAN_ASSIGN(out.answer, in.lp(k_list_item_bytes));
    }
    SAMPAN_TRY(in.finish());
    return out;
}

Result<EntrySubject> subject_of_record(EntryType type, ByteView record) {
    switch (type) {
        case EntryType::submitted:
        case EntryType::refused: {
            SAMPAN_ASSIGN(MessageRecord message, decode_message_record(type, record));
            return subject_from(message_subject(message.seal, message.signature));
        }
        case EntryType::delivered:
        case EntryType::outcome: {
            SAMPAN_ASSIGN(SignedList list, decode_signed_list(record));
            return subject_from(list.hash());
        }
        case EntryType::prekeys:
        case EntryType::descriptor:
        case EntryType::journal_anchor: {
            Reader in(record);
            SAMPAN_ASSIGN(ByteView statement, in.lp(limits::k_statement_bytes));
            return subject_from(sha256(statement));
        }
        default:
            // Salted records carry their salt in front; what was hashed is all of it.
            return subject_from(sha256(record));
    }
}

}  // namespace sampan
