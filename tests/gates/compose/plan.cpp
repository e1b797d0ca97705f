// the_plan_names_a_primitive_that_does_not_support_its_layer
// A plan for another build.
#include "sluice/nets/resnet_cifar.hpp"
#include "sluice_kernels/cpu.hpp"

using Net = sluice::nets::ResNet20Cifar<>;
constexpr auto memory = sluice::Engine<Net, sluice::Cpu, sluice::UniformPlan<"no_such_primitive">>::memory;
