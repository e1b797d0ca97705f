// Photographs on their way into a network: which of many files can be read, and what the network is shown of them.
#pragma once

#include <algorithm>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "folder.hpp"
#include "network.hpp"
#include "normalisation.hpp"
#include "preprocess.hpp"
#include "split.hpp"

namespace sluice::tools {

// Networks for 224x224, and Caffe's for 227x227, lose a margin, as torchvision has it: the shorter side becomes 256 before the crop. The others
// see all of the shorter side. resize: another length of it, 0 to leave the size as it is.
inline Preprocessing preprocessing_for(const AnyNetwork& network, std::optional<int> resize) {
    constexpr int most = 1 << 16;
    const Shape in = network.facts.input;
    if (in.C != static_cast<int>(Picture::channels))
        fail(Exit::usage, "--net ", network.facts.name, ": expected a network for colour pictures, 3 channels; found ",
             in.C);
    if (resize && (*resize < 0 || *resize > most))
        fail(Exit::usage, "--resize: expected 0 to ", most, " pixels, found ", *resize);
    const int side = std::max(in.H, in.W);
    return {static_cast<std::size_t>(resize.value_or(side >= 224 && side < 256 ? 256 : side)), static_cast<std::size_t>(in.W),
            static_cast<std::size_t>(in.H)};
}

// The network's input [3][H][W] for a picture that preprocess() gave.
inline std::vector<float> network_input(const Picture& seen, const Normalisation& normalisation) {
    std::vector<float> image(seen.rgb.size());
    normalisation.interleaved(seen.rgb.data(), seen.width * seen.height, image.data());
    return image;
}

using Json = nlohmann::ordered_json;

inline Json json_of(const std::string& file, const Picture& picture) {
    return {{"file", file}, {"width", picture.width}, {"height", picture.height}};
}

// Names of files and labels may be no UTF-8, but JSON must be.
inline std::string text_of(const Json& json) { return json.dump(1, ' ', false, Json::error_handler_t::replace); }

// A file that cannot be read does not keep the others from being used: its message waits here.
class Unreadable {
  public:
    void add(const Failure& f) {
        messages_.push_back(f.what());
        worst_ = std::max(worst_, f.code);
    }
    // Throws all of them as one, with the highest exit code.
    void raise() const {
        if (!messages_.empty()) throw Failure(worst_, joined(messages_, "\nsluice: "));
    }

  private:
    std::vector<std::string> messages_;
    Exit worst_ = Exit::ok;
};

// Calls use(file, picture) for every picture that can be read, in order; a folder stands for those in it.
template <class Use>
Unreadable each_picture(const std::vector<std::string>& paths, const Use& use) {
    Unreadable unreadable;
    const auto succeeds = [&](const auto& step) {
        try {
            step();
        } catch (const Failure& f) {
            unreadable.add(f);
            return false;
        }
        return true;
    };
    for (const std::string& path : paths) {
        std::vector<std::string> files;
        succeeds([&] { files = photographs_at(path); });
        for (const std::string& file : files) {
            Picture picture;
            if (succeeds([&] { picture = read_picture(file); })) use(file, picture);
        }
    }
    return unreadable;
}

}  // namespace sluice::tools
