// Packed files: used where they lie they give the same bits as the checkpoint, and what does not fit is refused.
#include <doctest/doctest.h>

#include <bit>
#include <cstring>

#include "sluice_kernels/isa/foreign.hpp"
#include "support/engines.hpp"
#include "support/guarded.hpp"

using namespace sluice;
using support::check_same;
using support::Loaded;

namespace {

using Net = nets::ResNet20Cifar<>;
using NetEngine = Engine<Net, Cpu>;
using Bytes = std::vector<std::byte, support::CacheLines<std::byte>>;

std::vector<std::byte> checkpoint() {
    support::WeightsWriter file(support::generated<Net>());
    file.metadata["mean"] = "0.5 0.25 0.125";
    file.metadata["std"] = "1 2 4";
    file.metadata["settings"] = "short=100100";
    for (const graph::Node& n : graph_of<Net>.nodes)
        if (n.norm && (n.block < 0 || support::mask_of<Net>("100100").runs(n.block)))
            for (const char* which : {".scale", ".bias"})
                file.add("settings.short." + std::string(n.name.view()) + which,
                         support::random_values(static_cast<std::size_t>(n.out.C), 1, n.name.view(), 1, 0.5f));
    return file.bytes();
}

template <class E>
Bytes packed(const std::vector<std::byte>& file) {
    const auto memory = host_memory<E>(1);
    E engine{memory};
    const Status status = engine.load(file, SelfTest::skip);
    REQUIRE_MESSAGE(status, status.message());
    const auto header = std::bit_cast<std::array<std::byte, 256>>(engine.packed().header());
    Bytes bytes(header.begin(), header.end());
    for (const auto region : {engine.packed().weights_region(), engine.packed().settings_region()})
        bytes.insert(bytes.end(), region.begin(), region.end());
    return bytes;
}

const Bytes& good() {
    static const Bytes bytes = packed<NetEngine>(checkpoint());
    return bytes;
}

// What load_packed() says. After an error the engine must refuse to run.
Status load(std::span<const std::byte> file, io::Integrity integrity = io::Integrity::checked) {
    const HostMemory memory(NetEngine::frame_memory);
    NetEngine engine{memory};
    REQUIRE(engine.load_packed(good()));
    const Status status = engine.load_packed(file, integrity);
    if (!status) CHECK_FALSE(engine.run(support::image_for<Net>()));
    return status;
}
std::string message(std::span<const std::byte> file) { return load(file).message(); }
bool contains(const std::string& text, const char* part) { return text.find(part) != text.npos; }

// A good file with other bytes somewhere.
template <class T>
Bytes with(std::size_t offset, const T& value) {
    Bytes bytes = good();
    std::memcpy(bytes.data() + offset, &value, sizeof value);
    return bytes;
}

}  // namespace

TEST_CASE("a packed file gives the logits of its checkpoint, without a copy") {
    const auto file = checkpoint();
    Loaded<Net> loaded(file, 1);
    const HostMemory memory(NetEngine::frame_memory);  // no room for weights or settings
    NetEngine engine{memory};
    REQUIRE(engine.load_packed(good()));
    CHECK(engine.settings() == 1);
    CHECK(reinterpret_cast<const std::byte*>(engine.packed().weights()) == good().data() + 256);
    const auto image = support::image_for<Net>();
    for (const char* bits : {"111111", "100100"}) {
        const auto mask = support::mask_of<Net>(bits);
        const auto logits = engine.run(image, mask);
        REQUIRE(logits);
        check_same({logits->begin(), logits->end()}, loaded.logits(image, mask));
    }
    CHECK_FALSE(engine.run(image, support::mask_of<Net>("000000")));  // no setting
    const std::vector<std::uint8_t> bytes(32 * 32 * 3, 77);
    CHECK(engine.run(Pixels{bytes}));  // mean and std came along
    // A twin for another thread shares the file.
    const auto frame = frame_memory<NetEngine>();
    NetEngine twin = engine.share(frame);
    CHECK(twin.run(image));
}

TEST_CASE("what is no packed file of this program is refused") {
    using namespace std::string_literals;
    CHECK(contains(message({good().data(), 255}), "at least the 256 bytes of the header, found 255"));
    CHECK(contains(message(with(0, 'x')), "does not begin like one"));
    CHECK(contains(message(with(8, 0x04030201u)), "another machine's order"));
    CHECK(contains(message(with(12, 1u)), "packed by version 1, this is "));
    CHECK(contains(message(with(16, std::array<char, 12>{"resnet32_ci"})), "'resnet20_cifar', found 'resnet32_ci"));
    CHECK(contains(message(with(80, std::array<char, 8>{"abacus"})), "'abacus'"));
    CHECK(contains(message(with(96, std::uint64_t(1))), "another plan"));
    CHECK(contains(message(with(104, std::uint64_t(64))), "another plan"));
    CHECK(contains(message(with(120, std::uint64_t(2))), "cut short or too long"));
    CHECK(contains(message(with(120, ~std::uint64_t(0))), "cut short or too long"));
    for (std::size_t less : {std::size_t(1), std::size_t(64), NetEngine::memory.setting, good().size() - 256})
        CHECK(contains(message({good().data(), good().size() - less}), "cut short or too long"));
    Bytes longer = good();
    longer.resize(longer.size() + 64);
    CHECK(contains(message(longer), "cut short or too long"));
    Bytes shifted(good().size() + 4);
    std::copy(good().begin(), good().end(), shifted.begin() + 4);
    CHECK(contains(message({shifted.data() + 4, good().size()}), "not aligned to 64 bytes"));
    // Names that fill their field to the last byte.
    std::array<char, 64> full;
    full.fill('n');
    CHECK(contains(message(with(16, full)), "nnnn"));
}

TEST_CASE("every damaged word shows in the checksum, unless it is trusted") {
    const std::size_t words = (good().size() - 256) / 4;
    for (std::size_t i = 0; i < 200; ++i) {
        const std::size_t at = 256 + i * 7919 % words * 4 + i % 4;
        const Bytes damaged = with(at, static_cast<std::byte>(static_cast<unsigned>(good()[at]) ^ (1u << i % 8)));
        CHECK(contains(message(damaged), "the checksum does not fit"));
        if (i == 0) CHECK(load(damaged, io::Integrity::trusted));
    }
    // Words that changed places, in the same lane and in others.
    for (std::size_t distance : {4, 64, 4096}) {
        Bytes swapped = good();
        std::byte *a = swapped.data() + 512, *b = a + distance;
        REQUIRE(std::memcmp(a, b, 4) != 0);
        std::swap_ranges(a, a + 4, b);
        CHECK(contains(message(swapped), "the checksum does not fit"));
    }
}

TEST_CASE("packing for another machine keeps to that machine's order") {
    // This machine's own sheet, as if it were another's: the same bytes.
    using Twin = Engine<Net, BasicCpu<isa::Foreign<isa::native>>>;
    CHECK(packed<Twin>(checkpoint()) == good());
    // One lane a vector: another order, which this program refuses.
    if (std::string_view(isa::native::name) != "scalar") {
        using Portable = Engine<Net, BasicCpu<isa::Foreign<isa::Scalar>>>;
        CHECK(contains(message(packed<Portable>(checkpoint())), "packed for the instruction set 'scalar'"));
    }
}
