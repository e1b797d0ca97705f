#include "masks.hpp"

#include "failure.hpp"
#include "split.hpp"

namespace sluice::tools {

namespace {

Gates from_ratio(const AnyNetwork& network, const std::string& text) {
    const Result<gate::Ratio> ratio = gate::ratio_from(text);  // exact: no floating point on the way
    check(ratio.status(), "--keep");
    if (network.facts.graph.gates == 0 && *ratio != gate::Ratio{1, 1})
        fail(Exit::usage, "--keep ", text, ": ", network.facts.name, " has no blocks that could be skipped");
    return network.proportional(*ratio);
}

Gates from_tuple(const AnyNetwork& network, const std::string& option, const std::vector<int>& blocks) {
    const Result<Gates> gates = network.keep(blocks);
    check(gates.status(), option);
    return *gates;
}

Gates from_groups(const AnyNetwork& network, const std::string& text) {
    const std::string option = "--groups " + text;
    std::vector<int> blocks = network.facts.blocks;
    for (const std::string& item : split(text, ',')) {
        const std::vector<std::string> pair = split(item, ':');
        if (pair.size() != 2) fail(Exit::usage, option, ": expected group:blocks such as 0:3, found '", item, "'");
        const auto group = number_from<std::size_t>(pair[0], option, "the number of a group");
        if (group >= blocks.size())
            fail(Exit::usage, option, ": ", network.facts.name, " has ", blocks.size(),
                 " groups, counted from 0; found ", group);
        blocks[group] = number_from<int>(pair[1], option, "a number of blocks");
    }
    return from_tuple(network, option, blocks);
}

Gates from_bits(const AnyNetwork& network, const std::string& text) {
    const auto gates = static_cast<std::size_t>(network.facts.graph.gates);
    const std::size_t other = text.find_first_not_of("01");
    if (other != text.npos)
        fail(Exit::usage, "--mask: expected digits 0 and 1, found '", text[other], "' at position ", other);
    if (text.size() != gates)
        fail(Exit::usage, "--mask: expected ", gates, " digits, one for each gate of ", network.facts.name, ", found ",
             text.size());
    Gates mask;
    for (char c : text) mask.push_back(c == '1');
    return mask;
}

}  // namespace

std::string MaskChoice::asked() const { return "--" + option + " " + given; }

std::string MaskChoice::bits() const {
    std::string text;
    for (bool open : gates) text += open ? '1' : '0';
    return text;
}

std::string MaskChoice::kept() const { return joined(cost.kept, ","); }

std::vector<MaskChoice> MaskOptions::choices(const AnyNetwork& network) const {
    std::vector<MaskChoice> found;
    const auto add = [&](const char* option, const std::string& given, Gates gates) {
        Cost cost = network.cost(gates);
        found.push_back({option, given, std::move(gates), std::move(cost)});
    };
    for (const std::string& list : keep)
        for (const std::string& ratio : split(list, ',')) add("keep", ratio, from_ratio(network, ratio));
    for (const std::string& text : groups) add("groups", text, from_groups(network, text));
    for (const std::string& text : tuples)
        add("tuple", text,
            from_tuple(network, "--tuple " + text,
                       numbers_from(text, "--tuple", "numbers of blocks such as 3,8,36,3")));
    for (const std::string& text : bits) add("mask", text, from_bits(network, text));
    if (found.empty()) add("keep", "1", network.whole());
    return found;
}

}  // namespace sluice::tools
