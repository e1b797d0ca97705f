// Choices of algorithms as text, to be kept from one start to the next: lines of words with tabs between them.
//
//     sluice algorithms  1
//     device             NVIDIA H100 80GB HBM3
//     cudnn              91002
//     network            resnet50
//     precision          tf32
//     images             8
//     workspace          268435456
//     conv1              1                      fused
//     layer1.0.conv1     6                      plain
//     ...
//
// What was measured on another device, by another cuDNN or for another engine says nothing here, and is refused.
#pragma once

#include <charconv>

#include "sluice_kernels/cuda/convolutions.hpp"

namespace sluice::inline SLUICE_ABI::cuda {

template <Network Net, nvidia::Precision precision, int N>
class KeptChoices {
    using Choices = typename Convolutions<Net, precision, N>::Choices;
    static constexpr auto& net = graph_of<Net>;
    const nvidia::Identity& gpu_;
    std::size_t workspace_;

  public:
    // workspace: the bytes that cuDNN may use.
    KeptChoices(const nvidia::Identity& gpu, std::size_t workspace) : gpu_(gpu), workspace_(workspace) {}

    // out(line) gets each line, with its end.
    template <class Out>
    void write(const Choices& choices, Out out) const {
        (void)for_head([&](std::string_view key, std::string_view value) {
            out(text<320>(key, "\t", value, "\n").view());
            return Status();
        });
        out(text<320>("workspace\t", workspace_, "\n").view());
        for (std::size_t i = 0; i < net.nodes.size(); ++i)
            if (net.nodes[i].has_weights())
                out(text<320>(net.nodes[i].name, "\t", choices[i].algorithm, choices[i].fused ? "\tfused" : "\tplain",
                              "\n")
                        .view());
    }

    Result<Choices> read(std::string_view file) const {
        const Status same = for_head([&](std::string_view key, std::string_view here) {
            const std::string_view value = value_of(take_line(file), key);
            if (value.empty()) return no_line(key);
            if (value == here) return Status();
            return Status::error(Error::mismatch, "the choices of algorithms are for ", key, " '", value.substr(0, 60),
                                 "', here it is '", here, "'; measure again");
        });
        if (!same) return same;
        std::size_t workspace = 0;
        if (!number(value_of(take_line(file), "workspace"), workspace)) return no_line("workspace");
        if (workspace > workspace_)
            return Status::error(Error::mismatch, "the choices of algorithms are for ", workspace,
                                 " bytes of workspace, here cuDNN has ", workspace_, "; lend more or measure again");
        Choices choices{};
        for (std::size_t i = 0; i < net.nodes.size(); ++i) {
            if (!net.nodes[i].has_weights()) continue;
            std::string_view value = value_of(take_line(file), net.nodes[i].name.view());
            choices[i].fused = value.ends_with("\tfused");
            if (!choices[i].fused && !value.ends_with("\tplain")) return no_line(net.nodes[i].name.view());
            value.remove_suffix(std::string_view("\tfused").size());
            if (!number(value, choices[i].algorithm)) return no_line(net.nodes[i].name.view());
        }
        if (!file.empty())
            return Status::error(Error::format, "the choices of algorithms have a line too many: '",
                                 take_line(file).substr(0, 60), "'");
        return choices;
    }

  private:
    // line(key, value) of all that has to be the same, until one is wrong.
    template <class Line>
    Status for_head(Line line) const {
        const auto cudnn = text<15>(gpu_.cudnn), images = text<15>(N);
        const std::string_view head[][2] = {{"sluice algorithms", "1"},
                                            {"device", gpu_.device},
                                            {"cudnn", cudnn.view()},
                                            {"network", Net::name.view()},
                                            {"precision", nvidia::name_of(precision)},
                                            {"images", images.view()}};
        for (const auto& [key, value] : head)
            if (Status s = line(key, value); !s) return s;
        return {};
    }
    static std::string_view take_line(std::string_view& text) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(std::min(line.size() + 1, text.size()));
        return line;
    }
    // What follows the key and a tab; empty if that is not how the line begins.
    static std::string_view value_of(std::string_view line, std::string_view key) {
        const bool is_it = line.starts_with(key) && line.substr(key.size()).starts_with('\t');
        return is_it ? line.substr(key.size() + 1) : std::string_view();
    }
    template <class Number>
    static bool number(std::string_view text, Number& value) {
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
        return error == std::errc{} && end == text.data() + text.size() && value >= 0;
    }
    static Status no_line(std::string_view key) {
        return Status::error(Error::format, "the choices of algorithms have no line '", key, "' where it belongs");
    }
};

}  // namespace sluice
