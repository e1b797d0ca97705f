// sluice nets: what each network is made of and what it needs.
#include <iostream>
#include <nlohmann/json.hpp>

#include "commands.hpp"
#include "graph_names.hpp"
#include "registry.hpp"
#include "sluice/gate/table1.hpp"
#include "split.hpp"
#include "table.hpp"

namespace sluice::tools {

namespace {

using Json = nlohmann::ordered_json;

Json json_of(const Shape& s) { return {s.C, s.H, s.W}; }

Json json_of(int label, const Cost& cost) {
    return {{"label", label}, {"kept", cost.kept}, {"parameters", cost.parameters}, {"macs", cost.macs}};
}

Json layers_of(const AnyNetwork& network) {
    Json layers = Json::array();
    int i = 0;
    for (const graph::Node& n : network.facts.graph.nodes) {
        const graph::Window& w = n.window;
        layers.push_back(
            {{"name", n.name.view()},
             {"op", name_of(n.op)},
             {"input", json_of(n.in)},
             {"output", json_of(n.out)},
             {"window",
              {{"R", w.R}, {"S", w.S}, {"stride", w.stride}, {"padding", {w.top, w.left, w.bottom, w.right}}}},
             {"groups", n.groups},
             {"parameters", n.parameters()},
             {"macs", n.macs()},
             {"primitive", network.primitive(i++)}});
    }
    return layers;
}

Json buffers_of(const AnyNetwork::Facts& f) {
    Json buffers = Json::array();
    for (const graph::Lifetime& b : f.buffers)
        if (b.floats > 0)
            buffers.push_back(
                {{"first", b.first}, {"last", b.last}, {"bytes", 4 * b.size()}, {"offset", 4 * b.begin}});
    return buffers;
}

Json json_of(const AnyNetwork& network, bool layers) {
    const AnyNetwork::Facts& f = network.facts;
    const Cost whole = network.cost(network.whole());
    Json j{{"name", f.name},
           {"input", json_of(f.input)},
           {"classes", f.classes},
           {"parameters", whole.parameters},
           {"macs", whole.macs},
           {"blocks", f.blocks},
           {"gates", f.graph.gates},
           {"weight_bytes", network.memory().weights},
           {"activation_bytes", network.memory().activations},
           {"workspace_bytes", network.memory().workspace},
           {"setting_bytes", network.memory().setting}};
    if (f.graph.gates > 0)
        for (const gate::Table1Row& row : gate::table1_rows)
            j["proportional"].push_back(json_of(row.label, network.cost(network.proportional(percent(row.label)))));
    if (f.name == "resnet152_cifar")  // the one network that the table is about
        for (const gate::Table1Row& row : gate::table1_rows)
            j["table1"].push_back(json_of(row.label, network.cost(*network.keep(row.kept))));
    if (layers) j["layers"] = layers_of(network);
    if (layers) j["buffers"] = buffers_of(f);
    return j;
}

void print_layers(const AnyNetwork& network) {
    Table table({network.facts.name, "op", "input", "output", "window", "parameters", "macs", "primitive"});
    int i = 0;
    for (const graph::Node& n : network.facts.graph.nodes) {
        const std::string window = text<40>(n.window.R, "x", n.window.S, "/", n.window.stride).c_str();
        table.add({n.name.c_str(), name_of(n.op), n.in.text().c_str(), n.out.text().c_str(), window,
                   std::to_string(n.parameters()), std::to_string(n.macs()), std::string(network.primitive(i++))});
    }
    table.print();
}

}  // namespace

void nets(const NetsOptions& o) {
    const auto networks = networks_named(o.networks);
    if (o.json) {
        Json list = Json::array();
        for (const AnyNetwork* n : networks) list.push_back(json_of(*n, o.layers));
        std::cout << list.dump(1) << '\n';
        return;
    }
    Table table({"network", "input", "classes", "parameters", "macs", "blocks", "weights", "activations", "workspace"});
    for (const AnyNetwork* n : networks) {
        const AnyNetwork::Facts& f = n->facts;
        const Cost whole = n->cost(n->whole());
        table.add({f.name, f.input.text().c_str(), std::to_string(f.classes), std::to_string(whole.parameters),
                   std::to_string(whole.macs), joined(f.blocks, ","), std::to_string(n->memory().weights),
                   std::to_string(n->memory().activations), std::to_string(n->memory().workspace)});
    }
    table.print();
    std::cout << "weights, activations, workspace: bytes. blocks: of each group.\n";
    if (!o.layers) return;
    for (const AnyNetwork* n : networks) {
        std::cout << '\n';
        print_layers(*n);
    }
}

}  // namespace sluice::tools
