// One network held against PyTorch: the golden logits of tests/golden, computed there in double precision from the same
// seed. Compiled once per network of the list, with SLUICE_NETWORK naming the type.
//
// A golden file without the cases that are asked for here, or with one that cannot be run, is a failure.
#include <doctest/doctest.h>

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include "generated_weights.hpp"
#include "sluice/gate/policies.hpp"
#include "sluice/host_memory.hpp"
#include "sluice/io/map.hpp"
#include "sluice/nets/networks.hpp"
#include "sluice_kernels/cpu.hpp"
#include "support/random.hpp"
#include "support/tolerance.hpp"

#if !defined(SLUICE_NETWORK) || !defined(SLUICE_GOLDEN_DIR)
#error "compile with -DSLUICE_NETWORK='ResNet18<>' and -DSLUICE_GOLDEN_DIR='\"tests/golden\"'"
#endif

using namespace sluice;

namespace {

using Net = nets::SLUICE_NETWORK;

// Single against double precision over up to 155 layers, relative to the largest logit. Errors of single layers, of which
// Winograd's are ten times the direct convolution's, average out on the way.
constexpr double tolerance = 1e-5;

constexpr int odd_height = 97, odd_width = 131;  // the second size, which no stride divides

// One bit for each gate in network order, 1 for open, as golden files name their cases.
template <class N>
std::string bits_of(const gate::Mask<N>& mask) {
    std::string bits;
    for (int g = 0; g < mask.gates; ++g) bits += mask.open(g) ? '1' : '0';
    return bits;
}
template <class N>
std::string case_name(const gate::Mask<N>& mask) {
    const Shape in = graph_of<N>.nodes.front().out;
    return std::to_string(in.H) + "x" + std::to_string(in.W) + "/" + bits_of(mask);
}

// Runs the cases of one image size and takes their names out of `left`.
template <class N>
void check_size(const io::Safetensors& golden, std::span<const std::byte> weights, std::uint64_t seed,
                std::set<std::string>& left) {
    using Engine = sluice::Engine<N, Cpu>;
    const auto memory = host_memory<Engine>();
    Engine engine{memory};
    const Status loaded = engine.load(weights);
    REQUIRE_MESSAGE(loaded, loaded.message());
    const std::vector<float> image = support::generated_image(seed, Engine::input);

    const std::string size = case_name(gate::Mask<N>{}).substr(0, case_name(gate::Mask<N>{}).find('/') + 1);
    for (const io::Tensor& t : golden.tensors()) {
        const std::string name(t.name);
        if (!name.starts_with(size)) continue;
        CAPTURE(name);
        const std::string bits = name.substr(size.size());
        REQUIRE(bits.size() == static_cast<std::size_t>(gate::Mask<N>::gates));
        REQUIRE(bits.find_first_not_of("01") == bits.npos);
        REQUIRE(t.dtype == io::Dtype::f32);
        REQUIRE(t.elements() == static_cast<std::size_t>(Engine::classes));

        gate::Mask<N> mask;
        for (int g = 0; g < mask.gates; ++g) mask.set(g, bits[static_cast<std::size_t>(g)] == '1');
        std::vector<float> expected;
        for (int k = 0; k < Engine::classes; ++k) expected.push_back(io::WeightSource(t)[k]);
        const auto logits = engine.run(image, mask);
        REQUIRE_MESSAGE(logits, logits.message());
        const auto verdict = support::close<float>(*logits, expected, tolerance);
        CHECK_MESSAGE(verdict.good, verdict.why);
        left.erase(name);
    }
}

// Networks for ImageNet are computed at a second image size too, if the type says how to change it.
template <class N>
void check_odd_size(const io::Safetensors& golden, std::span<const std::byte> weights, std::uint64_t seed,
                    std::set<std::string>& left) {
    if constexpr (graph_of<N>.nodes.front().out.H >= 224 &&
                  requires { typename N::template at<odd_height, odd_width>; }) {
        using Odd = typename N::template at<odd_height, odd_width>;
        CHECK_MESSAGE(left.contains(case_name(gate::Mask<Odd>{})), "the golden file lacks the second image size");
        check_size<Odd>(golden, weights, seed, left);
    }
}

// The cases that every golden file must have.
template <class N>
std::vector<std::string> wanted() {
    gate::Mask<N> shut;
    for (int g = 0; g < shut.gates; ++g) shut.set(g, false);
    std::vector<std::string> names{case_name(gate::Mask<N>{}), case_name(shut),
                                   case_name(gate::proportional<N>(percent(50)))};
    if (Net::name.view() == "resnet152_cifar")
        for (const gate::Table1Row& row : gate::table1_rows)
            if constexpr (std::tuple_size_v<gate::Keep<N>> == 4) names.push_back(case_name(gate::keep<N>(row.kept)));
    return names;
}

}  // namespace

TEST_CASE(Net::name.c_str()) {
    const std::string path = std::string(SLUICE_GOLDEN_DIR "/") + Net::name.c_str() + ".safetensors";
    const auto file = io::MappedFile::open(path.c_str());
    REQUIRE_MESSAGE(file, file.message());
    std::vector<io::Tensor> index(64);
    const auto golden = io::Safetensors::open(file->bytes(), index);
    REQUIRE_MESSAGE(golden, golden.message());
    REQUIRE(golden->metadata("network") == Net::name.view());
    const std::string seed_text(golden->metadata("seed").value_or(""));
    REQUIRE_MESSAGE(!seed_text.empty(), "the golden file does not say its seed");
    const std::uint64_t seed = std::stoull(seed_text);

    std::set<std::string> left;
    for (const io::Tensor& t : golden->tensors()) left.emplace(t.name);
    std::set<std::string> unusual = left;  // beside the masks that policies choose, one that nobody would
    for (const std::string& name : wanted<Net>()) {
        CHECK_MESSAGE(left.contains(name), "the golden file has no case ", name);
        unusual.erase(name);
    }
    if (gate::Mask<Net>::gates > 0) CHECK_MESSAGE(!unusual.empty(), "the golden file has no case with an arbitrary mask");

    const auto weights = tools::generated_weights(graph_view<Net>, Net::name.view(), seed);
    check_size<Net>(*golden, weights, seed, left);
    check_odd_size<Net>(*golden, weights, seed, left);
    for (const std::string& name : left) FAIL_CHECK("the golden file has a case that was not run: ", name);
}
