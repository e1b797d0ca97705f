// THE list of networks. Tests, benchmarks and the sluice command follow it: one line each, read by CMake too.
#pragma once

#include "sluice/nets/resnet.hpp"
#include "sluice/nets/resnet_cifar.hpp"

namespace sluice::inline SLUICE_ABI::nets {

template <class...>
struct List {};

using networks = List<
    ResNet18<>,
    ResNet34<>,
    ResNet50<>,
    ResNet101<>,
    ResNet152<>,
    ResNet152Cifar<>,
    ResNet152At32<>,
    ResNet20Cifar<>,
    ResNet32Cifar<>,
    ResNet44Cifar<>,
    ResNet56Cifar<>,
    ResNet110Cifar<>,
    ResNet20CifarB<>,
    ResNet32CifarB<>,
    ResNet44CifarB<>,
    ResNet56CifarB<>,
    ResNet110CifarB<>>;

}  // namespace sluice
