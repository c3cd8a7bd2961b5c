#include "sampan/crypto/pkcs11.h"

#include <dlfcn.h>
#include <p11-kit/pkcs11.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <mutex>
#include <optional>
#include <vector>

#include "sampan/crypto/random.h"

namespace sampan {
namespace {

// PrintableString "edwards25519", as PKCS#11 v3.0 §2.3.3 allows CKA_EC_PARAMS to be.
constexpr std::array<CK_BYTE, 14> k_curve = {0x13, 0x0c, 'e', 'd', 'w', 'a', 'r',
                                             'd',  's',  '2', '5', '5', '1', '9'};
constexpr std::size_t k_label_size = 32;  // of a token, padded with spaces

Error unavailable(const std::string& what, CK_RV code, std::string remedy = "") {
    char number[32];
    std::snprintf(number, sizeof number, " (PKCS#11 0x%08lx)", static_cast<unsigned long>(code));
    return Error(TokenError::unavailable, what + (code == CKR_OK ? "" : number), std::move(remedy));
}

bool session_is_gone(CK_RV code) {
    return code == CKR_SESSION_HANDLE_INVALID || code == CKR_SESSION_CLOSED || code == CKR_DEVICE_REMOVED ||
           code == CKR_USER_NOT_LOGGED_IN || code == CKR_TOKEN_NOT_PRESENT || code == CKR_DEVICE_ERROR ||
           code == CKR_OBJECT_HANDLE_INVALID || code == CKR_KEY_HANDLE_INVALID;
}

std::string label_of(const CK_TOKEN_INFO& info) {
    const auto* text = reinterpret_cast<const char*>(info.label);
    std::string out(text, k_label_size);
    out.erase(out.find_last_not_of(' ') + 1);
    return out;
}

template <typename Value>
CK_ATTRIBUTE attribute(CK_ATTRIBUTE_TYPE type, Value& value) {
    return {type, &value, sizeof value};
}
CK_ATTRIBUTE attribute(CK_ATTRIBUTE_TYPE type, std::string& text) {
    return {type, text.data(), text.size()};
}

}  // namespace

struct TokenKey::State {
    TokenKeyName name;
    SecretBuffer pin;
    void* library = nullptr;
    CK_FUNCTION_LIST* api = nullptr;
    bool initialised = false;
    mutable std::mutex mutex;  // guards the session: the node's threads sign, the token serves one at a time
    mutable CK_SESSION_HANDLE session = CK_INVALID_HANDLE;
    mutable CK_OBJECT_HANDLE key = CK_INVALID_HANDLE;
    Ed25519PublicKey public_key;

    State(TokenKeyName named, SecretBuffer given) : name(std::move(named)), pin(std::move(given)) {}
    State(const State&) = delete;
    State& operator=(const State&) = delete;
    ~State() {
        if (session != CK_INVALID_HANDLE) api->C_CloseSession(session);
        if (initialised) api->C_Finalize(nullptr);
        if (library != nullptr) ::dlclose(library);
    }

    Status load();
    Result<CK_SLOT_ID> find_slot() const;
    Status log_in(bool writing) const;
    Result<std::vector<CK_OBJECT_HANDLE>> find(CK_OBJECT_CLASS kind) const;
    Status find_key() const;
    Status read_public_key();
    Result<Ed25519Signature> sign_once(ByteView message, CK_RV& code) const;
    Result<Ed25519Signature> sign(ByteView message) const;
    Status generate();
};

Status TokenKey::State::load() {
    library = ::dlopen(name.module.c_str(), RTLD_NOW | RTLD_LOCAL);
    if (library == nullptr) {
        const char* why = ::dlerror();
        return unavailable("the PKCS#11 module cannot be loaded: " + std::string(why == nullptr ? "" : why),
                           CKR_OK, "give the path of the token maker's shared library");
    }
    void* found = ::dlsym(library, "C_GetFunctionList");
    if (found == nullptr) return unavailable(name.module + " is no PKCS#11 module", CKR_OK);
    const auto get = reinterpret_cast<CK_C_GetFunctionList>(found);
    if (const CK_RV code = get(&api); code != CKR_OK || api == nullptr)
        return unavailable(name.module + " gives no functions", code);
    CK_C_INITIALIZE_ARGS arguments{};
    arguments.flags = CKF_OS_LOCKING_OK;
    const CK_RV code = api->C_Initialize(&arguments);
    // Another key of ours may have begun with the same module: then that one ends it.
    if (code != CKR_OK && code != CKR_CRYPTOKI_ALREADY_INITIALIZED)
        return unavailable("the PKCS#11 module does not start", code);
    initialised = code == CKR_OK;
    return ok_status();
}

Result<CK_SLOT_ID> TokenKey::State::find_slot() const {
    CK_ULONG count = 0;
    if (const CK_RV code = api->C_GetSlotList(CK_TRUE, nullptr, &count); code != CKR_OK)
        return unavailable("the module does not list its slots", code);
    if (count > 1024) return unavailable("the module lists too many slots", CKR_OK);
    std::vector<CK_SLOT_ID> slots(count);
    if (const CK_RV code = api->C_GetSlotList(CK_TRUE, slots.data(), &count); code != CKR_OK)
        return unavailable("the module does not list its slots", code);
    slots.resize(std::min<std::size_t>(count, slots.size()));
    std::optional<CK_SLOT_ID> found;
    for (const CK_SLOT_ID slot : slots) {
        CK_TOKEN_INFO info{};
        if (api->C_GetTokenInfo(slot, &info) != CKR_OK || label_of(info) != name.token) continue;
        if (found) return unavailable("two tokens are labelled \"" + name.token + "\"", CKR_OK);
        found = slot;
    }
    if (!found)
        return unavailable("no token is labelled \"" + name.token + "\"", CKR_OK,
                           "is it plugged in? check [signing_token] in node.toml");
    return *found;
}

Status TokenKey::State::log_in(bool writing) const {
    if (session != CK_INVALID_HANDLE) api->C_CloseSession(session);
    session = CK_INVALID_HANDLE;
    key = CK_INVALID_HANDLE;
    SAMPAN_ASSIGN(CK_SLOT_ID slot, find_slot());
    const CK_FLAGS flags = CKF_SERIAL_SESSION | (writing ? CKF_RW_SESSION : 0UL);
    if (const CK_RV code = api->C_OpenSession(slot, flags, nullptr, nullptr, &session); code != CKR_OK)
        return unavailable("the token opens no session", code);
    const ByteView secret = pin.reveal(k_reveal);
    std::vector<CK_UTF8CHAR> text(secret.begin(), secret.end());
    const CK_RV code = api->C_Login(session, CKU_USER, text.data(), static_cast<CK_ULONG>(text.size()));
    wipe(text);
    if (code == CKR_PIN_INCORRECT || code == CKR_PIN_LEN_RANGE)
        return Error(CryptoError::wrong_passphrase, "the token's PIN is wrong",
                     "a token locks itself after a few wrong PINs: check before you try again");
    if (code != CKR_OK && code != CKR_USER_ALREADY_LOGGED_IN)
        return unavailable("the token does not let us in", code);
    return ok_status();
}

Result<std::vector<CK_OBJECT_HANDLE>> TokenKey::State::find(CK_OBJECT_CLASS kind) const {
    CK_KEY_TYPE type = CKK_EC_EDWARDS;
    std::string label = name.key;
    std::array<CK_ATTRIBUTE, 3> wanted = {attribute(CKA_CLASS, kind), attribute(CKA_KEY_TYPE, type),
                                          attribute(CKA_LABEL, label)};
    if (const CK_RV code = api->C_FindObjectsInit(session, wanted.data(), wanted.size()); code != CKR_OK)
        return unavailable("the token does not search", code);
    std::array<CK_OBJECT_HANDLE, 2> found{};
    CK_ULONG count = 0;
    const CK_RV code = api->C_FindObjects(session, found.data(), found.size(), &count);
    api->C_FindObjectsFinal(session);
    if (code != CKR_OK) return unavailable("the token does not search", code);
    return std::vector<CK_OBJECT_HANDLE>(found.begin(),
                                         found.begin() + std::min<std::size_t>(count, found.size()));
}

Status TokenKey::State::find_key() const {
    SAMPAN_ASSIGN(std::vector<CK_OBJECT_HANDLE> found, find(CKO_PRIVATE_KEY));
    if (found.size() != 1)
        return unavailable("the token has " + std::string(found.empty() ? "no" : "more than one") +
                               " private Ed25519 key labelled \"" + name.key + "\"",
                           CKR_OK);
    key = found.front();
    return ok_status();
}

Status TokenKey::State::read_public_key() {
    SAMPAN_ASSIGN(std::vector<CK_OBJECT_HANDLE> found, find(CKO_PUBLIC_KEY));
    if (found.size() != 1)
        return unavailable("the token has no public key labelled \"" + name.key + "\", or several", CKR_OK);
    std::array<CK_BYTE, 64> point{};
    CK_ATTRIBUTE wanted{CKA_EC_POINT, point.data(), point.size()};
    if (const CK_RV code = api->C_GetAttributeValue(session, found.front(), &wanted, 1); code != CKR_OK)
        return unavailable("the token does not give the public key", code);
    ByteView bytes(point.data(), std::min<std::size_t>(wanted.ulValueLen, point.size()));
    // An OCTET STRING of 32 bytes, as the standard says, or the 32 bytes themselves, as some tokens have it.
    if (bytes.size() == 34 && bytes[0] == 0x04 && bytes[1] == 0x20) bytes = bytes.subspan(2);
    SAMPAN_ASSIGN(public_key, parse_ed25519_public_key(bytes));
    return ok_status();
}

Result<Ed25519Signature> TokenKey::State::sign_once(ByteView message, CK_RV& code) const {
    CK_MECHANISM mechanism{CKM_EDDSA, nullptr, 0};
    code = api->C_SignInit(session, &mechanism, key);
    if (code != CKR_OK) return unavailable("the token does not begin to sign", code);
    // One more than the message: modules take a null pointer for a mistake, even of no bytes.
    std::vector<CK_BYTE> copy(message.size() + 1);
    std::copy(message.begin(), message.end(), copy.begin());
    std::array<CK_BYTE, Ed25519Signature::k_size> bytes{};
    CK_ULONG size = bytes.size();
    code = api->C_Sign(session, copy.data(), static_cast<CK_ULONG>(message.size()), bytes.data(), &size);
    if (code != CKR_OK) return unavailable("the token does not sign", code);
    if (size != bytes.size())
        return Error(CryptoError::bad_signature, "the token gave a signature of another length");
    return Ed25519Signature::parse(bytes);
}

Result<Ed25519Signature> TokenKey::State::sign(ByteView message) const {
    const std::lock_guard lock(mutex);
    CK_RV code = CKR_OK;
    auto signature = sign_once(message, code);
    if (!signature.ok() && session_is_gone(code)) {
        SAMPAN_TRY(log_in(false));
        SAMPAN_TRY(find_key());
        signature = sign_once(message, code);
    }
    if (!signature.ok()) return signature.error();
    SAMPAN_TRY(verify_ed25519(public_key, message, *signature));
    return signature;
}

Status TokenKey::State::generate() {
    SAMPAN_TRY(log_in(true));
    SAMPAN_ASSIGN(std::vector<CK_OBJECT_HANDLE> present, find(CKO_PRIVATE_KEY));
    if (!present.empty())
        return Error(CryptoError::bad_key, "the token has a key labelled \"" + name.key + "\" already",
                     "choose another label: keys are never overwritten");
    CK_MECHANISM mechanism{CKM_EC_EDWARDS_KEY_PAIR_GEN, nullptr, 0};
    CK_BBOOL yes = CK_TRUE;
    CK_BBOOL no = CK_FALSE;
    CK_KEY_TYPE type = CKK_EC_EDWARDS;
    std::string label = name.key;
    std::array<CK_BYTE, 8> id{};
    random_fill(id);
    auto curve = k_curve;
    std::array<CK_ATTRIBUTE, 6> open_half = {attribute(CKA_TOKEN, yes),     attribute(CKA_VERIFY, yes),
                                             attribute(CKA_KEY_TYPE, type), attribute(CKA_LABEL, label),
                                             attribute(CKA_ID, id),         attribute(CKA_EC_PARAMS, curve)};
    std::array<CK_ATTRIBUTE, 8> secret_half = {attribute(CKA_TOKEN, yes),     attribute(CKA_PRIVATE, yes),
                                               attribute(CKA_SENSITIVE, yes), attribute(CKA_EXTRACTABLE, no),
                                               attribute(CKA_SIGN, yes),      attribute(CKA_KEY_TYPE, type),
                                               attribute(CKA_LABEL, label),   attribute(CKA_ID, id)};
    CK_OBJECT_HANDLE made_public = CK_INVALID_HANDLE;
    CK_OBJECT_HANDLE made_private = CK_INVALID_HANDLE;
    const CK_RV code =
        api->C_GenerateKeyPair(session, &mechanism, open_half.data(), open_half.size(), secret_half.data(),
                               secret_half.size(), &made_public, &made_private);
    if (code != CKR_OK) return unavailable("the token does not make an Ed25519 key", code);
    return ok_status();
}

TokenKey::TokenKey(std::unique_ptr<State> state) : state_(std::move(state)) {}
TokenKey::~TokenKey() = default;

const Ed25519PublicKey& TokenKey::public_key() const {
    return state_->public_key;
}

Result<Ed25519Signature> TokenKey::sign(ByteView message) const {
    return state_->sign(message);
}

Result<std::unique_ptr<TokenKey>> TokenKey::open(TokenKeyName name, SecretBuffer pin) {
    auto state = std::make_unique<State>(std::move(name), std::move(pin));
    SAMPAN_TRY(state->load());
    SAMPAN_TRY(state->log_in(false));
    SAMPAN_TRY(state->find_key());
    SAMPAN_TRY(state->read_public_key());
    // That both halves belong together is tried, not believed.
    const auto tried = state->sign(as_bytes("sampan/1 token check\n"));
    if (!tried.ok()) return tried.error();
    return std::unique_ptr<TokenKey>(new TokenKey(std::move(state)));
}

Result<std::unique_ptr<TokenKey>> TokenKey::generate(TokenKeyName name, SecretBuffer pin) {
    auto state = std::make_unique<State>(std::move(name), std::move(pin));
    SAMPAN_TRY(state->load());
    SAMPAN_TRY(state->generate());
    SAMPAN_TRY(state->find_key());
    SAMPAN_TRY(state->read_public_key());
    const auto tried = state->sign(as_bytes("sampan/1 token check\n"));
    if (!tried.ok()) return tried.error();
    return std::unique_ptr<TokenKey>(new TokenKey(std::move(state)));
}

}  // namespace sampan
