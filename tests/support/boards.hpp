// The small files of machines, as the kernel's and the boards' documentation lays them out: a path and its content
// each. Values are examples; layout, names and units are what is tested against.
#pragma once

#include <map>
#include <string>

namespace support {

using Tree = std::map<std::string, std::string>;

inline void add(Tree& tree, const std::string& folder, const Tree& files) {
    for (const auto& [name, content] : files) tree[folder + name] = content + "\n";
}

// Jetson Orin Nano, L4T 35 and 36. Sources: Jetson Linux Developer Guide, "Platform Power and Performance" (CPU and GPU
// frequency nodes, rails VDD_IN, VDD_CPU_GPU_CV, VDD_SOC at 1-0040); kernel hwmon/ina3221; sysfs-class-devfreq.
inline Tree jetson_orin() {
    Tree t;
    for (const char* policy : {"policy0", "policy4"})
        add(t, std::string("/sys/devices/system/cpu/cpufreq/") + policy + "/",
            {{"affected_cpus", policy[6] == '0' ? "0 1 2 3" : "4 5"},
             {"scaling_driver", "tegra194"},
             {"scaling_governor", "schedutil"},
             {"scaling_available_governors", "conservative ondemand userspace powersave performance schedutil"},
             {"scaling_available_frequencies",
              "115200 192000 268800 345600 422400 499200 576000 652800 729600 806400 "
              "883200 960000 1036800 1113600 1190400 1267200 1344000 1420800 1497600 "
              "1510400 "},
             {"cpuinfo_min_freq", "115200"},
             {"cpuinfo_max_freq", "1510400"},
             {"scaling_min_freq", "729600"},
             {"scaling_max_freq", "1510400"},
             {"scaling_cur_freq", "1510400"},
             {"scaling_setspeed", "<unsupported>"}});
    add(t, "/sys/class/devfreq/17000000.gpu/",
        {{"available_frequencies", "306000000 408000000 510000000 612000000 624750000"},
         {"available_governors", "nvhost_podgov userspace performance simple_ondemand"},
         {"governor", "nvhost_podgov"},
         {"min_freq", "306000000"},
         {"max_freq", "624750000"},
         {"cur_freq", "306000000"}});
    add(t, "/sys/class/hwmon/hwmon1/",
        {{"name", "ina3221"},
         {"in1_label", "VDD_IN"},
         {"in1_input", "5072"},
         {"curr1_input", "872"},
         {"in2_label", "VDD_CPU_GPU_CV"},
         {"in2_input", "5064"},
         {"curr2_input", "120"},
         {"in3_label", "VDD_SOC"},
         {"in3_input", "5064"},
         {"curr3_input", "264"},
         {"in4_input", "4"},
         {"in5_input", "1"},
         {"in6_input", "1"},
         {"in7_label", "sum of shunt voltages"},
         {"in7_input", "6"},
         {"curr4_input", "1256"}});
    add(t, "/sys/class/hwmon/hwmon0/", {{"name", "tmp451"}, {"temp1_input", "45000"}});
    return t;
}

// Jetson TX2 and Xavier with L4T 32: the rails' driver is ina3221x, an IIO device. Source: Tegra Linux Driver Package
// Development Guide 32, "Clock Frequency and Power Management".
inline Tree jetson_xavier() {
    Tree t;
    add(t, "/sys/bus/iio/devices/iio:device0/",
        {{"name", "ina3221x"},
         {"rail_name_0", "GPU"},
         {"in_power0_input", "1520"},
         {"in_voltage0_input", "19000"},
         {"in_current0_input", "80"},
         {"rail_name_1", "CPU"},
         {"in_power1_input", "304"}});
    add(t, "/sys/class/devfreq/17000000.gv11b/",
        {{"available_frequencies", "114750000 216750000 318750000"},
         {"governor", "userspace"},
         {"min_freq", "114750000"},
         {"max_freq", "318750000"},
         {"cur_freq", "114750000"},
         {"userspace/set_freq", "114750000"}});
    return t;
}

// Raspberry Pi 4. Source: kernel admin-guide/pm/cpufreq; the driver cpufreq-dt with raspberrypi-cpufreq. No meter:
// rpi_volt has an alarm only.
inline Tree raspberry_pi() {
    Tree t;
    add(t, "/sys/devices/system/cpu/cpufreq/policy0/",
        {{"affected_cpus", "0 1 2 3"},
         {"scaling_driver", "cpufreq-dt"},
         {"scaling_governor", "ondemand"},
         {"scaling_available_governors", "conservative ondemand userspace powersave performance schedutil"},
         {"scaling_available_frequencies",
          "600000 700000 800000 900000 1000000 1100000 1200000 1300000 1400000 1500000 "},
         {"cpuinfo_min_freq", "600000"},
         {"cpuinfo_max_freq", "1500000"},
         {"scaling_min_freq", "600000"},
         {"scaling_max_freq", "1500000"},
         {"scaling_cur_freq", "600000"},
         {"scaling_setspeed", "<unsupported>"}});
    add(t, "/sys/class/hwmon/hwmon0/", {{"name", "cpu_thermal"}, {"temp1_input", "48686"}});
    add(t, "/sys/class/hwmon/hwmon1/", {{"name", "rpi_volt"}, {"in0_lcrit_alarm", "0"}});
    return t;
}

inline void add_rapl(Tree& t) {
    add(t, "/sys/class/powercap/intel-rapl/", {{"enabled", "1"}});
    for (const auto& [zone, name] : {std::pair{"intel-rapl:0", "package-0"}, {"intel-rapl:0:0", "core"}})
        add(t, std::string("/sys/class/powercap/") + zone + "/",
            {{"name", name}, {"energy_uj", "1000000"}, {"max_energy_range_uj", "262143328850"}, {"enabled", "1"}});
}

// A laptop with intel_pstate in its active mode: no list of frequencies, no governor userspace. Sources: kernel
// admin-guide/pm/intel_pstate, power/powercap/powercap, ABI/testing/sysfs-class-power.
inline Tree intel_laptop() {
    Tree t;
    for (int cpu = 0; cpu < 4; ++cpu)
        add(t, "/sys/devices/system/cpu/cpufreq/policy" + std::to_string(cpu) + "/",
            {{"affected_cpus", std::to_string(cpu)},
             {"scaling_driver", "intel_pstate"},
             {"scaling_governor", "powersave"},
             {"scaling_available_governors", "performance powersave"},
             {"cpuinfo_min_freq", "400000"},
             {"cpuinfo_max_freq", "3950000"},
             {"scaling_min_freq", "400000"},
             {"scaling_max_freq", "3950000"},
             {"scaling_cur_freq", "1200000"},
             {"scaling_setspeed", "<unsupported>"}});
    add(t, "/sys/devices/system/cpu/intel_pstate/", {{"status", "active"}, {"no_turbo", "0"}, {"max_perf_pct", "100"}});
    add_rapl(t);
    add(t, "/sys/class/power_supply/AC/", {{"type", "Mains"}, {"online", "0"}});
    add(t, "/sys/class/power_supply/BAT0/",
        {{"type", "Battery"}, {"status", "Discharging"}, {"voltage_now", "12000000"}, {"current_now", "1500000"}});
    return t;
}

// A desktop with amd_pstate in its active mode. Source: kernel admin-guide/pm/amd-pstate.
inline Tree amd_desktop() {
    Tree t;
    add(t, "/sys/devices/system/cpu/cpufreq/policy0/",
        {{"affected_cpus", "0"},
         {"scaling_driver", "amd-pstate-epp"},
         {"scaling_governor", "performance"},
         {"scaling_available_governors", "performance powersave"},
         {"cpuinfo_min_freq", "550000"},
         {"cpuinfo_max_freq", "5050000"},
         {"amd_pstate_max_freq", "5050000"},
         {"amd_pstate_lowest_nonlinear_freq", "1700000"},
         {"scaling_min_freq", "550000"},
         {"scaling_max_freq", "5050000"},
         {"scaling_cur_freq", "4800000"},
         {"scaling_setspeed", "<unsupported>"}});
    add(t, "/sys/devices/system/cpu/amd_pstate/", {{"status", "active"}});
    add(t, "/sys/devices/system/cpu/cpufreq/", {{"boost", "1"}});
    add_rapl(t);
    return t;
}

// A virtual machine, recorded where this was written: neither clocks nor meters.
inline Tree virtual_machine() {
    Tree t;
    add(t, "/sys/devices/system/cpu/", {{"online", "0-1"}, {"possible", "0-1"}, {"present", "0-1"}, {"isolated", ""}});
    add(t, "/sys/devices/system/cpu/smt/", {{"active", "0"}, {"control", "notsupported"}});
    return t;
}

}  // namespace support
