// How every option is spelt, and its line of --help. The one file that knows CLI11, which takes five seconds to
// compile.
#include "command_line.hpp"

#include <CLI/CLI.hpp>
#include <iostream>

#include "commands.hpp"
#include "failure.hpp"
#include "machine.hpp"

namespace sluice::tools {

namespace {

// Each occurrence takes one word; lists within it are taken apart later, so that messages can quote them.
void add_words(CLI::App& command, const char* name, std::vector<std::string>& words, const char* type,
               const char* help) {
    command.add_option(name, words, help)->type_name(type)->expected(1)->take_all();
}

CLI::Option* add_file(CLI::App& command, const char* name, std::string& path, const char* help) {
    return command.add_option(name, path, help)->type_name("FILE");
}

void add_masks(CLI::App& command, MaskOptions& m) {
    add_words(command, "--keep", m.keep, "RATIO,...",
              "share of each group's blocks to keep, 0 to 1; at least one stays");
    add_words(command, "--groups", m.groups, "G:K,...",
              "group G, from 0, keeps K blocks and the others all; repeatable");
    add_words(command, "--tuple", m.tuples, "K,K,...", "blocks that each group keeps; repeatable");
    add_words(command, "--mask", m.bits, "BITS", "one digit for each gate, 1: the block runs; repeatable");
}

void add_default_statistics(CLI::App& command, bool& wanted) {
    command.add_flag("--default-statistics", wanted,
                     "run masks for which the weights bring no statistics with the whole network's");
}

void add_json(CLI::App& command, bool& json) { command.add_flag("--json", json, "print JSON"); }

// What the commands that run test images have in common.
template <class Options>
void add_images(CLI::App& command, Options& o, const char* data) {
    command.add_option("--net", o.network, "the network")->type_name("NAME")->required();
    add_file(command, "--weights", o.weights, "a converted checkpoint (.safetensors)")->required();
    add_file(command, "--data", o.data, data)->required();
    command.add_option("--limit", o.limit, "only the first N images")->type_name("N");
    command.add_option("--threads", o.threads, "engines that run side by side, each on images of its own");
    add_default_statistics(command, o.default_statistics);
}

void add_nets(CLI::App& command, NetsOptions& o) {
    add_words(command, "--net", o.networks, "NAME,...", "these networks only; repeatable");
    command.add_flag("--layers", o.layers, "every layer too");
    add_json(command, o.json);
}

void add_resize(CLI::App& command, std::optional<int>& resize) {
    command.add_option("--resize", resize, "shorter side before the crop, in pixels; 0: as it is")->type_name("N");
}

void add_evaluate(CLI::App& command, EvaluateOptions& o) {
    add_images(command, o, "test images: .bin, .bin.xz, a directory with test_batch.bin[.xz], or one of photographs");
    add_file(command, "--labels", o.labels,
             "for photographs: on each line a file of --data, tab or comma, its class number");
    add_resize(command, o.resize);
    add_masks(command, o.masks);
    command.add_option("--subsets", o.subsets, "top-1 of the first N images too, for each N")->type_name("N,...");
    add_file(command, "--predictions", o.predictions, "write predicted classes: a line per image, a column per mask");
    add_file(command, "--logits", o.logits, "write the first mask's logits, .npy");
    add_json(command, o.json);
}

void add_photographs(CLI::App& command, std::vector<std::string>& files, std::optional<int>& resize) {
    command.add_option("FILE", files, "photographs, PNG or JPEG, and folders of them")->required()->type_name("");
    add_resize(command, resize);
}

void add_classify(CLI::App& command, ClassifyOptions& o) {
    command.add_option("--net", o.network, "the network")->type_name("NAME")->required();
    add_file(command, "--weights", o.weights, "a converted checkpoint (.safetensors)")->required();
    add_photographs(command, o.files, o.resize);
    add_file(command, "--labels", o.labels, "names of the classes, one on each line");
    command.add_option("--top", o.top, "so many of the likeliest classes")->type_name("N")->capture_default_str();
    add_masks(command, o.masks);
    add_default_statistics(command, o.default_statistics);
    add_json(command, o.json);
}

void add_pixels(CLI::App& command, PixelsOptions& o) {
    command.add_option("--net", o.network, "the network")->type_name("NAME")->required();
    add_photographs(command, o.files, o.resize);
    add_file(command, "--output", o.output, "write the pixels, .npy")->required();
    add_json(command, o.json);
}

void add_profile_accuracy(CLI::App& command, ProfileAccuracyOptions& o) {
    add_images(command, o, "test images: .bin, .bin.xz, or a directory with test_batch.bin[.xz]");
    add_file(command, "--out", o.out, "the profile, JSON; one that is there already is continued")->required();
    command.add_option("--random", o.random, "how many tuples to draw")->type_name("N")->capture_default_str();
    command.add_option("--seed", o.seed, "what the drawing depends on")->type_name("N")->capture_default_str();
    command.add_flag("--fresh", o.fresh, "begin anew, whatever --out holds");
}

void add_profile(CLI::App& command, ProfileOptions& o) {
    command.add_option("--net", o.network, "the network")->type_name("NAME")->required();
    command.add_option("--set", o.set, "all of the engine's primitives, or the textbook's")->type_name("all|textbook");
    command.add_option("--threads", o.threads, "threads that share each layer");
    add_file(command, "--out", o.out, "the costs, JSON; a file that is there already is continued")->required();
    command.add_flag("--fresh", o.fresh, "begin anew, whatever --out holds");
}

void add_bench(CLI::App& command, BenchOptions& o) {
    add_words(command, "--net", o.networks, "NAME,...", "networks, or all; repeatable");
    command.get_option("--net")->required();
    command.add_option("--plan", o.plan, "default, or fast: primitives for speed, whatever room the weights take");
    add_masks(command, o.masks);
    command.add_option("--threads", o.threads, "threads that share each frame");
    add_file(command, "--weights", o.weights, "a converted checkpoint (default: weights made up from a seed)");
    command.add_flag("--line", o.line, "print `NAME milliseconds` and nothing else");
    command.add_flag("--layers", o.layers, "every layer too");
    add_json(command, o.json);
    command.add_option("--device", o.device, "cpu or cuda; the options below are for cuda")->capture_default_str();
    add_words(command, "--precision", o.gpu.precisions, "NAME,...",
              "float32, tf32, fp16, bf16 (default: float32); repeatable");
    add_words(command, "--batch", o.gpu.batches, "N,...", "images that a call brings (default: 1); repeatable");
    command.add_option("--shut", o.gpu.shut, "how gates are shut: left-out (default), or disabled")->type_name("WAY");
    command.add_option("--workspace", o.gpu.workspace_mib, "memory for cuDNN (default: 256)")->type_name("MIB");
    add_file(command, "--algorithms", o.gpu.algorithms,
             "cuDNN's algorithms, measured before: read if it is there, else measured and written");
}

void add_run(CLI::App& command, RunOptions& o) {
    command.add_option("--net", o.network, "the network")->type_name("NAME")->required();
    add_file(command, "--weights", o.weights, "a converted checkpoint (.safetensors)")->required();
    add_file(command, "--data", o.data, "test images: .bin, .bin.xz, or a directory with test_batch.bin[.xz]")
        ->required();
    command.add_option("--deadline-ms", o.deadline_ms, "time that a frame may take")->type_name("MS")->required();
    command.add_option("--min-accuracy", o.min_accuracy, "least accuracy of a level, 0 to 1")->type_name("SHARE");
    command.add_option("--objective", o.objective, "edp, energy, latency or accuracy")->capture_default_str();
    command.add_option("--max-energy", o.max_energy, "of a frame, by the model, in its unit")->type_name("J");
    command.add_option("--model", o.model, "preset that energies are modelled by")->capture_default_str();
    add_file(command, "--profile", o.profile, "accuracies, as profile-accuracy writes them (default: measured)");
    command.add_option("--calibrate", o.calibrate, "images to measure the levels with (default: 200, or half of them)")
        ->type_name("N");
    command.add_option("--frames", o.frames, "how many to run; the images behind those begin anew at their end")
        ->type_name("N")
        ->capture_default_str();
    command.add_option("--images-per-frame", o.images_per_frame, "crops of one picture, say")
        ->type_name("N")
        ->capture_default_str();
    command.add_flag("--whole", o.whole, "no choice: the whole network at the highest clock");
    command.add_flag("--set-clocks", o.set_clocks, "set the processors' clocks, and put them back at the end");
    command.add_option("--meter", o.meter, "part of a meter's name (default: the first that can be read)")
        ->type_name("NAME");
    add_file(command, "--log", o.log, "write a line of JSON for every frame");
    command.add_option("--root", o.root, "look for clocks and meters below this directory")->type_name("DIR");
    add_json(command, o.json);
}

void add_verify(CLI::App& command, VerifyOptions& o) {
    command.add_option("--net", o.network, "the network")->type_name("NAME")->required();
    add_file(command, "--weights", o.weights, "a converted checkpoint (.safetensors)")->required();
    add_json(command, o.json);
}

void add_pack(CLI::App& command, PackOptions& o) {
    command.add_option("--net", o.network, "the network")->type_name("NAME")->required();
    add_file(command, "--weights", o.weights, "a converted checkpoint (.safetensors)")->required();
    command.add_option("--isa", o.isa, "instruction set of the machine that will run it (default: this one's)")
        ->type_name("NAME");
    add_file(command, "--output", o.output, "the packed file")->required();
}

void add_dump(CLI::App& command, DumpOptions& o) {
    command.add_option("--net", o.network, "the network")->type_name("NAME")->required();
    add_file(command, "--weights", o.weights, "a converted checkpoint (.safetensors)")->required();
    add_file(command, "--output", o.output, "the .safetensors file to write: a tensor [C,H,W] for each layer")
        ->required();
    add_masks(command, o.masks);
    CLI::Option* seed = command.add_option("--seed", o.seed, "of the image (default: 1)")->type_name("N");
    add_file(command, "--image", o.image, "an image instead: .npy, float32 [C,H,W], normalised")->excludes(seed);
    command.add_flag("--default-statistics", o.default_statistics,
                     "run a mask for which the weights bring no statistics with the whole network's");
    command.add_flag("--reference", o.reference, "compute every layer with the reference primitive");
}

void add_doctor(CLI::App& command, DoctorOptions& o) {
    command.add_option("--root", o.root, "read proc, sys, dev and usr below this directory")->type_name("DIR");
    command.add_option("--data", o.data, "the folder with cifar10/ and checkpoints/ (default: SLUICE_DATA)")
        ->type_name("DIR");
    command.add_flag("--restore-clocks", o.restore_clocks, "put back the clocks that a killed program has left set");
    add_json(command, o.json);
}

}  // namespace

std::function<void()> parse(int argc, char** argv) {
    CLI::App program("Convolutional networks with run-time gates: list, evaluate, ask, time and verify them.",
                     "sluice");
    program.set_version_flag("--version", "sluice " + version());
    program.require_subcommand(1);
    program.footer(
        "Exit codes: 0 success, 1 failure, 2 wrong usage, 3 a file is missing or unreadable, 4 a file is\n"
        "damaged or belongs to another network, 5 what was asked for is infeasible, 6 a verification failed.");
    std::function<void()> call;
    const auto add = [&]<class Options>(const char* name, const char* help, void (*options)(CLI::App&, Options&),
                                        void (*run)(const Options&)) {
        auto o = std::make_shared<Options>();
        CLI::App* command = program.add_subcommand(name, help);
        options(*command, *o);
        command->callback([&call, o, run] { call = [o, run] { run(*o); }; });
    };
    add("nets", "What each network is made of and what it needs", add_nets, nets);
    add("evaluate", "Accuracy and time on CIFAR-10 or on photographs, for one mask or many", add_evaluate, evaluate);
    add("classify", "What a network sees in photographs", add_classify, classify);
    add("pixels", "What a network is shown of photographs", add_pixels, pixels);
    add("profile-accuracy", "Accuracy of many keep tuples on CIFAR-10, measured or predicted, as a file",
        add_profile_accuracy, profile_accuracy);
    add("profile", "Time and memory of each primitive for each layer, as a file for ./run plan", add_profile, profile);
    add("bench", "Time per frame, after a comparison with the reference primitive", add_bench, bench);
    add("run", "Frame by frame within a deadline, with gates and clock chosen by a policy", add_run, run);
    add("verify", "Replay the self-test that a weights file carries", add_verify, verify);
    add("pack", "Weights in the order of the kernels, to be used where they lie", add_pack, pack);
    add("dump", "What every layer yields for one image, as a file", add_dump, dump);
    add("doctor", "What was compiled, what the machine offers, what is left unused", add_doctor, doctor);
    try {
        program.parse(argc, argv);
    } catch (const CLI::ParseError& e) {
        if (e.get_exit_code() != 0) fail(Exit::usage, e.what(), " (see --help)");
        program.exit(e);
        return [] {};
    }
    return call;
}

}  // namespace sluice::tools
