// Advice on ranks from a finished run: its spectra, its gradient conflict, and a budget of factor parameters.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/nn/RankAdvice.h"
#include "core/run/RunDirectory.h"

namespace lorkd::workflow {

/// How often each task's gradient on a layer's shared weight went against another's: share of its pair-steps with a
/// cosine below `threshold` (Recon, arXiv 2302.11289), from the log's Gram matrices.
struct ConflictScores {
  std::int64_t measurements = 0;
  plan::Named<std::vector<double>> layers;  ///< by layer: one score a task, not-a-number without any pair
};
ConflictScores conflictScores(const std::vector<Json>& events, const std::vector<std::string>& tasks,
                              double threshold = 0);

struct RanksRequest {
  /// Up to 10: a multiple of today's factor parameters; above: their number.
  double budget = 0.5;
  bool perLayer = false;
  double threshold = 0;  ///< cosines below this count as conflict
};

/// What is known of a run's ranks, and what is advised.
struct RanksReport {
  std::vector<nn::TaskDemand> demands;  ///< by task of the plan
  nn::RankAdvice advice;
  std::int64_t budget = 0;  ///< in factor parameters
  std::int64_t measurements = 0;
  std::vector<std::string> notes;  ///< where the advice has no basis, and what it cannot know
  plan::Plan plan;                 ///< the run's, with the advised ranks
  Json json() const;
  std::string text() const;
};

/// Errors: Unsupported (a method without factors), InvalidArgument (untrained factors, budget too small), those of
/// loadTrained().
Result<RanksReport> adviseRanks(const run::RunDirectory& run, const RanksRequest& request);

/// The plan with the ranks of an advice; layers that follow the rule are not named.
plan::Plan withRanks(plan::Plan plan, const std::vector<nn::TaskDemand>& demands, const nn::RankAdvice& advice);

}  // namespace lorkd::workflow
