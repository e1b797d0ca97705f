// A folder of photographs whose classes a label file tells.
#pragma once

#include <optional>
#include <string>

#include "label_file.hpp"
#include "labelled_images.hpp"
#include "network.hpp"
#include "preprocess.hpp"

namespace sluice::tools {

// A photograph is decoded whenever it is asked for: 50,000 of them as floats [3][224][224] would be 30 GB.
class LabelledPhotographs : public LabelledImages {
  public:
    // Throws a Failure that names the label file's line if a photograph is not there. resize: as of classify.
    LabelledPhotographs(const std::string& folder, const std::string& labels, const AnyNetwork& network,
                        std::optional<int> resize);

    std::size_t size() const override { return files_.size(); }
    int label(std::size_t i) const override { return files_[i].label; }
    std::vector<float> input(std::size_t i, const Normalisation& normalisation) const override;

  private:
    std::string labels_;  // the label file
    Preprocessing preprocessing_;
    std::vector<LabelledFile> files_;
};

}  // namespace sluice::tools
