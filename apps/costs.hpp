// Costs: what each primitive takes for each layer of a network on this machine, as far as it was measured, and the file
// that holds it. docs/planner.md has its format.
#pragma once

#include <nlohmann/json.hpp>
#include <vector>

#include "layer_timing.hpp"
#include "network.hpp"

namespace sluice::tools {

class Costs {
  public:
    using Json = nlohmann::ordered_json;

    // Throws a Failure if something lies at the path that is no file to be replaced, such as a device.
    Costs(const AnyNetwork& network, const std::string& set, int threads, std::string path);

    // So often all is measured, in rounds through the whole network: a machine that others use too is slower for seconds,
    // and the quietest round of each time counts.
    static constexpr int rounds = 3;

    // Equal layers, which are measured once a round.
    struct Kind {
        LayerPlace place;
        Json facts;                    // as the file has them
        std::vector<LayerCost> costs;  // none: not measured yet, or a concatenation
        int rounds = 0;                // of which they are
    };
    std::vector<Kind>& kinds() { return kinds_; }

    // Maps of equal shape, and what it takes to turn them round.
    struct MapKind {
        Shape shape;
        std::vector<LayerCost> turns;  // none: not measured yet
        int rounds = 0;
    };
    std::vector<MapKind>& maps() { return maps_; }  // none where all primitives agree on a layout

    // Of two rounds of the same layer, which takes the times of the quieter one.
    static std::vector<LayerCost> quieter(std::vector<LayerCost> round, const std::vector<LayerCost>& earlier);

    // Takes over what the file has measured, if there is one. Throws a Failure: the file is damaged, or of something
    // else, or of another machine.
    void resume();
    void save() const;  // replaces the file

  private:
    const AnyNetwork& network_;
    std::string path_;
    Json subject_;  // what the costs are of
    std::vector<Kind> kinds_;
    std::vector<std::size_t> kind_of_;  // by layer
    std::vector<MapKind> maps_;

    Json layers() const;
    void compare_subject(const Json& file) const;
};

}  // namespace sluice::tools
