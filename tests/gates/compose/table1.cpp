// table1_has_the_rows_100_90_80_70_50_30_10
// Table 1 of the paper has no row of 60 %.
#include "sluice/gate/table1.hpp"
#include "sluice/nets/resnet.hpp"

constexpr auto mask = sluice::gate::table1<sluice::nets::ResNet152Cifar<10>>(60);
