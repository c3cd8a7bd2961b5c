// A log that was lost in part begins again as the next incarnation, with an origin of its own.
#pragma once

#include <vector>

#include "sampan/identity/registry.h"
#include "sampan/log/log.h"

namespace sampan {

// Whether a broker of an earlier incarnation of the log signed this head: then it says nothing about the
// present log. `epochs` is the registry chain, from epoch 1.
bool is_head_of_predecessor(const std::vector<RegistryPtr>& epochs, TreeSize size, const MerkleHash& root,
                            const Ed25519Signature& signature);
// n of "<exchange>/log/<n>"; 0 when it is no such origin.
std::uint32_t incarnation_of(std::string_view origin);

}  // namespace sampan
