// Table 1 is about ResNet-152: 3, 8, 36, 3
// ResNet-50 has other groups.
#include "sluice/gate/table1.hpp"
#include "sluice/nets/resnet.hpp"

constexpr auto mask = sluice::gate::table1<sluice::nets::ResNet50<>>(50);
