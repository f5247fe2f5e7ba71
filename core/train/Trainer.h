// The training loop: losses, optimiser, schedule, checkpoints, gradient conflict. Knows no files but its checkpoints;
// events, control and validation are injected.
#pragma once

#include <torch/torch.h>

#include <filesystem>
#include <functional>
#include <optional>
#include <string>

#include "core/base/Error.h"
#include "core/base/Json.h"
#include "core/base/Progress.h"
#include "core/feed/BatchSource.h"
#include "core/nn/Network.h"
#include "core/run/Plan.h"
#include "core/train/Origin.h"

namespace lorkd::train {

/// What validation found.
struct Validation {
  double mean = 0;     ///< the figure that chooses the best checkpoint: mean over tasks
  Json metrics;        ///< {task: {metric: value}}
  bool judged = true;  ///< there was something to validate on; if not, patience is not tried
  double paused = 0;   ///< seconds that it stood still
  std::string by{};    ///< which score the mean is of: "dice", "auc"
};

/// Asked between steps.
enum class Control { Continue, Checkpoint, Stop };

/// What the trainer needs from outside; each may be empty.
struct Hooks {
  /// step, validation and conflict events, see run/EventLog.h. Steps count from 1: "step" is the number of optimiser
  /// steps done. Loss terms are unweighted means over the task's samples, a task's "total" their weighted sum; the
  /// step's "total" is Σ_t n_t/B · total_t. "gradient_norm" is the norm before clipping. Conflict events carry
  /// "weights", the n_t/B of the batch: the Gram matrices are of the gradients of the weighted losses, raw, before
  /// clipping, averaged over the batches of so many steps as "batches" says (see ConflictLog.h). Log events tell why
  /// training ended early, and the share of time spent waiting for data. An error ends training, with the checkpoint
  /// that there is: resumed from it, every event is told again.
  std::function<Result<void>(const std::string& kind, Json fields)> event;
  std::function<Control(std::int64_t step, double secondsLeft)> control;  ///< blocks while paused
  /// `save` writes a checkpoint meanwhile, with the network as it was given: training that goes on from it validates
  /// again. Cancelled ends training with such a checkpoint, and no event.
  std::function<Result<Validation>(nn::Network&, std::int64_t step, const std::function<Result<void>()>& save)>
      validate;
};

/// Where checkpoints go. `last` holds the whole state, `best` the student's weights alone, those of the best validation
/// (of equals the latest): with training.ema their average, which `last` holds beside the weights. Both are safetensors
/// files and carry step, best figure and plan digest: the run's, which stays when later versions know more fields;
/// empty takes the plan's own.
struct CheckpointPaths {
  std::filesystem::path last, best;
  Origin origin{};
};

enum class Outcome { Done, Stopped };

/// Trains `student` for plan.training.steps, or until training.patience ends; `teacher` (may be empty) gives the
/// transfer losses. Methods pcgrad, moco and aligned_mtl combine the tasks' gradients (see Surgery.h).
class Trainer {
 public:
  Trainer(const plan::Plan& plan, nn::Network student, nn::Network teacher, torch::Device device);
  ~Trainer();
  /// Continues from `paths.last` if it exists. Validates and writes a checkpoint as often as the plan says, and after
  /// the last step. Errors: Mismatch (checkpoint of another plan, networks that do not fit the plan or each other),
  /// Numeric (a loss, gradient or weight not finite, naming step, task and layer; the last good checkpoint stays),
  /// Unsupported (not enough memory, with a batch and a patch that would fit), those of the feed, Io.
  Result<Outcome> run(feed::BatchSource& batches, const CheckpointPaths& paths, const Hooks& hooks);
  std::int64_t step() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> m_impl;
};

/// Where a resumed run goes on, so where its log is cut back to.
struct Reached {
  std::int64_t step = 0;       ///< optimiser steps done when the checkpoint was written
  bool validationDue = false;  ///< and not the validation after them
};
/// Errors: NotFound, Format, Mismatch.
Result<Reached> reached(const std::filesystem::path& checkpoint, const Origin& origin);

/// Weights of `network` from a checkpoint of this origin, their average where the checkpoint has one.
/// Errors: NotFound, Format, Mismatch.
Result<void> loadWeights(nn::Network& network, const std::filesystem::path& checkpoint, const Origin& origin);

}  // namespace lorkd::train
