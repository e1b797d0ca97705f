#include "labelled_photographs.hpp"

#include <filesystem>

#include "cifar10.hpp"
#include "failure.hpp"
#include "photographs.hpp"
#include "sluice/io/map.hpp"

namespace sluice::tools {

namespace {

void check_folder(const std::string& folder) {
    namespace fs = std::filesystem;
    std::error_code ignored;
    const fs::file_status status = fs::status(folder, ignored);
    if (!fs::exists(status)) fail(Exit::file, "--data: cannot read ", folder, ": no such folder");
    if (!fs::is_directory(status) || !Cifar10::test_batch_in(folder).empty())
        fail(Exit::usage, "--labels: it tells the classes of photographs in a folder; --data ", folder,
             fs::is_directory(status) ? " holds" : " is no folder but", " CIFAR-10's records, which bring their own");
}

}  // namespace

LabelledPhotographs::LabelledPhotographs(const std::string& folder, const std::string& labels,
                                         const AnyNetwork& network, std::optional<int> resize)
    : labels_(labels), preprocessing_(preprocessing_for(network, resize)) {
    check_folder(folder);
    files_ = read_label_file(labels, folder, network.facts.classes);
    // Hours may pass before the last one's turn.
    for (const LabelledFile& f : files_)
        check(io::MappedFile::open(f.path.c_str()).status(), place_in(labels_, f.line) + f.path);
}

std::vector<float> LabelledPhotographs::input(std::size_t i, const Normalisation& normalisation) const {
    try {
        return network_input(preprocess(read_picture(files_[i].path), preprocessing_), normalisation);
    } catch (const Failure& f) {
        fail(f.code, place_in(labels_, files_[i].line), f.what());
    }
}

}  // namespace sluice::tools
