// AnyNetwork and Session: one network of the list, chosen at run time. The library's networks are types; here is the
// seam where their names, masks and engines become values. network_impl.hpp holds the other side of it.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <vector>

#include "capture.hpp"
#include "sluice/core/executor.hpp"
#include "sluice/core/memory.hpp"
#include "sluice/gate/proportional.hpp"
#include "sluice/graph/memory_map.hpp"
#include "trace.hpp"

namespace sluice::tools {

using Gates = std::vector<bool>;  // true: open; in network order, one for each block that can be skipped

// What a frame executes with some gates shut.
struct Cost {
    std::vector<int> kept;  // blocks per group
    std::int64_t parameters = 0;
    std::int64_t macs = 0;
};

struct FrameOptions {
    int slot = 0;  // which of the session's engines; one thread at a time per slot
    Executor executor = {};
    Trace* trace = nullptr;           // times each layer
    Capture* capture = nullptr;       // copies what each layer yields
    bool default_statistics = false;  // run a mask without a setting of its own with the full network's statistics
};

// One set of packed weights and engines that share it.
class Session {
  public:
    virtual ~Session() = default;
    virtual Status load(std::span<const std::byte> weights, bool self_test) = 0;
    // Weights that packed() has made, for this program's instruction set; they must outlive the session.
    virtual Status load_packed(std::span<const std::byte> packed) = 0;
    // The logits stay valid until the slot's next frame.
    virtual Result<std::span<const float>> run(std::span<const float> image, const Gates&,
                                               const FrameOptions& = {}) = 0;
    // Of the last self-test.
    virtual float largest_difference() const = 0;
    virtual float largest_logit() const = 0;
};

// By the default plan, by FastPlan, or the reference primitive alone.
enum class Primitives { chosen, fast, reference };

class AnyNetwork {
  public:
    struct Facts {
        std::string name;
        Shape input;
        int classes = 0;
        graph::View graph;
        std::vector<int> blocks;                         // per group
        std::span<const graph::Lifetime> buffers;        // of the arena, by node; without floats where none begins
        std::span<const graph::Placement> places;        // of the maps, by node, where no strips are computed
        std::span<const graph::Lifetime> whole_buffers;  // likewise
    };

    explicit AnyNetwork(Facts f) : facts(std::move(f)) {}
    virtual ~AnyNetwork() = default;

    const Facts facts;

    Gates whole() const { return Gates(static_cast<std::size_t>(facts.graph.gates), true); }
    virtual Gates proportional(gate::Ratio) const = 0;
    virtual Result<Gates> keep(std::span<const int> blocks_per_group) const = 0;
    virtual Cost cost(const Gates&) const = 0;

    virtual MemorySize memory(Primitives = Primitives::chosen) const = 0;
    // Which primitive computes a node; empty for nodes without weights.
    virtual std::string_view primitive(int node, Primitives = Primitives::chosen) const = 0;
    virtual std::vector<std::string> instruction_sets() const = 0;  // that packed() knows
    // A checkpoint's bytes as a packed file for an instruction set, this machine's or another's.
    virtual Result<std::vector<std::byte>> packed(std::string_view isa, std::span<const std::byte> checkpoint,
                                                  int settings) const = 0;
    // slots: how many engines. settings: how many gate settings of a weights file to lend room for. parts: of
    // the executor that frames will run with.
    virtual std::unique_ptr<Session> session(Primitives, int slots, int settings, int parts = 1) const = 0;
};

}  // namespace sluice::tools
