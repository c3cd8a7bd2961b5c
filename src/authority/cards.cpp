// The public files that brokers, auditors and authority signers hand to the authority.
#include "sampan/authority/authority.h"
#include "sampan/authority/drafts.h"
#include "sampan/config/toml.h"

namespace sampan {
namespace {

template <typename Key>
Result<Key> hex_key(TomlTable& in, std::string_view key) {
    SAMPAN_ASSIGN(std::string text, in.need_text(key));
    auto parsed = Key::parse_hex(text);
    if (!parsed.ok()) return in.error(key, parsed.error().context());
    return parsed;
}

Result<Ed25519PublicKey> hex_signing_key(TomlTable& in, std::string_view key) {
    SAMPAN_ASSIGN(Ed25519PublicKey bytes, hex_key<Ed25519PublicKey>(in, key));
    auto checked = parse_ed25519_public_key(bytes.view());
    if (!checked.ok()) return in.error(key, checked.error().text());
    return checked;
}

std::string quoted(std::string_view text) {
    std::string out = "\"";
    for (char c : text) {
        if (c == '"' || c == '\\') out.push_back('\\');
        out.push_back(c);
    }
    return out + "\"";
}

}  // namespace

Result<BrokerEntry> parse_broker_card(std::string_view text, const std::string& path) {
    BrokerEntry out;
    const Status done = read_toml(text, path, [&](TomlTable& in) -> Status {
        SAMPAN_ASSIGN(std::string id, in.need_text("id"));
        auto parsed = BrokerId::parse(id);
        if (!parsed.ok()) return in.error("id", parsed.error().context());
        out.id = *parsed;
        SAMPAN_ASSIGN(out.addresses, in.need_texts("addresses"));
        for (const std::string& address : out.addresses)
            if (!is_broker_address(address))
                return in.error("addresses", "\"" + address + "\" is not tcp://host:port");
        SAMPAN_ASSIGN(out.curve_key, hex_key<CurvePublicKey>(in, "curve_key"));
        SAMPAN_ASSIGN(out.log_key, hex_signing_key(in, "log_key"));
        SAMPAN_ASSIGN(out.receipt_key, hex_signing_key(in, "receipt_key"));
        return ok_status();
    });
    SAMPAN_TRY(done);
    return out;
}

Result<AuditorEntry> parse_auditor_card(std::string_view text, const std::string& path) {
    AuditorEntry out;
    const Status done = read_toml(text, path, [&](TomlTable& in) -> Status {
        SAMPAN_ASSIGN(std::string id, in.need_text("id"));
        auto parsed = AgencyId::parse(id);
        if (!parsed.ok()) return in.error("id", parsed.error().context());
        out.id = *parsed;
        SAMPAN_ASSIGN(out.name, in.need_text("name"));
        SAMPAN_ASSIGN(out.curve_key, hex_key<CurvePublicKey>(in, "curve_key"));
        SAMPAN_ASSIGN(out.signing_key, hex_signing_key(in, "signing_key"));
        return ok_status();
    });
    SAMPAN_TRY(done);
    return out;
}

std::string write_broker_card(const BrokerEntry& entry) {
    std::string addresses;
    for (const std::string& address : entry.addresses)
        addresses += (addresses.empty() ? "" : ", ") + quoted(address);
    return "# A broker's public keys, for the exchange authority.\nid = " + quoted(entry.id.text()) +
           "\naddresses = [" + addresses + "]\ncurve_key = " + quoted(entry.curve_key.hex()) +
           "\nlog_key = " + quoted(entry.log_key.hex()) +
           "\nreceipt_key = " + quoted(entry.receipt_key.hex()) + "\n";
}

std::string write_auditor_card(const AuditorEntry& entry) {
    return "# An auditor's public keys, for the exchange authority.\nid = " + quoted(entry.id.text()) +
           "\nname = " + quoted(entry.name) + "\ncurve_key = " + quoted(entry.curve_key.hex()) +
           "\nsigning_key = " + quoted(entry.signing_key.hex()) + "\n";
}

Result<SignerCard> parse_signer_card(std::string_view text, const std::string& path) {
    SignerCard out;
    const Status done = read_toml(text, path, [&](TomlTable& in) -> Status {
        SAMPAN_ASSIGN(out.name, in.need_text("name"));
        if (!is_display_text(out.name, limits::k_name_bytes))
            return in.error("name", "cannot be shown or is too long");
        SAMPAN_ASSIGN(out.key, hex_signing_key(in, "authority_key"));
        return ok_status();
    });
    SAMPAN_TRY(done);
    return out;
}

std::string write_signer_card(const SignerCard& card) {
    return "# An authority signer's public key, for the exchange authority.\nname = " + quoted(card.name) +
           "\nauthority_key = " + quoted(card.key.hex()) + "\n";
}

}  // namespace sampan
