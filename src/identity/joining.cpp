#include <algorithm>

#include "sampan/base/limits.h"
#include "sampan/crypto/hash.h"
#include "sampan/identity/descriptor.h"
#include "sampan/wire/strict.h"
#include "wire/identity.pb.h"

namespace sampan {
namespace {

constexpr std::string_view k_begin = "-----BEGIN SAMPAN JOINING REQUEST-----\n";
constexpr std::string_view k_end = "-----END SAMPAN JOINING REQUEST-----\n";
constexpr std::size_t k_line = 64;
constexpr std::size_t k_request_bytes = 64 * limits::k_kib;

Error bad(std::string why) {
    return Error(IdentityError::bad_joining_request, std::move(why),
                 "ask the agency to send its request again");
}
std::string text_of(ByteView bytes) {
    return std::string(as_text(bytes));
}

std::string armour(ByteView bytes) {
    const std::string text = to_base64(bytes);
    std::string out(k_begin);
    for (std::size_t at = 0; at < text.size(); at += k_line) out.append(text, at, k_line).push_back('\n');
    return out.append(k_end);
}

Result<Bytes> unarmour(std::string_view text) {
    if (text.size() > 2 * k_request_bytes) return bad("it is too long");
    if (!text.starts_with(k_begin) || !text.ends_with(k_end))
        return bad("its first or last line is not a joining request's");
    text.remove_prefix(k_begin.size());
    text.remove_suffix(k_end.size());
    std::string plain(text);
    std::erase(plain, '\n');
    SAMPAN_ASSIGN(Bytes bytes, from_base64(plain));
    if (armour(bytes) != std::string(k_begin) + std::string(text) + std::string(k_end))
        return bad("its lines are not as they were written");
    return bytes;
}

Bytes encode_request(const JoiningRequest& request) {
    wire::JoiningRequest out;
    out.set_exchange(request.exchange.text());
    out.set_agency(request.agency.text());
    for (const auto& [language, name] : request.names) {
        auto* added = out.add_names();
        added->set_language(language);
        added->set_name(name);
    }
    out.set_country(request.country);
    out.set_kind(static_cast<std::uint32_t>(request.kind));
    out.set_root_certificate(text_of(request.root_certificate));
    out.set_first_descriptor(text_of(request.descriptor.bytes));
    out.set_descriptor_signature(text_of(request.descriptor.signature.view()));
    out.set_created_ms(request.created.get());
    return encode_canonical(out);
}

Result<JoiningRequest> decode_request(ByteView bytes) {
    wire::JoiningRequest in;
    SAMPAN_TRY(decode_strict(bytes, k_request_bytes, in));
    JoiningRequest out;
    SAMPAN_ASSIGN(out.exchange, ExchangeName::parse(in.exchange()));
    SAMPAN_ASSIGN(out.agency, AgencyId::parse(in.agency()));
    std::string last;
    for (const auto& name : in.names()) {
        if (name.language().empty() || name.name().empty() || (!last.empty() && !(last < name.language())))
            return bad("its names are empty, unsorted or repeated");
        last = name.language();
        out.names.emplace(name.language(), name.name());
    }
    if (in.kind() < 1 || in.kind() > 3) return bad("its kind of member is unknown");
    out.country = in.country();
    if (const Status names = check_member_names(out.names, out.country, "the agency"); !names.ok())
        return bad(names.error().context());
    out.kind = static_cast<MemberKind>(in.kind());
    out.root_certificate = to_bytes(as_bytes(in.root_certificate()));
    out.descriptor.bytes = to_bytes(as_bytes(in.first_descriptor()));
    SAMPAN_ASSIGN(out.descriptor.signature, Ed25519Signature::parse(as_bytes(in.descriptor_signature())));
    out.created = UnixMillis(in.created_ms());
    return out;
}

}  // namespace

Result<std::string> sign_joining_request(const JoiningRequest& request, const Ed25519Key& root,
                                         const Signer& node) {
    const Bytes bytes = encode_request(request);
    const auto root_signer = make_key_signer(Ed25519Key::from_seed(root.seed()), {{Purpose::joining}, false});
    SAMPAN_ASSIGN(Ed25519Signature by_root, root_signer->sign(Purpose::joining, bytes));
    SAMPAN_ASSIGN(Ed25519Signature by_node, node.sign(Purpose::joining, bytes));
    wire::SignedJoiningRequest out;
    out.set_request(text_of(bytes));
    out.set_root_signature(text_of(by_root.view()));
    out.set_node_signature(text_of(by_node.view()));
    return armour(encode_canonical(out));
}

Result<VerifiedJoiningRequest> verify_joining_request(std::string_view text, UnixMillis now) {
    SAMPAN_ASSIGN(Bytes bytes, unarmour(text));
    wire::SignedJoiningRequest in;
    SAMPAN_TRY(decode_strict(bytes, k_request_bytes, in));
    const Bytes request_bytes = to_bytes(as_bytes(in.request()));
    SAMPAN_ASSIGN(JoiningRequest request, decode_request(request_bytes));
    SAMPAN_ASSIGN(Certificate root, Certificate::parse_der(request.root_certificate));
    SAMPAN_TRY(verify_root_certificate(root, {request.agency, request.exchange}, now));
    SAMPAN_ASSIGN(Ed25519Signature by_root, Ed25519Signature::parse(as_bytes(in.root_signature())));
    SAMPAN_ASSIGN(Ed25519Signature by_node, Ed25519Signature::parse(as_bytes(in.node_signature())));
    SAMPAN_TRY(verify_purpose(Purpose::joining, root.public_key(), request_bytes, by_root));
    SAMPAN_ASSIGN(VerifiedDescriptor descriptor,
                  verify_descriptor(request.descriptor, request.exchange, request.agency, root, now));
    SAMPAN_TRY(verify_purpose(Purpose::joining, descriptor.certificate.public_key(), request_bytes, by_node));
    return VerifiedJoiningRequest{std::move(request), std::move(root), std::move(descriptor),
                                  sha256(request_bytes)};
}

}  // namespace sampan
