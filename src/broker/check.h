// The first step of a batch: decoding and every check that needs no more than the packet, the registry and
// the known keys. Pure functions over values that nobody changes meanwhile: they run on a pool.
#pragma once

#include "broker/key_book.h"
#include "broker/root_book.h"
#include "sampan/envelope/signed_list.h"
#include "sampan/transport/gate_channel.h"
#include "sampan/transport/packet.h"

namespace sampan::broker {

// What the checks are made against.
struct CheckView {
    RegistryPtr registry;
    KeyBookPtr keys;
    UnixMillis now;  // log time
    const RootBook* roots = nullptr;
};

// Everything of one message that a delivery needs, in memory. Immutable once made, but for the packet's
// per-recipient fields, which the delivering thread fills in.
struct Parcel {
    SignedSeal seal;  // seal_bytes are in `deliver` alone
    Bytes stanzas;
    MerkleNodes stanza_tree;
    Packet deliver{std::in_place_type<Deliver>};
    std::size_t bytes() const;           // in memory, about
    std::size_t delivery_bytes() const;  // of one copy on its way, about
    Deliver& packet() { return *std::get_if<Deliver>(&deliver); }
    const Deliver& packet() const { return *std::get_if<Deliver>(&deliver); }
};
using ParcelPtr = std::shared_ptr<Parcel>;

// From what the store holds: parsed and checked again, `damaged` when it does not verify.
Result<ParcelPtr> make_parcel(StoredMessage stored);

struct CheckedSubmit {
    std::optional<Error> unreadable;  // the seal does not parse: there is no message to answer for
    ParcelPtr parcel;
    std::optional<Error> refused;  // by form, certificate, signature, stanzas, body: not worth an entry
    std::optional<Error> denied;   // by registry, label or recipient: refused with an entry
    RegistryPtr judged_under;
    KeyBookPtr judged_with;
};
struct CheckedOutcomes {
    std::optional<Error> refused;
    Bytes bytes;
    SignedList list;
    ListStatement statement;
    Sha256Digest hash;
    std::vector<Outcome> outcomes;
    KeyBookPtr judged_with;
};
// What the broker asked of a connection that is to prove its session.
struct Asked {
    Challenge challenge;
    SessionRole role = SessionRole::node;
};
struct CheckedProve {
    std::optional<Error> refused;
    SessionNonce nonce;  // of the question that was answered
    SessionRole role = SessionRole::node;
    RegistryPtr judged_under;
};
using Checked = std::variant<std::monostate, CheckedSubmit, CheckedOutcomes, CheckedProve>;
struct CheckedPacket {
    Packet packet;  // of a Submit or SubmitOutcomes: emptied, its bytes are in `checked`
    Checked checked;
};
struct CheckedFrame {
    ConnectionId connection;
    AgencyId agency;
    std::size_t bytes = 0;
    std::optional<Error> malformed;
    std::optional<Asked> asked;  // Core::asked, before a Prove is checked
    std::vector<CheckedPacket> packets;
};

// Decodes; nothing is checked yet.
CheckedFrame decode_gate_frame(const GateFrame& frame);
// True for packets that `check_packet` has work with.
bool needs_check(const Packet& packet);
void check_packet(CheckedPacket& packet, const CheckedFrame& frame, const CheckView& view);
// Status of a member or auditor in the registry: may it have a session?
Status may_connect(const Registry& registry, const AgencyId& agency, SessionRole role);
// The certificate's path to the pinned root of the agency, which is a member, and the signature over the
// transcript.
Status verify_node(const AgencyId& agency, ByteView certificate, Purpose purpose, ByteView transcript,
                   const Ed25519Signature& signature, const CheckView& view);
// The same of a Prove, over the challenge.
CheckedProve check_prove(const Prove& prove, const AgencyId& agency, const Asked& asked,
                         const CheckView& view);
CheckedSubmit check_submit(Submit submit, const CheckView& view);
// The part of check_submit that depends on registry and keys, again under newer ones.
void judge_again(CheckedSubmit& checked, const CheckView& view);
// A list that was checked ahead of its batch, again if the agency's keys are others by now.
void check_again(CheckedOutcomes& checked, const AgencyId& agency, const CheckView& view);
// A label decision for one copy, at delivery; the third of the four points.
Decision judge_delivery(const Parcel& parcel, const AgencyId& recipient, const CheckView& view);

}  // namespace sampan::broker
