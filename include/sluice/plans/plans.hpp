// THE list of ready plans, one for each network, instruction set and number of threads that `./run plan --zoo` was run
// for; it writes this file.
#pragma once

#include "sluice/plans/googlenet_avx512.hpp"
#include "sluice/plans/googlenet_avx512x2.hpp"
#include "sluice/plans/mobilenet_v1_avx512.hpp"
#include "sluice/plans/mobilenet_v1_avx512x2.hpp"
#include "sluice/plans/mobilenet_v2_avx512.hpp"
#include "sluice/plans/mobilenet_v2_avx512x2.hpp"
#include "sluice/plans/resnet152_cifar_avx512.hpp"
#include "sluice/plans/resnet152_cifar_avx512x2.hpp"
#include "sluice/plans/resnet18_avx512.hpp"
#include "sluice/plans/resnet18_avx512x2.hpp"
#include "sluice/plans/resnet20_cifar_b_avx512.hpp"
#include "sluice/plans/resnet20_cifar_b_avx512x2.hpp"
#include "sluice/plans/resnet50_avx512.hpp"
#include "sluice/plans/resnet50_avx512x2.hpp"
#include "sluice/plans/resnet56_cifar_avx512.hpp"
#include "sluice/plans/resnet56_cifar_avx512x2.hpp"
#include "sluice/plans/squeezenet1_1_avx512.hpp"
#include "sluice/plans/squeezenet1_1_avx512x2.hpp"
#include "sluice/plans/vgg16_avx512.hpp"
#include "sluice/plans/vgg16_avx512x2.hpp"

namespace sluice::inline SLUICE_ABI::plans {

template <class...>
struct List {};

using ready = List<
    GooglenetAvx512,
    GooglenetAvx512x2,
    MobilenetV1Avx512,
    MobilenetV1Avx512x2,
    MobilenetV2Avx512,
    MobilenetV2Avx512x2,
    Resnet152CifarAvx512,
    Resnet152CifarAvx512x2,
    Resnet18Avx512,
    Resnet18Avx512x2,
    Resnet20CifarBAvx512,
    Resnet20CifarBAvx512x2,
    Resnet50Avx512,
    Resnet50Avx512x2,
    Resnet56CifarAvx512,
    Resnet56CifarAvx512x2,
    Squeezenet11Avx512,
    Squeezenet11Avx512x2,
    Vgg16Avx512,
    Vgg16Avx512x2>;

}  // namespace sluice
