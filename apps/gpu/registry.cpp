#include <map>

#include "failure.hpp"
#include "gpu/engines.hpp"

namespace sluice::tools {

namespace {

// A function's own static, since other translation units fill it before main().
std::map<std::string, const GpuNetwork*, std::less<>>& registry() {
    static std::map<std::string, const GpuNetwork*, std::less<>> networks;
    return networks;
}

}  // namespace

void enlist_gpu(std::string_view name, const GpuNetwork& network) { registry()[std::string(name)] = &network; }

std::string gpu_network_names() {
    std::string names;
    for (const auto& [name, network] : registry()) names += (names.empty() ? "" : ", ") + name;
    return names;
}

const GpuNetwork& gpu_network_named(const std::string& name) {
    const auto found = registry().find(name);
    if (found == registry().end())
        fail(Exit::usage, "--net: ", name, " was not compiled for the GPU; SLUICE_CUDA_NETWORKS chooses, and has ",
             gpu_network_names());
    return *found->second;
}

}  // namespace sluice::tools
