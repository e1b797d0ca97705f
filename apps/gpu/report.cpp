#include "gpu/report.hpp"

#include <filesystem>
#include <iostream>
#include <nlohmann/json.hpp>
#include <tuple>

#include "failure.hpp"
#include "image.hpp"
#include "output_file.hpp"
#include "registry.hpp"
#include "sluice/io/map.hpp"
#include "sluice/io/settings.hpp"
#include "weights.hpp"

namespace sluice::tools {

namespace {

using Json = nlohmann::ordered_json;

// Two images take turns in a batch, so that what belongs to one image's place does not go unnoticed in another's.
constexpr int images = 2;

// A network's masks, and what the CPU computes for them.
struct Subject {
    const AnyNetwork& network;
    Weights weights;
    std::vector<MaskChoice> masks;
    std::vector<float> image[images];
    std::vector<std::vector<float>> logits[images];  // by mask

    Subject(const AnyNetwork& n, const BenchOptions& o)
        : network(n),
          weights(o.weights.empty() ? Weights::generated(n, 1) : Weights::from_file(o.weights)),
          masks(o.masks.choices(n)) {
        const auto cpu = weights.session(n, 1, false);
        for (int i = 0; i < images; ++i) {
            image[i] = generated_image(n.facts.input, static_cast<std::uint64_t>(i + 1));
            for (const MaskChoice& m : masks) {
                const auto found = cpu->run(image[i], m.gates, {.default_statistics = true});
                check(found.status(), "running the network on the CPU");
                logits[i].emplace_back(found->begin(), found->end());
            }
        }
    }

    GpuFrame frame(std::size_t mask, const GpuOptions& o) const {
        GpuFrame f{.name = network.facts.name + " in " + nvidia::name_of(o.precision) + ", batch " +
                           std::to_string(o.batch) + ", " + masks[mask].asked(),
                   .precision = o.precision,
                   .images = {},
                   .expected = {},
                   .gates = masks[mask].gates};
        for (int n = 0; n < o.batch; ++n) {
            const auto& [x, y] = std::tie(image[n % images], logits[n % images][mask]);
            f.images.insert(f.images.end(), x.begin(), x.end());
            f.expected.insert(f.expected.end(), y.begin(), y.end());
        }
        return f;
    }
};

// Measured now, unless a file has what was measured before.
void take_algorithms(GpuSession& session, const std::string& path) {
    std::error_code ignored;
    if (path.empty() || !std::filesystem::exists(path, ignored)) {
        check(session.tune(), "measuring cuDNN's algorithms");
        if (path.empty()) return;
        const Result<std::string> text = session.choices();
        check(text.status(), "--algorithms");
        return replace_file("--algorithms", path, *text);
    }
    const Result<io::MappedFile> file = io::MappedFile::open(path.c_str());
    check(file.status(), "--algorithms");
    const std::span<const std::byte> bytes = file->bytes();
    check(session.recall({reinterpret_cast<const char*>(bytes.data()), bytes.size()}), "--algorithms: " + path);
}

void measure(const cuda::Session& gpu, const Subject& s, const GpuOptions& o, const std::string& algorithms,
             std::vector<GpuRow>& rows) {
    const std::string& name = s.network.facts.name;
    Result<std::unique_ptr<GpuSession>> made = gpu_network_named(name).session(gpu, o);
    check(made.status(), name);
    const std::unique_ptr<GpuSession> session = made.take();
    check(session->load(s.weights.bytes()), s.weights.name());
    take_algorithms(*session, algorithms);
    for (std::size_t m = 0; m < s.masks.size(); ++m)
        rows.push_back(
            {name, o.precision, o.batch, s.masks[m], session->memory(), time_gpu_frames(*session, s.frame(m, o))});
}

Json json_of(const GpuRow& r) {
    return {{"network", r.network},
            {"precision", nvidia::name_of(r.precision)},
            {"batch", r.batch},
            {"keep", r.mask.given},
            {"option", r.mask.option},
            {"mask", r.mask.bits()},
            {"kept", r.mask.cost.kept},
            {"macs", r.mask.cost.macs},
            {"least_ms", r.timing.least_ms},
            {"median_ms", r.timing.median_ms},
            {"frames", r.timing.frames},
            {"first_ms", r.timing.first_ms},
            {"switched_ms", r.timing.switched_ms},
            {"images_per_s", 1e3 * r.batch / r.timing.least_ms},
            {"weight_bytes", r.memory.weights},
            {"activation_bytes", r.memory.activations},
            {"workspace_bytes", r.memory.workspace},
            {"relative_difference", r.timing.relative_difference}};
}

}  // namespace

GpuReport measure_on_gpu(const cuda::Session& session, const BenchOptions& o) {
    const GpuSweep sweep = gpu_sweep(o);
    const std::vector<const AnyNetwork*> networks = networks_named(o.networks);
    const bool alone = networks.size() * sweep.precisions.size() * sweep.batches.size() == 1;
    GpuReport report;
    report.shut = sweep.shut;
    check(session.gpu().check(session.gpu().api->identify(session.gpu().session, &report.gpu), "asking what it is"),
          "--device cuda");
    for (const AnyNetwork* n : networks) {
        const Subject subject(*n, o);
        for (const nvidia::Precision p : sweep.precisions)
            for (const int batch : sweep.batches) try {
                    const GpuOptions options{
                        .precision = p,
                        .batch = batch,
                        .shut = sweep.shut,
                        .workspace = sweep.workspace,
                        .settings = io::count_settings(subject.weights.metadata("settings").value_or(""))};
                    measure(session, subject, options, o.gpu.algorithms, report.rows);
                } catch (const Failure& f) {
                    if (alone) throw;
                    std::cerr << "sluice: " << f.what() << '\n';
                    report.gaps.push_back({n->facts.name, p, batch, f.code, f.what()});
                }
    }
    return report;
}

std::string json_text(const GpuReport& report) {
    Json results = Json::array(), gaps = Json::array();
    for (const GpuRow& r : report.rows) results.push_back(json_of(r));
    for (const GpuGap& g : report.gaps)
        gaps.push_back({{"network", g.network},
                        {"precision", nvidia::name_of(g.precision)},
                        {"batch", g.batch},
                        {"reason", g.reason}});
    const nvidia::Identity& gpu = report.gpu;
    return Json{{"schema_version", 1},
                {"gpu", {{"device", gpu.device}, {"cudnn", gpu.cudnn}, {"cuda", gpu.runtime}, {"driver", gpu.driver}}},
                {"shut", report.shut == cuda::ShutGates::disabled ? "disabled" : "left-out"},
                {"results", results},
                {"gaps", gaps}}
        .dump(1);
}

}  // namespace sluice::tools
