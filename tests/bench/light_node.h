// A node reduced to what a load needs: it opens a session, publishes its statements, submits messages sealed
// beforehand, takes deliveries and signs outcome lists. It verifies the broker's answer lists and signs its
// own, so that the broker's work is the real work; it does not verify or open what is delivered to it (the
// machine has two cores).
#pragma once

#include <chrono>
#include <deque>
#include <unordered_map>

#include "sampan/envelope/signed_list.h"
#include "sampan/identity/descriptor.h"
#include "sampan/seal/seal.h"
#include "sampan/transport/dealer.h"

namespace sampan::bench {

struct LightIdentity {
    AgencyId agency;
    std::unique_ptr<Signer> signer;
    Certificate certificate;
    CurveKeyPair curve;
    X25519KeyPair prekey;
    SignedStatement descriptor;
    SignedStatement bundle;
    LeafIndex bundle_index;  // once logged
};

class LightNode {
  public:
    LightNode(LightIdentity& identity, ExchangeName exchange, Ed25519PublicKey receipt_key)
        : identity_(identity), exchange_(std::move(exchange)), receipt_key_(receipt_key) {}

    Status connect(const std::string& address, const CurvePublicKey& broker_key);
    // Session open and both statements logged.
    bool ready() const { return bundle_logged_; }
    const std::optional<Welcome>& welcome() const { return welcome_; }
    // Receives and answers what waits; never blocks.
    Status pump();
    Status send(const Packet& packet);
    // Sends queued outcomes when there are enough or they are old enough.
    Status flush_outcomes(bool now);
    std::vector<int> descriptors() const { return dealer_->descriptors(); }
    LightIdentity& identity() { return identity_; }

    std::uint64_t delivered = 0, answered = 0, refused = 0, notices = 0, lists = 0;
    std::string last_refusal;
    // Called for each answer, with its message id.
    std::function<void(const MessageId&)> on_answer;
    std::function<void(const Deliver&)> on_delivery;

  private:
    Status take(const Packet& packet);
    Status take_answers(const Answers& answers);
    Status push();

    LightIdentity& identity_;
    ExchangeName exchange_;
    Ed25519PublicKey receipt_key_;
    std::unique_ptr<Dealer> dealer_;
    std::optional<Welcome> welcome_;
    bool bundle_logged_ = false;
    FrameWriter writer_;
    std::deque<Bytes> waiting_;
    std::vector<Bytes> outcomes_;
    std::chrono::steady_clock::time_point oldest_outcome_;
    std::uint64_t list_counter_ = 0;
    std::uint32_t credit_due_ = 0;
};

}  // namespace sampan::bench
