// WeightsFile: a .safetensors file that claims to hold the weights of one network, checked against the network's graph.
// docs/weights.md describes the format.
#pragma once

#include "sluice/graph/node.hpp"
#include "sluice/io/safetensors.hpp"
#include "sluice/io/settings.hpp"
#include "sluice/io/weight_source.hpp"

namespace sluice::inline SLUICE_ABI::io {

class WeightsFile {
  public:
    // index: room for one Tensor per tensor of the file.
    static Result<WeightsFile> open(std::span<const std::byte> bytes, std::span<Tensor> index, std::string_view network,
                                    const graph::View& net) {
        Result<Safetensors> file = Safetensors::open(bytes, index);
        if (!file) return file.status();
        WeightsFile w;
        w.file_ = *file;
        if (Status s = w.belongs_to(network); !s) return s;
        for (const graph::Node& n : net.nodes) {
            if (!n.has_weights()) continue;
            if (Result<WeightSource> t = w.weight(n); !t) return t.status();
            if (Result<WeightSource> t = w.vector(text<120>(n.name, ".bias").view(), n.out.C); !t) return t.status();
        }
        if (Status s = w.nothing_left_over(net); !s) return s;
        return w;
    }

    // [K][C / groups][R][S], or [K][C * H * W] for a linear layer.
    Result<WeightSource> weight(const graph::Node& n) const {
        const std::int64_t shape[4] = {n.out.C, n.in.C / n.groups, n.window.R, n.window.S};
        const std::int64_t matrix[2] = {n.out.C, n.in.size()};
        const bool linear = n.op == graph::Op::linear;
        return tensor(text<120>(n.name, ".weight").view(), linear ? std::span(matrix) : std::span<const std::int64_t>(shape));
    }
    Result<WeightSource> bias(const graph::Node& n) const { return vector(text<120>(n.name, ".bias").view(), n.out.C); }

    // A setting's own scale or bias of a layer: [K].
    using SettingName = Text<160>;
    static SettingName setting_name(std::string_view setting, const graph::Node& n, std::string_view which) {
        return text<160>("settings.", setting, ".", n.name, ".", which);
    }
    bool has(const SettingName& name) const { return file_.find(name.view()) != nullptr; }
    Result<WeightSource> setting(const SettingName& name, const graph::Node& n) const {
        return vector(name.view(), n.out.C);
    }

    // The logits that the full network gives for image_generator(selftest_seed); null source if the file has none.
    bool has_self_test() const { return file_.find("selftest.logits") != nullptr; }
    Result<WeightSource> self_test_logits(int classes) const { return vector("selftest.logits", classes); }

    std::string_view metadata(std::string_view key) const { return file_.metadata(key).value_or(std::string_view{}); }

  private:
    Safetensors file_;

    Status belongs_to(std::string_view network) const {
        if (metadata("format") != "sluice")
            return Status::error(Error::mismatch, "the file was not written by sluice's converter: its metadata has no ",
                                 "format = sluice; convert the checkpoint first");
        if (metadata("format_version") != "1")
            return Status::error(Error::mismatch, "the file has format version '", metadata("format_version"),
                                 "', this library reads version 1");
        if (metadata("network") != network)
            return Status::error(Error::mismatch, "the file holds weights of '", metadata("network"), "', expected '",
                                 network, "'");
        return {};
    }

    Result<WeightSource> vector(std::string_view name, std::int64_t length) const { return tensor(name, {&length, 1}); }

    Result<WeightSource> tensor(std::string_view name, std::span<const std::int64_t> shape) const {
        const Tensor* t = file_.find(name);
        if (t == nullptr) return Status::error(Error::mismatch, "tensor ", name, " is missing");
        Text<60> expected("[");
        bool same = t->rank == static_cast<int>(shape.size());
        for (std::size_t i = 0; i < shape.size(); ++i) {
            same = same && t->shape[i] == shape[i];
            expected.append(i > 0 ? ", " : "").append(shape[i]);
        }
        if (!same)
            return Status::error(Error::mismatch, "tensor ", name, " has shape ", t->shape_text(), ", expected ",
                                 expected, "]");
        if (!WeightSource::readable(t->dtype))
            return Status::error(Error::mismatch, "tensor ", name, " holds ", info(t->dtype).name,
                                 ", expected F32, F16 or BF16");
        return WeightSource(*t);
    }

    // A tensor that nobody reads is a sign of another network, or of a name misspelt.
    Status nothing_left_over(const graph::View& net) const {
        for (const Tensor& t : file_.tensors()) {
            std::string_view rest = t.name;
            if (rest == "selftest.logits") continue;
            const bool setting = rest.starts_with("settings.");
            bool known = !setting || names_a_setting(rest);
            const std::size_t dot = rest.rfind('.');
            const std::string_view layer(rest.data(), dot == rest.npos ? 0 : dot);
            const std::string_view leaf(rest.data() + layer.size(), rest.size() - layer.size());
            bool layer_known = false;
            for (const graph::Node& n : net.nodes)
                layer_known = layer_known || (n.has_weights() && layer == n.name.view());
            known = known && layer_known && (leaf == ".bias" || leaf == (setting ? ".scale" : ".weight"));
            if (!known) return Status::error(Error::mismatch, "tensor ", t.name, " belongs to no layer of this network");
        }
        return {};
    }

    // Takes "settings.<name>." off the front, if a setting of that name is listed.
    bool names_a_setting(std::string_view& rest) const {
        std::string_view list = metadata("settings"), tail = rest;
        tail.remove_prefix(std::string_view("settings.").size());
        for (std::string_view item; !(item = next_item(list)).empty();) {
            const std::string_view name(item.data(), item.find('=') == item.npos ? item.size() : item.find('='));
            if (!tail.starts_with(name) || tail.size() <= name.size() || tail[name.size()] != '.') continue;
            tail.remove_prefix(name.size() + 1);
            rest = tail;
            return true;
        }
        return false;
    }
};

}  // namespace sluice
