// What ./run gpu and `sluice bench --device cuda` report, on the fake GPU: figures of two precisions and masks as JSON,
// an engine that fails beside one that does not, a file of algorithms. The JSON goes to stdout; no time in it is a
// GPU's.
#include <cstdio>
#include <filesystem>
#include <iostream>
#include <random>

#include "gpu/report.hpp"
#include "support/fake_gpu.hpp"

using namespace sluice;
using namespace sluice::tools;

namespace {

int failures = 0;

void expect(bool good, const char* what) {
    if (!good) std::fprintf(stderr, "not so: %s\n", what), ++failures;
}

BenchOptions small() {
    BenchOptions o;
    o.networks = {"resnet20_cifar"};
    o.gpu.workspace_mib = 1;
    return o;
}

GpuReport measured(support::FakeGpu& fake, const BenchOptions& o) {
    const auto session = cuda::Session::open(support::FakeGpu::api, 0, &fake).take();
    GpuReport report = measure_on_gpu(session, o);
    expect(fake.fault.empty(), "the fake finds no fault");
    return report;
}

void figures() {
    support::FakeGpu fake;
    BenchOptions o = small();
    o.gpu.precisions = {"float32,bf16"};
    o.masks.keep = {"1.0,0.5"};
    const GpuReport r = measured(fake, o);
    expect(r.rows.size() == 4 && r.gaps.empty(), "two masks in two precisions");
    for (const GpuRow& row : r.rows) {
        expect(row.timing.least_ms > 0 && row.timing.relative_difference > 0, "a figure of each");
        expect(row.memory.workspace >= 1 << 20, "the workspace asked for");
    }
    std::cout << "[" << json_text(r) << "]\n";
}

void a_gap() {
    support::FakeGpu fake;
    BenchOptions o = small();
    o.gpu.precisions = {"fp16,tf32"};
    fake.fail_at = 20;
    const GpuReport r = measured(fake, o);
    expect(r.rows.size() == 1 && r.rows[0].precision == nvidia::Precision::tf32, "the second engine has a figure");
    expect(r.gaps.size() == 1 && r.gaps[0].code == Exit::failure &&
               r.gaps[0].reason.find("an illegal memory access") != std::string::npos,
           "the first has a reason");
}

void a_file_of_algorithms() {
    support::FakeGpu fake;
    BenchOptions o = small();
    const auto path =
        std::filesystem::temp_directory_path() / ("sluice_algorithms_" + std::to_string(std::random_device{}()));
    o.gpu.algorithms = path.string();
    measured(fake, o);
    const int measurements = fake.count("measure");
    expect(measurements > 0 && std::filesystem::exists(path), "measured and written");
    measured(fake, o);
    expect(fake.count("measure") == measurements, "read and not measured");
    fake.version = 91002;
    try {
        measured(fake, o);
        expect(false, "another version is refused");
    } catch (const Failure& f) {
        expect(f.code == Exit::format, "another version is a mismatch");
        expect(std::string(f.what()).ends_with("are for cudnn '90000', here it is '91002'; measure again"),
               "both versions are told");
    }
    std::filesystem::remove(path);
}

}  // namespace

int main() {
    figures();
    a_gap();
    a_file_of_algorithms();
    std::fprintf(stderr, "%d failures\n", failures);
    return failures == 0 ? 0 : 1;
}
