// NVML: its road through dlopen(), with a library that looks like it.
#include <dlfcn.h>
#include <doctest/doctest.h>

#include <cstdlib>
#include <optional>
#include <string>

#include "sluice/power/clocks.hpp"
#include "sluice/power/meters.hpp"
#include "support/fake_files.hpp"

using namespace sluice;
using namespace sluice::power;

namespace {

struct Fake {
    support::FakeFiles files{{}};
    Host host{.root = "", .nvml = SLUICE_FAKE_NVML_LIBRARY, .files = files.files()};
    explicit Fake(const char* mode = "") { setenv("SLUICE_FAKE_NVML", mode, 1); }
    ~Fake() { unsetenv("SLUICE_FAKE_NVML"); }

    std::optional<NvmlClock> clock() const {
        std::optional<NvmlClock> found;
        NvmlClock::find(host, [&](NvmlClock&& c) { found.emplace(std::move(c)); });
        return found;
    }
    std::optional<NvmlMeter> meter() const {
        std::optional<NvmlMeter> found;
        NvmlMeter::find(host, [&](NvmlMeter&& m) { found.emplace(std::move(m)); });
        return found;
    }
};

}  // namespace

TEST_CASE("NVML: a card's clock is listed, set, followed and put back") {
    Fake fake;
    {
        auto clock = fake.clock();
        REQUIRE(clock);
        CHECK(clock->name().view() == "nvml0");
        const auto f = clock->frequencies();
        REQUIRE_MESSAGE(f, f.message());
        CHECK(std::vector<double>(f->view().begin(), f->view().end()) ==
              std::vector<double>{210e6, 600e6, 1200e6, 1980e6});
        CHECK(*clock->least_hz() == 210e6);
        CHECK(*clock->most_hz() == 1980e6);
        auto held = Held<NvmlClock>::hold(std::move(*clock));
        REQUIRE(held);
        CHECK(fake.files.at("/run/sluice-clock.nvml0") == "/nvml/0\tunlocked");
        REQUIRE(held->clock().set(600e6));
        CHECK(held->clock().follows(600e6));
        CHECK_FALSE(held->clock().set(-1));
    }
    CHECK(*fake.clock()->now_hz() == 1200e6);
    CHECK(fake.files.tree.empty());
    // Killed in between.
    REQUIRE(fake.clock()->set(600e6));
    fake.files.tree["/run/sluice-clock.nvml0"] = "/nvml/0\tunlocked\n";
    restore_clocks(fake.host, [](std::string_view, const Status& s) { CHECK_MESSAGE(s, s.message()); });
    CHECK(*fake.clock()->now_hz() == 1200e6);
    CHECK(fake.files.tree.empty());
    // Every holder has let go of the library.
    void* const library = dlopen(SLUICE_FAKE_NVML_LIBRARY, RTLD_LAZY);
    CHECK(reinterpret_cast<int (*)()>(dlsym(library, "fake_started"))() == 0);
    dlclose(library);
}

TEST_CASE("NVML: cards that refuse") {
    {
        Fake fake("user");
        CHECK(std::string(fake.clock()->set(600e6).message()) ==
              "NVML: setting the clock by nvmlDeviceSetGpuLockedClocks: Insufficient Permissions; root may");
    }
    {
        Fake fake("hot");
        auto clock = fake.clock();
        REQUIRE(clock->set(1980e6));
        CHECK(std::string(clock->follows(1980e6).message()).find("nvml0: set to 1980 MHz, but it runs at 600 MHz") ==
              0);
        CHECK(clock->release());
    }
    {
        Fake fake("no driver");
        CHECK_FALSE(fake.clock());
        CHECK(std::string(Nvml::open(SLUICE_FAKE_NVML_LIBRARY).message()) ==
              "NVML: starting by nvmlInit_v2: Driver Not Loaded");
    }
    CHECK(std::string(Nvml::open("libsluice_is_not_there.so").message()).find("libsluice_is_not_there.so") == 0);
    Fake fake;
    CHECK(std::string(Nvml::open(SLUICE_FAKE_NVML_LIBRARY)->call("asking", "nvmlNoSuchThing").message()) ==
          "NVML: asking: the library has no nvmlNoSuchThing");
}

TEST_CASE("NVML: joules from the counter, else from power, else a reason") {
    const auto joules = [](const Fake& fake) -> Result<double> {
        auto meter = fake.meter();
        REQUIRE(meter);
        CHECK(meter->what().view() == "GPU 0 Fake 100");
        for (double s : {0.0, 0.5, 1.0})
            if (const Status status = meter->sample(s); !status) return status;
        return meter->joules();
    };
    CHECK(*joules(Fake()) == doctest::Approx(4));
    CHECK(*joules(Fake("no counter")) == doctest::Approx(70));
    CHECK(std::string(joules(Fake("jetson")).message()) ==
          "NVML: reading power by nvmlDeviceGetPowerUsage: Not Supported");
}
