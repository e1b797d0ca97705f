// The compile-time side of network.hpp: what one network's translation unit instantiates.
#pragma once

#include <array>
#include <bit>
#include <utility>

#include "mask_of.hpp"
#include "network.hpp"
#include "registry.hpp"
#include "sluice/gate/accounting.hpp"
#include "sluice/gate/policies.hpp"
#include "sluice/host_memory.hpp"
#include "sluice/nets/networks.hpp"
#include "sluice_kernels/cpu.hpp"
#include "sluice_kernels/isa/foreign.hpp"

namespace sluice::tools {

// By which engines lay out their arena, unless their plan wants all maps whole.
template <class Net>
inline constexpr auto memory_map_of = graph::memory_map(graph_of<Net>.nodes, graph::strips(graph_of<Net>));
template <class Net>
inline constexpr auto whole_maps_of = graph::memory_map(graph_of<Net>.nodes);

template <class Engine>
class EngineSession final : public Session {
    using Net = typename Engine::network;
    HostMemory memory_;               // the weights, and the first engine's activations
    std::vector<HostMemory> frames_;  // the other engines' activations
    std::vector<Engine> engines_;

  public:
    EngineSession(int slots, int settings, int parts)
        : memory_(host_memory<Engine>(static_cast<std::size_t>(settings), parts)) {
        for (int i = 1; i < slots; ++i) frames_.push_back(frame_memory<Engine>(parts));
        engines_.emplace_back(memory_);
    }

    Status load(std::span<const std::byte> weights, bool self_test) override {
        return shared(engines_.front().load(weights, self_test ? SelfTest::replay : SelfTest::skip));
    }
    Status load_packed(std::span<const std::byte> packed) override {
        return shared(engines_.front().load_packed(packed));
    }

    Result<std::span<const float>> run(std::span<const float> image, const Gates& gates,
                                       const FrameOptions& o) override {
        Engine& engine = engines_.at(static_cast<std::size_t>(o.slot));
        const gate::Mask<Net> mask = mask_of<Net>(gates);
        const NoSetting missing = o.default_statistics ? NoSetting::takes_the_default : NoSetting::is_an_error;
        const auto logits = [&] {
            if (o.trace != nullptr) return engine.run(image, mask, o.executor, *o.trace, missing);
            if (o.capture != nullptr) return engine.run(image, mask, o.executor, capturing(*o.capture), missing);
            return engine.run(image, mask, o.executor, missing);
        }();
        if (!logits) return logits.status();
        return std::span<const float>(*logits);
    }

    float largest_difference() const override { return engines_.front().largest_difference(); }
    float largest_logit() const override { return engines_.front().largest_logit(); }

  private:
    // The other engines follow the first one.
    Status shared(Status s) {
        engines_.resize(1, engines_.front());
        for (const HostMemory& frame : frames_) engines_.push_back(engines_.front().share(frame));
        return s;
    }

    // Engine::run's observer that copies each node's output.
    static auto capturing(Capture& capture) {
        return [&capture](const Work& work, auto&& call) {
            call();
            capture.take(work, graph_of<Net>.nodes[static_cast<std::size_t>(work.node)].out);
        };
    }
};

// The bytes of a packed file for a sheet: header, weights, settings.
template <class Net, class Sheet>
Result<std::vector<std::byte>> packed_for(std::span<const std::byte> checkpoint, int settings) {
    using Packer = Engine<Net, BasicCpu<isa::Foreign<Sheet>>>;
    const HostMemory memory = host_memory<Packer>(static_cast<std::size_t>(settings));
    Packer packer(memory);
    if (Status s = packer.load(checkpoint, SelfTest::skip); !s) return s;
    const auto header = std::bit_cast<std::array<std::byte, sizeof(io::PackedHeader)>>(packer.packed().header());
    std::vector<std::byte> file(header.begin(), header.end());
    for (const auto region : {packer.packed().weights_region(), packer.packed().settings_region()})
        file.insert(file.end(), region.begin(), region.end());
    return file;
}

template <class Net>
class NetworkOf final : public AnyNetwork {
    using Chosen = Engine<Net, Cpu>;
    using Fast = Engine<Net, Cpu, FastPlan>;
    using Reference = Engine<Net, Cpu, UniformPlan<"reference">>;  // the yardstick

    // f(which engine)
    template <class F>
    static auto with(Primitives primitives, F f) {
        if (primitives == Primitives::fast) return f(std::type_identity<Fast>{});
        if (primitives == Primitives::reference) return f(std::type_identity<Reference>{});
        return f(std::type_identity<Chosen>{});
    }

  public:
    NetworkOf()
        : AnyNetwork({.name = std::string(Net::name.view()),
                      .input = Chosen::input,
                      .classes = Chosen::classes,
                      .graph = graph_view<Net>,
                      .blocks = {blocks_per_group<Net>.begin(), blocks_per_group<Net>.end()},
                      .buffers = memory_map_of<Net>.buffers,
                      .places = whole_maps_of<Net>.nodes,
                      .whole_buffers = whole_maps_of<Net>.buffers}) {}

    Gates proportional(gate::Ratio r) const override { return gates_of<Net>(gate::proportional<Net>(r)); }

    Result<Gates> keep(std::span<const int> blocks) const override {
        gate::Keep<Net> k{};
        if (blocks.size() != k.size())
            return Status::error(Error::argument, "expected ", k.size(), " numbers, one for each group of ", Net::name,
                                 ", found ", blocks.size());
        for (std::size_t g = 0; g < k.size(); ++g) k[g] = blocks[g];
        const auto mask = gate::keep_checked<Net>(k);
        if (!mask) return mask.status();
        return gates_of<Net>(*mask);
    }

    Cost cost(const Gates& gates) const override {
        const gate::Mask<Net> mask = mask_of<Net>(gates);
        const auto kept = mask.kept();
        return {{kept.begin(), kept.end()}, parameters<Net>(mask), macs<Net>(mask)};
    }

    MemorySize memory(Primitives primitives) const override {
        return with(primitives, []<class E>(std::type_identity<E>) { return E::memory; });
    }
    std::string_view primitive(int node, Primitives primitives) const override {
        return with(primitives, [&]<class E>(std::type_identity<E>) { return E::primitive(node); });
    }

    std::vector<std::string> instruction_sets() const override {
        return []<class... Sheet>(isa::Sheets<Sheet...>) {
            return std::vector<std::string>{Sheet::name...};
        }(isa::all{});
    }
    Result<std::vector<std::byte>> packed(std::string_view isa, std::span<const std::byte> checkpoint,
                                          int settings) const override {
        return [&]<class... Sheet>(isa::Sheets<Sheet...>) -> Result<std::vector<std::byte>> {
            Result<std::vector<std::byte>> file = Status::error(Error::argument, "unknown instruction set");
            ((isa == Sheet::name ? void(file = packed_for<Net, Sheet>(checkpoint, settings)) : void()), ...);
            return file;
        }(isa::all{});
    }

    std::unique_ptr<Session> session(Primitives primitives, int slots, int settings, int parts) const override {
        return with(primitives, [&]<class E>(std::type_identity<E>) -> std::unique_ptr<Session> {
            return std::make_unique<EngineSession<E>>(slots, settings, parts);
        });
    }
};

// Its place in nets::networks, so that every listing has the order of the list and not of the linker.
template <class Net, class... N>
constexpr int place_in(nets::List<N...>) {
    int place = -1, i = 0;
    ((place = std::is_same_v<Net, N> ? i : place, ++i), ...);
    return place;
}

template <class Net>
struct Registration {
    static_assert(place_in<Net>(nets::networks{}) >= 0, "the network is not in nets::networks");
    NetworkOf<Net> network;
    Registration() { enlist(place_in<Net>(nets::networks{}), network); }
};

}  // namespace sluice::tools
