// Clocks: found on trees of documented machines, set, read back, restored; and kernels that refuse, ignore or clamp.
#include <doctest/doctest.h>

#include <filesystem>
#include <fstream>
#include <optional>
#include <vector>

#include "sluice/power/clocks.hpp"
#include "support/fake_files.hpp"

using namespace sluice;
using namespace sluice::power;
using support::FakeFiles;

namespace {

Host host_of(FakeFiles& files) { return {.root = "", .nvml = nullptr, .files = files.files()}; }

// The clocks of a host as "kind name least-most MHz, steps".
std::vector<std::string> clocks_of(const Host& host) {
    std::vector<std::string> found;
    Clocks::find(host, [&](const auto& clock) {
        const auto f = clock.frequencies();
        REQUIRE_MESSAGE(f, f.message());
        found.push_back(std::string(clock.kind) + " " + clock.name().c_str() + " " +
                        decimal(f->view().front() / 1e6).c_str() + "-" + decimal(f->view().back() / 1e6).c_str() + " " +
                        std::to_string(f->count) + (f->stepless ? " stepless" : ""));
    });
    return found;
}

// The first clock of a kind.
template <class Kind>
Kind first(const Host& host) {
    std::optional<Kind> found;
    Kind::find(host, [&](const Kind& clock) {
        if (!found) found.emplace(clock);
    });
    REQUIRE(found);
    return *found;
}

const std::string policy0 = "/sys/devices/system/cpu/cpufreq/policy0/";
const std::string gpu = "/sys/class/devfreq/17000000.gpu/";
std::string said(const Status& s) { return s.message(); }

using Strings = std::vector<std::string>;

const std::pair<support::Tree, Strings> boards[] = {
    {support::jetson_orin(),
     {"cpufreq policy0 115.2-1510.4 20", "cpufreq policy4 115.2-1510.4 20", "devfreq 17000000.gpu 306-624.75 5"}},
    {support::jetson_xavier(), {"devfreq 17000000.gv11b 114.75-318.75 3"}},
    {support::raspberry_pi(), {"cpufreq policy0 600-1500 10"}},
    {support::intel_laptop(),
     {"cpufreq policy0 400-3950 37 stepless", "cpufreq policy1 400-3950 37 stepless",
      "cpufreq policy2 400-3950 37 stepless", "cpufreq policy3 400-3950 37 stepless"}},
    {support::amd_desktop(), {"cpufreq policy0 550-5050 47 stepless"}},
    {support::virtual_machine(), {}},
};

}  // namespace

TEST_CASE("clocks of documented machines, below a root on the disk as in memory") {
    namespace fs = std::filesystem;
    const fs::path root = fs::temp_directory_path() / "sluice_power_clocks";
    for (const auto& [tree, expected] : boards) {
        FakeFiles memory(tree);
        CHECK(clocks_of(host_of(memory)) == expected);
        CHECK(memory.writes == 0);

        fs::remove_all(root);
        for (const auto& [path, content] : tree) {
            fs::create_directories((root.string() + path).substr(0, (root.string() + path).rfind('/')));
            std::ofstream(root.string() + path) << content;
        }
        const std::string at = root.string();
        CHECK(clocks_of({.root = at, .nvml = nullptr}) == expected);
    }
    // Set, and put back, in real files.
    const std::string at = root.string();
    fs::remove_all(root);
    fs::create_directories(at + gpu);
    fs::create_directories(at + "/run");
    for (const auto& [path, content] : support::jetson_orin())
        if (path.starts_with(gpu)) std::ofstream(at + path) << content;
    const Host host{.root = at, .nvml = nullptr};
    {
        auto held = Held<Devfreq>::hold(first<Devfreq>(host));
        REQUIRE_MESSAGE(held, held.message());
        CHECK(host.exists("/run/sluice-clock.17000000.gpu"));
        const Status s = held->clock().set(510e6);
        REQUIRE_MESSAGE(s, s.message());
        CHECK(host.line(text<255>(gpu, "min_freq"))->view() == "510000000");
    }
    CHECK(host.line(text<255>(gpu, "min_freq"))->view() == "306000000");
    CHECK_FALSE(host.exists("/run/sluice-clock.17000000.gpu"));
    fs::remove_all(root);
}

TEST_CASE("setting a clock: the limits in an order that the kernel takes, the governor left alone") {
    FakeFiles files(support::jetson_orin());
    // As the kernel does: a lower limit above the upper one is refused.
    bool crossed = false;
    files.written = [&] {
        crossed = crossed ||
                  std::stol(files.at(policy0 + "scaling_min_freq")) > std::stol(files.at(policy0 + "scaling_max_freq"));
    };
    const auto cpu = first<Cpufreq>(host_of(files));
    for (double mhz : {268.8, 1510.4, 499.2, 729.6}) {
        REQUIRE(cpu.set(mhz * 1e6));
        CHECK(files.at(policy0 + "scaling_min_freq") == files.at(policy0 + "scaling_max_freq"));
        CHECK(std::stol(files.at(policy0 + "scaling_max_freq")) == doctest::Approx(mhz * 1e3));
    }
    CHECK_FALSE(crossed);
    CHECK(files.at(policy0 + "scaling_governor") == "schedutil");
    CHECK(files.at(policy0 + "scaling_setspeed") == "<unsupported>");

    FakeFiles xavier(support::jetson_xavier());
    REQUIRE(first<Devfreq>(host_of(xavier)).set(216.75e6));
    CHECK(xavier.at("/sys/class/devfreq/17000000.gv11b/userspace/set_freq") == "216750000");
    CHECK(xavier.at("/sys/class/devfreq/17000000.gv11b/min_freq") == "114750000");
}

TEST_CASE("held clocks are restored at the end of the scope, whatever was set") {
    FakeFiles files(support::jetson_orin());
    const auto before = files.tree;
    for (const std::vector<double>& sets :
         {std::vector<double>{}, {268.8e6}, {1510.4e6}, {268.8e6, 1510.4e6, 115.2e6}}) {
        {
            auto held = Held<Cpufreq>::hold(first<Cpufreq>(host_of(files)));
            REQUIRE(held);
            for (double hz : sets) REQUIRE(held->clock().set(hz));
            CHECK(files.at("/run/sluice-clock.policy0") != "");
        }
        CHECK(files.tree == before);
    }
    auto held = Held<Cpufreq>::hold(first<Cpufreq>(host_of(files)));
    auto moved = held.take();  // the one that was moved from restores nothing
    REQUIRE(moved.clock().set(268.8e6));
    CHECK(moved.release());
    CHECK(files.tree == before);
}

TEST_CASE("a killed program's clocks: nobody holds them again before they are put back") {
    FakeFiles files(support::intel_laptop());
    const auto before = files.tree;
    const Host host = host_of(files);
    const auto clock = first<Cpufreq>(host);
    // What is left after a kill -9: the state in its file, the limits where they were set.
    REQUIRE(host.create("/run/sluice-clock.policy0", clock.save()->text().view()));
    REQUIRE(clock.set(3e9));
    const auto again = Held<Cpufreq>::hold(clock);
    REQUIRE_FALSE(again);
    CHECK(said(again.status()) ==
          "/run/sluice-clock.policy0: it is there already: another program holds policy0, or one was killed; `sluice "
          "doctor --restore-clocks` puts the clock back");
    int told = 0;
    restore_clocks(host, [&](std::string_view name, const Status& s) {
        ++told;
        CHECK(name == "policy0");
        CHECK_MESSAGE(s, s.message());
    });
    CHECK(told == 1);
    CHECK(files.tree == before);
    restore_clocks(host, [&](std::string_view, const Status&) { ++told; });
    CHECK(told == 1);
    // A file that says nothing useful stays, and so do the clocks.
    files.tree["/run/sluice-clock.policy9"] = "nonsense\n";
    restore_clocks(host, [&](std::string_view, const Status& s) {
        CHECK(said(s) == "/run/sluice-clock.policy9: expected lines of a file, a tab and its value, found 'nonsense'");
    });
    CHECK(files.at("/run/sluice-clock.policy9") == "nonsense");
}

TEST_CASE("kernels that refuse") {
    FakeFiles files(support::jetson_orin());
    const Host host = host_of(files);
    const auto cpu = first<Cpufreq>(host);
    files.write_error[policy0 + "scaling_min_freq"] = EACCES;
    CHECK(said(cpu.set(1e9)) == policy0 + "scaling_min_freq: this user may not write it");
    files.write_error[policy0 + "scaling_min_freq"] = EINVAL;
    CHECK(said(cpu.set(1e9)) == policy0 + "scaling_min_freq: the kernel does not accept this value");
    files.write_error = {{"/run/sluice-clock.policy0", EROFS}};
    CHECK(said(Held<Cpufreq>::hold(cpu).status()) == "/run/sluice-clock.policy0: this user may not create it");
    files.write_error = {};
    // A governor "userspace" that refuses.
    files.tree[policy0 + "scaling_governor"] = "userspace\n";
    files.write_error[policy0 + "scaling_setspeed"] = EBUSY;
    CHECK(said(cpu.set(1e9)) == policy0 + "scaling_setspeed: the kernel is busy with it");
    files.write_error = {};
    files.stores[policy0 + "scaling_setspeed"] = [](const std::string&) { return "<unsupported>\n"; };
    CHECK(said(cpu.set(1e9)) == policy0 + "scaling_setspeed: expected a whole number, found '<unsupported>'");
    CHECK(said(cpu.set(0)) == "policy0: expected a frequency above 0, found 0 Hz");
    CHECK(said(cpu.set(NAN)) == "policy0: expected a frequency above 0, found nan Hz");
    files.tree.erase(policy0 + "scaling_setspeed");
    CHECK(said(cpu.set(1e9)) == policy0 + "scaling_setspeed: there is no such file");
}

TEST_CASE("kernels that say yes and do something else") {
    FakeFiles files(support::jetson_orin());
    const auto cpu = first<Cpufreq>(host_of(files));
    files.stores[policy0 + "scaling_min_freq"] = [](const std::string&) {
        return "729600\n";
    };  // ignores what it is told
    CHECK(said(cpu.set(1036.8e6)) == policy0 + "scaling_min_freq: wrote 1036.8 MHz, the kernel keeps 729.6 MHz");
    files.stores = {};
    REQUIRE(cpu.set(499.2e6));
    CHECK(said(cpu.follows(499.2e6)) ==
          "policy0: set to 499.2 MHz, but it runs at 1510.4 MHz: the chip may be too hot, or another program sets it "
          "too");
    files.tree[policy0 + "scaling_cur_freq"] = "499100\n";
    CHECK(cpu.follows(499.2e6));
    // A clock that does not go back: the state stays for the doctor.
    auto held = Held<Cpufreq>::hold(cpu);
    REQUIRE(held);
    REQUIRE(cpu.set(1e9));
    files.write_error[policy0 + "scaling_max_freq"] = EACCES;
    auto owner = held.take();
    CHECK(said(owner.release()) == policy0 + "scaling_max_freq: this user may not write it");
    CHECK(files.at("/run/sluice-clock.policy0") != "");
}

TEST_CASE("lists of frequencies that make no sense") {
    FakeFiles files(support::raspberry_pi());
    const auto cpu = first<Cpufreq>(host_of(files));
    const std::string list = policy0 + "scaling_available_frequencies";
    const auto frequencies = [&](const std::string& text) {
        files.tree[list] = text;
        return cpu.frequencies();
    };
    // Drivers list them in any order, some twice.
    const auto f = frequencies("1500000 600000 1000000 600000\n");
    REQUIRE(f);
    CHECK(std::vector<double>(f->view().begin(), f->view().end()) == std::vector<double>{600e6, 1000e6, 1500e6});
    CHECK(said(frequencies("600000 x\n").status()) == list + ": expected frequencies above 0, found 'x'");
    CHECK(said(frequencies("0 600000\n").status()) == list + ": expected frequencies above 0, found '0 600000'");
    CHECK(said(frequencies("-5\n").status()).find("found '-5'") != std::string::npos);
    CHECK(frequencies("\n")->stepless);  // an empty list: the hardware's limits are all there is
    files.tree[policy0 + "cpuinfo_max_freq"] = "0\n";
    CHECK(said(cpu.frequencies().status()) == policy0 + "cpuinfo_max_freq: expected a frequency above 0, found 0");
    files.tree[policy0 + "cpuinfo_max_freq"] = "500000\n";  // below the lowest
    CHECK(frequencies("\n")->count == 1);
    std::string many;
    for (int i = 1; i <= 161; ++i) many += std::to_string(i) + " ";
    CHECK(said(frequencies(many).status()) == list + ": expected at most 160 frequencies");
    FakeFiles orin(support::jetson_orin());
    orin.tree.erase(gpu + "available_frequencies");
    CHECK(said(first<Devfreq>(host_of(orin)).frequencies().status()) ==
          gpu + "available_frequencies: there is no such file");
}

TEST_CASE("boost") {
    for (const auto& [tree, path] :
         {std::pair{support::intel_laptop(), "/sys/devices/system/cpu/intel_pstate/no_turbo"},
          {support::amd_desktop(), "/sys/devices/system/cpu/cpufreq/boost"}}) {
        FakeFiles files(tree);
        const auto boost = Boost::find(host_of(files));
        REQUIRE(boost);
        CHECK(boost->path().c_str() == std::string(path));
        CHECK(*boost->on());
        {
            auto held = Held<Boost>::hold(*boost);
            REQUIRE(held);
            REQUIRE(boost->set(false));
            CHECK_FALSE(*boost->on());
            CHECK(files.at(path) != FakeFiles(tree).at(path));
        }
        CHECK(*boost->on());
        const std::string now = files.at(path);
        files.stores[path] = [now](const std::string&) { return now + "\n"; };
        CHECK(said(boost->set(false)) == std::string(path) + ": boost stays on; the firmware may have the last word");
    }
    FakeFiles pi(support::raspberry_pi());
    CHECK_FALSE(Boost::find(host_of(pi)));
}
