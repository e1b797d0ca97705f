#include "image.hpp"

#include <cmath>
#include <cstring>

#include "failure.hpp"
#include "sluice/core/generator.hpp"
#include "sluice/io/map.hpp"
#include "sluice/io/quote.hpp"

namespace sluice::tools {

std::vector<float> generated_image(const Shape& shape, std::uint64_t seed) {
    std::vector<float> image(static_cast<std::size_t>(shape.size()));
    for (std::size_t i = 0; i < image.size(); ++i) image[i] = GeneratedImage{seed}(static_cast<std::ptrdiff_t>(i));
    return image;
}

// Version 1.0 of the format: six bytes of magic, two of version, two of length, a Python dictionary, the numbers. NumPy
// sorts the dictionary's keys, so it is compared as a text, but for the spaces.
std::vector<float> image_from_npy(const std::string& path, const Shape& shape) {
    const Result<io::MappedFile> file = io::MappedFile::open(path.c_str());
    check(file.status(), "--image");
    const std::string_view bytes(reinterpret_cast<const char*>(file->bytes().data()), file->bytes().size());
    constexpr std::size_t before = 10;
    using namespace std::string_view_literals;
    if (bytes.size() < before || !bytes.starts_with("\x93NUMPY\x01\x00"sv))
        fail(Exit::format, "--image: ", path, ": expected an .npy file of version 1.0, as numpy.save writes it");
    const auto byte = [&](std::size_t i) { return static_cast<std::size_t>(static_cast<unsigned char>(bytes[i])); };
    const std::string_view header = bytes.substr(before, byte(8) | byte(9) << 8);
    std::string said;
    for (const char c : header)
        if (c != ' ' && c != '\n') said += c;
    const std::string expected =
        text<120>("{'descr':'<f4','fortran_order':False,'shape':(", shape.C, ",", shape.H, ",", shape.W, "),}").c_str();
    if (said != expected)
        fail(Exit::format, "--image: ", path, ": expected the header ", expected, ", found ", io::quoted(said).c_str());

    std::vector<float> image(static_cast<std::size_t>(shape.size()));
    const std::string_view numbers = bytes.substr(before + header.size());
    if (numbers.size() != image.size() * sizeof(float))
        fail(Exit::format, "--image: ", path, ": expected ", image.size() * sizeof(float), " bytes of numbers, found ",
             numbers.size());
    std::memcpy(image.data(), numbers.data(), numbers.size());
    for (std::size_t i = 0; i < image.size(); ++i)
        if (!std::isfinite(image[i])) fail(Exit::format, "--image: ", path, ": element ", i, " is not a finite number");
    return image;
}

}  // namespace sluice::tools
