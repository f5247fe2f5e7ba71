// What a run's event log says, in the form in which the report draws it.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "core/base/Json.h"
#include "core/eval/Svg.h"
#include "core/run/Named.h"

namespace lorkd::eval {

/// Gradient conflict of a run: everything follows from the logged Gram matrices.
struct ConflictHistory {
  std::vector<std::string> tasks;
  std::int64_t measurements = 0;
  std::vector<std::vector<double>> cosine;     ///< mean over the measurements; NaN for pairs never seen together
  std::vector<std::vector<double>> magnitude;  ///< mean magnitude similarity, likewise
  svg::Points fraction;                        ///< share of pairs with a negative cosine, all layers together
  plan::Named<double> layers;                  ///< share of pair-steps with a negative cosine, in network order
};

/// A run's losses, validations and conflicts.
struct RunHistory {
  plan::Named<plan::Named<svg::Points>> losses;      ///< by task and name of the loss
  plan::Named<plan::Named<svg::Points>> validation;  ///< by task and metric
  svg::Points mean;                                  ///< the figure that chooses the best checkpoint
  double bestStep = -1, best = 0;                    ///< of the last validation that was the best so far; -1 if none
  std::string by;                                    ///< which score chose it; empty in logs that do not say
  double seconds = 0;                                ///< summed over the steps
  double waited = 0;                                 ///< seconds of these in which no batch was ready
  ConflictHistory conflict;
};

/// Reads events of kind step, validation and conflict; what is not of the expected form is left out.
RunHistory historyOf(const std::vector<Json>& events);

}  // namespace lorkd::eval
