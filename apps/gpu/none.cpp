// In the place of gpu/bench.cpp in a program without the GPU backend.
#include "commands.hpp"
#include "failure.hpp"
#include "gpu/options.hpp"

namespace sluice::tools {

void bench_on_gpu(const BenchOptions& o) {
    (void)gpu_sweep(o);
    fail(Exit::failure,
         "--device cuda: this program was built without the GPU backend; `cmake --preset cudnn` builds it, with nvcc "
         "and cuDNN 9");
}

}  // namespace sluice::tools
