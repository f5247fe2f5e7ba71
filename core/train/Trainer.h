// The training loop: losses, optimiser, schedule, checkpoints, gradient conflict. Knows no files but its checkpoints;
// events, control and validation are injected.
#pragma once

#include <torch/torch.h>

#include <functional>
#include <optional>
#include <string>

#include "core/base/Error.h"
#include "core/base/Json.h"
#include "core/base/Progress.h"
#include "core/feed/BatchSource.h"
#include "core/nn/Network.h"
#include "core/run/Plan.h"

namespace lorkd::train {

/// What validation found.
struct Validation {
  double mean = 0;  ///< the figure that chooses the best checkpoint: mean over tasks
  Json metrics;     ///< {task: {metric: value}}
};

/// Asked between steps.
enum class Control { Continue, Checkpoint, Stop };

/// What the trainer needs from outside.
struct Hooks {
  std::function<void(const std::string& kind, Json fields)> event;  ///< see run/EventLog.h for kinds and fields
  std::function<Control(std::int64_t step, double secondsLeft)> control;  ///< blocks while paused
  std::function<Result<Validation>(nn::Network&, std::int64_t step)> validate;
};

/// Where checkpoints go; both are safetensors files holding weights, optimiser state, best figure and plan digest.
struct CheckpointPaths {
  std::filesystem::path last, best;
};

enum class Outcome { Done, Stopped };

/// Trains `student` for plan.training.steps; `teacher` (may be empty) gives the transfer losses.
class Trainer {
 public:
  Trainer(const plan::Plan& plan, nn::Network student, nn::Network teacher, torch::Device device);
  ~Trainer();
  /// Continues from `paths.last` if it exists. Errors: Mismatch (checkpoint of another plan), Numeric (loss not finite,
  /// naming step and task; the last good checkpoint stays), those of the feed, Io.
  Result<Outcome> run(feed::BatchSource& batches, const CheckpointPaths& paths, const Hooks& hooks);
  std::int64_t step() const;

 private:
  struct Impl;
  std::unique_ptr<Impl> m_impl;
};

/// Weights of `network` from a checkpoint written under a plan with this digest; an empty digest skips that check.
/// Errors: NotFound, Format, Mismatch.
Result<void> loadWeights(nn::Network& network, const std::filesystem::path& checkpoint, const std::string& planDigest);

}  // namespace lorkd::train
