// How many samples of each task a batch holds.
#pragma once

#include <cstdint>
#include <vector>

#include "core/run/Plan.h"

namespace lorkd::feed {

/// Samples per task of the batch at `step`; `cases` is the number of training cases per task.
/// batch >= tasks: the largest remainder of the sampling shares, every task at least one; the same at every step.
/// batch < tasks: tasks take turns over the steps, one after the other where shares are equal, else along a
/// golden-ratio walk over the shares (a low-discrepancy sequence), so that in the long run each gets its share.
std::vector<std::int64_t> taskShares(const plan::Training& options, const std::vector<std::int64_t>& cases,
                                     std::int64_t step);

}  // namespace lorkd::feed
