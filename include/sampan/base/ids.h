// The identifiers that every layer speaks of.
#pragma once

#include <string>

#include "sampan/base/strong.h"

namespace sampan {

enum class IdError { bad_name };
constexpr std::string_view error_name(IdError) {
    return "bad_name";
}

// A lower-case DNS label: 1 to 32 of [a-z0-9-], neither first nor last a hyphen.
bool is_dns_label(std::string_view text);
// Dot-separated lower-case DNS labels, 3 to 128 characters in all.
bool is_dns_name(std::string_view text);

// A checked name of one kind. `Traits::valid` decides; `Traits::k_what` names it in errors.
template <typename Traits>
class Name {
  public:
    Name() = default;
    static Result<Name> parse(std::string_view text) {
        if (!Traits::valid(text))
            return Error(IdError::bad_name, std::string("\"").append(text.substr(0, 64)) + "\" is not " +
                                                std::string(Traits::k_what));
        Name out;
        out.text_ = text;
        return out;
    }
    const std::string& text() const { return text_; }
    bool empty() const { return text_.empty(); }
    friend auto operator<=>(const Name&, const Name&) = default;
    friend bool operator==(const Name&, const Name&) = default;

  private:
    std::string text_;
};

struct AgencyIdTraits {
    static constexpr std::string_view k_what = "an agency id (1 to 32 of a-z, 0-9 and hyphen)";
    static bool valid(std::string_view text) { return is_dns_label(text); }
};
struct ExchangeNameTraits {
    static constexpr std::string_view k_what = "an exchange name (a lower-case DNS name)";
    static bool valid(std::string_view text) { return is_dns_name(text); }
};
struct DialogueIdTraits {
    static constexpr std::string_view k_what = "a dialogue id (1 to 32 of a-z, 0-9 and hyphen)";
    static bool valid(std::string_view text) { return is_dns_label(text); }
};
struct BrokerIdTraits {
    static constexpr std::string_view k_what = "a broker id (1 to 32 of a-z, 0-9 and hyphen)";
    static bool valid(std::string_view text) { return is_dns_label(text); }
};

using AgencyId = Name<AgencyIdTraits>;          // "jp-npa"; also names auditors, in the same space
using ExchangeName = Name<ExchangeNameTraits>;  // "ajct.example"
using DialogueId = Name<DialogueIdTraits>;      // "ajct-12"
using BrokerId = Name<BrokerIdTraits>;          // "broker-1"

using Sha256Digest = FixedBytes<struct Sha256DigestTag, 32>;
using MessageId = FixedBytes<struct MessageIdTag, 16>;            // names one seal
using MessageSubject = FixedBytes<struct MessageSubjectTag, 32>;  // SHA-256(seal || signature)
using DocumentId = FixedBytes<struct DocumentIdTag, 16>;
using ChainId = FixedBytes<struct ChainIdTag, 16>;
using PrekeyId = FixedBytes<struct PrekeyIdTag, 16>;  // first half of SHA-256 of the prekey's public bytes

using Epoch = StrongInt<struct EpochTag>;
using LeafIndex = StrongInt<struct LeafIndexTag>;
using TreeSize = StrongInt<struct TreeSizeTag>;

}  // namespace sampan

template <typename Traits>
struct std::hash<sampan::Name<Traits>> {
    std::size_t operator()(const sampan::Name<Traits>& value) const noexcept {
        return std::hash<std::string>{}(value.text());
    }
};
