"""A plan as a C++ header: a type that an Engine takes as its plan."""
from .failure import FAILURE, Failure

LAYOUT = "HWC"  # of the maps of an engine


def type_name(costs):
    """Resnet152CifarAvx512, and with x2 behind it for two threads."""
    threads = costs.machine["threads"]
    words = f"{costs.network}_{costs.machine['isa']}".split("_")
    return "".join(word[:1].upper() + word[1:] for word in words) + (f"x{threads}" if threads > 1 else "")


def _number(value):
    return f"{value:,}".replace(",", "'")


def _aligned(constants):
    """With their comments below each other, as clang-format has them."""
    width = max(len(code) for code, _ in constants)
    return [f"    static constexpr {code:{width}}  // {comment}" for code, comment in constants]


def file_name(costs):
    """resnet152_cifar_avx512x2.hpp"""
    threads = costs.machine["threads"]
    return f"{costs.network}_{costs.machine['isa']}" + (f"x{threads}" if threads > 1 else "") + ".hpp"


def text(costs, plan, taken, name, strips=None):
    """strips: measure.Frames of the plan where large maps come into being strip by strip, as in the default plan. Layers are
    packed otherwise then; the time and the peak of whole maps are more than it takes."""
    machine, cases = costs.machine, {}
    held, remark = strips or taken, ", with whole maps" if strips else ""
    for i, (layer, option) in enumerate(zip(costs.layers, plan.options)):
        layouts = () if option is None else (option.written,) if layer.op == "input" else (option.read, option.written)
        if any(layout != LAYOUT for layout in layouts):
            raise Failure(FAILURE, f"--out: layer '{layer.name}' goes from {option.read} to {option.written}, but an engine's "
                                   f"maps are {LAYOUT}: plan with --layouts {LAYOUT}")
        if layer.op in ("conv", "linear"):
            cases.setdefault(option.primitive, []).append((i, layer.name))
    lines = [f"// {name}: how each layer of {costs.network} is computed with {machine['isa']}, threads: {machine['threads']}.",
             f"// Written by ./run plan from times on {machine['cpu']}, {machine['compiler']}.",
             "#pragma once", "", "#include <cstddef>", "#include <cstdint>", "", '#include "sluice/plan/plan.hpp"', "",
             "namespace sluice::inline SLUICE_ABI::plans {", "", f"struct {name} : DefaultPlan {{",
             *([] if strips else ["    static constexpr bool strips = false;  // measured with whole maps"]),
             f'    static constexpr std::string_view network = "{costs.network}", isa = "{machine["isa"]}";',
             *_aligned([(f"std::uint64_t fingerprint = 0x{costs.fingerprint};", "of the graph"),
                        (f"int threads = {machine['threads']};", "of the executor"),
                        (f"std::int64_t time_ns = {_number(taken.time_ns)};", "of a frame, predicted" + remark),
                        (f"std::size_t workspace_bytes = {_number(held.workspace_bytes)};", "of all threads"),
                        (f"std::size_t persistent_bytes = {_number(held.persistent_bytes)};", "packed weights"),
                        (f"std::size_t peak_bytes = {_number(taken.peak_bytes)};", "maps and workspace" + remark)]), "",
             "    static constexpr std::string_view primitive(int node, const graph::Node&) {", "        switch (node) {"]
    for primitive, layers in cases.items():
        width = max(len(f"{i}:") for i, _ in layers)
        lines += [f"            case {f'{i}:':{width}}  // {layer}" for i, layer in layers]
        lines.append(f'                return "{primitive}";')
    lines += ["        }", "        return {};", "    }", "};", "", "}  // namespace sluice", ""]
    return "\n".join(lines)
