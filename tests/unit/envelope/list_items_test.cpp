#include "sampan/crypto/random.h"
#include "sampan/envelope/signed_list.h"
#include "sampan/wire/strict.h"
#include "support/catch.h"
#include "support/exchange.h"
#include "wire/message.pb.h"

using namespace sampan;
using test::must;

namespace {

Answer an_acceptance() {
    Answer answer;
    answer.sender = test::agency_id("jp-npa");
    answer.message_id = random_bytes<MessageId>();
    answer.subject = random_bytes<MessageSubject>();
    answer.leaf_index = LeafIndex(0);
    answer.time = test::k_now;
    answer.epoch = Epoch(1);
    return answer;
}
Answer a_refusal() {
    Answer answer = an_acceptance();
    answer.code = AnswerCode::refused;
    answer.reason = "not_entitled";
    answer.detail = "TH-RTP is cleared to RESTRICTED";
    answer.leaf_index.reset();
    return answer;
}
Outcome an_outcome(OutcomeCode code, std::string reason) {
    Outcome outcome;
    outcome.subject = random_bytes<MessageSubject>();
    outcome.code = code;
    outcome.reason = std::move(reason);
    outcome.time = test::k_now;
    if (code > OutcomeCode::rejected) outcome.recipient = test::agency_id("th-rtp");
    return outcome;
}
bool accepted(const Answer& answer) {
    return decode_answer(encode_answer(answer)).ok();
}
bool refused(const Answer& answer) {
    const auto read = decode_answer(encode_answer(answer));
    return !read.ok() && read.error().is(EnvelopeError::bad_list);
}
bool accepted(const Outcome& outcome) {
    return decode_outcome(encode_outcome(outcome)).ok();
}
bool refused(const Outcome& outcome) {
    const auto read = decode_outcome(encode_outcome(outcome));
    return !read.ok() && read.error().is(EnvelopeError::bad_list);
}
template <typename Change>
Answer changed(Answer answer, Change change) {
    change(answer);
    return answer;
}

}  // namespace

TEST_CASE("an acceptance reads as it was written") {
    Answer answer = an_acceptance();
    for (const std::uint64_t leaf : {std::uint64_t{0}, std::uint64_t{5}, k_largest_tree - 1}) {
        answer.leaf_index = LeafIndex(leaf);
        const Answer read = must(decode_answer(encode_answer(answer)));
        CHECK(read.sender == answer.sender);
        CHECK(read.message_id == answer.message_id);
        CHECK(read.subject == answer.subject);
        CHECK(read.code == AnswerCode::accepted);
        CHECK(read.reason.empty());
        CHECK(read.leaf_index == answer.leaf_index);
        CHECK(read.time == answer.time);
        CHECK(read.epoch == answer.epoch);
    }
}

TEST_CASE("a refusal reads as it was written, with or without a place in the log") {
    Answer answer = a_refusal();
    const Answer read = must(decode_answer(encode_answer(answer)));
    CHECK(read.code == AnswerCode::refused);
    CHECK(read.reason == "not_entitled");
    CHECK(read.detail == answer.detail);
    CHECK_FALSE(read.leaf_index.has_value());
    answer.leaf_index = LeafIndex(9);
    CHECK(must(decode_answer(encode_answer(answer))).leaf_index == LeafIndex(9));
}

TEST_CASE("an acceptance has no reason or detail and names its leaf; a refusal has its reason") {
    CHECK(refused(changed(an_acceptance(), [](Answer& a) { a.reason = "why"; })));
    CHECK(refused(changed(an_acceptance(), [](Answer& a) { a.detail = "why"; })));
    CHECK(refused(changed(an_acceptance(), [](Answer& a) { a.leaf_index.reset(); })));
    CHECK(refused(changed(a_refusal(), [](Answer& a) { a.reason.clear(); })));
    CHECK(accepted(changed(a_refusal(), [](Answer& a) { a.detail.clear(); })));
}

TEST_CASE("an answer without a code, sender, time or epoch is refused") {
    CHECK(refused(changed(a_refusal(), [](Answer& a) { a.code = AnswerCode{0}; })));
    CHECK(refused(changed(a_refusal(), [](Answer& a) { a.code = AnswerCode{3}; })));
    CHECK(refused(changed(a_refusal(), [](Answer& a) { a.sender = AgencyId(); })));
    CHECK(refused(changed(a_refusal(), [](Answer& a) { a.time = UnixMillis(0); })));
    CHECK(refused(changed(a_refusal(), [](Answer& a) { a.time = UnixMillis(-1); })));
    CHECK(refused(changed(a_refusal(), [](Answer& a) { a.epoch = Epoch(0); })));
}

TEST_CASE("a leaf index beyond the largest tree is refused") {
    CHECK(refused(changed(an_acceptance(), [](Answer& a) { a.leaf_index = LeafIndex(k_largest_tree); })));
}

TEST_CASE("a reason is a name of at most 64 letters") {
    CHECK(accepted(changed(a_refusal(), [](Answer& a) { a.reason = std::string(64, 'a'); })));
    CHECK(refused(changed(a_refusal(), [](Answer& a) { a.reason = std::string(65, 'a'); })));
    CHECK(refused(changed(a_refusal(), [](Answer& a) { a.reason = "Not entitled"; })));
    CHECK(refused(changed(a_refusal(), [](Answer& a) { a.reason = "not\nentitled"; })));
}

TEST_CASE("a detail is cut to its bound at a whole character, and replaced when it is not text") {
    Answer answer = a_refusal();
    answer.detail = std::string(255, 'a') + "é";
    CHECK(must(decode_answer(encode_answer(answer))).detail == std::string(255, 'a'));
    answer.detail = std::string(254, 'a') + "é";
    CHECK(must(decode_answer(encode_answer(answer))).detail == answer.detail);
    answer.detail = "\xff\xfe";
    CHECK(must(decode_answer(encode_answer(answer))).detail == "the detail is not text");
    answer.detail = std::string(1000, '\x80');
    CHECK(accepted(answer));
}

TEST_CASE("the largest answer fits the bound of an item") {
    Answer answer = a_refusal();
    answer.sender = test::agency_id(std::string(32, 'a'));
    answer.reason = std::string(64, 'a');
    answer.detail = std::string(256, 'a');
    answer.leaf_index = LeafIndex(k_largest_tree - 1);
    answer.time = UnixMillis(253'402'300'799'999);
    answer.epoch = Epoch(UINT64_MAX);
    CHECK(encode_answer(answer).size() <= k_list_item_bytes);
    CHECK(accepted(answer));
}

TEST_CASE("outcomes read as they were written") {
    for (const auto& outcome :
         {an_outcome(OutcomeCode::delivered, ""), an_outcome(OutcomeCode::rejected, "unopenable"),
          an_outcome(OutcomeCode::withheld, "not_entitled"), an_outcome(OutcomeCode::expired, ""),
          an_outcome(OutcomeCode::recalled, "")}) {
        const Outcome read = must(decode_outcome(encode_outcome(outcome)));
        CHECK(read.subject == outcome.subject);
        CHECK(read.code == outcome.code);
        CHECK(read.reason == outcome.reason);
        CHECK(read.time == outcome.time);
        CHECK(read.recipient == outcome.recipient);
    }
}

TEST_CASE("an outcome names whose copy it was where the broker decided, and only there") {
    for (const auto code : {OutcomeCode::withheld, OutcomeCode::expired, OutcomeCode::recalled}) {
        Outcome outcome = an_outcome(code, "");
        CHECK(accepted(outcome));
        outcome.recipient.reset();
        CHECK(refused(outcome));
    }
    Outcome delivered = an_outcome(OutcomeCode::delivered, "");
    delivered.recipient = test::agency_id("th-rtp");
    CHECK(refused(delivered));
    Outcome rejected = an_outcome(OutcomeCode::rejected, "unopenable");
    rejected.recipient = test::agency_id("th-rtp");
    CHECK(refused(rejected));
}

TEST_CASE("a delivery has no reason and a rejection has one") {
    CHECK(refused(an_outcome(OutcomeCode::delivered, "why")));
    CHECK(refused(an_outcome(OutcomeCode::rejected, "")));
    CHECK(refused(an_outcome(OutcomeCode::rejected, "Why?")));
}

TEST_CASE("an outcome without a code or time is refused") {
    CHECK(refused(an_outcome(OutcomeCode{0}, "")));
    CHECK(refused(an_outcome(OutcomeCode{6}, "")));
    Outcome outcome = an_outcome(OutcomeCode::delivered, "");
    outcome.time = UnixMillis(0);
    CHECK(refused(outcome));
    CHECK(accepted(an_outcome(OutcomeCode::delivered, "")));
}

TEST_CASE("an item is decoded the same after one that failed half way") {
    const Bytes good = encode_outcome(an_outcome(OutcomeCode::delivered, ""));
    Bytes bad = encode_outcome(an_outcome(OutcomeCode::rejected, "unopenable"));
    bad.resize(bad.size() - 1);
    CHECK_FALSE(decode_outcome(bad).ok());
    CHECK(must(decode_outcome(good)).reason.empty());
}

TEST_CASE("subjects of a wrong length are refused") {
    wire::Outcome out;
    out.set_subject(std::string(31, 'x'));
    out.set_code(wire::DELIVERED);
    out.set_time_ms(test::k_now.get());
    CHECK_FALSE(decode_outcome(encode_canonical(out)).ok());
    out.set_subject(std::string(32, 'x'));
    CHECK(decode_outcome(encode_canonical(out)).ok());
}
