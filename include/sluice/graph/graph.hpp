// graph_of<Net>: the network's nodes as one constexpr array, or a compile error that says in a sentence which layer does
// not fit and why.
#pragma once

#include <algorithm>
#include <concepts>
#include <utility>

#include "sluice/graph/builder.hpp"

namespace sluice::inline SLUICE_ABI {

// A network is a type with a name, as weights files carry it, and a description.
template <class Net>
concept Network = requires(graph::Builder& b) {
    { Net::name.view() } -> std::same_as<std::string_view>;
    Net::describe(b);
};

namespace graph {

// Compilers print the template argument; gcc prints a Text as a sentence, clang 14 only a list of characters.
#if defined(__clang__)
template <char... sentence>
struct wrong_composition {
    static_assert(sizeof...(sentence) == 0, "sluice: the network does not fit together; read the template arguments");
};
template <Text message, int... i>
constexpr auto report(std::integer_sequence<int, i...>) -> wrong_composition<message.chars[i]...>;
template <Text message>
constexpr bool fits = sizeof(decltype(report<message>(std::make_integer_sequence<int, message.length>{}))) > 0;
#else
template <Text message>
struct wrong_composition {
    static_assert(message.length == 0, "sluice: the network does not fit together; read the template argument");
};
template <Text message>
constexpr bool fits = sizeof(wrong_composition<message>) > 0;
#endif

template <class Net>
consteval Builder draft() {
    Builder b;
    Net::describe(b);
    return b;
}

// FNV-1a of every name, sorted: equal neighbours are layers of the same name. Linear in the text, n log n in the layers.
template <std::size_t N>
consteval Text<200> repeated_name(const std::array<Node, N>& nodes) {
    std::array<std::pair<std::uint64_t, std::size_t>, N> hashes{};
    for (std::size_t i = 0; i < N; ++i) {
        std::uint64_t h = 0xcbf29ce484222325;
        for (char c : nodes[i].name.view()) h = (h ^ static_cast<unsigned char>(c)) * 0x100000001b3;
        hashes[i] = {h, i};
    }
    std::sort(hashes.begin(), hashes.end());
    for (std::size_t i = 1; i < N; ++i)
        if (hashes[i].first == hashes[i - 1].first)
            return text<200>(nodes[hashes[i].second].name, ": two layers have this name");
    return {};
}

template <class Net>
consteval auto exact() {
    constexpr Builder b = draft<Net>();
    Graph<b.node_count, b.block_count> g;
    std::copy_n(b.nodes.begin(), b.node_count, g.nodes.begin());
    std::copy_n(b.blocks.begin(), b.block_count, g.blocks.begin());
    g.groups = b.groups;
    g.gates = b.gates;
    return g;
}

template <class Net>
constexpr Text<200> composition_error = [] {
    constexpr Text<200> error = draft<Net>().error;
    if constexpr (!error.empty()) return error;
    else return repeated_name(exact<Net>().nodes);
}();

template <Network Net>
consteval auto checked() {
    static_assert(fits<composition_error<Net>>);
    return exact<Net>();
}

}  // namespace graph

template <Network Net>
inline constexpr auto graph_of = graph::checked<Net>();

template <Network Net>
inline constexpr graph::View graph_view = graph_of<Net>;

}  // namespace sluice
