// Units of the cryptographic work of a node, each beside the primitives it is made of, done once a call: for
// Google Benchmark and for the suite of ratios. One owner thread.
#pragma once

#include "sampan/base/file.h"
#include "support/exchange.h"

namespace sampan::bench {

// A message of 2 KiB to some readers.
class SealingWork {
  public:
    explicit SealingWork(std::size_t readers);
    void seal();
    // One ephemeral key; X25519, HKDF and AEAD a reader; the body's STREAM and SHA-256; SHA-512 and a
    // signature.
    void seal_primitives();
    // As the first of them: parse, signature, stanza, commitment, body, content.
    void open();
    // One verification, X25519 with HKDF and AEAD, SHA-256 and STREAM of the body, SHA-512 of the seal.
    void open_primitives();

  private:
    test::Exchange exchange_;
    std::vector<std::string> to_;
    std::string text_;
    SealedMessage message_;
    Delivery delivery_;
    Ed25519Key key_ = Ed25519Key::generate();
    Ed25519Signature signature_;
    std::vector<X25519KeyPair> pairs_;
    AeadKey aead_key_;
    Bytes body_, sealed_body_, wrapped_;
    X25519PublicKey enc_;
};

// An attachment of `bytes`, from memory to memory.
class PartWork {
  public:
    explicit PartWork(std::size_t bytes);
    std::size_t bytes() const { return plain_->bytes.size(); }
    void seal();
    void open();
    // SHA-256 of plaintext and of ciphertext, STREAM, one copy in and out; opening lacks the ciphertext's.
    void seal_primitives();
    void open_primitives();

  private:
    struct MemoryFile final : File {
        Bytes bytes;
        Result<std::size_t> read_at(std::uint64_t offset, MutableBytes out) override;
        Status write_at(std::uint64_t offset, ByteView written) override;
        Result<std::uint64_t> size() override { return std::uint64_t{bytes.size()}; }
        Status sync() override { return ok_status(); }
    };
    std::unique_ptr<MemoryFile> plain_, cipher_, opened_, scratch_;
    SealedPart part_;
    AttachmentEntry entry_;
    Bytes chunk_, sealed_chunk_;
};

// A log entry appended to the tree as the broker appends it.
class AppendWork {
  public:
    void append();

  private:
    MerkleEdge edge_;
    std::uint64_t count_ = 0;
};

}  // namespace sampan::bench
