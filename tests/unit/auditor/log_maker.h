// Makes the log of an exchange in memory, as a broker would, and exports of it. One owner.
#pragma once

#include "auditor/audit.h"
#include "sampan/base/encode.h"
#include "support/exchange.h"
#include "support/memory_file.h"

namespace sampan::test {

struct MadeEntry {
    Bytes entry, record;
};

class LogMaker {
  public:
    // Begins with the registry's entry and a descriptor and a bundle of each agency.
    explicit LogMaker(Exchange& exchange) : exchange_(exchange), time_s_(seconds(exchange.now())) {
        add(EntryType::registry, exchange.registry()->hash().view(), exchange.registry()->signed_bytes());
        for (const AgencyId& agency : exchange.agencies()) {
            statement(EntryType::descriptor, exchange.descriptor(agency.text()));
            statement(EntryType::prekeys, exchange.prekey_bundle(agency.text()));
        }
    }

    LeafIndex add(EntryType type, ByteView subject, Bytes record) {
        LogEntry entry;
        entry.type = type;
        entry.time_s = time_s_;
        std::copy(subject.begin(), subject.end(), entry.subject.mutable_view().begin());
        entries.push_back({to_bytes(encode_log_entry(entry).view()), std::move(record)});
        return LeafIndex(entries.size() - 1);
    }
    LeafIndex statement(EntryType type, const SignedStatement& statement) {
        return add(type, statement.hash().view(),
                   Writer().lp(statement.bytes).raw(statement.signature.view()).bytes());
    }
    LeafIndex salted(EntryType type, std::string_view text) {
        const Bytes salt(k_entry_salt_bytes, 7);
        return add(type, salted_subject(salt, as_bytes(text)).view(), Writer().raw(salt).raw(text).bytes());
    }
    // The authority's next retention order.
    LeafIndex order(RetentionOrder order) {
        SignedRetention made;
        order.exchange = exchange_.name();
        order.number = ++orders_;
        order.issued = now();
        made.text = order.text();
        made.order = std::move(order);
        sign_retention(made, exchange_.authority_key());
        return salted(EntryType::hold, as_text(encode_retention(made)));
    }
    // As the broker erases: marks in place of records, and the entry that says so.
    LeafIndex erase(const std::vector<LeafIndex>& leaves) {
        const LeafIndex by(entries.size());
        for (const LeafIndex leaf : leaves)
            entries[static_cast<std::size_t>(leaf.get())].record = erased_mark(by);
        const Erasure erasure{orders_, leaves.size(), leaves.front(), leaves.back(),
                              erased_leaves_digest(leaves)};
        return salted(EntryType::erasure, erasure.text());
    }
    LeafIndex submit(const SealedMessage& message) {
        const auto subject = message_subject(message.seal, message.signature);
        return add(EntryType::submitted, subject.view(),
                   Writer().lp(message.seal).raw(message.signature.view()).bytes());
    }
    LeafIndex refuse(const SealedMessage& message, std::string reason) {
        const SignedSeal seal = must(SignedSeal::parse(message.seal, message.signature.view()));
        Answer answer;
        answer.sender = seal.header.sender;
        answer.message_id = seal.header.message_id;
        answer.subject = seal.subject;
        answer.code = AnswerCode::refused;
        answer.reason = std::move(reason);
        answer.time = now();
        answer.epoch = exchange_.registry()->registry().epoch;
        return add(EntryType::refused, seal.subject.view(),
                   Writer().lp(message.seal).raw(message.signature.view()).lp(encode_answer(answer)).bytes());
    }
    // The outcome of `agency` for its copy of the message at `leaf`.
    LeafIndex outcome(const std::string& agency, LeafIndex leaf, OutcomeCode code = OutcomeCode::delivered,
                      std::string reason = {}) {
        Outcome outcome;
        outcome.subject = subject(leaf);
        outcome.code = code;
        outcome.reason = std::move(reason);
        outcome.time = now();
        ListStatement statement;
        statement.kind = ListKind::outcomes;
        statement.exchange = exchange_.name();
        statement.signer = agency;
        statement.epoch = exchange_.registry()->registry().epoch;
        statement.counter = ++counters_[agency];
        statement.time = now();
        const SignedList list =
            must(sign_list(statement, {encode_outcome(outcome)}, *exchange_.agency(agency).node));
        return add(EntryType::delivered, list.hash().view(), encode_signed_list(list));
    }
    MessageSubject subject(LeafIndex leaf) const {
        return MessageSubject(
            must(decode_log_entry(entries[static_cast<std::size_t>(leaf.get())].entry)).subject.array());
    }
    void pass(std::uint64_t seconds) { time_s_ += seconds; }
    UnixMillis now() const { return UnixMillis(static_cast<std::int64_t>(time_s_) * k_second_ms); }

    MerkleEdge edge(std::size_t size) const {
        MerkleEdge out;
        for (std::size_t i = 0; i < size; ++i) out.append(merkle_leaf_hash(entries[i].entry));
        return out;
    }
    Checkpoint checkpoint(std::size_t size) const {
        const MerkleEdge tree = edge(size);
        return {exchange_.registry()->registry().log_origin(), tree.size(), tree.root(), {}};
    }
    // Signed by the broker and, of the witnesses named, cosigned.
    std::string note(std::size_t size, const std::vector<std::string>& witnesses = {}) const {
        const Checkpoint head = checkpoint(size);
        const std::string text = must(sign_checkpoint(head, head.origin, *exchange_.broker().log));
        Note note = must(Note::parse(text));
        for (const std::string& agency : witnesses) {
            Agency& witness = exchange_.agency(agency);
            note.signatures.push_back(must(cosign_checkpoint(
                head, time_s_, witness_name(witness.id, exchange_.name()), *witness.witness)));
        }
        return note.encode();
    }
    // The whole log under `note`.
    MemoryFile exported(const std::string& note) const {
        MemoryFile out;
        ExportWriter writer = must(ExportWriter::begin(out));
        for (const RegistryPtr& epoch : exchange_.chain().epochs()) must(writer.epoch(epoch->signed_bytes()));
        must(writer.first(MerkleEdge()));
        for (const MadeEntry& entry : entries) must(writer.entry(entry.entry, entry.record));
        must(writer.finish(note));
        return out;
    }
    MemoryFile exported() const { return exported(note(entries.size())); }
    AuditOptions options() const {
        AuditOptions out;
        out.trust = exchange_.chain().epochs().front()->hash();
        return out;
    }
    Exchange& exchange() { return exchange_; }

    std::vector<MadeEntry> entries;

  private:
    static std::uint64_t seconds(UnixMillis time) {
        return static_cast<std::uint64_t>(time.get() / k_second_ms);
    }
    Exchange& exchange_;
    std::uint64_t time_s_;
    std::map<std::string, std::uint64_t> counters_;
    std::uint64_t orders_ = 0;
};

inline AuditReport audit(MemoryFile file, AuditOptions options) {
    ExportAudit audit(std::move(options));
    const Status read = audit.read(file);
    AuditReport report = audit.report();
    if (!read.ok()) report.steps.push_back({"read", false, read.error().text()});
    return report;
}
inline bool says(const AuditReport& report, std::string_view words) {
    for (const AuditFinding& finding : report.findings)
        if (finding.text.find(words) != std::string::npos) return true;
    for (const AuditStep& step : report.steps)
        if (!step.ok && step.detail.find(words) != std::string::npos) return true;
    return false;
}

}  // namespace sampan::test
