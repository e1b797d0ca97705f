// Every way to choose gates.
#pragma once

#include "sluice/gate/keep.hpp"          // keep<Net>({2, 4, 15, 2}): a tuple
#include "sluice/gate/proportional.hpp"  // proportional<Net>(percent(80)): one number (PLS)
#include "sluice/gate/table1.hpp"        // table1<Net>(50): the paper's rows
