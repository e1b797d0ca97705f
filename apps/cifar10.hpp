// CIFAR-10's binary records: a byte of label, then 32x32 bytes each of red, green and blue.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace sluice::tools {

class Cifar10 {
  public:
    static constexpr int classes = 10, channels = 3, side = 32;
    static constexpr std::size_t pixels = std::size_t(side) * side;
    static constexpr std::size_t record = 1 + channels * pixels;  // bytes

    // A .bin file, the same compressed with xz, or a directory that holds test_batch.bin or test_batch.bin.xz.
    // Throws a Failure that names the file.
    static Cifar10 read(const std::string& path);

    std::span<const std::uint8_t> bytes() const { return bytes_; }  // all records, unpacked
    std::size_t size() const { return bytes_.size() / record; }
    int label(std::size_t i) const { return bytes_[i * record]; }
    const std::uint8_t* planes(std::size_t i) const { return bytes_.data() + i * record + 1; }

  private:
    std::vector<std::uint8_t> bytes_;
};

}  // namespace sluice::tools
