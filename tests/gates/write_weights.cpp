// write_weights FILE: generated weights for the network that the gates run.
#include <cstdio>

#include "generated_weights.hpp"
#include "sluice/nets/resnet_cifar.hpp"

int main(int argc, char** argv) {
    using Net = sluice::nets::ResNet20Cifar<>;
    const auto file = sluice::tools::generated_weights(sluice::graph_view<Net>, Net::name.view(), 1);
    std::FILE* f = argc == 2 ? std::fopen(argv[1], "wb") : nullptr;
    return f == nullptr || std::fwrite(file.data(), 1, file.size(), f) != file.size() || std::fclose(f) != 0;
}
