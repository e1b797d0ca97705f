// generated_weights<Net>(seed): a weights file in memory, with values from the counter-based generator. Benchmarks and
// tests need no checkpoint then, and PyTorch can compute the same network from the same seed (weights_tools).
#pragma once

#include <cmath>
#include <cstring>
#include <string>
#include <vector>

#include "safetensors_header.hpp"
#include "sluice/core/generator.hpp"
#include "sluice/graph/graph.hpp"

namespace sluice::tools {

// Convolution weights spread by He et al.'s rule, then batch norm folded in double as the converter does. The norm of a
// layer that a shortcut is added to is small, so that deep networks neither die nor explode.
inline void generate_layer(const graph::Node& n, std::uint64_t seed, float* weight, float* bias) {
    const std::string name(n.name.view());
    const bool linear = n.op == graph::Op::linear;
    const double fan_in = static_cast<double>(n.weights()) / n.out.C;
    const Generator w(seed, name + ".weight"), b(seed, name + ".bias");
    const auto half = static_cast<float>(std::sqrt((linear ? 3.0 : 6.0) / fan_in));

    // "layer1.0.conv2" has its norm in "layer1.0.bn2", "features.10" in "features.11".
    const std::size_t last = name.rfind('.') + 1;
    const std::string norm = name.compare(last, 4, "conv") == 0
                                 ? name.substr(0, last) + "bn" + name.substr(last + 4)
                                 : name.substr(0, last) + std::to_string(n.norm ? std::stoi(name.substr(last)) + 1 : 0);
    const Generator gamma(seed, norm + ".weight"), beta(seed, norm + ".bias"), mean(seed, norm + ".running_mean"),
        var(seed, norm + ".running_var");

    const std::int64_t per_channel = n.weights() / n.out.C;
    for (int k = 0; k < n.out.C; ++k) {
        const auto i = static_cast<std::uint64_t>(k);
        double scale = 1, shift = n.bias ? b.at(i, 0, 0.1f) : 0;
        if (n.norm) {
            const bool meets_shortcut = n.shortcut >= 0;
            scale = gamma.at(i, meets_shortcut ? 0.25f : 1.0f, meets_shortcut ? 0.05f : 0.2f) /
                    std::sqrt(static_cast<double>(var.at(i, 1, 0.5f)) + 1e-5);
            shift = beta.at(i, 0, 0.1f) + (shift - mean.at(i, 0, 0.1f)) * scale;
        }
        bias[k] = static_cast<float>(shift);
        for (std::int64_t j = k * per_channel; j < (k + 1) * per_channel; ++j)
            weight[j] = static_cast<float>(w.at(static_cast<std::uint64_t>(j), 0, half) * scale);
    }
}

// Writes the one file format that load() reads, so that generated weights take the same road as real ones.
inline std::vector<std::byte> generated_weights(const graph::View& net, std::string_view network, std::uint64_t seed) {
    SafetensorsHeader header({{"format", "sluice"},
                              {"format_version", "1"},
                              {"mean", "0.5 0.5 0.5"},
                              {"std", "0.5 0.5 0.5"},
                              {"network", std::string(network)}});
    for (const graph::Node& n : net.nodes) {
        if (!n.has_weights()) continue;
        const std::string name(n.name.view());
        if (n.op == graph::Op::conv) header.add(name + ".weight", {n.out.C, n.in.C / n.groups, n.window.R, n.window.S});
        else header.add(name + ".weight", {n.out.C, n.in.size()});
        header.add(name + ".bias", {n.out.C});
    }
    const std::string begin = header.bytes();
    std::vector<std::byte> file(begin.size() + header.floats() * 4);
    std::memcpy(file.data(), begin.data(), begin.size());
    auto* at = reinterpret_cast<float*>(file.data() + begin.size());
    for (const graph::Node& n : net.nodes) {
        if (!n.has_weights()) continue;
        generate_layer(n, seed, at, at + n.weights());
        at += n.weights() + n.out.C;
    }
    return file;
}

}  // namespace sluice::tools
