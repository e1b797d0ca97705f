// Gates, which the command chooses at run time, as the mask of a network that is a type, and back.
#pragma once

#include "network.hpp"
#include "sluice/gate/mask.hpp"

namespace sluice::tools {

template <class Net>
gate::Mask<Net> mask_of(const Gates& gates) {
    gate::Mask<Net> mask;
    for (int g = 0; g < mask.gates; ++g) mask.set(g, gates.at(static_cast<std::size_t>(g)));
    return mask;
}

template <class Net>
Gates gates_of(const gate::Mask<Net>& mask) {
    Gates gates;
    for (int g = 0; g < mask.gates; ++g) gates.push_back(mask.open(g));
    return gates;
}

}  // namespace sluice::tools
