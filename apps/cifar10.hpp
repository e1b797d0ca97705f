// CIFAR-10's binary records: a byte of label, then 32x32 bytes each of red, green and blue.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "labelled_images.hpp"
#include "network.hpp"

namespace sluice::tools {

class Cifar10 : public LabelledImages {
  public:
    static constexpr int classes = 10, channels = 3, side = 32;
    static constexpr std::size_t pixels = std::size_t(side) * side;
    static constexpr std::size_t record = 1 + channels * pixels;  // bytes

    // A .bin file, the same compressed with xz, or a directory that holds test_batch.bin or test_batch.bin.xz.
    // Throws a Failure that names the file, or the network if it is none for such images. photographs: what to know
    // if the directory holds those, for the message.
    static Cifar10 read(const std::string& path, const AnyNetwork& network, const char* photographs);
    // The path of one of the two; empty if the directory holds neither.
    static std::string test_batch_in(const std::string& directory);

    std::span<const std::uint8_t> bytes() const { return bytes_; }  // all records, unpacked

    std::size_t size() const override { return bytes_.size() / record; }
    int label(std::size_t i) const override { return bytes_[i * record]; }
    std::vector<float> input(std::size_t i, const Normalisation& normalisation) const override {
        std::vector<float> image(channels * pixels);
        normalisation(bytes_.data() + i * record + 1, pixels, image.data());
        return image;
    }

  private:
    std::vector<std::uint8_t> bytes_;
};

}  // namespace sluice::tools
