// WeightsWriter: safetensors files for tests, good ones and ones that are wrong in one chosen way.
#pragma once

#include <algorithm>
#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "generated_weights.hpp"
#include "sluice/io/safetensors.hpp"
#include "sluice/io/weight_source.hpp"

namespace support {

struct WrittenTensor {
    std::string name, dtype = "F32";
    std::vector<std::int64_t> shape;
    std::vector<std::byte> data;

    std::vector<float> floats() const {
        std::vector<float> values(data.size() / sizeof(float));
        std::memcpy(values.data(), data.data(), data.size());
        return values;
    }
    void set(const std::vector<float>& values) {
        data.resize(values.size() * sizeof(float));
        std::memcpy(data.data(), values.data(), data.size());
    }
};

class WeightsWriter {
  public:
    std::map<std::string, std::string> metadata;
    std::vector<WrittenTensor> tensors;

    // A copy of a file, to be changed.
    explicit WeightsWriter(std::span<const std::byte> file) {
        std::vector<sluice::io::Tensor> index(*sluice::io::Safetensors::count(file));
        const auto source = *sluice::io::Safetensors::open(file, index);
        for (const char* key : {"format", "format_version", "network"})
            if (const auto value = source.metadata(key)) metadata[key] = *value;
        for (const sluice::io::Tensor& t : source.tensors())
            tensors.push_back({std::string(t.name),
                               std::string(sluice::io::info(t.dtype).name),
                               {t.shape.begin(), t.shape.begin() + t.rank},
                               {t.data.begin(), t.data.end()}});
    }

    WrittenTensor& at(const std::string& name) {
        return *std::find_if(tensors.begin(), tensors.end(), [&](const WrittenTensor& t) { return t.name == name; });
    }
    void remove(const std::string& prefix) {
        std::erase_if(tensors, [&](const WrittenTensor& t) { return t.name.starts_with(prefix); });
    }
    void add(const std::string& name, std::vector<std::int64_t> shape, const std::vector<float>& values) {
        tensors.push_back({.name = name, .shape = std::move(shape), .data = {}});
        tensors.back().set(values);
    }
    void add(const std::string& name, const std::vector<float>& values) {
        add(name, {static_cast<std::int64_t>(values.size())}, values);
    }

    std::vector<std::byte> bytes() const {
        std::string header = "{\"__metadata__\":{";
        for (const auto& [key, value] : metadata)
            header += (header.back() == '{' ? "\"" : ",\"") + key + "\":\"" + value + "\"";
        header += "}";
        std::vector<std::byte> data;
        for (const WrittenTensor& t : tensors) {
            std::string shape;
            for (std::int64_t n : t.shape) shape += (shape.empty() ? "" : ",") + std::to_string(n);
            header += ",\"" + t.name + "\":{\"dtype\":\"" + t.dtype + "\",\"shape\":[" + shape +
                      "],\"data_offsets\":[" + std::to_string(data.size()) + "," +
                      std::to_string(data.size() + t.data.size()) + "]}";
            data.insert(data.end(), t.data.begin(), t.data.end());
        }
        header += "}";
        header.resize((header.size() + 7) / 8 * 8, ' ');
        std::vector<std::byte> file(8);
        for (std::size_t i = 0; i < 8; ++i) file[i] = static_cast<std::byte>(std::uint64_t(header.size()) >> (8 * i));
        const auto* text = reinterpret_cast<const std::byte*>(header.data());
        file.insert(file.end(), text, text + header.size());
        file.insert(file.end(), data.begin(), data.end());
        return file;
    }
};

// A generated file of a network.
template <class Net>
std::vector<std::byte> generated(std::uint64_t seed = 1) {
    return sluice::tools::generated_weights(sluice::graph_view<Net>, Net::name.view(), seed);
}

// The upper half of a float's bits: a bfloat16, rounded towards zero.
inline std::uint16_t bfloat16_of(float x) { return static_cast<std::uint16_t>(std::bit_cast<std::uint32_t>(x) >> 16); }

// A half, rounded towards zero; what is smaller than the smallest normal half becomes zero.
inline std::uint16_t half_of(float x) {
    const auto bits = std::bit_cast<std::uint32_t>(x);
    const auto sign = static_cast<std::uint16_t>(bits >> 16 & 0x8000u);
    const int exponent = static_cast<int>(bits >> 23 & 0xFFu) - 127 + 15;
    if (exponent <= 0) return sign;
    return static_cast<std::uint16_t>(sign | static_cast<std::uint32_t>(exponent) << 10 | (bits >> 13 & 0x3FFu));
}

}  // namespace support
