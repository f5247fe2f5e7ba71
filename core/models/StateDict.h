// Where the weights lie in what torch.save() was given: a dictionary of tensors by name, somewhere inside a checkpoint,
// or a whole module, whose parameters and buffers are named as torch.nn.Module.state_dict() names them.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/models/Tree.h"

namespace lorkd::models {

/// A place that may be the weights.
struct StateDict {
  std::string entry;  ///< the keys that lead there, joined by dots: "state_dict"; empty for the whole file
  Id id = nowhere;
  std::string module;  ///< the class of a whole module; empty for a dictionary
  std::size_t tensors = 0;
};

/// All dictionaries whose values are tensors for the most part (no lists, no dictionaries), and whole modules, at most
/// three keys deep. What belongs to an optimiser is left out.
std::vector<StateDict> stateDictsOf(const Tree& tree);

/// The one that is meant: `wanted` if that is given, else the only one, else the only one of a usual name
/// ("network_weights", "state_dict", "model" ...). Errors: NotFound, listing what there is; InvalidArgument where
/// several could be meant.
Result<StateDict> choose(const std::vector<StateDict>& found, const std::string& wanted);

using NamedIds = std::vector<std::pair<std::string, Id>>;

/// The tensors of a state dict by name, and in `others` the names of what is none. Errors: Format: a name that is no
/// text or comes twice; Unsupported: an object in the place of a tensor, named with its class (quantised, MetaTensor).
struct Named {
  NamedIds tensors;
  std::vector<std::string> others;
};
Result<Named> tensorsOf(const Tree& tree, const StateDict& dict);

}  // namespace lorkd::models
