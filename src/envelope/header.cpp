#include "sampan/envelope/header.h"

#include <google/protobuf/arena.h>

#include <algorithm>

#include "envelope/codec.h"
#include "identity/label_pb.h"
#include "sampan/crypto/padding.h"
#include "sampan/crypto/stream.h"
#include "sampan/wire/strict.h"
#include "wire/message.pb.h"

namespace sampan {
namespace {

using google::protobuf::Arena;

static_assert(static_cast<int>(MessageClass::submission) == wire::SUBMISSION);
static_assert(static_cast<int>(MessageClass::control) == wire::CONTROL);
static_assert(static_cast<int>(Precedence::flash) == wire::FLASH);
static_assert(static_cast<int>(Precedence::routine) == wire::ROUTINE);

constexpr EnvelopeError k_bad = EnvelopeError::bad_header;

Error bad(std::string why) {
    return Error(k_bad, std::move(why));
}

template <typename Range, typename Less>
bool strictly_ascending(const Range& range, Less less) {
    return std::adjacent_find(range.begin(), range.end(),
                              [&](const auto& a, const auto& b) { return !less(a, b); }) == range.end();
}
template <typename Range>
bool strictly_ascending(const Range& range) {
    return strictly_ascending(range, std::less<>{});
}

Status check_times(const Header& header) {
    const std::int64_t created = header.created.get();
    const std::int64_t expires = header.expires.get();
    if (!plausible_time(created) || !plausible_time(expires)) return bad("a time is out of range");
    if (expires <= created) return bad("it expires before it is made");
    if (expires - created > limits::k_message_life_ms) return bad("it would live longer than 90 days");
    return ok_status();
}

Status check_recipients(const std::vector<Recipient>& recipients) {
    if (recipients.empty()) return bad("no recipients");
    if (recipients.size() > limits::k_recipients) return bad("too many recipients");
    if (!strictly_ascending(recipients, [](const auto& a, const auto& b) { return a.agency < b.agency; }))
        return bad("recipients unsorted or twice");
    std::vector<PrekeyId> prekeys;
    prekeys.reserve(recipients.size());
    for (const auto& recipient : recipients) prekeys.push_back(recipient.prekey);
    std::sort(prekeys.begin(), prekeys.end());
    if (!strictly_ascending(prekeys)) return bad("two recipients have the same prekey");
    return ok_status();
}

Status check_part(const PartDescription& part) {
    const auto plaintext = stream_opened_size(part.size);
    if (!plaintext.ok()) return bad("a part's size is not that of a STREAM");
    // Before padded_length, which takes no length that could not be one.
    if (*plaintext > padded_length_of_content(limits::k_part_plaintext_bytes))
        return bad("a part is too large");
    if (padded_length(*plaintext) != *plaintext) return bad("a part's size is not that of a padded file");
    return ok_status();
}

Status check_anchor(const Anchor& anchor) {
    if (anchor.size.get() > k_largest_tree) return bad("the anchor's tree size is out of range");
    if (anchor.size.get() == 0 && anchor.root != merkle_empty_root())
        return bad("the anchor of an empty tree has another root");
    if (anchor.size.get() == 0 && anchor.signature) return bad("nobody signs for an empty tree");
    return ok_status();
}

Status check_lists(const Header& header) {
    if (header.dialogues.size() > limits::k_dialogues_per_message) return bad("too many dialogues");
    if (!strictly_ascending(header.dialogues)) return bad("dialogues unsorted or twice");
    if (header.about.size() > limits::k_about) return bad("about too many messages");
    if (!strictly_ascending(header.about)) return bad("message ids unsorted or twice");
    if (header.parts.size() > limits::k_parts) return bad("too many parts");
    for (const auto& part : header.parts) SAMPAN_TRY(check_part(part));
    return ok_status();
}

Status read_lists(const wire::Header& in, Header& out) {
    out.dialogues.resize(static_cast<std::size_t>(in.dialogues_size()));
    for (int i = 0; i < in.dialogues_size(); ++i)
        SAMPAN_TRY(read_name(k_bad, "dialogue", in.dialogues(i), out.dialogues[static_cast<std::size_t>(i)]));
    out.about.resize(static_cast<std::size_t>(in.about_size()));
    for (int i = 0; i < in.about_size(); ++i)
        SAMPAN_TRY(read_fixed(k_bad, "about", in.about(i), out.about[static_cast<std::size_t>(i)]));
    out.recipients.reserve(static_cast<std::size_t>(in.recipients_size()));
    for (const auto& from : in.recipients()) {
        Recipient& to = out.recipients.emplace_back();
        SAMPAN_TRY(read_name(k_bad, "recipient", from.agency(), to.agency));
        SAMPAN_TRY(read_fixed(k_bad, "prekey", from.prekey_id(), to.prekey));
        to.bundle_index = LeafIndex(from.bundle_index());
    }
    out.parts.reserve(static_cast<std::size_t>(in.parts_size()));
    for (const auto& from : in.parts()) {
        PartDescription& to = out.parts.emplace_back();
        to.size = from.size();
        SAMPAN_TRY(read_fixed(k_bad, "part", from.root(), to.root));
    }
    return ok_status();
}

Status read_header(const wire::Header& in, Header& out) {
    out.version = in.version();
    out.suite = in.suite();
    if (out.version != k_message_version)
        return Error(EnvelopeError::unknown_version, std::to_string(out.version));
    if (out.suite != k_suite_1) return Error(EnvelopeError::unknown_suite, std::to_string(out.suite));
    SAMPAN_TRY(read_fixed(k_bad, "message id", in.message_id(), out.message_id));
    out.message_class = static_cast<MessageClass>(in.class_());
    SAMPAN_TRY(read_name(k_bad, "sender", in.sender(), out.sender));
    SAMPAN_TRY(read_fixed(k_bad, "certificate", in.sender_certificate(), out.sender_certificate));
    out.epoch = Epoch(in.epoch());
    out.created = UnixMillis(in.created_ms());
    out.expires = UnixMillis(in.expires_ms());
    out.precedence = static_cast<Precedence>(in.precedence());
    if (!in.has_label() || !in.has_anchor()) return bad("label or anchor is missing");
    auto label = from_wire(in.label());
    if (!label.ok()) return as_error(k_bad, label.error().within("label"));
    out.label = std::move(label).value();
    out.padded_length = in.padded_length();
    out.anchor.size = TreeSize(in.anchor().tree_size());
    SAMPAN_TRY(read_fixed(k_bad, "anchor", in.anchor().root(), out.anchor.root));
    if (!in.anchor().signature().empty()) {
        Ed25519Signature signature;
        SAMPAN_TRY(read_fixed(k_bad, "anchor's signature", in.anchor().signature(), signature));
        out.anchor.signature = signature;
    }
    return read_lists(in, out);
}

void write_lists(const Header& in, wire::Header& out) {
    for (const auto& dialogue : in.dialogues) out.add_dialogues(dialogue.text());
    for (const auto& id : in.about) write_bytes(*out.add_about(), id.view());
    for (const auto& from : in.recipients) {
        wire::Recipient& to = *out.add_recipients();
        to.set_agency(from.agency.text());
        write_bytes(*to.mutable_prekey_id(), from.prekey.view());
        to.set_bundle_index(from.bundle_index.get());
    }
    for (const auto& from : in.parts) {
        wire::Part& to = *out.add_parts();
        to.set_size(from.size);
        write_bytes(*to.mutable_root(), from.root.view());
    }
}

}  // namespace

std::string_view class_name(MessageClass c) {
    switch (c) {
        case MessageClass::submission:
            return "submission";
        case MessageClass::workspace:
            return "workspace";
        case MessageClass::receipt:
            return "receipt";
        case MessageClass::recall:
            return "recall";
        case MessageClass::consent:
            return "consent";
        case MessageClass::control:
            return "control";
    }
    return "unknown";
}

std::string_view precedence_name(Precedence p) {
    switch (p) {
        case Precedence::flash:
            return "FLASH";
        case Precedence::immediate:
            return "IMMEDIATE";
        case Precedence::priority:
            return "PRIORITY";
        case Precedence::routine:
            return "ROUTINE";
    }
    return "unknown";
}

Result<Precedence> parse_precedence(std::string_view text) {
    for (const auto p : {Precedence::flash, Precedence::immediate, Precedence::priority, Precedence::routine})
        if (precedence_name(p) == text) return p;
    return bad("\"" + std::string(text.substr(0, 32)) +
               "\" is no precedence: FLASH, IMMEDIATE, PRIORITY, ROUTINE");
}

std::int64_t receipt_due_ms(Precedence precedence) {
    switch (precedence) {
        case Precedence::flash:
            return 10 * k_minute_ms;
        case Precedence::immediate:
            return 30 * k_minute_ms;
        case Precedence::priority:
            return 3 * k_hour_ms;
        case Precedence::routine:
            return 6 * k_hour_ms;
    }
    return 6 * k_hour_ms;
}

std::optional<std::size_t> Header::index_of(const AgencyId& agency) const {
    const auto found = std::lower_bound(recipients.begin(), recipients.end(), agency,
                                        [](const Recipient& r, const AgencyId& a) { return r.agency < a; });
    if (found == recipients.end() || found->agency != agency) return std::nullopt;
    return static_cast<std::size_t>(found - recipients.begin());
}

Status check_header(const Header& header) {
    if (header.version != k_message_version)
        return Error(EnvelopeError::unknown_version, std::to_string(header.version));
    if (header.suite != k_suite_1) return Error(EnvelopeError::unknown_suite, std::to_string(header.suite));
    if (header.message_class < MessageClass::submission || header.message_class > MessageClass::control)
        return bad("no message class");
    if (header.precedence < Precedence::flash || header.precedence > Precedence::routine)
        return bad("no precedence");
    if (header.sender.empty()) return bad("no sender");
    if (header.epoch.get() == 0) return bad("registry epochs begin at 1");
    SAMPAN_TRY(check_times(header));
    SAMPAN_TRY(check_recipients(header.recipients));
    if (header.padded_length > limits::k_body_padded_bytes ||
        padded_length(header.padded_length) != header.padded_length)
        return bad("the body's length is not a padded length");
    SAMPAN_TRY(check_lists(header));
    return check_anchor(header.anchor);
}

Bytes encode_header(const Header& header) {
    Arena arena;
    wire::Header& out = *Arena::CreateMessage<wire::Header>(&arena);
    out.set_version(header.version);
    out.set_suite(header.suite);
    write_bytes(*out.mutable_message_id(), header.message_id.view());
    out.set_class_(static_cast<wire::MessageClass>(header.message_class));
    out.set_sender(header.sender.text());
    write_bytes(*out.mutable_sender_certificate(), header.sender_certificate.view());
    out.set_epoch(header.epoch.get());
    out.set_created_ms(header.created.get());
    out.set_expires_ms(header.expires.get());
    out.set_precedence(static_cast<wire::Precedence>(header.precedence));
    *out.mutable_label() = to_wire(header.label);
    out.set_padded_length(header.padded_length);
    out.mutable_anchor()->set_tree_size(header.anchor.size.get());
    write_bytes(*out.mutable_anchor()->mutable_root(), header.anchor.root.view());
    if (header.anchor.signature)
        write_bytes(*out.mutable_anchor()->mutable_signature(), header.anchor.signature->view());
    write_lists(header, out);
    return encode_canonical(out);
}

Result<Header> decode_header(ByteView bytes) {
    Arena arena;
    wire::Header& in = *Arena::CreateMessage<wire::Header>(&arena);
    ENVELOPE_TRY(k_bad, decode_strict(bytes, limits::k_header_bytes, in));
    Header header;
    SAMPAN_TRY(read_header(in, header));
    SAMPAN_TRY(check_header(header));
    return header;
}

HeaderHash header_hash(ByteView header_bytes) {
    constexpr std::string_view k_context("sampan/1 header\0", 16);
    return HeaderHash(sha256({as_bytes(k_context), header_bytes}).array());
}

}  // namespace sampan
