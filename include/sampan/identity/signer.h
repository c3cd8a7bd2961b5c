// Signer: purposes, not raw signing. Each purpose is a namespace that stands before what is signed, so that
// no signature of one kind can be taken for another.
//
//   signature = Ed25519(namespace || SHA-512(bytes))      namespace as in signing_namespace()
#pragma once

#include <memory>

#include "sampan/crypto/ed25519.h"
#include "sampan/crypto/hash.h"

namespace sampan {

enum class Purpose : std::uint8_t {
    message,
    descriptor,
    prekeys,
    session,
    outcomes,
    answers,
    registry,
    joining,
    bundle
};
// "sampan/1 message\n", "sampan/1 descriptor\n", "sampan/1 prekeys\n", "sampan/1 session\n", "sampan/1
// outcomes\n", "sampan/1 answers\n", "sampan/1 registry\n", "sampan/1 joining\n", "sampan/1
// bundle\n"
std::string_view signing_namespace(Purpose purpose);

// Ed25519(namespace || SHA-512(bytes)) by libsodium. Thread-safe.
Status verify_purpose(Purpose purpose, const Ed25519PublicKey& key, ByteView bytes,
                      const Ed25519Signature& signature);

// Holds one private key for some purposes. Implementations are thread-safe.
class Signer {
  public:
    virtual ~Signer() = default;
    virtual const Ed25519PublicKey& public_key() const = 0;
    // `bytes` are the seal, the descriptor, the bundle, … as carried.
    virtual Result<Ed25519Signature> sign(Purpose purpose, ByteView bytes) const = 0;
    // C2SP signed notes sign their text itself, without a namespace: only log and witness keys are ever
    // asked.
    virtual Result<Ed25519Signature> sign_checkpoint(ByteView note_text) const = 0;
};

// A key held in memory, allowed just the listed purposes (and checkpoints when `checkpoints`).
struct SignerUse {
    std::vector<Purpose> purposes;
    bool checkpoints = false;
};
std::unique_ptr<Signer> make_key_signer(Ed25519Key key, SignerUse use);

}  // namespace sampan
