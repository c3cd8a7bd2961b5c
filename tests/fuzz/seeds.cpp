// Writes what each fuzz target starts from: one of everything a decoder accepts. fuzz_seeds FOLDER [SOURCES];
// the files of a target are in FOLDER/NAME, named by what they are. SOURCES is the root of the source tree.
#include <cstdio>
#include <cstring>
#include <filesystem>

#include "fuzz/fuzz.h"
#include "fuzz/steady.h"
#include "sampan/base/encode.h"
#include "sampan/crypto/key_file.h"
#include "sampan/crypto/padding.h"
#include "sampan/dialogue/briefing.h"
#include "sampan/envelope/signed_list.h"
#include "sampan/identity/key_store.h"
#include "sampan/identity/label_codec.h"
#include "sampan/identity/retention.h"
#include "sampan/log/cosignature.h"
#include "sampan/log/erasure.h"
#include "sampan/log/export.h"
#include "sampan/log/tiles.h"
#include "sampan/transport/bundle.h"
#include "support/exchange.h"
#include "transport/gate_codec.h"
#include "unit/transport/packet_samples.h"

using namespace sampan;
using namespace sampan::test;

namespace {

class Seeds {
  public:
    explicit Seeds(std::string folder) : folder_(std::move(folder)) {}
    void put(const std::string& target, const std::string& name, ByteView bytes) {
        const std::string folder = folder_ + "/" + target;
        must(system_files().make_directories(folder));
        must(write_file(system_files(), folder + "/" + name, bytes, Replace::yes, 0644));
        ++count_;
    }
    void put(const std::string& target, const std::string& name, std::string_view text) {
        put(target, name, as_bytes(text));
    }
    std::size_t count() const { return count_; }

  private:
    std::string folder_;
    std::size_t count_ = 0;
};

// As fuzz::Input takes it: u16 length and bytes.
Bytes piece(ByteView bytes) {
    Bytes out = {static_cast<std::uint8_t>(bytes.size() >> 8), static_cast<std::uint8_t>(bytes.size())};
    append(out, bytes);
    return out;
}

void frames(Seeds& seeds) {
    PacketSamples samples(1);
    for (std::size_t i = 0; i < std::variant_size_v<Packet>; ++i) {
        FrameWriter writer;
        const Packet packet = samples.make(i);
        if (encoded_packet_size(packet) > 8192) continue;
        writer.add(packet);
        const Bytes frame = writer.finish().front();
        seeds.put("frame", std::string(packet_name(packet)), frame);
        seeds.put("wire", "frame-" + std::string(packet_name(packet)), frame);
    }
}

void gate_messages(Seeds& seeds) {
    const AgencyId agency = agency_id("jp-npa");
    const std::vector<GateMessage> messages = {
        GateReady{"tcp://127.0.0.1:5555"},
        GateFrame{ConnectionId(7), agency, Bytes(20, 1)},
        GateClosed{ConnectionId(7), "gone"},
        GateEvent{"unknown_key", agency, "detail"},
        GateCounters{1, 2, 3, 4, 5, 6, 7, 8},
        GateAllow{{{CurvePublicKey{}, agency}}},
        GateSend{ConnectionId(7), Bytes(20, 2)},
        GateDrop{ConnectionId(7), "slow_reader"},
        GateStop{},
        GateShare{Bytes(20, 3)},
        GateCompose{ConnectionId(7), {{0, 0}, {4, 0}}, Bytes(8, 4)},
        GateForget{},
    };
    Bytes stream = {3};
    for (const GateMessage& message : messages) {
        Bytes bytes = gate_codec::encode_head(message);
        append(bytes, gate_codec::frame_of(message));
        seeds.put("gate_channel", "message-" + std::to_string(message.index()), bytes);
        append(stream, Writer().lp(bytes).bytes());
    }
    seeds.put("gate_channel", "stream", stream);
}

void messages(Seeds& seeds, Exchange& exchange) {
    const SealedMessage sealed = exchange.seal("jp-npa", {"sg-spf", "th-rtp"}, "A briefing.");
    Bytes stanzas;
    for (const Stanza& stanza : sealed.stanzas) append(stanzas, stanza.view());
    const Bytes header = encode_header(sealed.header);
    seeds.put("message", "header", header);
    seeds.put("wire", "header", header);
    seeds.put("message", "seal", sealed.seal);
    seeds.put("message", "stanzas", stanzas);
    seeds.put("message", "padded", pad(as_bytes("content")).reveal(k_reveal));
    Bytes whole;
    for (const ByteView part :
         {ByteView(sealed.seal), sealed.signature.view(), ByteView(stanzas),
          sealed.content_key.reveal(k_reveal), ByteView(exchange.agency("jp-npa").certificate.der())})
        append(whole, piece(part));
    append(whole, sealed.body);
    seeds.put("sealed_message", "whole", whole);
    for (const std::uint8_t type : {1, 2}) {
        Writer record;
        record.u8(type).lp(sealed.seal).raw(sealed.signature.view());
        if (type == 2) record.lp("answer");
        seeds.put("log_records", "message-" + std::to_string(type), record.bytes());
    }
    seeds.put("label", "label", encode_label(sealed.header.label));
    for (const char* level : {"unclassified", "secret"})
        seeds.put("label", level, encode_label(exchange.label("th-rtp", level)));

    const OpenedMessage opened = must(exchange.open(sealed, "sg-spf"));
    const SecretBuffer content = encode_content(opened.content);
    seeds.put("content", "content", content.reveal(k_reveal));
    seeds.put("wire", "content", content.reveal(k_reveal));
    seeds.put("content", "document", encode_document({DocumentKind::threat_update, "Title", "en", "Body\n"}));
    Content rich;
    rich.document = to_bytes(as_bytes("document"));
    rich.document_hash = sha256(rich.document);
    rich.attachments.push_back({"annex.pdf", "application/pdf", 2000, sha256(rich.document), PartKey{}});
    rich.voids.push_back({3, SealHash{}, "prekey_superseded", Bytes(8, 1)});
    seeds.put("content", "attachment", encode_content(rich).reveal(k_reveal));
    PassedOn& passed = rich.passed_on.emplace();
    for (LoggedSeal* logged : {&passed.original, &passed.consent}) {
        logged->seal = sealed.seal;
        logged->signature = sealed.signature;
        logged->certificate = exchange.agency("jp-npa").certificate.der();
        logged->content_key = DisclosedKey{};
        logged->leaf = LeafIndex(3);
        logged->time_s = 1'700'000'000;
        logged->proof = {MerkleHash{}};
    }
    passed.consent_content = to_bytes(content.reveal(k_reveal));
    seeds.put("content", "passed-on", encode_content(rich).reveal(k_reveal));
}

void identities(Seeds& seeds, Exchange& exchange) {
    Agency& agency = exchange.agency("jp-npa");
    const SignedStatement descriptor = exchange.descriptor("jp-npa"),
                          bundle = exchange.prekey_bundle("jp-npa");
    seeds.put("statements", "descriptor", descriptor.bytes);
    seeds.put("statements", "bundle", bundle.bytes);
    seeds.put("statements", "file", encode_statement_file(descriptor));
    seeds.put("wire", "descriptor", descriptor.bytes);
    seeds.put("wire", "bundle", bundle.bytes);

    Bytes path = piece(agency.root.der());
    append(path, agency.certificate.der());
    seeds.put("certificate", "path", path);
    seeds.put("certificate", "text", agency.root.pem());

    JoiningRequest request;
    request.exchange = exchange.name();
    request.agency = agency.id;
    request.names = {{"en", "National Police Agency"}};
    request.country = "JP";
    request.root_certificate = agency.root.der();
    request.descriptor = descriptor;
    request.created = exchange.now();
    const std::string text = must(sign_joining_request(request, agency.root_key, *agency.node));
    seeds.put("joining", "text", text);
    std::string base64;
    for (std::size_t at = 0, end = 0; (end = text.find('\n', at)) != std::string::npos; at = end + 1)
        if (text[at] != '-') base64.append(text, at, end - at);
    seeds.put("joining", "bytes", must(from_base64(base64)));

    const RegistryPtr first = exchange.registry();
    const RegistryPtr second =
        exchange.next_epoch([](Registry& next) { next.members.front().status = MemberStatus::suspended; });
    seeds.put("registry", "first", encode_registry(first->registry()));
    seeds.put("wire", "registry", encode_registry(first->registry()));
    seeds.put("wire", "epoch", first->signed_bytes());
    Bytes chain = piece(first->signed_bytes());
    append(chain, second->signed_bytes());
    seeds.put("registry", "chain", chain);
    SignedRetention order;
    order.order.exchange = exchange.name();
    order.order.issued = exchange.now();
    order.order.event_days = 30;
    order.order.level_days = {{"restricted", 365}};
    order.order.holds.push_back(
        {"case-17", agency_id("th-rtp"), {}, {}, exchange.now(), {}, "a court asked"});
    order.text = order.order.text();
    sign_retention(order, exchange.authority_key());
    seeds.put("registry", "retention", encode_retention(order));
    seeds.put("registry", "retention-text", as_bytes(order.text));
}

void lists(Seeds& seeds, Exchange& exchange) {
    Answer accepted;
    accepted.sender = agency_id("jp-npa");
    accepted.leaf_index = LeafIndex(5);
    accepted.time = exchange.now();
    accepted.epoch = Epoch(1);
    Answer refused = accepted;
    refused.code = AnswerCode::refused;
    refused.reason = "not_entitled";
    refused.detail = "above the clearance";
    refused.leaf_index.reset();
    ListStatement statement;
    statement.exchange = exchange.name();
    statement.signer = "broker-1";
    statement.epoch = Epoch(1);
    statement.counter = 1;
    statement.time = exchange.now();
    const SignedList list = must(
        sign_list(statement, {encode_answer(accepted), encode_answer(refused)}, *exchange.broker().receipt));
    seeds.put("lists", "accepted", encode_answer(accepted));
    seeds.put("lists", "refused", encode_answer(refused));
    seeds.put("lists", "delivered",
              encode_outcome({MessageSubject{}, OutcomeCode::delivered, "", exchange.now(), {}}));
    seeds.put("lists", "withheld",
              encode_outcome({MessageSubject{}, OutcomeCode::withheld, "not_entitled", exchange.now(),
                              agency_id("jp-npa")}));
    seeds.put("lists", "statement", list.statement);
    seeds.put("lists", "list", encode_signed_list(list));
    seeds.put("lists", "redacted", encode_signed_list(redact(list, {true, false})));
    seeds.put("lists", "evidence", encode_list_evidence(evidence_of(list).front()));
    seeds.put("wire", "list", encode_signed_list(list));
}

void logs(Seeds& seeds, Exchange& exchange) {
    const LogEntry entry{EntryType::registry, 1'614'589'200,
                         must(EntrySubject::parse(exchange.registry()->hash().view()))};
    const LogEntryBytes bytes = encode_log_entry(entry);
    MerkleEdge edge;
    edge.append(log_leaf(entry));
    const std::string origin = exchange.registry()->registry().log_origin();
    const Checkpoint checkpoint{origin, edge.size(), edge.root()};
    const std::string note = must(sign_checkpoint(checkpoint, origin, *exchange.broker().log));
    Note cosigned = must(Note::parse(note));
    cosigned.signatures.push_back(must(cosign_checkpoint(
        checkpoint, 1'614'589'260, "jp-npa.ajct.example/witness", *exchange.agency("jp-npa").witness)));
    seeds.put("log_notes", "checkpoint", note);
    seeds.put("log_notes", "cosigned", cosigned.encode());
    seeds.put("log_notes", "text", checkpoint.text());
    seeds.put("log_notes", "key", NoteKey{origin, exchange.broker().log->public_key()}.text());
    seeds.put("log_notes", "tile", "tile/0/x001/067.p/12");
    seeds.put("log_notes", "bundle", "tile/entries/003");

    seeds.put("log_entries", "entry", bytes.view());
    const std::vector<Bytes> entries = {to_bytes(bytes.view()), {}};
    Bytes bundle = {1};
    append(bundle, entry_bundle_bytes(entries));
    seeds.put("log_entries", "bundle", bundle);
    const std::vector<LeafIndex> leaves = {LeafIndex(4), LeafIndex(9)};
    const Erasure erasure{1, 2, leaves.front(), leaves.back(), erased_leaves_digest(leaves)};
    seeds.put("log_entries", "erasure", as_bytes(erasure.text()));
    Bytes tile = {0};
    append(tile, edge.root().view());
    seeds.put("log_entries", "tile", tile);

    fuzz::MemoryFile file;
    ExportWriter writer = must(ExportWriter::begin(file));
    for (const RegistryPtr& epoch : exchange.chain().epochs()) must(writer.epoch(epoch->signed_bytes()));
    must(writer.first(MerkleEdge()));
    must(writer.entry(bytes.view(), exchange.chain().epochs().front()->signed_bytes()));
    must(writer.finish(note));
    seeds.put("log_export", "items", file.bytes);
    Bytes audited = to_bytes(exchange.chain().epochs().front()->hash().view());
    append(audited, file.bytes);
    seeds.put("log_export", "audited", audited);
}

// One to each side, of every packet that may stand there.
void bundles(Seeds& seeds) {
    const auto seed = [&](std::string_view name, BundleDirection direction,
                          const std::vector<Packet>& packets) {
        BundleHead head;
        head.direction = direction;
        head.exchange = must(ExchangeName::parse("ajct.example"));
        head.agency = must(AgencyId::parse("th-rtp"));
        head.broker = must(BrokerId::parse("broker-1"));
        head.sequence = 1;
        head.created = UnixMillis(1'800'000'000'000);
        head.epoch = Epoch(1);
        const bool to_node = direction == BundleDirection::to_node;
        if (to_node) head.answers = sha256(as_bytes("head"));
        fuzz::MemoryFile file;
        BundleWriter writer = must(BundleWriter::begin(file, head));
        for (const Packet& packet : packets) must(writer.add(packet));
        must(writer.finish([](ByteView) { return Result<Ed25519Signature>(Ed25519Signature()); },
                           to_node ? ByteView() : as_bytes("certificate")));
        seeds.put("bundle", name, file.bytes);
        seeds.put("bundle", std::string(name) + "-rest", ByteView(file.bytes).subspan(16));
    };
    PacketSamples samples(13);
    std::vector<Packet> all, answers;
    for (std::size_t i = 0; i < std::variant_size_v<Packet>; ++i) all.push_back(samples.make(i));
    for (const Packet& packet : all) {
        const bool said =
            std::holds_alternative<Welcome>(packet) || std::holds_alternative<Answers>(packet) ||
            std::holds_alternative<Deliver>(packet) || std::holds_alternative<PartData>(packet) ||
            std::holds_alternative<Peers>(packet) || std::holds_alternative<Inclusion>(packet) ||
            std::holds_alternative<Consistency>(packet) || std::holds_alternative<Entries>(packet);
        if (said) answers.push_back(packet);
    }
    seed("to-node", BundleDirection::to_node, answers);
    seed("to-broker", BundleDirection::to_broker, all);
}

void texts(Seeds& seeds, const std::string& folder, const std::string& sources) {
    seeds.put("texts", "hex", "00ff10");
    seeds.put("texts", "base64", "c2FtcGFu");
    seeds.put("texts", "date", "2021-03-01T09:00:00Z");
    seeds.put("texts", "terminal", "red \x1b[31m \xe2\x80\xae \xe0\xb8\x81\xe0\xb8\xb3 \xef\xbd\x81");
    seeds.put("texts", "lengths", Writer().lp("one").lp("two").bytes());
    for (std::uint8_t i = 0; i < 8; ++i) {
        const Bytes proof = {
            static_cast<std::uint8_t>(i * 9), static_cast<std::uint8_t>(i * 4), i, 20, 2, i, 1, 1, 3, 2};
        seeds.put("proofs", std::to_string(i), proof);
    }

    seeds.put("evidence", "fork", "sampan fork evidence 1\n");
    seeds.put(
        "stix", "bundle",
        R"({"type":"bundle","id":"bundle--5d0092c5-5f74-4287-9642-33f4c354e56d","objects":[{"type":"indicator",)"
        R"("spec_version":"2.1","id":"indicator--8e2e2d2b-17d4-4cbf-938f-98ee46b3cd3f",)"
        R"("created":"2016-04-06T20:03:48.000Z","modified":"2016-04-06T20:03:48.000Z",)"
        R"("pattern":"[file:name = 'a']","pattern_type":"stix","valid_from":"2016-01-01T00:00:00Z"}]})");

    must(system_files().make_directories(folder + "/key_file"));
    const std::string key = folder + "/key_file/key";
    if (system_files().exists(key)) must(system_files().remove(key));
    must(write_key_file(system_files(), key, "node-signing", Bytes(32, 9),
                        SecretBuffer::copy_of(as_bytes("correct horse")), {1, 8}));

    const auto copy = [&](const std::string& target, const std::filesystem::path& from) {
        seeds.put(target, from.filename().string(),
                  must(read_file(system_files(), from.string(), limits::k_mib)));
    };
    for (const char* file : {"config/broker.sample.toml", "config/node.sample.toml",
                             "config/demo/exchange.toml", "config/demo/agencies.toml"})
        copy("config_files", sources + "/" + file);
    for (const auto& entry :
         std::filesystem::recursive_directory_iterator(sources + "/config/demo/briefings"))
        if (entry.path().extension() == ".md") copy("briefing", entry.path());
}

// Requests of every kind to fuzz/local_api.cpp; some of them one after another on one connection.
void requests(Seeds& seeds) {
    const auto put = [&](const std::string& name, const std::string& line, const std::string& body,
                         const std::string& head = "") {
        std::string text = line + " HTTP/1.1\r\nHost: node\r\n" + head;
        if (!body.empty()) text += "Content-Length: " + std::to_string(body.size()) + "\r\n";
        text += "\r\n" + body;
        seeds.put("local_api", name, text);
        return text;
    };
    const std::string id(32, 'a');
    std::string many;
    int number = 0;
    for (const char* path : {"status", "doctor", "whoami", "officers", "outbox?limit=3",
                             "inbox?unread=1&limit=2", "log/checkpoint", "registry", "peers", "log/export"})
        many += put("get-" + std::to_string(number++), "GET /v1/" + std::string(path), "");
    seeds.put("local_api", "pipelined", many);
    for (const char* rest : {"", "/receipts", "/attachments/0"})
        put("message" + std::to_string(std::strlen(rest)), "GET /v1/messages/" + id + rest, "");
    put("proof", "GET /v1/log/proof/" + id, "");
    put("sign-in", "POST /v1/sign-in",
        R"({"officer":"admin","passphrase":"the first words","code":"123456"})");
    put("sign-out", "POST /v1/sign-out", "{}");
    put("passphrase", "POST /v1/passphrase", R"({"old":"the first words","new":"some other words"})");
    put("totp", "POST /v1/totp", R"({"passphrase":"the first words","code":"123456"})");
    put("officer", "POST /v1/officers",
        R"({"id":"ann","name":"Ann","roles":["reader"],"clearance":{"level":"secret","holds":{"compartment":["ct"]}},)"
        R"("passphrase":"the second words"})");
    put("change", "POST /v1/officers/ann", R"({"roles":["reader"],"clearance":null,"reset":true})");
    put("remove", "DELETE /v1/officers/ann", "");
    put("lock", "POST /v1/lock", "{}");
    put("upload", "PUT /v1/uploads", "an annex",
        "Content-Type: text/plain\r\nX-Sampan-Name: annex%20one.txt\r\n");
    put("publish", "POST /v1/messages",
        R"({"briefing":"+++\nkind = \"note\"\ntitle = \"A\"\nto = [\"sg-spf\"]\n[label]\nclassification = \"unclassified\"\n+++\nB\n",)"
        R"("uploads":[],"about":[],"dry_run":true,"leave_out_denied":true,"leave_out_unready":true})",
        "Authorization: Bearer " + std::string(64, '0') + "\r\n");
}

// Of fuzz/backup.cpp: its first byte says what the rest is.
void backups(Seeds& seeds) {
    const Bytes items =
        Writer().lp("broker.db").u64(5).raw("SQLit").lp("parts/00ff").u64(3).raw("abc").lp("").u64(2).bytes();
    for (std::uint8_t what : {1, 2}) {
        Bytes seed{what};
        append(seed, items);
        seeds.put("backup", "items" + std::to_string(what), seed);
    }
    Bytes file{0};
    append(file, Writer()
                     .raw("sampan backup 1\n")
                     .lp(Writer().u8(2).lp("e").lp("th-rtp").u64(1).bytes())
                     .lp(Bytes(81, 2))
                     .raw(Bytes(80, 9))
                     .bytes());
    seeds.put("backup", "file", file);
}

// Steps of fuzz/broker_session.cpp.
void sessions(Seeds& seeds) {
    seeds.put("broker_session", "submit", Bytes{2, 0, 0, 2, 1, 1, 7, 1, 0, 7, 2, 0});
    seeds.put("broker_session", "attachment", Bytes{2, 0, 6, 8, 0, 7, 1, 0, 11, 0, 0, 0, 2, 0, 6});
    seeds.put("broker_session", "replay",
              Bytes{2, 0, 0, 6, 1, 0, 0, 40, 255, 6, 0, 0, 255, 255, 9, 0, 200, 200});
    seeds.put("broker_session", "full_disk", Bytes{10, 0, 0, 2, 0, 0, 13, 0, 0, 0, 2, 0, 0});
    Bytes all;
    for (std::uint8_t kind = 0; kind < std::variant_size_v<Packet>; ++kind)
        append(all, Bytes{5, 1, 0, kind, kind, 0, 1});
    seeds.put("broker_session", "every_packet", all);
}

}  // namespace

int main(int argc, char** argv) {
    if (argc != 3) {
        std::fprintf(stderr, "usage: fuzz_seeds FOLDER SOURCES\n");
        return 2;
    }
    fuzz::make_randomness_steady();
    Seeds seeds(argv[1]);
    Exchange exchange;
    frames(seeds);
    gate_messages(seeds);
    messages(seeds, exchange);
    lists(seeds, exchange);
    logs(seeds, exchange);
    bundles(seeds);
    identities(seeds, exchange);
    texts(seeds, argv[1], argv[2]);
    sessions(seeds);
    requests(seeds);
    backups(seeds);
    std::printf("%zu seeds\n", seeds.count());
    return 0;
}
