#include "sampan/authority/authority.h"

#include <algorithm>

#include "sampan/authority/drafts.h"
#include "sampan/log/log.h"

namespace sampan {
namespace {

Result<Bytes> read_exchange_toml(FileSystem& files, const std::string& path) {
    return read_file(files, path, limits::k_config_bytes);
}

Result<RegistryChain> read_chain(FileSystem& files, const std::string& folder) {
    const std::string first_path = epoch_path(folder, Epoch(1));
    auto first = read_file(files, first_path, limits::k_registry_bytes);
    if (!first.ok())
        return first.error().with_remedy("make the exchange first: sampan authority init " + folder);
    // The authority's own folder is where trust comes from: its first epoch is taken at its word.
    SAMPAN_ASSIGN(Sha256Digest hash, registry_hash_of(*first));
    SAMPAN_ASSIGN(RegistryChain chain, RegistryChain::begin(*first, hash));
    for (Epoch next(2); files.exists(epoch_path(folder, next)); next = next.next()) {
        SAMPAN_ASSIGN(Bytes epoch, read_file(files, epoch_path(folder, next), limits::k_registry_bytes));
        SAMPAN_TRY(chain.accept(epoch));
    }
    return chain;
}

// exchange.toml goes into the authority's folder, where it may be already.
Status keep_exchange_toml(FileSystem& files, const std::string& path, const Bytes& text) {
    if (!files.exists(path)) return write_file(files, path, text, Replace::no, 0644);
    SAMPAN_ASSIGN(Bytes held, read_exchange_toml(files, path));
    if (held == text) return ok_status();
    return Error(AuthorityError::exists, path + " is there already, and says something else",
                 "choose another folder, or begin the exchange from that file");
}

// What exchange.toml decides, put into the next epoch.
void apply_file(const ExchangeFile& file, UnixMillis now, Registry& out) {
    out.policy = file.policy;
    out.witness_quorum = file.witness_quorum;
    out.issued = now;
    out.expires = now + static_cast<std::int64_t>(file.valid_days) * k_day_ms;
    out.dialogues.clear();
    for (DialogueEntry dialogue : file.dialogues) {
        std::erase_if(dialogue.participants, [&](const AgencyId& id) { return out.member(id) == nullptr; });
        if (std::binary_search(dialogue.participants.begin(), dialogue.participants.end(), dialogue.host))
            out.dialogues.push_back(std::move(dialogue));
    }
    for (DialogueEntry& dialogue : out.dialogues)
        if (dialogue.sister && out.dialogue(*dialogue.sister) == nullptr) dialogue.sister.reset();
}

Member* find_member(Registry& registry, const AgencyId& id) {
    const auto at = std::find_if(registry.members.begin(), registry.members.end(),
                                 [&](const Member& m) { return m.id == id; });
    return at == registry.members.end() ? nullptr : &*at;
}

std::string in_words(const MemberTerms& terms) {
    return "cleared to " + clearance_words(terms.clearance) + ", may send up to " + terms.send_ceiling;
}

Member member_of(const VerifiedJoiningRequest& verified, const MemberTerms& terms, MemberStatus status,
                 UnixMillis now) {
    const JoiningRequest& request = verified.request;
    Member out;
    out.id = request.agency;
    out.names = request.names;
    out.country = request.country;
    out.kind = request.kind;
    out.root_certificate = request.root_certificate;
    out.clearance = terms.clearance;
    out.send_ceiling = terms.send_ceiling;
    out.status = status;
    out.status_since = now;
    out.first_descriptor = request.descriptor.hash();
    out.curve_key = verified.descriptor.descriptor.curve_key;
    return out;
}

Error unknown(const AgencyId& agency) {
    return Error(AuthorityError::unknown_agency, agency.text() + " is no member",
                 "sampan authority show lists the members");
}

template <typename Entry>
void put_sorted(std::vector<Entry>& list, const Entry& entry) {
    std::erase_if(list, [&](const Entry& e) { return e.id == entry.id; });
    list.insert(std::upper_bound(list.begin(), list.end(), entry,
                                 [](const auto& a, const auto& b) { return a.id < b.id; }),
                entry);
}

}  // namespace

Status refuse_empty(const SecretBuffer& passphrase) {
    if (!passphrase.empty()) return ok_status();
    return Error(AuthorityError::bad_terms, "the passphrase is empty", "give one that is not");
}

Result<NewEpoch> Authority::init(FileSystem& files, const std::string& folder,
                                 const std::string& exchange_file, const SecretBuffer& passphrase,
                                 UnixMillis now, const KeyFileCost& cost) {
    if (files.exists(folder + "/authority.key") || files.exists(epoch_path(folder, Epoch(1))))
        return Error(AuthorityError::exists, folder + " holds an exchange already", "choose another folder");
    SAMPAN_ASSIGN(Bytes text, read_exchange_toml(files, exchange_file));
    SAMPAN_ASSIGN(ExchangeFile file, parse_exchange_file(as_text(text), exchange_file));
    SAMPAN_TRY(refuse_empty(passphrase));
    const Ed25519Key key = Ed25519Key::generate();
    const Ed25519Seed seed = key.seed();
    Registry first;
    first.exchange = file.name;
    first.epoch = Epoch(1);
    first.authority_keys = {key.public_key()};
    apply_file(file, now, first);
    SAMPAN_TRY(check_registry(first));
    SAMPAN_TRY(files.make_directories(folder + "/epochs"));
    SAMPAN_TRY(keep_exchange_toml(files, folder + "/exchange.toml", text));
    SAMPAN_TRY(write_key_file(files, folder + "/authority.key", key_purpose::k_authority,
                              seed.reveal(k_reveal), passphrase, cost));
    const Bytes signed_epoch = sign_registry(first, {&key});
    const std::string path = epoch_path(folder, first.epoch);
    SAMPAN_TRY(write_file(files, path, signed_epoch, Replace::no, 0644));
    SAMPAN_ASSIGN(Sha256Digest hash, registry_hash_of(signed_epoch));
    return NewEpoch{first.epoch, hash, path, {"the exchange " + file.name.text() + " begins"}, true, {}};
}

Result<Authority> Authority::open_to_read(FileSystem& files, const std::string& folder) {
    Authority out;
    out.files_ = &files;
    out.folder_ = folder;
    SAMPAN_ASSIGN(out.chain_, read_chain(files, folder));
    out.next_ = out.chain_->newest()->registry();
    return out;
}

Result<Authority> Authority::open(FileSystem& files, const std::string& folder,
                                  const SecretBuffer& passphrase) {
    SAMPAN_ASSIGN(Authority out, open_to_read(files, folder));
    SAMPAN_ASSIGN(SecretBuffer seed_bytes,
                  read_key_file(files, folder + "/authority.key", key_purpose::k_authority, passphrase));
    SAMPAN_ASSIGN(Ed25519Seed seed, Ed25519Seed::parse(seed_bytes.reveal(k_reveal)));
    out.key_ = Ed25519Key::from_seed(seed);
    return out;
}

Status Authority::refuse_stranger(const JoiningRequest& request) const {
    if (request.exchange == next_.exchange) return ok_status();
    return Error(IdentityError::wrong_exchange, "this request is for " + request.exchange.text(),
                 "ask the agency to make one for " + next_.exchange.text());
}

// Until it is admitted it holds the least there is.
Status Authority::announce(const VerifiedJoiningRequest& verified, UnixMillis now) {
    const JoiningRequest& request = verified.request;
    SAMPAN_TRY(refuse_stranger(request));
    const Member* known = next_.member(request.agency);
    if (known != nullptr && known->status != MemberStatus::joining)
        return Error(AuthorityError::already_member, request.agency.text() + " is a member already",
                     "a new root, or a node made anew: sampan authority readmit");
    if (known != nullptr && known->first_descriptor == request.descriptor.hash())
        return Error(AuthorityError::no_change, request.agency.text() + " was announced with this request");
    const std::string lowest = next_.policy.levels.front().id;
    put_sorted(next_.members, member_of(verified, {{lowest, {}}, lowest}, MemberStatus::joining, now));
    changes_.push_back(request.agency.text() + " is announced: it joins");
    return ok_status();
}

Status Authority::admit(const VerifiedJoiningRequest& verified, const MemberTerms& terms, UnixMillis now) {
    const JoiningRequest& request = verified.request;
    SAMPAN_TRY(refuse_stranger(request));
    if (const Member* known = next_.member(request.agency); known != nullptr) {
        if (known->status != MemberStatus::joining)
            return Error(AuthorityError::already_member, request.agency.text() + " is a member already");
        if (known->first_descriptor != request.descriptor.hash())
            return Error(AuthorityError::already_member,
                         request.agency.text() + " was announced with another request than this",
                         "compare the words of both; the right one: sampan authority announce DIR FILE");
    }
    put_sorted(next_.members, member_of(verified, terms, MemberStatus::active, now));
    changes_.push_back(request.agency.text() + " is admitted, " + in_words(terms));
    return ok_status();
}

// A member whose root is replaced, or whose node was lost and made anew: what it may do stays.
Status Authority::readmit(const VerifiedJoiningRequest& verified) {
    const JoiningRequest& request = verified.request;
    if (request.exchange != next_.exchange)
        return Error(IdentityError::wrong_exchange, "this request is for " + request.exchange.text(),
                     "ask the agency to make one for " + next_.exchange.text());
    Member* member = find_member(next_, request.agency);
    if (member == nullptr) return unknown(request.agency);
    if (member->status == MemberStatus::revoked)
        return Error(IdentityError::member_revoked, request.agency.text() + " was revoked, for good");
    const Sha256Digest descriptor = request.descriptor.hash();
    if (member->first_descriptor == descriptor)
        return Error(AuthorityError::no_change, request.agency.text() + " was admitted with this request");
    const bool same_node = member->curve_key == verified.descriptor.descriptor.curve_key;
    member->root_certificate = request.root_certificate;
    member->first_descriptor = descriptor;
    member->curve_key = verified.descriptor.descriptor.curve_key;
    changes_.push_back(request.agency.text() +
                       (same_node ? " has another root" : " is enrolled again, with another root and node"));
    return ok_status();
}

Status Authority::set_status(const AgencyId& agency, MemberStatus status, UnixMillis now) {
    Member* member = find_member(next_, agency);
    if (member == nullptr) return unknown(agency);
    if (member->status == status)
        return Error(AuthorityError::no_change,
                     agency.text() + " is " + std::string(member_status_word(status)) + " already");
    if (member->status == MemberStatus::revoked)
        return Error(AuthorityError::bad_terms, agency.text() + " is revoked, which is final",
                     "admit it again with new keys, under a new agency id");
    changes_.push_back(agency.text() + " was " + std::string(member_status_word(member->status)) + ", is " +
                       std::string(member_status_word(status)));
    member->status = status;
    member->status_since = now;
    return ok_status();
}

Status Authority::set_terms(const AgencyId& agency, const MemberTerms& terms) {
    Member* member = find_member(next_, agency);
    if (member == nullptr) return unknown(agency);
    member->clearance = terms.clearance;
    member->send_ceiling = terms.send_ceiling;
    changes_.push_back(agency.text() + " is " + in_words(terms));
    return ok_status();
}

Status Authority::add_broker(const BrokerEntry& broker) {
    changes_.push_back(
        (next_.broker(broker.id) != nullptr ? "changed keys or addresses of broker " : "added broker ") +
        broker.id.text());
    put_sorted(next_.brokers, broker);
    return ok_status();
}

Status Authority::begin_log(std::string_view checkpoint) {
    const Registry& now = chain_->newest()->registry();
    if (next_.incarnation.number != now.incarnation.number)
        return Error(AuthorityError::no_change, "this epoch begins the log again already");
    Error why(AuthorityError::bad_terms, "the registry lists no broker");
    for (const BrokerEntry& broker : now.brokers) {
        const auto verified = verify_checkpoint(checkpoint, now.log_origin(), broker.log_key);
        if (!verified.ok()) {
            why = verified.error();
            continue;
        }
        next_.incarnation.number = now.incarnation.number + 1;
        next_.incarnation.predecessor_checkpoint = to_bytes(as_bytes(checkpoint));
        changes_.push_back("the log begins again as " + next_.log_origin() + ", after " + verified->origin +
                           " of " + std::to_string(verified->size.get()) + " entries");
        return ok_status();
    }
    return why.within("the checkpoint")
        .with_remedy("give the newest one that a node holds: sampan log checkpoint > last.checkpoint");
}

Status Authority::add_auditor(const AuditorEntry& auditor) {
    changes_.push_back((next_.auditor(auditor.id) != nullptr ? "changed auditor " : "added auditor ") +
                       auditor.id.text());
    put_sorted(next_.auditors, auditor);
    return ok_status();
}

Status Authority::add_signer(const Ed25519PublicKey& key) {
    auto& keys = next_.authority_keys;
    const auto at = std::lower_bound(keys.begin(), keys.end(), key);
    if (at != keys.end() && *at == key)
        return Error(AuthorityError::no_change, "this key is an authority key already");
    keys.insert(at, key);
    changes_.push_back("added authority key " + key.hex().substr(0, 16));
    return ok_status();
}

Status Authority::remove_signer(const Ed25519PublicKey& key) {
    auto& keys = next_.authority_keys;
    if (!std::binary_search(keys.begin(), keys.end(), key))
        return Error(AuthorityError::not_a_signer, "this key is no authority key",
                     "sampan authority show lists them");
    if (keys.size() == next_.authority_threshold)
        return Error(AuthorityError::bad_terms, "fewer keys would be left than must sign",
                     "lower the threshold first, or add a key");
    std::erase(keys, key);
    changes_.push_back("removed authority key " + key.hex().substr(0, 16));
    return ok_status();
}

Status Authority::set_threshold(std::uint32_t signatures) {
    if (signatures == 0 || signatures > next_.authority_keys.size())
        return Error(AuthorityError::bad_terms,
                     "there are " + std::to_string(next_.authority_keys.size()) + " authority keys",
                     "choose a number from 1 to that");
    next_.authority_threshold = signatures;
    changes_.push_back("an epoch needs " + std::to_string(signatures) + " of " +
                       std::to_string(next_.authority_keys.size()) + " authority signatures");
    return ok_status();
}

Result<NewEpoch> Authority::commit(UnixMillis now) {
    SAMPAN_ASSERT(key_.has_value());
    const std::string toml_path = folder_ + "/exchange.toml";
    SAMPAN_ASSIGN(Bytes text, read_exchange_toml(*files_, toml_path));
    SAMPAN_ASSIGN(ExchangeFile file, parse_exchange_file(as_text(text), toml_path));
    if (file.name != next_.exchange)
        return Error(AuthorityError::bad_file, toml_path + ": the name of an exchange never changes",
                     "put back name = \"" + next_.exchange.text() + "\"");
    const Registry& newest = chain_->newest()->registry();
    if (encode_policy(file.policy) != encode_policy(newest.policy) &&
        file.policy.version <= newest.policy.version)
        return Error(AuthorityError::bad_file,
                     toml_path + ": the label policy changed and its version did not",
                     "write version = " + std::to_string(newest.policy.version + 1) + " under [policy]");
    next_.epoch = newest.epoch.next();
    next_.previous = chain_->newest()->hash();
    apply_file(file, now, next_);
    SAMPAN_TRY(check_registry(next_));
    // A key that is none of the authority's any more drafts, and signs nothing.
    const auto among = [&](const std::vector<Ed25519PublicKey>& keys) {
        return std::binary_search(keys.begin(), keys.end(), key_->public_key());
    };
    std::vector<const Ed25519Key*> own;
    if (among(newest.authority_keys) || among(next_.authority_keys)) own.push_back(&*key_);
    const Bytes signed_epoch = sign_registry(next_, own);
    SAMPAN_ASSIGN(EpochDraft draft, read_epoch_draft(signed_epoch));
    const SignaturesNeeded needed = signatures_needed(draft, newest);
    if (files_->exists(draft_path(folder_, next_.epoch)))
        return Error(AuthorityError::draft_waits,
                     draft_path(folder_, next_.epoch) + " waits for signatures already",
                     "publish it, or take it back: sampan authority withdraw " + folder_);
    if (!needed.enough()) return write_draft(signed_epoch, needed);
    // Verified as everyone will verify it, and on the disk, before it is the newest here.
    RegistryChain extended = *chain_;
    SAMPAN_TRY(extended.accept(signed_epoch));
    const std::string path = epoch_path(folder_, next_.epoch);
    SAMPAN_TRY(write_file(*files_, path, signed_epoch, Replace::no, 0644));
    chain_ = std::move(extended);
    NewEpoch out{next_.epoch, chain_->newest()->hash(), path, std::move(changes_), true, needed};
    changes_.clear();
    if (out.changes.empty())
        out.changes.push_back("no member changed; policy, dialogues and terms are as in exchange.toml");
    return out;
}

Result<NewEpoch> Authority::write_draft(const Bytes& signed_epoch, const SignaturesNeeded& needed) {
    const std::string path = draft_path(folder_, next_.epoch);
    SAMPAN_TRY(files_->make_directories(folder_ + "/drafts"));
    SAMPAN_TRY(write_file(*files_, path, signed_epoch, Replace::no, 0644));
    SAMPAN_ASSIGN(Sha256Digest hash, registry_hash_of(signed_epoch));
    return NewEpoch{next_.epoch, hash,  path, registry_changes(chain_->newest()->registry(), next_),
                    false,       needed};
}

}  // namespace sampan
