// SafetensorsHeader: how a .safetensors file of float32 tensors begins. The numbers follow, tensor after tensor.
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <utility>

namespace sluice::tools {

class SafetensorsHeader {
  public:
    // Names, keys and values are written as they are: none of ours needs an escape.
    explicit SafetensorsHeader(std::initializer_list<std::pair<std::string, std::string>> metadata) {
        for (const auto& [key, value] : metadata) json_ += (json_.empty() ? "\"" : ",\"") + key + "\":\"" + value + '"';
        json_ = "{\"__metadata__\":{" + json_ + '}';
    }

    void add(const std::string& name, std::initializer_list<std::int64_t> shape) {
        std::size_t floats = 1;
        std::string sizes;
        for (const std::int64_t n : shape) {
            floats *= static_cast<std::size_t>(n);
            sizes += (sizes.empty() ? "" : ",") + std::to_string(n);
        }
        json_ += ",\"" + name + "\":{\"dtype\":\"F32\",\"shape\":[" + sizes + "],\"data_offsets\":[" +
                 std::to_string(floats_ * 4) + "," + std::to_string((floats_ + floats) * 4) + "]}";
        floats_ += floats;
    }

    std::size_t floats() const { return floats_; }  // of all tensors

    // Length, JSON, and spaces, so that the numbers begin on a cache line.
    std::string bytes() const {
        std::string json = json_ + '}';
        json.append((64 - (8 + json.size()) % 64) % 64, ' ');
        std::string length;
        for (int i = 0; i < 8; ++i) length += static_cast<char>(std::uint64_t(json.size()) >> (8 * i) & 0xFF);
        return length + json;
    }

  private:
    std::string json_;
    std::size_t floats_ = 0;
};

}  // namespace sluice::tools
