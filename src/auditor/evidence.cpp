#include "auditor/evidence.h"

#include <algorithm>

#include "sampan/crypto/time_stamp.h"
#include "sampan/envelope/disclosed.h"
#include "sampan/identity/registry.h"

namespace sampan {
namespace {

UnixMillis moment(std::uint64_t time_s) {
    return UnixMillis(static_cast<std::int64_t>(time_s) * k_second_ms);
}

class EvidenceCheck {
  public:
    EvidenceCheck(const Evidence& evidence, const EvidenceOptions& options)
        : evidence_(evidence), options_(options) {}

    EvidenceReport run() {
        check_registry() && check_seal() && check_log() && check_witnesses();
        if (seal_ && chain_) {
            check_outcomes();
            check_disclosure();
            check_time_stamp();
        }
        return std::move(report_);
    }

  private:
    bool step(std::string what, bool ok, std::string detail) {
        report_.steps.push_back({std::move(what), ok, std::move(detail)});
        return ok;
    }
    const Registry& registry() const { return chain_->newest()->registry(); }

    bool check_registry() {
        auto chain = RegistryChain::begin(evidence_.epochs.front(), options_.trust);
        if (!chain.ok()) return step("registry", false, chain.error().text());
        chain_ = std::move(*chain);
        for (std::size_t i = 1; i < evidence_.epochs.size(); ++i)
            if (const Status accepted = chain_->accept(evidence_.epochs[i]); !accepted.ok())
                return step("registry", false, accepted.error().text());
        return step("registry", true,
                    "epoch " + std::to_string(registry().epoch.get()) + " of " + registry().exchange.text() +
                        " follows from the first epoch, whose hash you gave, by signatures of the exchange "
                        "authority");
    }

    // The sender's certificate of then, valid when the entry was logged.
    Result<VerifiedDescriptor> descriptor_of(const SignedStatement& statement, UnixMillis then) const {
        SAMPAN_ASSIGN(Descriptor descriptor, decode_descriptor(statement.bytes));
        const Member* member = registry().member(descriptor.agency);
        if (member == nullptr)
            return Error(IdentityError::unknown_agency, descriptor.agency.text() + " is no member");
        return verify_descriptor(statement, registry().exchange, descriptor.agency,
                                 chain_->newest()->root_of(*member), then);
    }

    bool check_seal() {
        auto seal = SignedSeal::parse(evidence_.seal, evidence_.signature.view());
        if (!seal.ok()) return step("message", false, seal.error().text());
        seal_ = std::move(*seal);
        report_.header = seal_->header;
        const std::string sender = seal_->header.sender.text();
        const auto known = descriptor_of(evidence_.sender, moment(evidence_.entry_time_s));
        if (!known.ok()) return step("certificate", false, known.error().text());
        if (known->descriptor.agency != seal_->header.sender)
            return step("certificate", false, "the certificate given is not of " + sender);
        step("certificate", true,
             "the certificate of " + sender +
                 " is signed by the root that the registry pins for it, and was valid at " +
                 to_rfc3339(moment(evidence_.entry_time_s)));
        if (const Status signature = verify_seal_signature(*seal_, known->certificate); !signature.ok())
            return step("signature", false, signature.error().text());
        return step(
            "signature", true,
            sender + " signed message " + seal_->header.message_id.hex() +
                " with the key of that certificate: its label, readers, time and the hash of its content");
    }

    bool check_log() {
        LogEntry entry;
        entry.type = EntryType::submitted;
        entry.time_s = evidence_.entry_time_s;
        entry.subject = EntrySubject(seal_->subject.array());
        if (const Status proof = verify_log_proof(evidence_.proof, log_leaf(entry)); !proof.ok())
            return step("log", false, proof.error().text());
        for (const RegistryPtr& epoch : chain_->epochs())
            for (const BrokerEntry& broker : epoch->registry().brokers) {
                const auto head = verify_checkpoint(evidence_.proof.checkpoint,
                                                    epoch->registry().log_origin(), broker.log_key);
                if (!head.ok()) continue;
                return step("log", true,
                            "the exchange accepted it at " + to_rfc3339(moment(evidence_.entry_time_s)) +
                                ": it is entry " + std::to_string(evidence_.proof.index.get()) +
                                " of the log of " + std::to_string(head->size.get()) + " entries that " +
                                broker.id.text() + " signed");
            }
        return step("log", false, "the checkpoint is not signed by a log key of the registry");
    }

    bool check_witnesses() {
        const Note note = Note::parse(evidence_.proof.checkpoint).value();  // parsed with the proof
        WitnessSet set;
        set.quorum = registry().witness_quorum;
        set.witnesses = options_.witnesses;
        if (set.witnesses.empty()) {
            for (const SignedStatement& statement : evidence_.witnesses) {
                const auto known = descriptor_of(statement, moment(evidence_.entry_time_s));
                if (!known.ok()) {
                    step("witness", false, known.error().text());
                    continue;
                }
                const std::string name = witness_name(known->descriptor.agency, registry().exchange);
                const bool twice = std::any_of(set.witnesses.begin(), set.witnesses.end(),
                                               [&](const WitnessKey& held) { return held.name == name; });
                if (!twice) set.witnesses.push_back({name, known->descriptor.witness_key});
            }
        }
        const WitnessJudgement judged = judge_witnesses(note, set);
        const std::string counted = std::to_string(judged.cosigned) + " witnesses cosigned, the quorum is " +
                                    std::to_string(judged.quorum);
        if (!judged.reached()) return step("witnesses", false, "not witnessed: " + counted);
        report_.time_s = judged.time_s;
        return step("witnesses", true,
                    counted + ": the log cannot have been rewritten since, and the message was there by " +
                        to_rfc3339(moment(*judged.time_s)) + ", the median of their clocks");
    }

    void check_outcomes() {
        for (const EvidenceOutcome& outcome : evidence_.outcomes) {
            const auto list = decode_list_evidence(outcome.list_evidence);
            const auto item = list.ok() ? decode_outcome(list->item) : Result<Outcome>(list.error());
            if (!item.ok()) {
                step("outcome", false, item.error().text());
                continue;
            }
            if (item->subject != seal_->subject) {
                step("outcome", false, "an outcome is of another message");
                continue;
            }
            check_outcome(outcome, *list, *item);
        }
    }

    void check_outcome(const EvidenceOutcome& outcome, const ListEvidence& list, const Outcome& item) {
        std::string who;
        Status holds = Error(IdentityError::unknown_agency, "nobody signed it");
        if (outcome.descriptor.bytes.empty()) {
            for (const BrokerEntry& broker : registry().brokers)
                if (verify_list_evidence(list, broker.receipt_key).ok()) {
                    who = broker.id.text() + " (the broker)";
                    holds = ok_status();
                }
        } else {
            const auto known = descriptor_of(outcome.descriptor, item.time);
            if (!known.ok()) return void(step("outcome", false, known.error().text()));
            who = known->descriptor.agency.text();
            const auto statement = verify_list_evidence(list, known->certificate.public_key());
            if (statement.ok() && statement->signer == who &&
                seal_->header.index_of(known->descriptor.agency))
                holds = ok_status();
        }
        if (!holds.ok())
            return void(step("outcome", false, "an outcome is not signed by a reader, nor by the broker"));
        step("outcome", true,
             who + " signed \"" + std::string(outcome_name(item.code)) + "\" at " + to_rfc3339(item.time) +
                 (item.recipient ? " for the copy of " + item.recipient->text() : "") +
                 (item.reason.empty() ? "" : ": " + item.reason));
    }

    void check_disclosure() {
        if (!evidence_.content_key)
            return void(
                step("content", true, "not disclosed: the body stays secret, and its hash is signed"));
        auto opened = open_body(*seal_, evidence_.body, *evidence_.content_key);
        if (!opened.ok()) return void(step("content", false, opened.error().text()));
        report_.document = std::string(as_text(opened->document));
        step("content", true,
             "the disclosed key opens exactly the body that was signed: the content below is what " +
                 seal_->header.sender.text() + " sent, with " + std::to_string(opened->attachments.size()) +
                 " attachments by their hashes");
    }

    void check_time_stamp() {
        if (evidence_.time_stamp.empty() && options_.time_authority.empty()) return;
        if (evidence_.time_stamp.empty()) return void(step("time stamp", false, "the bundle has none"));
        if (options_.time_authority.empty())
            return void(step("time stamp", true,
                             "there is one; give the authority's root (--tsa) to have it checked"));
        const auto digest = time_stamped_digest(evidence_);
        const auto stamp = digest.ok()
                               ? verify_time_stamp(evidence_.time_stamp, *digest, options_.time_authority)
                               : Result<TimeStamp>(digest.error());
        if (!stamp.ok()) return void(step("time stamp", false, stamp.error().text()));
        step("time stamp", true,
             stamp->authority + " says that the checkpoint, and with it the message, existed at " +
                 to_rfc3339(stamp->time));
    }

    const Evidence& evidence_;
    const EvidenceOptions& options_;
    EvidenceReport report_;
    std::optional<RegistryChain> chain_;
    std::optional<SignedSeal> seal_;
};

}  // namespace

bool EvidenceReport::ok() const {
    return !steps.empty() && std::all_of(steps.begin(), steps.end(), [](const AuditStep& s) { return s.ok; });
}

Result<Sha256Digest> time_stamped_digest(const Evidence& evidence) {
    SAMPAN_ASSIGN(const Note note, Note::parse(evidence.proof.checkpoint));
    return sha256(as_bytes(note.text));
}

Result<EvidenceReport> verify_evidence(ByteView bundle, const EvidenceOptions& options) {
    SAMPAN_ASSIGN(const Evidence evidence, decode_evidence(bundle));
    return EvidenceCheck(evidence, options).run();
}

}  // namespace sampan
