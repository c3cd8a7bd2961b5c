#include "bench/light_node.h"

#include <cstdio>
#include <cstdlib>

#include "sampan/base/time.h"

namespace sampan::bench {
namespace {

using test::must;

constexpr std::uint32_t k_first_credit = limits::k_credit_messages;
constexpr int k_high_water_mark = 64;  // as the program's own dealer has it

[[noreturn]] void give_up(const std::string& node, const std::string& why) {
    std::fprintf(stderr, "sampan-bench: %s: %s\n", node.c_str(), why.c_str());
    std::exit(1);
}

// Walks protobuf fields without checking them: the broker under load is ours.
class Skim {
  public:
    explicit Skim(ByteView in) : in_(in) {}
    bool empty() const { return in_.empty(); }
    ByteView rest() const { return in_; }
    std::uint64_t number() {
        std::uint64_t out = 0;
        for (unsigned shift = 0; !in_.empty(); shift += 7) {
            const std::uint8_t byte = in_.front();
            in_ = in_.subspan(1);
            out |= static_cast<std::uint64_t>(byte & 0x7f) << shift;
            if (byte < 0x80) break;
        }
        return out;
    }
    ByteView bytes() {
        const auto size = std::min(static_cast<std::size_t>(number()), in_.size());
        const ByteView out = in_.first(size);
        in_ = in_.subspan(size);
        return out;
    }

  private:
    ByteView in_;
};

constexpr std::uint64_t k_deliver_tag = 39 << 3 | 2;  // Packet.deliver

std::optional<SkimmedDelivery> skim_delivery(ByteView packet) {
    Skim outer(packet);
    if (outer.number() != k_deliver_tag) return std::nullopt;
    SkimmedDelivery out;
    for (Skim in(outer.bytes()); !in.empty();) {
        const std::uint64_t tag = in.number();
        if ((tag & 7) == 0) {
            const std::uint64_t value = in.number();
            if (tag >> 3 == 7) out.leaf = LeafIndex(value);
            continue;
        }
        const ByteView value = in.bytes();
        if (tag >> 3 == 1) out.seal = value;
        if (tag >> 3 == 2) out.signature = value;
    }
    return out;
}

zmq::const_buffer buffer_of(ByteView bytes) {
    return zmq::buffer(bytes.data(), bytes.size());
}

}  // namespace

LightNode::LightNode(zmq::context_t& context, Rig& rig, std::size_t number)
    : rig_(rig),
      name_(agency_name(number)),
      agency_(rig.exchange().agency(name_)),
      socket_(context, zmq::socket_type::dealer) {
    socket_.set(zmq::sockopt::linger, 0);
    socket_.set(zmq::sockopt::immediate, true);
    socket_.set(zmq::sockopt::sndhwm, k_high_water_mark);
    socket_.set(zmq::sockopt::rcvhwm, k_high_water_mark);
    socket_.set(zmq::sockopt::curve_serverkey, buffer_of(rig.broker_curve().view()));
    socket_.set(zmq::sockopt::curve_publickey, buffer_of(agency_.curve.public_key.view()));
    socket_.set(zmq::sockopt::curve_secretkey, buffer_of(agency_.curve.secret_key.reveal(k_reveal)));
    socket_.connect(rig.address());
    Hello hello;
    hello.agency = agency_.id;
    hello.epoch = Epoch(1);
    hello.software = "sampan-bench";
    hello.suites = {k_suite_1};
    send(hello);
}

bool LightNode::pump() {
    bool any = false;
    zmq::message_t message;
    while (socket_.recv(message, zmq::recv_flags::dontwait)) {
        any = true;
        take_frame(ByteView(message.data<std::uint8_t>(), message.size()));
    }
    if (notices_to_) send(NoticesKept{*std::exchange(notices_to_, std::nullopt)});
    flush_outcomes(false);
    return push() || any;
}

bool LightNode::push() {
    if (!writer_.empty())
        for (Bytes& frame : writer_.finish()) waiting_.push_back(std::move(frame));
    bool any = false;
    while (!waiting_.empty() && socket_.send(buffer_of(waiting_.front()), zmq::send_flags::dontwait)) {
        waiting_.pop_front();
        any = true;
    }
    return any;
}

std::optional<SteadyTime> LightNode::due() const {
    if (!waiting_.empty()) return std::chrono::steady_clock::now() + std::chrono::milliseconds(1);
    if (outcomes_.empty()) return std::nullopt;
    return oldest_outcome_ + std::chrono::milliseconds(limits::k_receipt_delay_ms);
}

void LightNode::take_frame(ByteView frame) {
    for (Skim in(frame); !in.empty();) {
        const ByteView whole = in.rest();
        in.number();  // the frame's tag
        const ByteView packet = in.bytes();
        if (const auto deliver = skim_delivery(packet)) {
            take_delivery(*deliver);
        } else {
            const auto size = static_cast<std::size_t>(packet.data() + packet.size() - whole.data());
            for (const Packet& other : must(decode_frame(whole.first(size)))) take(other);
        }
    }
}

void LightNode::take(const Packet& packet) {
    if (const auto* answers = std::get_if<Answers>(&packet)) return take_answers(*answers);
    if (const auto* challenge = std::get_if<Challenge>(&packet)) return take_challenge(*challenge);
    if (std::holds_alternative<Welcome>(packet)) return take_welcome();
    if (const auto* logged = std::get_if<StatementLogged>(&packet)) {
        if (logged->kind != StatementKind::prekey_bundle) return;
        bundle_index_ = logged->leaf_index;
        bundle_logged_ = true;
    } else if (std::holds_alternative<OutcomesLogged>(packet)) {
        ++lists_logged;
    } else if (const auto* notice = std::get_if<OutcomeNotice>(&packet)) {
        notices_to_ = notice->leaf_index;
    } else if (const auto* error = std::get_if<SessionError>(&packet)) {
        give_up(name_, "the broker answered " + error->name + ": " + error->detail);
    } else if (on_other) {
        on_other(packet);
    }
}

void LightNode::take_challenge(const Challenge& challenge) {
    Prove prove;
    prove.signature =
        must(agency_.node->sign(Purpose::session, session_transcript(rig_.exchange().name(), challenge,
                                                                     agency_.id, SessionRole::node)));
    prove.certificate = agency_.certificate.der();
    send(prove);
}

void LightNode::take_welcome() {
    welcomed_ = true;
    if (only_connect_) return;
    const SignedStatement descriptor = rig_.exchange().descriptor(name_);
    const SignedStatement bundle = rig_.exchange().prekey_bundle(name_);
    send(PublishStatement{StatementKind::descriptor, descriptor.bytes, descriptor.signature});
    send(PublishStatement{StatementKind::prekey_bundle, bundle.bytes, bundle.signature});
    send(Credit{k_first_credit});
}

void LightNode::take_answers(const Answers& answers) {
    const SignedList list = must(decode_signed_list(answers.list));
    const ListStatement statement = must(verify_signed_list(list, rig_.receipt_key()));
    if (statement.kind != ListKind::answers) give_up(name_, "a list that is not of answers");
    for (const SignedList::Item& item : list.items) {
        if (item.bytes.empty()) continue;
        const Answer answer = must(decode_answer(item.bytes));
        if (answer.code == AnswerCode::refused)
            give_up(name_, "a message was refused: " + answer.reason + ": " + answer.detail);
        ++accepted;
        if (on_answer) on_answer(answer);
    }
}

void LightNode::take_delivery(const SkimmedDelivery& deliver) {
    ++delivered;
    if (on_delivery) on_delivery(deliver.leaf);
    // Every reader gets the same: hashed once for all.
    auto& subject = rig_.subjects[deliver.leaf];
    if (subject.is_zero())
        subject = message_subject(deliver.seal, must(Ed25519Signature::parse(deliver.signature)));
    Outcome outcome;
    outcome.subject = subject;
    outcome.time = system_clock().wall();
    if (outcomes_.empty()) oldest_outcome_ = std::chrono::steady_clock::now();
    outcomes_.push_back(encode_outcome(outcome));
    ++credit_due_;
    if (outcomes_.size() >= limits::k_signed_list_items) flush_outcomes(true);
}

// As DESIGN has it: at most a thousand outcomes under one signature, within 20 ms.
void LightNode::flush_outcomes(bool now) {
    if (outcomes_.empty()) return;
    const auto age = std::chrono::steady_clock::now() - oldest_outcome_;
    if (!now && age < std::chrono::milliseconds(limits::k_receipt_delay_ms)) return;
    ListStatement statement;
    statement.kind = ListKind::outcomes;
    statement.exchange = rig_.exchange().name();
    statement.signer = agency_.id.text();
    statement.epoch = Epoch(1);
    statement.counter = ++list_counter_;
    statement.time = system_clock().wall();
    const SignedList list =
        must(sign_list(std::move(statement), std::exchange(outcomes_, {}), *agency_.node));
    ++lists_sent;
    send(SubmitOutcomes{encode_signed_list(list)});
    send(Credit{std::exchange(credit_due_, 0)});
}

}  // namespace sampan::bench
