// Weights: the constant half of an engine on a GPU, uploaded from a checkpoint.
//
// weights region:  [weights and biases of each layer, in the precision's type][default scales and biases, float32]
// settings region: [scales and biases] for each gate setting; their masks stay on the host
#pragma once

#include <memory>

#include "sluice/gate/mask.hpp"
#include "sluice/io/weights_file.hpp"
#include "sluice/packed_weights.hpp"
#include "sluice_kernels/cuda/memory.hpp"
#include "sluice_kernels/cuda/program.hpp"
#include "sluice_kernels/cuda/rounding.hpp"

namespace sluice::inline SLUICE_ABI::cuda {

// Numbers on their way to consecutive addresses of the device, a piece of pinned memory at a time.
class Upload {
  public:
    static constexpr std::size_t piece_bytes = 64 << 10;
    Upload(const Gpu& gpu, std::span<std::byte> piece) : gpu_(gpu), piece_(piece) {}

    // Sends what is still here; the next number goes to `address`.
    Status go_to(std::byte* address) {
        if (filled_ > 0) {
            Status s = gpu_.check(gpu_.api->copy(gpu_.session, nvidia::Copy::to_device, to_, piece_.data(), filled_),
                                  "uploading weights");
            if (s) s = gpu_.check(gpu_.api->wait(gpu_.session), "uploading weights");
            if (!s) return s;
        }
        to_ = address;
        filled_ = 0;
        return {};
    }
    Status put(nvidia::Precision p, float value) {
        if (filled_ + sizeof(float) > piece_.size())
            if (Status s = go_to(to_ + filled_); !s) return s;
        filled_ += nvidia::element_bytes(p);
        store(p, value, piece_.data() + filled_ - nvidia::element_bytes(p));
        return {};
    }

  private:
    Gpu gpu_;
    std::span<std::byte> piece_;
    std::byte* to_ = nullptr;
    std::size_t filled_ = 0;
};

template <Network Net, nvidia::Precision precision, class Program>
class Weights {
    static constexpr auto& net = graph_of<Net>;
    static constexpr auto& table = Program::table;
    static constexpr int nodes = static_cast<int>(net.nodes.size());
    static constexpr std::size_t epilogue_bytes = (std::size_t(table.epilogue) * sizeof(float) + 255) / 256 * 256;
    static constexpr auto f32 = nvidia::Precision::float32;

    const std::byte* device_ = nullptr;
    const std::byte* settings_ = nullptr;
    const gate::Mask<Net>* masks_ = nullptr;
    int count_ = 0;

  public:
    static constexpr MemorySize size{.weights = std::size_t(table.weights) + epilogue_bytes, .setting = epilogue_bytes};

    // piece: pinned memory; masks: room on the host for one for each setting.
    static Result<Weights> upload(const Gpu& gpu, const io::WeightsFile& file, const Memory& device,
                                  std::span<std::byte> piece, std::span<gate::Mask<Net>> masks) {
        Weights w;
        Upload to(gpu, piece);
        for (int i = 0; i < nodes; ++i)
            if (net.nodes[i].has_weights())
                if (Status s = upload_layer(to, file, i, device.weights.data()); !s) return s;
        if (Status s = w.upload_epilogue(to, file, {}, {}, device.weights.data() + table.weights); !s) return s;
        w.device_ = device.weights.data();
        w.settings_ = device.settings.data();
        if (Status s = w.upload_settings(to, file, device.settings, masks); !s) return s;
        w.masks_ = masks.data();
        return w;
    }

    explicit operator bool() const { return device_ != nullptr; }
    int settings() const { return count_; }
    const std::byte* data() const { return device_; }
    const float* default_epilogue() const { return reinterpret_cast<const float*>(device_ + table.weights); }

    // Scale and bias vectors for a mask, on the device; null if there are none and that is an error.
    const float* epilogue(const gate::Mask<Net>& gates, NoSetting missing) const {
        for (int i = 0; i < count_; ++i)
            if (masks_[i] == gates)
                return reinterpret_cast<const float*>(settings_ + static_cast<std::size_t>(i) * size.setting);
        const bool plain = count_ == 0 || gates == gate::Mask<Net>{} || missing == NoSetting::takes_the_default;
        return plain ? default_epilogue() : nullptr;
    }

  private:
    // [K][C / groups][R][S] of the file to [K][R][S][C / groups].
    static Status upload_layer(Upload& to, const io::WeightsFile& file, int i, std::byte* device) {
        const graph::Node& n = net.nodes[i];
        const Step& s = table.steps[i];
        const io::WeightSource source = *file.weight(n), bias = *file.bias(n);
        const int C = n.in.C / n.groups, RS = n.window.R * n.window.S;
        if (Status status = to.go_to(device + s.weights); !status) return status;
        for (int k = 0; k < n.out.C; ++k)
            for (int rs = 0; rs < RS; ++rs)
                for (int c = 0; c < C; ++c)
                    if (Status status = to.put(precision, source[(std::int64_t(k) * C + c) * RS + rs]); !status)
                        return status;
        if (Status status = to.go_to(device + s.typed_bias); !status) return status;
        for (int k = 0; k < n.out.C; ++k)
            if (Status status = to.put(precision, bias[k]); !status) return status;
        return to.go_to(device);
    }

    // Of a setting, or without a name the default one: scales of 1 and the layers' biases.
    Status upload_epilogue(Upload& to, const io::WeightsFile& file, std::string_view setting,
                           const gate::Mask<Net>& mask, std::byte* device) {
        if (Status s = to.go_to(device); !s) return s;
        for (int i = 0; i < nodes; ++i) {
            const graph::Node& n = net.nodes[i];
            if (!n.has_weights()) continue;
            for (const char* which : {"scale", "bias"}) {
                const bool scale = which[0] == 's';
                const io::WeightSource bias = *file.bias(n);
                io::WeightSource own;
                const auto name = io::WeightsFile::setting_name(setting, n, which);
                // A block that the setting shuts has no statistics of its own.
                const bool given =
                    !setting.empty() && (file.has(name) || (n.norm && (n.block < 0 || mask.runs(n.block))));
                if (given) {
                    const Result<io::WeightSource> found = file.setting(name, n);
                    if (!found) return found.status();
                    own = *found;
                }
                for (int k = 0; k < n.out.C; ++k)
                    if (Status s = to.put(f32, given ? own[k] : scale ? 1.0f : bias[k]); !s) return s;
            }
        }
        return to.go_to(device);
    }

    Status upload_settings(Upload& to, const io::WeightsFile& file, std::span<std::byte> region,
                           std::span<gate::Mask<Net>> masks) {
        const std::string_view list = file.metadata("settings");
        const auto room = std::min(region.size() / size.setting, masks.size());
        const auto count = static_cast<std::size_t>(io::count_settings(list));
        if (count > room)
            return Status::error(Error::memory, "the weights bring ", count, " gate settings of ", size.setting,
                                 " bytes each, the region for settings has room for ", room);
        Status status = io::for_each_setting(list, net.gates, [&](int index, const io::Setting& s) {
            gate::Mask<Net>& mask = *std::construct_at(&masks[static_cast<std::size_t>(index)]);
            for (int g = 0; g < net.gates; ++g) mask.set(g, s.bits[static_cast<std::size_t>(g)] == '1');
            return upload_epilogue(to, file, s.name, mask,
                                   region.data() + static_cast<std::size_t>(index) * size.setting);
        });
        if (status) count_ = static_cast<int>(count);
        return status;
    }
};

}  // namespace sluice
