// Gradient conflict of a whole run, as the report and a study tell it.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/report/Svg.h"
#include "core/run/RunSeries.h"

namespace lorkd::report {

/// Gradient conflict of a run: everything follows from the logged Gram matrices.
struct ConflictHistory {
  std::vector<std::string> tasks;
  std::int64_t measurements = 0;
  std::vector<std::vector<double>> cosine;     ///< mean over the measurements; NaN for pairs never seen together
  std::vector<std::vector<double>> magnitude;  ///< mean magnitude similarity; NaN where one had no gradient
  svg::Points fraction;                        ///< share of pairs with a negative cosine, all layers together
  plan::Named<double> layers;                  ///< share of pair-steps with a negative cosine, in network order
};

/// Without measurements if two tasks never were in one batch.
ConflictHistory conflictOf(const run::RunSeries& series);

}  // namespace lorkd::report
