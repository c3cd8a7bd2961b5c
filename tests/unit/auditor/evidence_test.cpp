#include "auditor/evidence.h"

#include "support/catch.h"
#include "unit/auditor/log_maker.h"

using namespace sampan;
using namespace sampan::test;

namespace {

struct Fixture {
    static ExchangeOptions quorum_of_three() {
        ExchangeOptions out;
        out.adjust = [](Registry& registry) { registry.witness_quorum = 3; };
        return out;
    }
    Exchange exchange{quorum_of_three()};
    LogMaker log{exchange};
    SealedMessage sealed = exchange.seal("th-rtp", {"jp-npa"}, "a briefing");
    Evidence evidence;
    EvidenceOptions options;

    explicit Fixture(const std::vector<std::string>& witnesses = {"jp-npa", "my-rmp", "sg-spf"}) {
        const LeafIndex leaf = log.submit(sealed);
        evidence.epochs = {exchange.registry()->signed_bytes()};
        evidence.seal = sealed.seal;
        evidence.signature = sealed.signature;
        evidence.sender = exchange.descriptor("th-rtp");
        evidence.entry_time_s = static_cast<std::uint64_t>(log.now().get() / k_second_ms);
        log.pass(5);
        std::vector<MerkleHash> leaves;
        for (const MadeEntry& entry : log.entries) leaves.push_back(merkle_leaf_hash(entry.entry));
        evidence.proof = {{}, leaf, merkle_inclusion(leaves, leaf), log.note(log.entries.size(), witnesses)};
        for (const AgencyId& agency : exchange.agencies())
            evidence.witnesses.push_back(exchange.descriptor(agency.text()));
        options.trust = exchange.registry()->hash();
    }
    void disclose() {
        evidence.content_key = to_bytes(sealed.content_key.reveal(k_reveal));
        evidence.body = sealed.body;
    }
    EvidenceReport check() { return must(verify_evidence(encode_evidence(evidence), options)); }
    // Which step fails first; "" when none does.
    std::string fails() {
        for (const AuditStep& step : check().steps)
            if (!step.ok) return step.what;
        return "";
    }
};

}  // namespace

TEST_CASE("evidence proves sender, time, label and readers to someone who holds the trust anchor alone") {
    Fixture f;
    const EvidenceReport report = f.check();
    CHECK(report.ok());
    REQUIRE(report.header.has_value());
    CHECK(report.header->sender.text() == "th-rtp");
    CHECK(report.time_s == f.evidence.entry_time_s + 5);
    CHECK(report.document.empty());
}

TEST_CASE("disclosed evidence proves the plaintext, and another key or body nothing") {
    Fixture f;
    f.disclose();
    const EvidenceReport report = f.check();
    CHECK(report.ok());
    CHECK(report.document.find("a briefing") != std::string::npos);
    SECTION("another key") {
        f.evidence.content_key->front() ^= 1;
        CHECK(f.fails() == "content");
    }
    SECTION("another body") {
        f.evidence.body.back() ^= 1;
        CHECK(f.fails() == "content");
    }
}

TEST_CASE("each piece of evidence is needed") {
    Fixture f;
    SECTION("another exchange") {
        f.options.trust = Sha256Digest(sha256(as_bytes("x")).array());
        CHECK(f.fails() == "registry");
    }
    SECTION("another sender's certificate") {
        f.evidence.sender = f.exchange.descriptor("jp-npa");
        CHECK(f.fails() == "certificate");
    }
    SECTION("another message") {
        const SealedMessage other = f.exchange.seal("th-rtp", {"jp-npa"}, "another");
        f.evidence.seal = other.seal;
        f.evidence.signature = other.signature;
        CHECK(f.fails() == "log");
    }
    SECTION("a signature of another message") {
        f.evidence.signature = f.exchange.seal("th-rtp", {"jp-npa"}, "another").signature;
        CHECK(f.fails() == "signature");
    }
    SECTION("another time") {
        f.evidence.entry_time_s += 1;
        CHECK(f.fails() == "log");
    }
    SECTION("a checkpoint that the broker did not sign") {
        Exchange other;
        LogMaker log(other);
        f.evidence.proof.checkpoint = log.note(log.entries.size());
        CHECK(f.fails() == "log");
    }
    SECTION("witnesses whose certificates are not given") {
        f.evidence.witnesses.clear();
        CHECK(f.fails() == "witnesses");
    }
}

TEST_CASE("evidence below the quorum is not witnessed, nor with a verifier's own other keys") {
    Fixture few({"jp-npa", "my-rmp"});
    CHECK(few.fails() == "witnesses");
    Fixture f;
    f.options.witnesses = {{"stranger/witness", f.exchange.agency("jp-npa").witness->public_key()}};
    CHECK(f.fails() == "witnesses");
    f.options.witnesses.clear();
    for (const char* agency : {"jp-npa", "my-rmp", "sg-spf"})
        f.options.witnesses.push_back({witness_name(agency_id(agency), f.exchange.name()),
                                       f.exchange.agency(agency).witness->public_key()});
    f.evidence.witnesses.clear();
    CHECK(f.fails().empty());
}

TEST_CASE("a bundle reads as it was written, and in no other form") {
    Fixture f;
    f.disclose();
    const Bytes bytes = encode_evidence(f.evidence);
    CHECK(encode_evidence(must(decode_evidence(bytes))) == bytes);
    // What is cut between two items is a smaller bundle, in its own one form.
    for (std::size_t cut = 0; cut < bytes.size(); cut += 97) {
        const Bytes part = to_bytes(ByteView(bytes).first(cut));
        const auto read = decode_evidence(part);
        CHECK((read.ok() ? encode_evidence(*read) == part : read.error().is(LogError::bad_evidence)));
    }
    Bytes twice = bytes;
    append(twice, ByteView(bytes).subspan(18));
    CHECK(decode_evidence(twice).error().is(LogError::bad_evidence));
}

TEST_CASE("no bit of a bundle can be flipped without being noticed, but in what is not relied on") {
    Fixture f;
    f.disclose();
    const Bytes good = encode_evidence(f.evidence);
    std::size_t unnoticed = 0;
    for (std::size_t at = 20; at < good.size(); at += 31) {
        Bytes changed = good;
        changed[at] ^= 0x10;
        const auto report = verify_evidence(changed, f.options);
        if (report.ok() && report->ok()) ++unnoticed;
    }
    // Three of six witnesses suffice: the descriptors of the others may be anything.
    std::size_t spare = 0;
    for (const SignedStatement& witness : f.evidence.witnesses) spare += witness.bytes.size() + 68;
    CHECK(unnoticed <= spare / 31);
}
