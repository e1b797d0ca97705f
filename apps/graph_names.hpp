// How operations and activations are called in what the command prints and writes.
#pragma once

#include "sluice/graph/node.hpp"

namespace sluice::tools {

inline const char* name_of(graph::Op op) {
    switch (op) {
        case graph::Op::input:
            return "input";
        case graph::Op::conv:
            return "conv";
        case graph::Op::linear:
            return "linear";
        case graph::Op::max_pool:
            return "max_pool";
        case graph::Op::average_pool:
            return "average_pool";
        case graph::Op::subsample:
            return "subsample";
        case graph::Op::concat:
            return "concat";
    }
    return "unknown";
}

inline const char* name_of(graph::Activation act) {
    switch (act) {
        case graph::Activation::none:
            return "none";
        case graph::Activation::relu:
            return "relu";
        case graph::Activation::relu6:
            return "relu6";
    }
    return "unknown";
}

}  // namespace sluice::tools
