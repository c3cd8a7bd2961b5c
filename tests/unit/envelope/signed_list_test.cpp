#include "sampan/envelope/signed_list.h"

#include "sampan/crypto/random.h"
#include "support/catch.h"
#include "support/exchange.h"

using namespace sampan;
using test::Exchange;
using test::must;

namespace {

Bytes an_item(unsigned i) {
    Outcome outcome;
    outcome.subject.mutable_view()[0] = static_cast<std::uint8_t>(i);
    outcome.subject.mutable_view()[1] = static_cast<std::uint8_t>(i >> 8);
    outcome.time = test::k_now;
    return encode_outcome(outcome);
}
std::vector<Bytes> items(unsigned count) {
    std::vector<Bytes> out;
    for (unsigned i = 0; i < count; ++i) out.push_back(an_item(i));
    return out;
}

struct Lists {
    Exchange exchange;
    const Signer& node = *exchange.agency("jp-npa").node;
    Ed25519PublicKey key = node.public_key();

    ListStatement statement() const {
        ListStatement out;
        out.kind = ListKind::outcomes;
        out.exchange = exchange.name();
        out.signer = "jp-npa";
        out.epoch = Epoch(1);
        out.counter = 4;
        out.time = test::k_now;
        return out;
    }
    SignedList list(unsigned count) const { return must(sign_list(statement(), items(count), node)); }
    bool refuses(const SignedList& list) const {
        const auto verified = verify_signed_list(list, key);
        return !verified.ok() && verified.error().is(EnvelopeError::bad_list);
    }
    bool refuses(const ListEvidence& evidence) const {
        const auto verified = verify_list_evidence(evidence, key);
        return !verified.ok() && verified.error().is(EnvelopeError::bad_list);
    }
};

}  // namespace

TEST_CASE("a signed list verifies, and its statement says what was signed") {
    Lists lists;
    for (const unsigned count : {1U, 2U, 3U, 64U, 1024U}) {
        const auto statement = verify_signed_list(lists.list(count), lists.key);
        REQUIRE(statement.ok());
        CHECK(statement->kind == ListKind::outcomes);
        CHECK(statement->exchange == lists.exchange.name());
        CHECK(statement->signer == "jp-npa");
        CHECK(statement->epoch == Epoch(1));
        CHECK(statement->counter == 4);
        CHECK(statement->time == test::k_now);
        CHECK(statement->count == count);
    }
}

TEST_CASE("a list is sent and read as it was, redacted or not") {
    Lists lists;
    const SignedList list = lists.list(5);
    for (const auto& sent : {list, redact(list, {true, false, false, true, false})}) {
        const SignedList read = must(decode_signed_list(encode_signed_list(sent)));
        CHECK(read.statement == sent.statement);
        CHECK(read.signature == sent.signature);
        REQUIRE(read.items.size() == 5);
        for (std::size_t i = 0; i < 5; ++i) {
            CHECK(read.items[i].bytes == sent.items[i].bytes);
            CHECK(read.items[i].leaf == sent.items[i].leaf);
        }
        CHECK(read.hash() == list.hash());
    }
}

TEST_CASE("a redacted list verifies, without the items of others") {
    Lists lists;
    const SignedList redacted = redact(lists.list(5), {false, true, false, false, false});
    CHECK(verify_signed_list(redacted, lists.key).ok());
    CHECK(redacted.items[0].bytes.empty());
    CHECK(redacted.items[1].bytes == an_item(1));
    CHECK(verify_signed_list(redact(lists.list(5), std::vector<bool>(5)), lists.key).ok());
}

TEST_CASE("an item that was altered, swapped, dropped or added is refused") {
    Lists lists;
    const SignedList list = lists.list(4);
    SignedList wrong = list;
    wrong.items[2].bytes = an_item(9);
    CHECK(lists.refuses(must(decode_signed_list(encode_signed_list(wrong)))));
    wrong = list;
    std::swap(wrong.items[0], wrong.items[1]);
    CHECK(lists.refuses(wrong));
    wrong = list;
    wrong.items.pop_back();
    CHECK(lists.refuses(wrong));
    wrong = list;
    wrong.items.push_back(wrong.items[0]);
    CHECK(lists.refuses(wrong));
    wrong = redact(list, {true, false, false, false});
    wrong.items[3].leaf.mutable_view()[0] ^= 1;
    CHECK(lists.refuses(wrong));
}

TEST_CASE("an inner node of the tree cannot be passed off as a redacted item") {
    Lists lists;
    const SignedList list = redact(lists.list(4), std::vector<bool>(4));
    SignedList wrong = list;
    wrong.items.clear();
    for (std::size_t i = 0; i < 4; i += 2) {
        SignedList::Item& item = wrong.items.emplace_back();
        item.leaf = merkle_node_hash(list.items[i].leaf, list.items[i + 1].leaf);
    }
    CHECK(lists.refuses(wrong));
    CHECK(verify_signed_list(list, lists.key).ok());
}

TEST_CASE("a list whose item does not match its leaf is refused, even when built by hand") {
    Lists lists;
    SignedList wrong = lists.list(3);
    wrong.items[1].bytes = an_item(9);
    CHECK(lists.refuses(wrong));
}

TEST_CASE("a list under another key, statement or signature is refused") {
    Lists lists;
    const SignedList list = lists.list(3);
    CHECK_FALSE(verify_signed_list(list, lists.exchange.agency("my-rmp").node->public_key()).ok());
    SignedList wrong = list;
    wrong.signature.mutable_view()[0] ^= 1;
    CHECK(lists.refuses(wrong));
    wrong = list;
    ListStatement statement = must(decode_list_statement(list.statement));
    statement.counter += 1;
    wrong.statement = encode_list_statement(statement);
    CHECK(lists.refuses(wrong));
}

TEST_CASE("a list of outcomes is not a list of answers") {
    Lists lists;
    const auto& broker = *lists.exchange.broker().receipt;
    ListStatement statement = lists.statement();
    statement.signer = "broker-1";
    SignedList list = must(sign_list(statement, items(2), broker));
    CHECK(verify_signed_list(list, broker.public_key()).ok());
    statement.kind = ListKind::answers;
    statement.count = 2;
    statement.root = must(decode_list_statement(list.statement)).root;
    list.statement = encode_list_statement(statement);
    list.signature = must(broker.sign(Purpose::outcomes, list.statement));
    CHECK_FALSE(verify_signed_list(list, broker.public_key()).ok());
    list.signature = must(broker.sign(Purpose::answers, list.statement));
    CHECK(verify_signed_list(list, broker.public_key()).ok());
}

TEST_CASE("a signer that may not sign lists of this kind signs none") {
    Lists lists;
    ListStatement statement = lists.statement();
    statement.kind = ListKind::answers;
    CHECK_FALSE(sign_list(statement, items(1), lists.node).ok());
}

TEST_CASE("a list has 1 to 1,024 items") {
    Lists lists;
    CHECK(sign_list(lists.statement(), items(1024), lists.node).ok());
    CHECK_FALSE(sign_list(lists.statement(), items(1025), lists.node).ok());
    CHECK_FALSE(sign_list(lists.statement(), {}, lists.node).ok());
    SignedList list = lists.list(1024);
    CHECK(decode_signed_list(encode_signed_list(list)).ok());
    list.items.push_back(list.items[0]);
    CHECK_FALSE(decode_signed_list(encode_signed_list(list)).ok());
    list.items.clear();
    CHECK_FALSE(decode_signed_list(encode_signed_list(list)).ok());
}

TEST_CASE("items are not empty and at most 600 bytes, and a full list of the largest is one frame") {
    Lists lists;
    CHECK_FALSE(sign_list(lists.statement(), {Bytes()}, lists.node).ok());
    CHECK_FALSE(sign_list(lists.statement(), {Bytes(601)}, lists.node).ok());
    const auto list = must(sign_list(lists.statement(), std::vector<Bytes>(1024, Bytes(600)), lists.node));
    const Bytes bytes = encode_signed_list(list);
    CHECK(bytes.size() < limits::k_frame_bytes);
    CHECK(decode_signed_list(bytes).ok());
}

TEST_CASE("statements without a kind, signer, epoch, counter, time or count are refused") {
    Lists lists;
    const ListStatement good = must(decode_list_statement(lists.list(3).statement));
    const auto refused = [&](auto change) {
        ListStatement statement = good;
        change(statement);
        const auto read = decode_list_statement(encode_list_statement(statement));
        return !read.ok() && read.error().is(EnvelopeError::bad_list);
    };
    CHECK_FALSE(refused([](ListStatement&) {}));
    CHECK(refused([](ListStatement& s) { s.kind = ListKind{0}; }));
    CHECK(refused([](ListStatement& s) { s.kind = ListKind{3}; }));
    CHECK(refused([](ListStatement& s) { s.exchange = ExchangeName(); }));
    CHECK(refused([](ListStatement& s) { s.signer.clear(); }));
    CHECK(refused([](ListStatement& s) { s.signer = "Jp Npa"; }));
    CHECK(refused([](ListStatement& s) { s.epoch = Epoch(0); }));
    CHECK(refused([](ListStatement& s) { s.counter = 0; }));
    CHECK(refused([](ListStatement& s) { s.time = UnixMillis(0); }));
    CHECK(refused([](ListStatement& s) { s.count = 0; }));
    CHECK(refused([](ListStatement& s) { s.count = 1025; }));
}

TEST_CASE("evidence of each item verifies alone, after it was stored") {
    Lists lists;
    const SignedList list = lists.list(7);
    const auto evidence = evidence_of(list);
    REQUIRE(evidence.size() == 7);
    for (unsigned i = 0; i < 7; ++i) {
        const ListEvidence read = must(decode_list_evidence(encode_list_evidence(evidence[i])));
        CHECK(read.item == an_item(i));
        CHECK(read.index == i);
        const auto statement = verify_list_evidence(read, lists.key);
        REQUIRE(statement.ok());
        CHECK(statement->count == 7);
    }
}

TEST_CASE("evidence can be had from a redacted list for the items it shows") {
    Lists lists;
    const auto evidence = evidence_of(redact(lists.list(7), {false, false, true, false, false, true, false}));
    REQUIRE(evidence.size() == 2);
    CHECK(evidence[0].index == 2);
    CHECK(evidence[1].index == 5);
    for (const auto& one : evidence) CHECK(verify_list_evidence(one, lists.key).ok());
}

TEST_CASE("evidence for another item, place, proof or key is refused") {
    Lists lists;
    const ListEvidence good = evidence_of(lists.list(7))[3];
    ListEvidence wrong = good;
    wrong.item = an_item(4);
    CHECK(lists.refuses(wrong));
    wrong = good;
    wrong.index = 2;
    CHECK(lists.refuses(wrong));
    wrong = good;
    wrong.index = 7;
    CHECK(lists.refuses(wrong));
    wrong = good;
    wrong.proof[0].mutable_view()[0] ^= 1;
    CHECK(lists.refuses(wrong));
    wrong = good;
    wrong.proof.pop_back();
    CHECK(lists.refuses(wrong));
    wrong = good;
    wrong.signature.mutable_view()[5] ^= 1;
    CHECK(lists.refuses(wrong));
    CHECK_FALSE(verify_list_evidence(good, lists.exchange.agency("my-rmp").node->public_key()).ok());
    CHECK(verify_list_evidence(good, lists.key).ok());
}

TEST_CASE("evidence of the largest item fits a void's bound") {
    Lists lists;
    const auto list = must(sign_list(lists.statement(), std::vector<Bytes>(1024, Bytes(600)), lists.node));
    const Bytes bytes = encode_list_evidence(evidence_of(list)[1023]);
    CHECK(bytes.size() <= k_list_evidence_bytes);
    CHECK(bytes.size() <= k_void_refusal_bytes);
    CHECK(decode_list_evidence(bytes).ok());
}
