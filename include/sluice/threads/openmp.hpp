// openmp_executor(): the threads of OpenMP share the work of each layer. Compile with -fopenmp.
#pragma once

#if !defined(_OPENMP)
#error "sluice: <sluice/threads/openmp.hpp> needs OpenMP: compile and link with -fopenmp"
#endif

#include <omp.h>

#include <cstdint>

#include "sluice/core/executor.hpp"

namespace sluice::inline SLUICE_ABI {

// parts: as many threads as OpenMP would use, unless told otherwise. If OpenMP gives fewer, some do several parts.
inline Executor openmp_executor(int parts = omp_get_max_threads()) {
    return {.parts = parts, .run = [](void* self, Executor::Task task, void* context) {
                const int count = static_cast<int>(reinterpret_cast<std::intptr_t>(self));
#pragma omp parallel for schedule(static, 1) num_threads(count)
                for (int part = 0; part < count; ++part) task(context, part);
            }, .self = reinterpret_cast<void*>(static_cast<std::intptr_t>(parts))};
}

}  // namespace sluice
