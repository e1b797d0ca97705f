// Which primitive computes each layer, where the plan leaves that to the backend.
//
// A layer begins with the first primitive of the list that supports it. Primitives that cost less may take its place,
// those first that save most time for each float by which the packed weights grow, as long as all weights together stay
// within the plan's bound. Costs follow from shapes and the numbers of a sheet, so a machine packs for another one.
#pragma once

#include <algorithm>
#include <array>

#include "sluice_kernels/primitive.hpp"

namespace sluice::inline SLUICE_ABI::kernels {

// Not constexpr on purpose: calling it stops the compiler, with this name in the message and the node in its notes.
void the_plan_names_a_primitive_that_does_not_support_its_layer();

template <class Layers, Primitive... P>
class Choice {
    static constexpr int nodes = Layers::nodes, count = sizeof...(P);

    struct Offer {
        bool valid = false;  // supported, and wanted or exact enough
        double cost = 0;
        std::int64_t floats = 0;
    };
    // What one primitive offers each layer. A constant of its own, since compilers limit the steps for each of them.
    template <class Q>
    static constexpr auto offers_of = [] {
        std::array<Offer, nodes> offers{};
        for (int i = 0; i < nodes; ++i) {
            if (!Layers::has(i)) continue;
            const Conv c = Layers::conv(i);
            const std::string_view wanted = Layers::wanted(i);
            const bool open = wanted.empty() && Q::error_growth <= Layers::most_error;
            if ((open || wanted == Q::name) && Q::supports(c))
                offers[i] = {true, Q::cost(c), Q::packed_floats(c)};
        }
        return offers;
    }();
    static constexpr std::array<const std::array<Offer, nodes>*, count> offers{&offers_of<P>...};

    static constexpr auto first = [] {
        std::array<int, nodes> chosen{};
        for (int i = 0; i < nodes; ++i) {
            int p = 0;
            while (p < count && !(*offers[p])[i].valid) ++p;
            if (Layers::has(i) && p == count) the_plan_names_a_primitive_that_does_not_support_its_layer();
            chosen[i] = Layers::has(i) ? p : -1;
        }
        return chosen;
    }();

    struct Change {
        int layer = 0, primitive = 0;
        double saving = 0;  // for each float
    };
    // f(change) for each that saves time: a tenth of the layer's, since costs are estimates.
    template <class F>
    static constexpr void for_each_change(F f) {
        for (int p = 0; p < count; ++p)
            for (int i = 0; i < nodes; ++i) {
                if (first[i] < 0 || !(*offers[p])[i].valid) continue;
                const Offer& was = (*offers[first[i]])[i];
                const Offer& is = (*offers[p])[i];
                const double saved = was.cost - is.cost;
                if (saved > 0.1 * was.cost)
                    f(Change{i, p, saved / double(std::max<std::int64_t>(1, is.floats - was.floats))});
            }
    }
    static constexpr int changes_count = [] {
        int n = 0;
        for_each_change([&](const Change&) { ++n; });
        return n;
    }();
    static constexpr auto changes = [] {
        std::array<Change, changes_count> list{};
        int n = 0;
        for_each_change([&](const Change& c) { list[n++] = c; });
        std::sort(list.begin(), list.end(), [](const Change& a, const Change& b) {
            return a.saving != b.saving ? a.saving > b.saving
                   : a.layer != b.layer ? a.layer < b.layer
                                        : a.primitive < b.primitive;
        });
        return list;
    }();

  public:
    // By node: index into P..., or -1 for nodes that are no convolution.
    static constexpr std::array<int, nodes> primitives() {
        std::array<int, nodes> chosen = first;
        double floats = 0, weights = 0;
        for (int i = 0; i < nodes; ++i)
            if (chosen[i] >= 0) {
                floats += double((*offers[chosen[i]])[i].floats);
                weights += double(Layers::conv(i).weights());
            }
        for (const Change& change : changes) {
            int& now = chosen[change.layer];
            const Offer& was = (*offers[now])[change.layer];
            const Offer& is = (*offers[change.primitive])[change.layer];
            const double more = double(is.floats - was.floats);
            if (is.cost >= was.cost || (more > 0 && floats + more > Layers::most_weights * weights)) continue;
            now = change.primitive;
            floats += more;
        }
        return chosen;
    }
};

}  // namespace sluice
