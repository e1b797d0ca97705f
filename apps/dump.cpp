// sluice dump: what every layer yields for one image, so that it can be compared with what another program computes.
#include <filesystem>
#include <iostream>

#include "commands.hpp"
#include "failure.hpp"
#include "image.hpp"
#include "output_file.hpp"
#include "registry.hpp"
#include "safetensors_header.hpp"
#include "split.hpp"
#include "weights.hpp"

namespace sluice::tools {

namespace {

// Opening the output empties it.
void check_output(const DumpOptions& o) {
    std::error_code ignored;
    for (const auto& [option, path] : {std::pair{"--weights", o.weights}, std::pair{"--image", o.image}})
        if (!path.empty() && std::filesystem::equivalent(path, o.output, ignored))
            fail(Exit::usage, "--output: '", o.output, "' is the file of ", option);
}

void write(std::ostream& out, const AnyNetwork& network, const MaskChoice& mask, const Capture& capture) {
    SafetensorsHeader header({{"network", network.facts.name}, {"mask", mask.bits()}});
    const auto nodes = network.facts.graph.nodes;
    for (std::size_t i = 0; i < nodes.size(); ++i)
        if (const Shape& s = nodes[i].out; !capture.maps[i].empty()) header.add(nodes[i].name.c_str(), {s.C, s.H, s.W});
    out << header.bytes();
    for (const std::vector<float>& map : capture.maps)
        out.write(reinterpret_cast<const char*>(map.data()), static_cast<std::streamsize>(map.size() * sizeof(float)));
}

}  // namespace

void dump(const DumpOptions& o) {
    const AnyNetwork& network = network_named(o.network);
    const std::vector<MaskChoice> masks = o.masks.choices(network);
    if (masks.size() > 1) fail(Exit::usage, "dump: expected one mask, found ", masks.size());
    const MaskChoice& mask = masks.front();
    check_output(o);
    const Shape& shape = network.facts.input;
    const auto seed = number_from<std::uint64_t>(o.seed, "--seed", "a number from 0 to 2^64-1");
    const std::vector<float> image = o.image.empty() ? generated_image(shape, seed) : image_from_npy(o.image, shape);
    const Weights weights = Weights::from_file(o.weights);
    // No self-test: a file that fails it is one to look into.
    const auto session = weights.session(network, 1, false, o.reference ? Primitives::reference : Primitives::chosen);
    OutputFile file("--output", o.output);

    Capture capture(network.facts.graph.nodes.size());
    const auto logits =
        session->run(image, mask.gates, {.capture = &capture, .default_statistics = o.default_statistics});
    check(logits.status(), mask.asked());
    write(file.stream(), network, mask, capture);
    file.close();
    std::cout << o.output << ": what the layers of " << network.facts.name << " yield with the mask "
              << (mask.gates.empty() ? "of no gates" : mask.bits()) << '\n';
}

}  // namespace sluice::tools
