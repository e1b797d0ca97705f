// A program with one network on a GPU: what it says without weights, or without a GPU.
#include <cstdio>
#include <sluice/nets/resnet_cifar.hpp>
#include <sluice_kernels/cuda.hpp>

int main() {
    using Engine = sluice::Engine<sluice::nets::ResNet20Cifar<>, sluice::Cuda<sluice::Precision::bf16, 8>>;
    const auto session = sluice::cuda::Session::open();
    if (!session) return std::printf("%s\n", session.message()), 1;
    const auto memory = Engine::allocate(*session);
    if (!memory) return std::printf("%s\n", memory.message()), 1;
    Engine engine{*session, *memory};
    const sluice::Status status = engine.load({});
    return std::printf("a GPU with %zu bytes for weights; no weights: %s\n", Engine::memory.device.weights,
                       status.message()),
           0;
}
