// The subcommands: what can be asked of each, and the function that does it. Data goes to stdout, everything else to
// stderr, and what goes wrong is thrown as a Failure. command_line.cpp says how the options are spelt.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "masks.hpp"

namespace sluice::tools {

struct NetsOptions {
    std::vector<std::string> networks{"all"};
    bool layers = false, json = false;
};
void nets(const NetsOptions& o);

struct EvaluateOptions {
    std::string network, weights, data;
    std::string labels;         // a file with the classes of photographs; empty for CIFAR-10
    std::optional<int> resize;  // shorter side of photographs, pixels
    MaskOptions masks;
    std::optional<long long> limit;   // images
    std::string subsets;              // "32,100"; empty for none
    std::string predictions, logits;  // files to write; empty for none
    int threads = 1;
    bool default_statistics = false, json = false;
};
void evaluate(const EvaluateOptions& o);

struct ClassifyOptions {
    std::vector<std::string> files;  // photographs and folders of them
    std::string network, weights;
    MaskOptions masks;
    std::string labels;         // a file; empty for none
    std::optional<int> resize;  // shorter side, pixels
    int top = 5;
    bool default_statistics = false, json = false;
};
void classify(const ClassifyOptions& o);

struct PixelsOptions {
    std::vector<std::string> files;  // photographs and folders of them
    std::string network, output;
    std::optional<int> resize;  // shorter side, pixels
    bool json = false;
};
void pixels(const PixelsOptions& o);

struct ProfileAccuracyOptions {
    std::string network, weights, data, out;
    std::optional<long long> limit;  // images
    long long random = 40;           // tuples
    long long seed = 1;
    std::optional<int> threads;  // all cores
    bool default_statistics = false, fresh = false;
};
void profile_accuracy(const ProfileAccuracyOptions& o);

struct ProfileOptions {
    std::string network, out;
    std::string set = "all";
    int threads = 1;
    bool fresh = false;
};
void profile(const ProfileOptions& o);

// Of --device cuda alone; empty where nothing was given.
struct GpuBenchOptions {
    std::vector<std::string> precisions, batches;  // "tf32,fp16", "1,8"
    std::string shut;                              // left-out or disabled
    std::string algorithms;                        // a file
    std::optional<long long> workspace_mib;
};

struct BenchOptions {
    std::vector<std::string> networks;
    std::string weights;  // empty: made up from a seed
    std::string plan = "default";
    MaskOptions masks;
    int threads = 1;
    bool line = false, layers = false, json = false;
    std::string device = "cpu";
    GpuBenchOptions gpu;
};
void bench(const BenchOptions& o);
void bench_on_gpu(const BenchOptions& o);  // --device cuda; gpu/none.cpp where it was not built

struct RunOptions {
    std::string network, weights, data;
    double deadline_ms = 0, min_accuracy = 0;  // accuracy: 0 to 1
    std::string objective = "edp";
    std::optional<double> max_energy;      // of a frame, in the preset's unit
    std::string profile;                   // of profile-accuracy; empty: accuracies are measured
    std::string log;                       // a file to write; empty for none
    std::string meter;                     // part of a meter's name; empty: the first one
    std::string model = "orin-cpu-cubic";  // a preset
    std::string root = "/";
    long long frames = 1000, images_per_frame = 1;
    std::optional<long long> calibrate;  // images
    bool whole = false, set_clocks = false, json = false;
};
void run(const RunOptions& o);

struct VerifyOptions {
    std::string network, weights;
    bool json = false;
};
void verify(const VerifyOptions& o);

struct PackOptions {
    std::string network, weights, isa, output;  // no isa: this program's
};
void pack(const PackOptions& o);

struct DumpOptions {
    std::string network, weights;
    std::string image;  // .npy; empty: made up from the seed
    std::string seed = "1";
    std::string output;
    MaskOptions masks;
    bool default_statistics = false;
    bool reference = false;  // the reference primitive computes every layer
};
void dump(const DumpOptions& o);

struct DoctorOptions {
    std::string root = "/";
    std::string data;  // empty: that of SLUICE_DATA
    bool restore_clocks = false, json = false;
};
void doctor(const DoctorOptions& o);

}  // namespace sluice::tools
