#include "sampan/log/log.h"
#include "support/catch.h"

using namespace sampan;

namespace {

LogEntry an_entry() {
    LogEntry entry;
    entry.type = EntryType::prekeys;
    entry.time_s = 1614589200;
    entry.subject = EntrySubject(sha256(as_bytes("subject")).array());
    return entry;
}
Bytes encoded() {
    return to_bytes(encode_log_entry(an_entry()).view());
}
bool refused(const Bytes& bytes) {
    const auto entry = decode_log_entry(bytes);
    return !entry.ok() && entry.error().is(LogError::bad_entry);
}

}  // namespace

TEST_CASE("an entry has 44 bytes in the order that the page gives") {
    const Bytes bytes = encoded();
    REQUIRE(bytes.size() == 44);
    CHECK(to_hex(ByteView(bytes).first(12)) == "0107000000000000603cad10");
    CHECK(to_hex(ByteView(bytes).subspan(12)) == sha256(as_bytes("subject")).hex());
}

TEST_CASE("an entry reads as it was written") {
    const auto entry = decode_log_entry(encoded());
    REQUIRE(entry.ok());
    CHECK(entry->type == EntryType::prekeys);
    CHECK(entry->time_s == 1614589200);
    CHECK(entry->subject == an_entry().subject);
}

TEST_CASE("every entry type but unknown ones is accepted, and each has a name of its own") {
    Bytes bytes = encoded();
    std::vector<std::string_view> names;
    for (unsigned type = 0; type < 256; ++type) {
        bytes[1] = static_cast<std::uint8_t>(type);
        CHECK(decode_log_entry(bytes).ok() == (type >= 1 && type <= 18));
        if (type >= 1 && type <= 18) names.push_back(entry_type_name(static_cast<EntryType>(type)));
    }
    std::sort(names.begin(), names.end());
    CHECK(std::adjacent_find(names.begin(), names.end()) == names.end());
}

TEST_CASE("an entry of another version, length or with reserved bytes is refused") {
    Bytes bytes = encoded();
    bytes[0] = 2;
    CHECK(refused(bytes));
    bytes = encoded();
    bytes[2] = 1;
    CHECK(refused(bytes));
    bytes = encoded();
    bytes[3] = 1;
    CHECK(refused(bytes));
    bytes = encoded();
    bytes.push_back(0);
    CHECK(refused(bytes));
    bytes = encoded();
    bytes.pop_back();
    CHECK(refused(bytes));
    CHECK(refused({}));
}

TEST_CASE("an entry with a time beyond the year 9999 is refused") {
    LogEntry entry = an_entry();
    entry.time_s = 253'402'300'799;
    CHECK(decode_log_entry(encode_log_entry(entry).view()).ok());
    entry.time_s = 253'402'300'800;
    CHECK(refused(to_bytes(encode_log_entry(entry).view())));
}

TEST_CASE("the subject of an erasable record is the hash of its salt and it") {
    const Bytes salt(16, 7);
    Bytes both = salt;
    append(both, as_bytes("record"));
    CHECK(salted_subject(salt, as_bytes("record")).hex() == sha256(both).hex());
    const Bytes other(16, 8);
    CHECK(salted_subject(salt, as_bytes("record")) != salted_subject(other, as_bytes("record")));
}
