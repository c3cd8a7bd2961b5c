// Random, valid packets of every kind, from a seed.
#pragma once

#include <random>

#include "sampan/transport/packet.h"

namespace sampan {

class PacketSamples {
  public:
    explicit PacketSamples(std::uint64_t seed) : random_(seed) {}

    // One packet of the kind at this place of the variant.
    Packet make(std::size_t alternative);
    std::uint64_t number(std::uint64_t least, std::uint64_t most) {
        return std::uniform_int_distribution<std::uint64_t>(least, most)(random_);
    }
    Bytes bytes(std::size_t least, std::size_t most);

  private:
    template <typename Fixed>
    Fixed fixed() {
        return Fixed::parse(bytes(Fixed::k_size, Fixed::k_size)).value();
    }
    // Often zero, often small, sometimes of all 64 bits.
    std::uint64_t any();
    std::uint32_t any32() { return static_cast<std::uint32_t>(any()); }
    std::string text();
    AgencyId agency();
    MerkleProof proof();
    LoggedStatement statement();
    template <typename P>
    P packet();

    std::mt19937_64 random_;
};

}  // namespace sampan
