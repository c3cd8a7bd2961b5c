#include "bench/work.h"

#include "bench/rig.h"
#include "sampan/crypto/random.h"
#include "sampan/crypto/stream.h"

namespace sampan::bench {
namespace {

using test::must;

constexpr std::size_t k_text_bytes = 2048;
constexpr std::size_t k_stanza_plaintext = 88;
constexpr std::size_t k_entry_bytes = 44;  // of the log

Bytes random_of(std::size_t size) {
    Bytes out(size);
    random_fill(out);
    return out;
}

}  // namespace

SealingWork::SealingWork(std::size_t readers)
    : exchange_(test::ExchangeOptions::of_size(readers + 1)), text_(k_text_bytes, 'x') {
    for (std::size_t i = 2; i <= readers + 1; ++i) to_.push_back(agency_name(i));
    message_ = exchange_.seal("a-0001", to_, text_);
    delivery_ = test::Exchange::delivery(message_, test::agency_id(to_.front()));
    signature_ = key_.sign(message_.seal);
    for (std::size_t i = 0; i < readers; ++i) pairs_.push_back(X25519KeyPair::generate());
    aead_key_ = random_secret<AeadKey>();
    body_ = random_of(message_.body.size() - limits::k_aead_tag_bytes);
    sealed_body_ = stream_seal(aead_key_, body_);
    const HpkeSender sender;
    enc_ = sender.enc();
    wrapped_ = must(sender.seal(pairs_.front().public_key, body_, {}, random_of(k_stanza_plaintext)));
}

void SealingWork::seal() {
    exchange_.seal("a-0001", to_, text_);
}

void SealingWork::seal_primitives() {
    const HpkeSender sender;
    const ByteView plaintext = ByteView(body_).first(k_stanza_plaintext);
    for (const X25519KeyPair& pair : pairs_) must(sender.seal(pair.public_key, plaintext, {}, plaintext));
    const Bytes sealed = stream_seal(aead_key_, body_);
    if (sha256(sealed).is_zero()) std::abort();
    if (key_.sign(sha512(message_.seal).view()).is_zero()) std::abort();
}

void SealingWork::open() {
    Delivery delivery;
    delivery.seal = must(SignedSeal::parse(message_.seal, message_.signature.view()));
    delivery.stanza_index = delivery_.stanza_index;
    delivery.stanza = delivery_.stanza;
    delivery.stanza_proof = delivery_.stanza_proof;
    delivery.body = message_.body;
    const Ed25519PublicKey& key = exchange_.agency("a-0001").certificate.public_key();
    must(verify_purpose(Purpose::message, key, message_.seal, message_.signature));
    must(open_message(delivery, exchange_.agency(to_.front()).prekey));
}

void SealingWork::open_primitives() {
    if (sha512(message_.seal).is_zero() || sha256(sealed_body_).is_zero()) std::abort();
    must(verify_ed25519(key_.public_key(), message_.seal, signature_));
    must(hpke_open(pairs_.front(), enc_, body_, {}, wrapped_));
    must(stream_open(aead_key_, sealed_body_));
}

// --- parts
Result<std::size_t> PartWork::MemoryFile::read_at(std::uint64_t offset, MutableBytes out) {
    const auto from = static_cast<std::size_t>(std::min<std::uint64_t>(offset, bytes.size()));
    const std::size_t count = std::min(out.size(), bytes.size() - from);
    std::copy_n(bytes.begin() + static_cast<std::ptrdiff_t>(from), count, out.begin());
    return count;
}

Status PartWork::MemoryFile::write_at(std::uint64_t offset, ByteView written) {
    const auto from = static_cast<std::size_t>(offset);
    if (bytes.size() < from + written.size()) bytes.resize(from + written.size());
    std::copy(written.begin(), written.end(), bytes.begin() + static_cast<std::ptrdiff_t>(from));
    return ok_status();
}

PartWork::PartWork(std::size_t bytes)
    : plain_(std::make_unique<MemoryFile>()),
      cipher_(std::make_unique<MemoryFile>()),
      opened_(std::make_unique<MemoryFile>()),
      scratch_(std::make_unique<MemoryFile>()),
      chunk_(random_of(limits::k_stream_chunk_bytes)),
      sealed_chunk_(limits::k_stream_chunk_bytes + limits::k_aead_tag_bytes) {
    plain_->bytes = random_of(bytes);
    seal();
    entry_ = {"part", "application/octet-stream", part_.plaintext_size, part_.plaintext_sha256,
              part_.key.duplicate()};
    open();
}

void PartWork::seal() {
    cipher_->bytes.clear();
    part_ = must(seal_part(*plain_, *cipher_, {}));
    entry_.key = part_.key.duplicate();
}

void PartWork::open() {
    opened_->bytes.clear();
    must(open_part(*cipher_, part_.description, entry_, *opened_, {}));
}

void PartWork::seal_primitives() {
    const std::size_t count = cipher_->bytes.size() / sealed_chunk_.size();
    StreamSealer sealer(part_.key);
    scratch_->bytes.clear();
    Sha256 plain, cipher;
    for (std::size_t i = 0; i < count; ++i) {
        must(plain_->read_at(i * chunk_.size() % plain_->bytes.size(), chunk_));
        plain.update(chunk_);
        sealer.seal_chunk(i, false, chunk_, sealed_chunk_);
        cipher.update(sealed_chunk_);
        must(scratch_->write_at(i * sealed_chunk_.size(), sealed_chunk_));
    }
    if (plain.finish().is_zero() || cipher.finish().is_zero()) std::abort();
}

void PartWork::open_primitives() {
    const std::size_t count = cipher_->bytes.size() / sealed_chunk_.size();
    StreamSealer sealer(part_.key);
    scratch_->bytes.clear();
    Sha256 plain;
    for (std::size_t i = 0; i < count; ++i) {
        must(cipher_->read_at(i * sealed_chunk_.size(), sealed_chunk_));
        sealer.seal_chunk(i, false, chunk_, sealed_chunk_);
        plain.update(chunk_);
        must(scratch_->write_at(i * chunk_.size(), chunk_));
    }
    if (plain.finish().is_zero()) std::abort();
}

void AppendWork::append() {
    std::array<std::uint8_t, k_entry_bytes> entry{};
    entry[0] = static_cast<std::uint8_t>(++count_);
    edge_.append(merkle_leaf_hash(entry));
}

}  // namespace sampan::bench
