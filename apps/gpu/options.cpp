#include "gpu/options.hpp"

#include <algorithm>

#include "failure.hpp"
#include "split.hpp"

namespace sluice::tools {

namespace {

constexpr long long default_workspace = 256;  // MiB

nvidia::Precision precision_from(const std::string& text) {
    using enum nvidia::Precision;
    for (const nvidia::Precision p : {float32, tf32, fp16, bf16})
        if (text == nvidia::name_of(p)) return p;
    fail(Exit::usage, "--precision: expected float32, tf32, fp16 or bf16, found '", text, "'");
}

int batch_from(const std::string& text) {
    const std::string known = "any of " + joined(gpu_batches, ", ");
    const int batch = number_from<int>(text, "--batch", known.c_str());
    if (std::ranges::find(gpu_batches, batch) == gpu_batches.end())
        fail(Exit::usage, "--batch: expected ", known, ", found ", batch);
    return batch;
}

cuda::ShutGates shut_from(const std::string& text) {
    if (text.empty() || text == "left-out") return cuda::ShutGates::left_out;
    if (text == "disabled") return cuda::ShutGates::disabled;
    fail(Exit::usage, "--shut: expected left-out or disabled, found '", text, "'");
}

// The items of lists that options were given, or the default.
template <class F>
auto each(const std::vector<std::string>& lists, const char* otherwise, F from) {
    std::vector<decltype(from(""))> found;
    for (const std::string& list : lists.empty() ? std::vector<std::string>{otherwise} : lists)
        for (const std::string& item : split(list, ',')) found.push_back(from(item));
    return found;
}

}  // namespace

GpuSweep gpu_sweep(const BenchOptions& o) {
    if (o.plan != "default") fail(Exit::usage, "--plan: a GPU's layers are cuDNN's; see --algorithms");
    if (o.threads != 1) fail(Exit::usage, "--threads: is for --device cpu");
    if (o.layers) fail(Exit::usage, "--layers: is for --device cpu; on a GPU a frame is one launch");
    const long long mib = o.gpu.workspace_mib.value_or(default_workspace);
    if (mib < 0 || mib > 1 << 20) fail(Exit::usage, "--workspace: expected MiB from 0 to 1048576, found ", mib);
    GpuSweep s{.precisions = each(o.gpu.precisions, "float32", precision_from),
               .batches = each(o.gpu.batches, "1", batch_from),
               .shut = shut_from(o.gpu.shut),
               .workspace = static_cast<std::size_t>(mib) << 20};
    const std::size_t engines = s.precisions.size() * s.batches.size();
    if (o.line && engines > 1) fail(Exit::usage, "--line: expected one precision and one batch, found ", engines);
    if (!o.gpu.algorithms.empty() && engines > 1)
        fail(Exit::usage, "--algorithms: a file is for one precision and one batch, found ", engines);
    return s;
}

void check_no_gpu_options(const BenchOptions& o) {
    const GpuBenchOptions& g = o.gpu;
    const std::pair<bool, const char*> given[] = {{!g.precisions.empty(), "--precision"},
                                                  {!g.batches.empty(), "--batch"},
                                                  {!g.shut.empty(), "--shut"},
                                                  {g.workspace_mib.has_value(), "--workspace"},
                                                  {!g.algorithms.empty(), "--algorithms"}};
    for (const auto& [is, option] : given)
        if (is) fail(Exit::usage, option, ": is for --device cuda");
}

}  // namespace sluice::tools
