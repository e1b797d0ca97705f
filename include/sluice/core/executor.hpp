// Executor: who runs the parts of a kernel. The library starts no threads; a program that has some lends them.
#pragma once

#include "sluice/core/abi.hpp"

namespace sluice::inline SLUICE_ABI {

struct Executor {
    using Task = void (*)(void* context, int part);

    int parts = 1;  // how many calls of the task run side by side
    // Calls task(context, 0) ... task(context, parts - 1), in any order and on any threads, and returns when all have
    // returned and their writes are visible to the caller.
    void (*run)(void* self, Task task, void* context) = nullptr;
    void* self = nullptr;

    template <class F>
    void operator()(F&& part) const {
        if (parts == 1) return part(0);
        run(self, [](void* f, int i) { (*static_cast<F*>(f))(i); }, &part);
    }
};

}  // namespace sluice
