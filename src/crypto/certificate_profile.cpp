#include "crypto/certificate_profile.h"

#include <openssl/objects.h>

#include <array>

#include "crypto/der.h"

namespace sampan::profile {
namespace {

constexpr std::uint8_t k_general_name_directory = der::context_constructed(4);
constexpr std::uint8_t k_general_name_uri = der::context(6);
constexpr std::uint8_t k_utf8_string = 0x0c;
constexpr std::uint8_t k_permitted = der::context_constructed(0);
constexpr std::string_view k_uri_start = "sampan://";
constexpr std::string_view k_uri_end = "/node";

// id-at 10, 11 and 3, id-ce (RFC 5280 §4.1.2.4, §4.2).
constexpr std::array<std::uint8_t, 3> k_organization = {0x55, 0x04, 0x0a}, k_unit = {0x55, 0x04, 0x0b},
                                      k_common_name = {0x55, 0x04, 0x03};
constexpr std::array<std::uint8_t, 2> k_id_ce = {0x55, 0x1d};

Bytes name_entry(ByteView type, std::string_view text) {
    const Bytes pair = der::make(
        der::k_sequence, {der::make(der::k_object_id, {type}), der::make(k_utf8_string, {as_bytes(text)})});
    return der::make(der::k_set, {pair});
}

// RFC 5280 §4.2.1.10: permittedSubtrees of the URI host and the root's own name.
Bytes name_constraints(const CertificateNames& names) {
    const Bytes host = der::make(k_general_name_uri, {as_bytes(names.host())});
    const Bytes directory = der::make(k_general_name_directory, {subject(names, Role::root)});
    const Bytes subtrees =
        der::make(k_permitted, {der::make(der::k_sequence, {host}), der::make(der::k_sequence, {directory})});
    return der::make(der::k_sequence, {subtrees});
}

std::optional<CertificateNames> names_of_host(std::string_view host) {
    const std::size_t dot = host.find('.');
    if (dot == std::string_view::npos) return std::nullopt;
    auto agency = AgencyId::parse(host.substr(0, dot));
    auto exchange = ExchangeName::parse(host.substr(dot + 1));
    if (!agency.ok() || !exchange.ok() || exchange->text().size() > k_exchange_limit) return std::nullopt;
    return CertificateNames{*std::move(agency), *std::move(exchange)};
}

}  // namespace

int nid_of(ByteView id) {
    if (id.size() != k_id_ce.size() + 1 || !std::equal(k_id_ce.begin(), k_id_ce.end(), id.begin()))
        return NID_undef;
    switch (id.back()) {
        case 14:
            return NID_subject_key_identifier;
        case 15:
            return NID_key_usage;
        case 17:
            return NID_subject_alt_name;
        case 19:
            return NID_basic_constraints;
        case 30:
            return NID_name_constraints;
        case 35:
            return NID_authority_key_identifier;
        default:
            return NID_undef;
    }
}

Bytes subject(const CertificateNames& names, Role role) {
    const Bytes organization = name_entry(k_organization, names.exchange.text());
    const Bytes unit = name_entry(k_unit, names.agency.text());
    const Bytes common = role == Role::node ? name_entry(k_common_name, "node") : Bytes();
    return der::make(der::k_sequence, {organization, unit, common});
}

std::vector<Extension> fixed_extensions(const CertificateNames& names, Role role) {
    if (role == Role::root) {
        // SEQUENCE { cA TRUE, pathLenConstraint 0 }; bits 5 keyCertSign and 6 cRLSign.
        return {{NID_basic_constraints, true, {0x30, 0x06, 0x01, 0x01, 0xff, 0x02, 0x01, 0x00}},
                {NID_key_usage, true, {0x03, 0x02, 0x01, 0x06}},
                {NID_name_constraints, true, name_constraints(names)}};
    }
    // cA FALSE is the default, so the sequence is empty; bit 0 digitalSignature. RFC 5280 §4.2.1.6: the SAN
    // is not critical where there is a subject.
    const Bytes uri = der::make(k_general_name_uri, {as_bytes(names.node_uri())});
    return {{NID_basic_constraints, true, {0x30, 0x00}},
            {NID_key_usage, true, {0x03, 0x02, 0x07, 0x80}},
            {NID_subject_alt_name, false, der::make(der::k_sequence, {uri})}};
}

Extension subject_key_id(ByteView key_id) {
    SAMPAN_ASSERT(key_id.size() == k_key_id_size);
    return {NID_subject_key_identifier, false, der::make(der::k_octet_string, {key_id})};
}

Extension authority_key_id(ByteView key_id) {
    SAMPAN_ASSERT(key_id.size() == k_key_id_size);
    const Bytes id = der::make(der::context(0), {key_id});
    return {NID_authority_key_identifier, false, der::make(der::k_sequence, {id})};
}

std::optional<ByteView> key_id_of(const Extension& extension) {
    const ByteView value = extension.value;
    if (value.size() < k_key_id_size) return std::nullopt;
    const ByteView key_id = value.last(k_key_id_size);
    const Extension expected =
        extension.nid == NID_subject_key_identifier ? subject_key_id(key_id) : authority_key_id(key_id);
    if (extension.value != expected.value || extension.critical) return std::nullopt;
    return key_id;
}

std::optional<CertificateNames> names_of(ByteView value, Role role) {
    std::optional<der::Item> item = der::take(value, der::k_sequence);
    if (item && role == Role::root) {
        // SEQUENCE { [0] { SEQUENCE { host ...
        ByteView in = item->content;
        item = der::take(in, k_permitted);
        if (item) item = der::take(in = item->content, der::k_sequence);
    }
    if (!item) return std::nullopt;
    ByteView in = item->content;
    const std::optional<der::Item> name = der::take(in, k_general_name_uri);
    if (!name) return std::nullopt;
    std::string_view host = as_text(name->content);
    if (role == Role::node) {
        if (!host.starts_with(k_uri_start) || !host.ends_with(k_uri_end) ||
            host.size() < k_uri_start.size() + k_uri_end.size())
            return std::nullopt;
        host.remove_prefix(k_uri_start.size());
        host.remove_suffix(k_uri_end.size());
    }
    return names_of_host(host);
}

}  // namespace sampan::profile
