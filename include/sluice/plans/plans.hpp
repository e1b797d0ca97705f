// THE list of ready plans, one for each network, instruction set and number of threads that `./run plan --zoo` was run
// for; it writes this file.
#pragma once

#include "sluice/plans/mobilenet_v2_avx512.hpp"
#include "sluice/plans/mobilenet_v2_avx512x2.hpp"
#include "sluice/plans/resnet20_cifar_b_avx512.hpp"
#include "sluice/plans/resnet20_cifar_b_avx512x2.hpp"
#include "sluice/plans/squeezenet1_1_avx512.hpp"
#include "sluice/plans/squeezenet1_1_avx512x2.hpp"

namespace sluice::inline SLUICE_ABI::plans {

template <class...>
struct List {};

using ready = List<
    MobilenetV2Avx512,
    MobilenetV2Avx512x2,
    Resnet20CifarBAvx512,
    Resnet20CifarBAvx512x2,
    Squeezenet11Avx512,
    Squeezenet11Avx512x2>;

}  // namespace sluice
