// The networks of this program, in the order of nets::networks.
#pragma once

#include <string>
#include <vector>

namespace sluice::tools {

class AnyNetwork;

// Called by each network's translation unit before main().
void enlist(int place, const AnyNetwork& network);

std::vector<const AnyNetwork*> all_networks();

// The network of that name; else a Failure that lists the names and suggests the nearest.
const AnyNetwork& network_named(const std::string& name);

// "resnet18", "resnet18,resnet50" or "all", any number of them: every network once, in the order asked for.
std::vector<const AnyNetwork*> networks_named(const std::vector<std::string>& names);

}  // namespace sluice::tools
