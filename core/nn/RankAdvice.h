// Which ranks a budget of factor parameters is best spent on. No LibTorch, so that it can be tried on figures alone.
//
// The problem. Task t's update in layer l has energy e_tl(j) in its j-th unit of rank (see Spectrum.h). Choose ranks
// 1 <= r_tl <= the present ones, so that
//     sum over t, l of  (1 + c_tl) · sum over j <= r_tl of e_tl(j) / w_tl    is largest,
//     sum over t, l of  r_tl · (parameters of one unit of rank in l)         is within the budget;
// ranks per task tie the layers of a task together: r in the encoder, r times the decoder factor in the decoder.
//   e/w   w_tl is the squared norm of the task's own weight W0 + dW. The layers are normalised, so what counts for
//   their
//         output is the change relative to the weight, and layers of different size can be compared.
//   1 + c c_tl is the share of pair-steps in which the gradient of t on the layer's W0 went against another task's
//         (Recon, arXiv 2302.11289; there the guide to which layers tasks should not share). What a smaller factor
//         drops must be taken up by W0, which tasks that agree can do and tasks that conflict cannot: energy that must
//         stay apart counts up to twice. The spectrum is evidence about this run and the conflict a tendency, so the
//         conflict alone never outweighs more than a factor of two. Without measurements c = 0.
// Units of rank never gain more than those before them, so taking always the unit with the largest gain a parameter is
// the best choice for every budget that it spends to the end, and otherwise misses less than the gain of one unit.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "core/base/Error.h"
#include "core/nn/FactorShape.h"

namespace lorkd::nn {

/// One thing to buy in steps, the first of which must be taken: gains that never rise, each at the same cost.
struct Ladder {
  std::vector<double> gains;
  std::int64_t cost = 0;
};

/// Steps taken of each ladder within the budget, by gain per cost; steps that gain nothing are not taken.
/// Errors: InvalidArgument when the budget does not hold the first steps.
Result<std::vector<std::int64_t>> climb(const std::vector<Ladder>& ladders, std::int64_t budget);

/// What one task has in one layer.
struct LayerDemand {
  AdaptedLayer layer;
  std::int64_t rank = 0;       ///< now
  std::vector<double> energy;  ///< e/w above, one entry a unit of rank
  double conflict = 0;         ///< c above; 0 without measurements
};

struct TaskDemand {
  std::string task;
  std::int64_t rank = 0;  ///< the task's rank now
  std::vector<LayerDemand> layers;
  double energy() const;
  /// False when the factors never left zero: nothing can be said about them.
  bool basis() const { return energy() > 0; }
};

struct TaskAdvice {
  std::int64_t rank = 0;                 ///< of the task; with ranks per layer, the encoder's most frequent one
  std::vector<std::int64_t> layerRanks;  ///< of every layer
  std::int64_t parametersNow = 0, parameters = 0;
  double kept = 1;  ///< share of the task's energy (sum of e/w, without c) that is left
};

struct RankAdvice {
  std::vector<TaskAdvice> tasks;
  std::int64_t parametersNow = 0, parameters = 0;
  double kept = 1;  ///< over all tasks with a basis
};

struct AdviceOptions {
  std::int64_t budget = 0;  ///< factor parameters of all tasks and layers together
  bool perLayer = false;
  std::int64_t decoderFactor = 2;
};

/// Solves the problem above. Tasks without a basis keep their ranks, which the budget pays first.
/// Errors: InvalidArgument when no task has a basis, or the budget is too small.
Result<RankAdvice> adviseRanks(const std::vector<TaskDemand>& tasks, const AdviceOptions& options);

/// Share of a task's energy that is kept at task rank 1, 2, ... up to its present one: what truncating costs.
std::vector<double> keptByRank(const TaskDemand& task, std::int64_t decoderFactor);

}  // namespace lorkd::nn
