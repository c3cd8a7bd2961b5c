#include "sampan/log/evidence.h"

#include "sampan/base/encode.h"

namespace sampan {
namespace {

constexpr std::string_view k_magic = "sampan evidence 1\n";
constexpr std::size_t k_content_key_bytes = 32;
constexpr std::size_t k_token_bytes = 64 * limits::k_kib;

Error bad(std::string why) {
    return Error(LogError::bad_evidence, std::move(why));
}

Bytes statement_bytes(const SignedStatement& statement) {
    return Writer().lp(statement.bytes).raw(statement.signature.view()).bytes();
}

Result<SignedStatement> read_statement(Reader& in) {
    SignedStatement out;
    SAMPAN_ASSIGN(const ByteView bytes, in.lp(limits::k_statement_bytes));
    out.bytes = to_bytes(bytes);
    SAMPAN_ASSIGN(const ByteView signature, in.raw(Ed25519Signature::k_size));
    SAMPAN_ASSIGN(out.signature, Ed25519Signature::parse(signature));
    return out;
}

Result<SignedStatement> whole_statement(ByteView payload) {
    Reader in(payload);
    SAMPAN_ASSIGN(SignedStatement out, read_statement(in));
    SAMPAN_TRY(in.finish());
    return out;
}

Status read_message(Evidence& out, ByteView payload) {
    Reader in(payload);
    SAMPAN_ASSIGN(const ByteView seal, in.lp(limits::k_seal_bytes));
    SAMPAN_ASSIGN(const ByteView signature, in.raw(Ed25519Signature::k_size));
    SAMPAN_TRY(in.finish());
    out.seal = to_bytes(seal);
    SAMPAN_ASSIGN(out.signature, Ed25519Signature::parse(signature));
    return ok_status();
}

Status read_item(Evidence& out, EvidenceKind kind, ByteView payload) {
    Reader in(payload);
    switch (kind) {
        case EvidenceKind::epoch:
            out.epochs.push_back(to_bytes(payload));
            return ok_status();
        case EvidenceKind::message:
            return read_message(out, payload);
        case EvidenceKind::sender: {
            SAMPAN_ASSIGN(out.sender, whole_statement(payload));
            return ok_status();
        }
        case EvidenceKind::entry: {
            SAMPAN_ASSIGN(out.entry_time_s, in.u64());
            SAMPAN_ASSIGN(const ByteView text, in.raw(in.left()));
            SAMPAN_ASSIGN(out.proof, LogProof::parse(as_text(text)));
            return ok_status();
        }
        case EvidenceKind::witness: {
            SAMPAN_ASSIGN(SignedStatement witness, whole_statement(payload));
            out.witnesses.push_back(std::move(witness));
            return ok_status();
        }
        case EvidenceKind::outcome: {
            EvidenceOutcome outcome;
            SAMPAN_ASSIGN(outcome.descriptor, read_statement(in));
            SAMPAN_ASSIGN(const ByteView list, in.raw(in.left()));
            outcome.list_evidence = to_bytes(list);
            out.outcomes.push_back(std::move(outcome));
            return ok_status();
        }
        case EvidenceKind::disclosure: {
            SAMPAN_ASSIGN(const ByteView key, in.raw(k_content_key_bytes));
            SAMPAN_ASSIGN(const ByteView body, in.raw(in.left()));
            out.content_key = to_bytes(key);
            out.body = to_bytes(body);
            return ok_status();
        }
        case EvidenceKind::time_stamp:
            out.time_stamp = to_bytes(payload);
            return ok_status();
    }
    return bad("an item of an unknown kind");
}

std::size_t limit_of(EvidenceKind kind) {
    switch (kind) {
        case EvidenceKind::epoch:
            return limits::k_registry_bytes;
        case EvidenceKind::entry:
            return 2 * limits::k_note_bytes;
        case EvidenceKind::disclosure:
            return k_content_key_bytes + limits::k_body_bytes;
        case EvidenceKind::time_stamp:
            return k_token_bytes;
        default:
            return limits::k_seal_bytes + limits::k_statement_bytes;
    }
}

bool repeats(EvidenceKind kind) {
    return kind == EvidenceKind::epoch || kind == EvidenceKind::witness || kind == EvidenceKind::outcome;
}

}  // namespace

Bytes encode_evidence(const Evidence& evidence) {
    Writer out;
    out.raw(k_magic);
    const auto item = [&out](EvidenceKind kind, const Bytes& payload) {
        out.u8(static_cast<std::uint8_t>(kind)).lp(payload);
    };
    for (const Bytes& epoch : evidence.epochs) item(EvidenceKind::epoch, epoch);
    item(EvidenceKind::message, Writer().lp(evidence.seal).raw(evidence.signature.view()).bytes());
    item(EvidenceKind::sender, statement_bytes(evidence.sender));
    item(EvidenceKind::entry, Writer().u64(evidence.entry_time_s).raw(evidence.proof.encode()).bytes());
    for (const SignedStatement& witness : evidence.witnesses)
        item(EvidenceKind::witness, statement_bytes(witness));
    for (const EvidenceOutcome& outcome : evidence.outcomes)
        item(EvidenceKind::outcome,
             Writer().raw(statement_bytes(outcome.descriptor)).raw(outcome.list_evidence).bytes());
    if (evidence.content_key)
        item(EvidenceKind::disclosure, Writer().raw(*evidence.content_key).raw(evidence.body).bytes());
    if (!evidence.time_stamp.empty()) item(EvidenceKind::time_stamp, evidence.time_stamp);
    return std::move(out).bytes();
}

Result<Evidence> decode_evidence(ByteView bytes) {
    Reader in(bytes);
    const auto magic = in.raw(k_magic.size());
    if (!magic.ok() || as_text(*magic) != k_magic)
        return bad("this is no evidence bundle: it does not begin with \"sampan evidence 1\"");
    Evidence out;
    unsigned last = 0;
    std::array<unsigned, 9> seen{};
    while (in.left() != 0) {
        SAMPAN_ASSIGN(const std::uint8_t number, in.u8());
        if (number < 1 || number > 8) return bad("an item of an unknown kind");
        const auto kind = static_cast<EvidenceKind>(number);
        if (number < last || (number == last && !repeats(kind))) return bad("items stand in the wrong order");
        const auto payload = in.lp(limit_of(kind));
        if (!payload.ok()) return bad("an item is cut short or too large");
        if (const Status read = read_item(out, kind, *payload); !read.ok())
            return bad("item " + std::to_string(number) + ": " + read.error().text());
        last = number;
        ++seen[number];
    }
    for (const unsigned needed : {1U, 2U, 3U, 4U})
        if (seen[needed] == 0) return bad("an item of kind " + std::to_string(needed) + " is missing");
    return out;
}

}  // namespace sampan
