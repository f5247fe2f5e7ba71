// What is said of a step that ran out of memory.
#pragma once

#include <string>

#include "core/base/Error.h"
#include "core/run/Plan.h"

namespace lorkd::train {

/// Bytes; 0 where unknown.
struct Memory {
  double wanted = 0;  ///< the allocation that failed
  double limit = 0;   ///< what this process, or the device, may have
  double fixed = 0;   ///< what does not grow with the batch: weights, gradients, the optimiser's state
};

/// Bytes that this process may have: address space, control group, or the machine's memory.
double memoryLimit();

/// Figures of an exception's text ("you tried to allocate 123 bytes", "Tried to allocate 2.00 GiB ... 79.10 GiB total
/// capacity"); the limit, where the text has none, is memoryLimit().
Memory memoryOf(const std::string& what, double fixed);

/// The error for such a step: the plan's batch and patch, what failed, and a smaller batch and a smaller patch that an
/// estimate linear in batch × patch says would fit. `multiple`: patch sizes must be multiples of it.
Error memoryError(const plan::Plan& plan, const Memory& memory, std::int64_t multiple, const std::string& where);

}  // namespace lorkd::train
