// How many samples of each task a batch holds.
#pragma once

#include <cstdint>
#include <vector>

#include "core/run/Plan.h"

namespace lorkd::feed {

/// Samples per task of the batch at `step`; `cases` is the number of training cases per task.
/// batch >= tasks: every task its whole quota, at least one; what is left over goes round over the steps, one task
/// after the other where shares are equal, else along a golden-ratio walk over the quotas' remainders (a
/// low-discrepancy sequence), so that in the long run each gets its share. batch < tasks: all samples go round like
/// that.
std::vector<std::int64_t> taskShares(const plan::Training& options, const std::vector<std::int64_t>& cases,
                                     std::int64_t step);

}  // namespace lorkd::feed
