#include "bench/light_node.h"

#include "sampan/base/time.h"

namespace sampan::bench {

Status LightNode::connect(const std::string& address, const CurvePublicKey& broker_key) {
    DealerOptions options;
    options.address = address;
    options.broker_key = broker_key;
    options.own_public = identity_.curve.public_key;
    options.own_secret = identity_.curve.secret_key.duplicate();
    SAMPAN_ASSIGN(dealer_, Dealer::connect(std::move(options)));
    Hello hello;
    hello.agency = identity_.agency;
    hello.epoch = Epoch(1);
    hello.software = "sampan-bench";
    hello.suites = {k_suite_1};
    return send(hello);
}

Status LightNode::send(const Packet& packet) {
    writer_.add(packet);
    return ok_status();
}

Status LightNode::push() {
    if (!writer_.empty())
        for (Bytes& frame : writer_.finish()) waiting_.push_back(std::move(frame));
    while (!waiting_.empty()) {
        SAMPAN_ASSIGN(bool sent, dealer_->send(waiting_.front()));
        if (!sent) break;
        waiting_.pop_front();
    }
    return ok_status();
}

Status LightNode::pump() {
    for (const DealerEvent event : dealer_->events())
        if (event == DealerEvent::refused)
            return Error(TransportError::unavailable, "the broker refused the CURVE key");
    while (true) {
        SAMPAN_ASSIGN(std::optional<Bytes> frame, dealer_->receive());
        if (!frame) break;
        SAMPAN_ASSIGN(std::vector<Packet> packets, decode_frame(*frame));
        for (const Packet& packet : packets) SAMPAN_TRY(take(packet));
    }
    SAMPAN_TRY(flush_outcomes(false));
    return push();
}

Status LightNode::take_answers(const Answers& answers) {
    SAMPAN_ASSIGN(SignedList list, decode_signed_list(answers.list));
    SAMPAN_ASSIGN(ListStatement statement, verify_signed_list(list, receipt_key_));
    if (statement.kind != ListKind::answers) return Error(EnvelopeError::bad_list, "not a list of answers");
    for (const SignedList::Item& item : list.items) {
        if (item.bytes.empty()) continue;
        SAMPAN_ASSIGN(Answer answer, decode_answer(item.bytes));
        ++answered;
        if (answer.code == AnswerCode::refused) {
            ++refused;
            last_refusal = answer.reason + " " + answer.detail;
        }
        if (on_answer) on_answer(answer.message_id);
    }
    return ok_status();
}

Status LightNode::take(const Packet& packet) {
    if (const auto* challenge = std::get_if<Challenge>(&packet)) {
        Prove prove;
        SAMPAN_ASSIGN(prove.signature,
                      identity_.signer->sign(
                          Purpose::session,
                          session_transcript(exchange_, *challenge, identity_.agency, SessionRole::node)));
        prove.certificate = identity_.certificate.der();
        return send(prove);
    }
    if (const auto* welcome = std::get_if<Welcome>(&packet)) {
        welcome_ = *welcome;
        SAMPAN_TRY(send(PublishStatement{StatementKind::descriptor, identity_.descriptor.bytes,
                                         identity_.descriptor.signature}));
        SAMPAN_TRY(send(PublishStatement{StatementKind::prekey_bundle, identity_.bundle.bytes,
                                         identity_.bundle.signature}));
        return send(Credit{4 * limits::k_credit_messages});
    }
    if (const auto* logged = std::get_if<StatementLogged>(&packet)) {
        if (logged->kind == StatementKind::prekey_bundle) {
            identity_.bundle_index = logged->leaf_index;
            bundle_logged_ = true;
        }
        return ok_status();
    }
    if (const auto* answers = std::get_if<Answers>(&packet)) return take_answers(*answers);
    if (const auto* deliver = std::get_if<Deliver>(&packet)) {
        ++delivered;
        if (on_delivery) on_delivery(*deliver);
        Outcome outcome;
        Sha256 subject;
        subject.update(deliver->seal);
        subject.update(deliver->signature.view());
        outcome.subject = MessageSubject(subject.finish().array());
        outcome.time = system_clock().wall();
        if (outcomes_.empty()) oldest_outcome_ = std::chrono::steady_clock::now();
        outcomes_.push_back(encode_outcome(outcome));
        ++credit_due_;
        return outcomes_.size() >= limits::k_signed_list_items ? flush_outcomes(true) : ok_status();
    }
    if (std::holds_alternative<OutcomeNotice>(packet)) ++notices;
    if (const auto* error = std::get_if<SessionError>(&packet))
        return Error(TransportError::bad_frame, "the broker answered " + error->name + ": " + error->detail);
    return ok_status();
}

Status LightNode::flush_outcomes(bool now) {
    if (outcomes_.empty()) return ok_status();
    const auto age = std::chrono::steady_clock::now() - oldest_outcome_;
    if (!now && age < std::chrono::milliseconds(limits::k_receipt_delay_ms)) return ok_status();
    ListStatement statement;
    statement.kind = ListKind::outcomes;
    statement.exchange = exchange_;
    statement.signer = identity_.agency.text();
    statement.epoch = Epoch(1);
    statement.counter = ++list_counter_;
    statement.time = system_clock().wall();
    SAMPAN_ASSIGN(SignedList list, sign_list(std::move(statement), std::move(outcomes_), *identity_.signer));
    outcomes_.clear();
    ++lists;
    SAMPAN_TRY(send(SubmitOutcomes{encode_signed_list(list)}));
    SAMPAN_TRY(send(Credit{credit_due_}));
    credit_due_ = 0;
    return ok_status();
}

}  // namespace sampan::bench
