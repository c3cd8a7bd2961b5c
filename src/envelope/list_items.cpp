// The items of signed lists: answers and outcomes.
#include "envelope/codec.h"
#include "sampan/envelope/signed_list.h"
#include "sampan/wire/strict.h"
#include "wire/message.pb.h"

namespace sampan {
namespace {

static_assert(static_cast<int>(AnswerCode::accepted) == wire::ACCEPTED);
static_assert(static_cast<int>(AnswerCode::refused) == wire::REFUSED);
static_assert(static_cast<int>(OutcomeCode::delivered) == wire::DELIVERED);
static_assert(static_cast<int>(OutcomeCode::recalled) == wire::RECALLED);

constexpr EnvelopeError k_bad = EnvelopeError::bad_list;

Error bad(std::string why) {
    return Error(k_bad, std::move(why));
}

// Names of refusals, as error_name gives them.
bool is_reason(std::string_view text) {
    return text.size() <= k_reason_bytes &&
           text.find_first_not_of("abcdefghijklmnopqrstuvwxyz0123456789_") == std::string_view::npos;
}

// Details quote what others sent: only whole UTF-8 of a bounded length goes out.
std::string_view bounded_text(std::string_view text) {
    if (text.size() > k_answer_detail_bytes) {
        std::size_t end = k_answer_detail_bytes;
        while (end > 0 && (static_cast<std::uint8_t>(text[end]) & 0xc0) == 0x80) --end;
        text = text.substr(0, end);
    }
    return is_utf8(as_bytes(text)) ? text : std::string_view("the detail is not text");
}

// Reused by each call of one thread, with the strings' memory; decoding and encoding clear them first.
template <typename Message>
Message& scratch() {
    thread_local Message message;
    message.Clear();
    return message;
}

Status check_answer(const Answer& answer) {
    if (!is_reason(answer.reason)) return bad("a reason is not a name");
    if ((answer.code == AnswerCode::accepted) != answer.reason.empty())
        return bad("a reason where none belongs, or none where one does");
    if (answer.code == AnswerCode::accepted && (!answer.leaf_index.has_value() || !answer.detail.empty()))
        return bad("an acceptance without its place in the log, or with a detail");
    if (answer.detail.size() > k_answer_detail_bytes) return bad("a detail is too long");
    if (!plausible_time(answer.time.get())) return bad("a time is out of range");
    if (answer.epoch.get() == 0) return bad("registry epochs begin at 1");
    return ok_status();
}

Status check_outcome(const Outcome& outcome) {
    if (!is_reason(outcome.reason)) return bad("a reason is not a name");
    if (outcome.code == OutcomeCode::delivered && !outcome.reason.empty())
        return bad("a delivery has no reason");
    if (outcome.code == OutcomeCode::rejected && outcome.reason.empty())
        return bad("a rejection needs a reason");
    if (!plausible_time(outcome.time.get())) return bad("a time is out of range");
    const bool by_recipient = outcome.code == OutcomeCode::delivered || outcome.code == OutcomeCode::rejected;
    if (by_recipient == outcome.recipient.has_value())
        return bad("a recipient where none belongs, or none where one does");
    return ok_status();
}

}  // namespace

std::string_view outcome_name(OutcomeCode code) {
    switch (code) {
        case OutcomeCode::delivered:
            return "delivered";
        case OutcomeCode::rejected:
            return "rejected";
        case OutcomeCode::withheld:
            return "withheld";
        case OutcomeCode::expired:
            return "expired";
        case OutcomeCode::recalled:
            return "recalled";
    }
    return "unknown";
}

Bytes encode_answer(const Answer& answer) {
    auto& out = scratch<wire::Answer>();
    out.set_sender(answer.sender.text());
    write_bytes(*out.mutable_message_id(), answer.message_id.view());
    write_bytes(*out.mutable_subject(), answer.subject.view());
    out.set_code(static_cast<wire::AnswerCode>(answer.code));
    out.set_reason(answer.reason);
    const std::string_view detail = bounded_text(answer.detail);
    out.set_detail(detail.data(), detail.size());
    if (answer.leaf_index.has_value()) out.set_leaf_index(answer.leaf_index->get() + 1);
    out.set_time_ms(answer.time.get());
    out.set_epoch(answer.epoch.get());
    return encode_canonical(out);
}

Result<Answer> decode_answer(ByteView bytes) {
    auto& in = scratch<wire::Answer>();
    ENVELOPE_TRY(k_bad, decode_strict(bytes, k_list_item_bytes, in));
    Answer answer;
    SAMPAN_TRY(read_name(k_bad, "sender", in.sender(), answer.sender));
    SAMPAN_TRY(read_fixed(k_bad, "message id", in.message_id(), answer.message_id));
    SAMPAN_TRY(read_fixed(k_bad, "subject", in.subject(), answer.subject));
    if (in.code() == wire::ANSWER_NONE) return bad("an answer without a code");
    answer.code = static_cast<AnswerCode>(in.code());
    answer.reason = in.reason();
    answer.detail = in.detail();
    if (in.leaf_index() > k_largest_tree) return bad("a leaf index is out of range");
    if (in.leaf_index() != 0) answer.leaf_index = LeafIndex(in.leaf_index() - 1);
    answer.time = UnixMillis(in.time_ms());
    answer.epoch = Epoch(in.epoch());
    SAMPAN_TRY(check_answer(answer));
    return answer;
}

Bytes encode_outcome(const Outcome& outcome) {
    auto& out = scratch<wire::Outcome>();
    write_bytes(*out.mutable_subject(), outcome.subject.view());
    out.set_code(static_cast<wire::OutcomeCode>(outcome.code));
    out.set_reason(outcome.reason);
    out.set_time_ms(outcome.time.get());
    if (outcome.recipient) out.set_recipient(outcome.recipient->text());
    return encode_canonical(out);
}

Result<Outcome> decode_outcome(ByteView bytes) {
    auto& in = scratch<wire::Outcome>();
    ENVELOPE_TRY(k_bad, decode_strict(bytes, k_list_item_bytes, in));
    Outcome outcome;
    SAMPAN_TRY(read_fixed(k_bad, "subject", in.subject(), outcome.subject));
    if (in.code() == wire::OUTCOME_NONE) return bad("an outcome without a code");
    outcome.code = static_cast<OutcomeCode>(in.code());
    outcome.reason = in.reason();
    outcome.time = UnixMillis(in.time_ms());
    if (!in.recipient().empty())
        SAMPAN_TRY(read_name(k_bad, "recipient", in.recipient(), outcome.recipient.emplace()));
    SAMPAN_TRY(check_outcome(outcome));
    return outcome;
}

}  // namespace sampan
