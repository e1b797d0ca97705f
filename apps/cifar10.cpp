#include "cifar10.hpp"

#include <filesystem>

#include "failure.hpp"
#include "sluice/io/map.hpp"
#include "xz.hpp"

namespace sluice::tools {

namespace {

void check_network(const AnyNetwork::Facts& f) {
    const Shape images{Cifar10::channels, Cifar10::side, Cifar10::side};
    if (f.input != images || f.classes != Cifar10::classes)
        fail(Exit::usage, "--net ", f.name, ": expected a network for CIFAR-10, ", images.text().c_str(),
             " images and 10 classes; this one has ", f.input.text().c_str(), " and ", f.classes);
}

}  // namespace

std::string Cifar10::test_batch_in(const std::string& directory) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    for (const char* name : {"test_batch.bin", "test_batch.bin.xz"})
        if (const fs::path file = fs::path(directory) / name; fs::exists(file, ignored)) return file.string();
    return {};
}

Cifar10 Cifar10::read(const std::string& path, const AnyNetwork& network, const char* photographs) {
    std::error_code ignored;
    const std::string file = std::filesystem::is_directory(path, ignored) ? test_batch_in(path) : path;
    if (file.empty())
        fail(Exit::file, "--data: the directory ", path, " holds neither test_batch.bin nor test_batch.bin.xz; ",
             photographs);
    check_network(network.facts);
    const Result<io::MappedFile> mapped = io::MappedFile::open(file.c_str());
    check(mapped.status(), "--data");
    const auto* first = reinterpret_cast<const std::uint8_t*>(mapped->bytes().data());
    const std::span<const std::uint8_t> stored(first, mapped->bytes().size());

    Cifar10 data;
    if (file.ends_with(".xz") || is_xz(stored))
        data.bytes_ = unpack_xz(stored, file);
    else
        data.bytes_.assign(stored.begin(), stored.end());

    const std::size_t left = data.bytes_.size() % record;
    if (left != 0 || data.bytes_.empty())
        fail(Exit::format, "--data: ", file, ": expected records of ", record,
             " bytes (label, red, green, blue), found ", data.size(), " of them and ", left, " bytes more");
    for (std::size_t i = 0; i < data.size(); ++i)
        if (data.label(i) >= classes)
            fail(Exit::format, "--data: ", file, ": record ", i, ": expected a label from 0 to 9, found ",
                 data.label(i));
    return data;
}

}  // namespace sluice::tools
