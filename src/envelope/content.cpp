#include "sampan/envelope/content.h"

#include <google/protobuf/arena.h>

#include <algorithm>

#include "envelope/codec.h"
#include "sampan/wire/strict.h"
#include "wire/message.pb.h"

namespace sampan {
namespace {

constexpr EnvelopeError k_bad = EnvelopeError::bad_content;

Error bad(std::string why) {
    return Error(k_bad, std::move(why));
}

void wipe_field(std::string* field) {
    wipe({reinterpret_cast<std::uint8_t*>(field->data()), field->size()});
}

// protobuf holds fields in ordinary strings: what is secret in them is overwritten before they go.
class WipedContent {
  public:
    WipedContent() = default;
    WipedContent(const WipedContent&) = delete;
    WipedContent& operator=(const WipedContent&) = delete;
    ~WipedContent() {
        wipe_field(message_.mutable_document());
        for (auto& attachment : *message_.mutable_attachments()) wipe_field(attachment.mutable_key());
        if (!message_.has_passed_on()) return;
        wire::PassedOn& passed = *message_.mutable_passed_on();
        wipe_field(passed.mutable_consent_content());
        if (passed.has_original()) wipe_field(passed.mutable_original()->mutable_content_key());
        if (passed.has_consent()) wipe_field(passed.mutable_consent()->mutable_content_key());
    }
    wire::Content& operator*() { return message_; }

  private:
    wire::Content message_;
};

// Characters that make a name look like another one: directions, marks and separators that are not seen.
bool is_invisible(std::uint32_t point) {
    return (point >= 0x80 && point <= 0x9f) || (point >= 0x200b && point <= 0x200f) ||
           (point >= 0x2028 && point <= 0x202e) || (point >= 0x2060 && point <= 0x206f) || point == 0xfeff ||
           point == 0x61c;
}

std::uint32_t next_point(ByteView& utf8) {
    const std::uint8_t lead = utf8[0];
    const std::size_t size = lead < 0x80 ? 1 : lead < 0xe0 ? 2 : lead < 0xf0 ? 3 : 4;
    std::uint32_t point = size == 1 ? lead : lead & (0x7fU >> size);
    for (std::size_t i = 1; i < size; ++i) point = point << 6 | (utf8[i] & 0x3f);
    utf8 = utf8.subspan(size);
    return point;
}

Status check_void(const VoidEntry& entry) {
    if (entry.sequence == 0) return bad("a void without a sequence");
    if (entry.reason.empty() || entry.reason.size() > k_reason_bytes)
        return bad("a void's reason is missing or too long");
    if (entry.refusal.empty() || entry.refusal.size() > k_void_refusal_bytes)
        return bad("a void's refusal is missing or too long");
    return ok_status();
}

Status read_attachment(const wire::Attachment& from, AttachmentEntry& to) {
    to.name = from.name();
    to.media_type = from.media_type();
    to.size = from.size();
    SAMPAN_TRY(read_fixed(k_bad, "attachment hash", from.sha256(), to.sha256));
    return read_fixed(k_bad, "attachment key", from.key(), to.key);
}

Status read_void(const wire::Void& from, VoidEntry& to) {
    to.sequence = from.sequence();
    SAMPAN_TRY(read_fixed(k_bad, "void", from.seal_hash(), to.seal));
    to.reason = from.reason();
    to.refusal = to_bytes(as_bytes(from.refusal()));
    return ok_status();
}

Status check_release(const ReleaseMark& mark) {
    const auto shown = [](const std::string& text, std::size_t limit) {
        return is_utf8(as_bytes(text)) && is_display_text(text, limit);
    };
    if (!is_dns_label(mark.author) || mark.author.size() > k_officer_id_bytes ||
        !shown(mark.author_name, k_officer_name_bytes))
        return bad("a release without an author");
    if (mark.time <= UnixMillis(0)) return bad("a release without a time");
    if (mark.emergency.empty()) {
        if (!is_dns_label(mark.releaser) || mark.releaser.size() > k_officer_id_bytes ||
            !shown(mark.releaser_name, k_officer_name_bytes) || !mark.approved)
            return bad("a release without a releaser");
        if (mark.releaser == mark.author) return bad("a release by its own author");
        return ok_status();
    }
    if (!mark.releaser.empty() || !mark.releaser_name.empty() || mark.approved)
        return bad("a release that is an emergency's and another's");
    if (!shown(mark.emergency, k_emergency_bytes)) return bad("an emergency whose reason cannot be shown");
    return ok_status();
}

Status read_release(const wire::Release& from, ReleaseMark& to) {
    to.author = from.author();
    to.author_name = from.author_name();
    to.releaser = from.releaser();
    to.releaser_name = from.releaser_name();
    to.time = UnixMillis(from.time_ms());
    if (!from.approved().empty())
        SAMPAN_TRY(read_fixed(k_bad, "what was approved", from.approved(), to.approved.emplace()));
    to.emergency = from.emergency();
    return ok_status();
}

Status read_logged(const wire::LoggedSeal& from, LoggedSeal& to) {
    to.seal = to_bytes(as_bytes(from.seal()));
    SAMPAN_TRY(read_fixed(k_bad, "signature", from.signature(), to.signature));
    to.certificate = to_bytes(as_bytes(from.certificate()));
    SAMPAN_TRY(read_fixed(k_bad, "content key", from.content_key(), to.content_key));
    to.leaf = LeafIndex(from.leaf_index());
    to.time_s = from.time_s();
    if (static_cast<std::size_t>(from.proof_size()) > limits::k_proof_hashes)
        return bad("a proof of inclusion is too long");
    for (const auto& hash : from.proof())
        SAMPAN_TRY(read_fixed(k_bad, "proof", hash, to.proof.emplace_back()));
    return ok_status();
}

Status check_logged(const LoggedSeal& seal) {
    if (seal.seal.empty() || seal.seal.size() > limits::k_seal_bytes)
        return bad("the seal of what is passed on is missing or too long");
    if (seal.certificate.empty() || seal.certificate.size() > k_certificate_bytes)
        return bad("the certificate of what is passed on is missing or too long");
    if (seal.time_s == 0 || seal.time_s > static_cast<std::uint64_t>(k_latest_time_ms / k_second_ms))
        return bad("the time of what is passed on is out of range");
    if (seal.leaf.get() >= k_largest_tree || seal.proof.size() > limits::k_proof_hashes)
        return bad("the place in the log of what is passed on is out of range");
    return ok_status();
}

Status read_passed_on(const wire::PassedOn& from, PassedOn& to) {
    SAMPAN_TRY(read_logged(from.original(), to.original));
    for (const auto& entry : from.voids()) SAMPAN_TRY(read_void(entry, to.voids.emplace_back()));
    if (from.has_release()) SAMPAN_TRY(read_release(from.release(), to.release.emplace()));
    SAMPAN_TRY(read_logged(from.consent(), to.consent));
    to.consent_content = to_bytes(as_bytes(from.consent_content()));
    return ok_status();
}

Status check_passed_on(const PassedOn& passed) {
    SAMPAN_TRY(check_logged(passed.original));
    SAMPAN_TRY(check_logged(passed.consent));
    if (passed.voids.size() > k_voids) return bad("too many voids");
    for (const auto& entry : passed.voids) SAMPAN_TRY(check_void(entry));
    if (passed.release) SAMPAN_TRY(check_release(*passed.release));
    if (passed.consent_content.empty() || passed.consent_content.size() > limits::k_body_padded_bytes)
        return bad("the consent's content is missing or too long");
    return ok_status();
}

void write_void(const VoidEntry& from, wire::Void& to) {
    to.set_sequence(from.sequence);
    write_bytes(*to.mutable_seal_hash(), from.seal.view());
    to.set_reason(from.reason);
    write_bytes(*to.mutable_refusal(), from.refusal);
}

void write_logged(const LoggedSeal& from, wire::LoggedSeal& to) {
    write_bytes(*to.mutable_seal(), from.seal);
    write_bytes(*to.mutable_signature(), from.signature.view());
    write_bytes(*to.mutable_certificate(), from.certificate);
    write_bytes(*to.mutable_content_key(), from.content_key.reveal(k_reveal));
    to.set_leaf_index(from.leaf.get());
    to.set_time_s(from.time_s);
    for (const MerkleHash& hash : from.proof) write_bytes(*to.add_proof(), hash.view());
}

void write_release(const ReleaseMark& from, wire::Release& to) {
    to.set_author(from.author);
    to.set_author_name(from.author_name);
    to.set_releaser(from.releaser);
    to.set_releaser_name(from.releaser_name);
    to.set_time_ms(from.time.get());
    if (from.approved) write_bytes(*to.mutable_approved(), from.approved->view());
    to.set_emergency(from.emergency);
}

Status read_content(const wire::Content& in, Content& out) {
    SAMPAN_TRY(read_fixed(k_bad, "h1", in.h1(), out.h1));
    SAMPAN_TRY(read_fixed(k_bad, "document id", in.document_id(), out.document_id));
    SAMPAN_TRY(read_fixed(k_bad, "document hash", in.document_hash(), out.document_hash));
    out.revision = in.revision();
    out.document = to_bytes(as_bytes(in.document()));
    out.attachments.reserve(static_cast<std::size_t>(in.attachments_size()));
    for (const auto& from : in.attachments())
        SAMPAN_TRY(read_attachment(from, out.attachments.emplace_back()));
    out.voids.reserve(static_cast<std::size_t>(in.voids_size()));
    for (const auto& from : in.voids()) SAMPAN_TRY(read_void(from, out.voids.emplace_back()));
    if (in.has_release()) SAMPAN_TRY(read_release(in.release(), out.release.emplace()));
    if (in.has_passed_on()) SAMPAN_TRY(read_passed_on(in.passed_on(), out.passed_on.emplace()));
    return ok_status();
}

void write_attachments(const Content& content, wire::Content& out) {
    for (const auto& from : content.attachments) {
        wire::Attachment& to = *out.add_attachments();
        to.set_name(from.name);
        to.set_media_type(from.media_type);
        to.set_size(from.size);
        write_bytes(*to.mutable_sha256(), from.sha256.view());
        write_bytes(*to.mutable_key(), from.key.reveal(k_reveal));
    }
}

// All but what is of one seal alone: voids, release, what is passed on.
void write_document(const Content& content, const HeaderHash& h1, wire::Content& out) {
    write_bytes(*out.mutable_h1(), h1.view());
    write_bytes(*out.mutable_document_id(), content.document_id.view());
    out.set_revision(content.revision);
    write_bytes(*out.mutable_document_hash(), content.document_hash.view());
    write_bytes(*out.mutable_document(), content.document);
    write_attachments(content, out);
}

SecretBuffer serialised(const wire::Content& content) {
    SecretBuffer bytes(content.ByteSizeLong());
    content.SerializeWithCachedSizesToArray(bytes.fill(k_reveal).data());
    return bytes;
}

}  // namespace

Status check_attachment_name(std::string_view name) {
    ByteView rest = as_bytes(name);
    if (rest.empty() || rest.size() > k_attachment_name_bytes) return bad("a file name is empty or too long");
    if (!is_utf8(rest)) return bad("a file name is not UTF-8");
    if (name == "." || name == "..") return bad("a file name names a folder");
    while (!rest.empty()) {
        const std::uint32_t point = next_point(rest);
        if (point < 0x20 || point == 0x7f || point == '/' || point == '\\')
            return bad("a file name has a folder or a control character in it");
        if (is_invisible(point)) return bad("a file name has an invisible character in it");
    }
    return ok_status();
}

Status check_media_type(std::string_view type) {
    const auto token = [](char c) {
        return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' || c == '+' || c == '-';
    };
    const std::size_t slash = type.find('/');
    const auto part_ok = [&](std::string_view part) {
        return !part.empty() && std::all_of(part.begin(), part.end(), token);
    };
    if (type.size() > k_media_type_bytes || slash == std::string_view::npos ||
        !part_ok(type.substr(0, slash)) || !part_ok(type.substr(slash + 1)))
        return bad("a media type is not like \"text/plain\"");
    return ok_status();
}

Status check_content(const Content& content) {
    if (content.revision == 0) return bad("revisions begin at 1");
    if (sha256(content.document) != content.document_hash) return bad("the document's hash is another");
    if (content.attachments.size() > limits::k_parts) return bad("too many attachments");
    std::vector<std::string_view> names;
    for (const auto& attachment : content.attachments) {
        SAMPAN_TRY(check_attachment_name(attachment.name));
        SAMPAN_TRY(check_media_type(attachment.media_type));
        if (attachment.size > limits::k_part_plaintext_bytes) return bad("an attachment is too large");
        names.push_back(attachment.name);
    }
    std::sort(names.begin(), names.end());
    if (std::adjacent_find(names.begin(), names.end()) != names.end())
        return bad("two attachments have the same name");
    if (content.voids.size() > k_voids) return bad("too many voids");
    for (const auto& entry : content.voids) SAMPAN_TRY(check_void(entry));
    if (content.release) SAMPAN_TRY(check_release(*content.release));
    if (content.passed_on) SAMPAN_TRY(check_passed_on(*content.passed_on));
    return ok_status();
}

SecretBuffer encode_content(const Content& content) {
    WipedContent holder;
    wire::Content& out = *holder;
    write_document(content, content.h1, out);
    for (const auto& entry : content.voids) write_void(entry, *out.add_voids());
    if (content.release) write_release(*content.release, *out.mutable_release());
    if (content.passed_on) {
        const PassedOn& from = *content.passed_on;
        wire::PassedOn& to = *out.mutable_passed_on();
        write_logged(from.original, *to.mutable_original());
        for (const auto& entry : from.voids) write_void(entry, *to.add_voids());
        if (from.release) write_release(*from.release, *to.mutable_release());
        write_logged(from.consent, *to.mutable_consent());
        write_bytes(*to.mutable_consent_content(), from.consent_content);
    }
    return serialised(out);
}

SecretBuffer encode_original_content(const Content& content, const HeaderHash& h1) {
    SAMPAN_ASSERT(content.passed_on.has_value());
    WipedContent holder;
    wire::Content& out = *holder;
    write_document(content, h1, out);
    for (const auto& entry : content.passed_on->voids) write_void(entry, *out.add_voids());
    if (content.passed_on->release) write_release(*content.passed_on->release, *out.mutable_release());
    return serialised(out);
}

void set_encoded_h1(MutableBytes encoded, const HeaderHash& h1) {
    // Field 1, delimited, 32 bytes.
    SAMPAN_ASSERT(encoded.size() >= 2 + HeaderHash::k_size && encoded[0] == 0x0a &&
                  encoded[1] == HeaderHash::k_size);
    const ByteView bytes = h1.view();
    std::copy(bytes.begin(), bytes.end(), encoded.begin() + 2);
}

Result<Content> decode_content(ByteView bytes) {
    WipedContent holder;
    ENVELOPE_TRY(k_bad, decode_strict(bytes, limits::k_body_padded_bytes, *holder));
    Content content;
    SAMPAN_TRY(read_content(*holder, content));
    SAMPAN_TRY(check_content(content));
    return content;
}

}  // namespace sampan
