// Everything that describes networks and gates, as a table of contents. How layers are computed comes from a backend:
// add <sluice_kernels/cpu.hpp>.
#pragma once

// core: values without a heap
#include "sluice/core/pixels.hpp"    // Pixels: a camera's frame
#include "sluice/core/executor.hpp"  // Executor: lend your own threads
#include "sluice/core/memory.hpp"    // MemorySize, Memory: the regions an engine works in
#include "sluice/core/shape.hpp"     // Shape: C, H, W
#include "sluice/core/status.hpp"    // Status, Result: errors as values

// networks
#include "sluice/graph/graph.hpp"       // graph_of<Net>: a network's layers as one constexpr array
#include "sluice/graph/memory_map.hpp"  // where every activation lives
#include "sluice/nets/networks.hpp"     // the list of networks

// gates
#include "sluice/gate/accounting.hpp"  // parameters<Net>(mask), macs<Net>(mask)
#include "sluice/gate/policies.hpp"    // keep, proportional (PLS), table1

// weights
#include "sluice/io/map.hpp"           // map a file (needs an operating system)
#include "sluice/io/safetensors.hpp"   // the file format
#include "sluice/io/weights_file.hpp"  // a network's weights in it
#include "sluice/packed_weights.hpp"   // weights as they run, usable where they lie

// clock and gates together
#include "sluice/power/controller.hpp"  // a deadline kept beside a load; tables, policies, grids
#include "sluice/power/fit.hpp"         // models from measurements
#include "sluice/power/presets.hpp"     // the paper's devices
#if defined(__linux__)
#include "sluice/power/clocks.hpp"  // clocks that can be set
#include "sluice/power/meters.hpp"  // energy meters
#endif

// running
#include "sluice/engine.hpp"       // Engine<Net, Backend, Plan>
#include "sluice/host_memory.hpp"  // its memory from the heap, for programs that have one
#include "sluice/plan/plan.hpp"    // which primitive computes which layer
#include "sluice/version.hpp"
