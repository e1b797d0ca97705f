// THE list of networks. Tests, benchmarks and the sluice command follow it: one line each, read by CMake too.
#pragma once

#include "sluice/nets/alexnet.hpp"
#include "sluice/nets/googlenet.hpp"
#include "sluice/nets/mobilenet_v1.hpp"
#include "sluice/nets/mobilenet_v2.hpp"
#include "sluice/nets/resnet.hpp"
#include "sluice/nets/resnet_cifar.hpp"
#include "sluice/nets/squeezenet.hpp"
#include "sluice/nets/vgg.hpp"

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
    ResNet110CifarB<>,
    ResNeXt50<>,
    WideResNet50<>,
    AlexNet<>,
    VGG11<>,
    VGG13<>,
    VGG16<>,
    VGG19<>,
    VGG11BN<>,
    VGG13BN<>,
    VGG16BN<>,
    VGG19BN<>,
    GoogLeNet<>,
    SqueezeNet10<>,
    SqueezeNet11<>,
    SqueezeNet10Caffe<>,
    MobileNetV1<>,
    MobileNetV1x075<>,
    MobileNetV2<>,
    MobileNetV2Same<>>;

}  // namespace sluice
