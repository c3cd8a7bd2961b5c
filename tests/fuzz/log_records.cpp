// What stands beside a log's entry, of every type of entry: as a store reads it back, and as an auditor is
// given it.
#include "fuzz/fuzz.h"
#include "sampan/base/encode.h"
#include "sampan/store/broker_store.h"

using namespace sampan;

SAMPAN_FUZZ_TARGET {
    fuzz::Input input(in);
    const auto type = static_cast<EntryType>(input.u8());
    const ByteView record = input.rest();
    const auto subject = subject_of_record(type, record);
    fuzz::hold(subject.ok() || subject.error().name() != "unknown", "a refusal has a name");
    const auto message = decode_message_record(type, record);
    if (!message.ok()) return;
    Bytes out = encode_message_record(message->seal, message->signature);
    if (type == EntryType::refused) append(out, Writer().lp(message->answer).bytes());
    fuzz::same(out, record, "a record is written as it was read");
}
