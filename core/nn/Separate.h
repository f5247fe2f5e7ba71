// One network a task behind the interface of one network: single-task learning in a single run.
#pragma once

#include <memory>
#include <vector>

#include "core/nn/Network.h"

namespace lorkd::nn {

/// Puts plain backbones of one kind side by side, trunk t for task t. Each slice of a routing goes through its own
/// trunk as if alone; nothing is shared and no Gram matrix is recorded. Trunks are registered as "trunks.<task>".
/// Throws c10::Error for none at all or trunks of different kinds.
std::shared_ptr<Backbone> separate(std::vector<std::shared_ptr<Backbone>> trunks);

/// A network, and the task's number in it.
struct TaskNetwork {
  Network network{nullptr};
  int task = 0;
};

/// What one task is deployed as: of separate backbones its own trunk with its head (as task 0), which shares the
/// trunk's tensors and copies the head's; every other network as it is.
TaskNetwork ofTask(const Network& network, int task);

/// Whether the tasks of a network share nothing.
bool isSeparate(const Network& network);

}  // namespace lorkd::nn
