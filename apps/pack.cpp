// sluice pack: a checkpoint's weights in the order in which an instruction set's kernels read them.
#include <algorithm>
#include <cstring>
#include <filesystem>
#include <iostream>

#include "commands.hpp"
#include "failure.hpp"
#include "machine.hpp"
#include "output_file.hpp"
#include "registry.hpp"
#include "sluice/core/generator.hpp"
#include "split.hpp"
#include "weights.hpp"

namespace sluice::tools {

namespace {

// What was packed for this machine must give, to the last bit, the logits of the checkpoint.
void compare(const AnyNetwork& network, const Weights& weights, const std::string& path) {
    const Result<io::MappedFile> file = io::MappedFile::open(path.c_str());
    check(file.status(), path);
    const auto loaded = weights.session(network, 1, true), in_place = network.session(Primitives::chosen, 1, 0);
    check(in_place->load_packed(file->bytes()), path);
    std::vector<float> image(static_cast<std::size_t>(network.facts.input.size()));
    for (std::size_t i = 0; i < image.size(); ++i) image[i] = GeneratedImage{1}(static_cast<std::ptrdiff_t>(i));
    const auto expected = loaded->run(image, network.whole()), found = in_place->run(image, network.whole());
    check(expected.status(), weights.name());
    check(found.status(), path);
    if (std::memcmp(expected->data(), found->data(), expected->size_bytes()) != 0)
        fail(Exit::verification, path, ": its logits are not those of ", weights.name());
}

}  // namespace

void pack(const PackOptions& o) {
    const AnyNetwork& network = network_named(o.network);
    const std::string isa = o.isa.empty() ? compiled().isa : o.isa;
    const std::vector<std::string> known = network.instruction_sets();
    if (std::find(known.begin(), known.end(), isa) == known.end())
        fail(Exit::usage, "--isa: there is no '", isa, "', only ", joined(known, ", "));
    const Weights weights = Weights::from_file(o.weights);
    const Result<std::vector<std::byte>> packed = weights.packed(network, isa);
    check(packed.status(), o.weights);
    replace_file("--output", o.output, {reinterpret_cast<const char*>(packed->data()), packed->size()});
    if (isa == compiled().isa) compare(network, weights, o.output);
    std::cerr << o.output << ": " << packed->size() << " bytes for " << isa
              << (isa == compiled().isa ? ", the same logits as the checkpoint's\n" : "\n");
}

}  // namespace sluice::tools
