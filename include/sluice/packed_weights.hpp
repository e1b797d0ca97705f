// PackedWeights: the constant half of an engine. Made from a checkpoint in memory that the caller lends, or found in a
// packed file and used where it lies.
//
// weights region: [packed weights, layer after layer][default epilogue][one value for each level of a pixel, by channel]
// settings region, once for each gate setting: [its mask][its epilogue]
#pragma once

#include <memory>

#include "sluice/core/memory.hpp"
#include "sluice/gate/mask.hpp"
#include "sluice/io/packed.hpp"
#include "sluice/io/pixel_values.hpp"
#include "sluice/io/weights_file.hpp"

namespace sluice::inline SLUICE_ABI {

// What run() does with a mask for which the weights have no setting, although they have settings for others.
enum class NoSetting { is_an_error, takes_the_default };

template <Network Net, class Program>
class PackedWeights {
    static constexpr auto& net = graph_of<Net>;
    static constexpr auto& program = Program::program;
    static constexpr int nodes = static_cast<int>(net.nodes.size());
    static constexpr int channels = net.nodes.front().out.C;
    static constexpr std::size_t mask_bytes =
        (sizeof(gate::Mask<Net>) + memory_alignment - 1) / memory_alignment * memory_alignment;
    static constexpr std::size_t bytes(std::int64_t floats) { return static_cast<std::size_t>(floats) * sizeof(float); }

    const float* floats_ = nullptr;
    const std::byte* settings_ = nullptr;
    int count_ = 0;
    bool pixels_ = false;

  public:
    static constexpr MemorySize size{
        .weights = bytes(program.weights + program.epilogue + channels * io::pixel_levels),
        .setting = mask_bytes + bytes(program.epilogue)};
    static constexpr io::PackedHeader expected() {
        return io::PackedHeader::expected(Net::name.view(), Program::isa, Program::fingerprint, size);
    }

    // Packs a checkpoint into memory.weights and memory.settings.
    static Result<PackedWeights> pack(const io::WeightsFile& file, const Memory& memory) {
        PackedWeights w;
        auto* const floats = reinterpret_cast<float*>(memory.weights.data());
        float* const epilogue = floats + program.weights;
        for (int i = 0; i < nodes; ++i) {
            if (!net.nodes[i].has_weights()) continue;
            Program::pack(i, *file.weight(net.nodes[i]), floats);
            fill(epilogue + program.steps[i].scale, net.nodes[i].out.C, Ones{}, 1.0f);
            fill(epilogue + program.steps[i].bias, net.nodes[i].out.C, *file.bias(net.nodes[i]), 0.0f);
        }
        std::fill_n(epilogue + program.epilogue - Program::epilogue_slack, Program::epilogue_slack, 0.0f);
        w.floats_ = floats;
        w.settings_ = memory.settings.data();
        w.pixels_ = io::pixel_values(file.metadata("mean"), file.metadata("std"),
                                     {epilogue + program.epilogue, std::size_t(channels * io::pixel_levels)});
        if (Status s = w.pack_settings(file, memory.settings); !s) return s;
        return w;
    }

    // Uses a packed file where it lies; nothing is copied, so it must outlive the engine.
    static Result<PackedWeights> in_place(std::span<const std::byte> file, io::Integrity integrity) {
        const Result<io::PackedHeader> header = io::PackedHeader::read(file, expected(), integrity);
        if (!header) return header.status();
        PackedWeights w;
        w.floats_ = reinterpret_cast<const float*>(file.data() + sizeof *header);
        w.settings_ = file.data() + sizeof *header + size.weights;
        w.count_ = static_cast<int>(header->settings);
        w.pixels_ = header->pixels == 1;
        return w;
    }

    explicit operator bool() const { return floats_ != nullptr; }
    int settings() const { return count_; }
    const float* weights() const { return floats_; }
    const float* default_epilogue() const { return floats_ + program.weights; }
    // [C][256]: what a pixel's level means to the network; null if the weights do not say.
    const float* pixel_values() const { return pixels_ ? default_epilogue() + program.epilogue : nullptr; }

    // Scale and bias vectors for a mask; null if there is none and that is an error.
    const float* epilogue(const gate::Mask<Net>& gates, NoSetting missing) const {
        for (int i = 0; i < count_; ++i) {
            gate::Mask<Net> own;
            std::memcpy(static_cast<void*>(&own), setting(i), sizeof own);
            if (own == gates) return reinterpret_cast<const float*>(setting(i) + mask_bytes);
        }
        const bool plain = count_ == 0 || gates == gate::Mask<Net>{} || missing == NoSetting::takes_the_default;
        return plain ? default_epilogue() : nullptr;
    }

    // What a packed file of these weights consists of: a header, then both regions.
    std::span<const std::byte> weights_region() const {
        return {reinterpret_cast<const std::byte*>(floats_), size.weights};
    }
    std::span<const std::byte> settings_region() const { return {settings_, std::size_t(count_) * size.setting}; }
    io::PackedHeader header() const {
        io::PackedHeader h = expected();
        h.settings = static_cast<std::uint64_t>(count_);
        h.pixels = pixels_;
        io::Checksum sum;
        sum.add(weights_region());
        sum.add(settings_region());
        h.checksum = sum.value();
        return h;
    }

  private:
    struct Ones {
        float operator[](int) const { return 1.0f; }
    };
    const std::byte* setting(int i) const { return settings_ + static_cast<std::size_t>(i) * size.setting; }

    // source[k] for k < K; channels up to the next multiple of 16 get `rest`, where vectors read past K.
    template <class Source>
    static void fill(float* to, int K, const Source& source, float rest) {
        for (int k = 0; k < (K + 15) / 16 * 16; ++k) to[k] = k < K ? source[k] : rest;
    }

    Status pack_settings(const io::WeightsFile& file, std::span<std::byte> region) {
        const std::string_view list = file.metadata("settings");
        const auto room = region.size() / size.setting;
        const auto count = static_cast<std::size_t>(io::count_settings(list));
        if (count > room)
            return Status::error(Error::memory, "the weights bring ", count, " gate settings of ", size.setting,
                                 " bytes each, the region for settings has room for ", room);
        Status status = io::for_each_setting(list, net.gates, [&](int index, const io::Setting& s) {
            gate::Mask<Net> mask;
            for (int g = 0; g < net.gates; ++g) mask.set(g, s.bits[static_cast<std::size_t>(g)] == '1');
            std::byte* const to = region.data() + static_cast<std::size_t>(index) * size.setting;
            std::memset(to, 0, mask_bytes);
            std::memcpy(to, static_cast<const void*>(&mask), sizeof mask);
            return pack_epilogue(file, s.name, mask, reinterpret_cast<float*>(to + mask_bytes));
        });
        if (status) count_ = static_cast<int>(count);
        return status;
    }

    Status pack_epilogue(const io::WeightsFile& file, std::string_view setting, const gate::Mask<Net>& mask,
                         float* epilogue) {
        std::fill_n(epilogue + program.epilogue - Program::epilogue_slack, Program::epilogue_slack, 0.0f);
        for (int i = 0; i < nodes; ++i) {
            const graph::Node& n = net.nodes[i];
            if (!n.has_weights()) continue;
            // A block that the setting shuts has no statistics of its own.
            const bool runs = n.block < 0 || mask.runs(n.block);
            for (const char* which : {"scale", "bias"}) {
                const std::int64_t at = which[0] == 's' ? program.steps[i].scale : program.steps[i].bias;
                const auto name = io::WeightsFile::setting_name(setting, n, which);
                if (file.has(name) || (runs && n.norm)) {
                    Result<io::WeightSource> own = file.setting(name, n);
                    if (!own) return own.status();
                    fill(epilogue + at, n.out.C, *own, 0.0f);
                } else {
                    std::copy_n(default_epilogue() + at, (n.out.C + 15) / 16 * 16, epilogue + at);
                }
            }
        }
        return {};
    }
};

}  // namespace sluice
