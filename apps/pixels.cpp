// sluice pixels: what a network is shown of photographs, to compare it with other programs.
#include <iostream>

#include "commands.hpp"
#include "output_file.hpp"
#include "photographs.hpp"
#include "registry.hpp"

namespace sluice::tools {

void pixels(const PixelsOptions& o) {
    const Preprocessing preprocessing = preprocessing_for(network_named(o.network), o.resize);
    OutputFile output("--output", o.output);

    Json list = Json::array();
    std::vector<std::uint8_t> bytes;
    const Unreadable unreadable = each_picture(o.files, [&](const std::string& file, const Picture& picture) {
        const Picture seen = preprocess(picture, preprocessing);
        bytes.insert(bytes.end(), seen.rgb.begin(), seen.rgb.end());
        list.push_back(json_of(file, picture));
        if (!o.json) std::cout << file << ' ' << picture.width << 'x' << picture.height << '\n';
    });
    write_npy(output.stream(), bytes, {list.size(), preprocessing.height, preprocessing.width, Picture::channels});
    output.close();
    if (o.json) std::cout << text_of(list) << '\n';
    unreadable.raise();
}

}  // namespace sluice::tools
