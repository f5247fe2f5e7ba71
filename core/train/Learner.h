// One optimiser step: batches, forward passes, losses, gradients, update.
#pragma once

#include <torch/torch.h>

#include <memory>
#include <optional>
#include <vector>

#include "core/base/Error.h"
#include "core/base/Json.h"
#include "core/feed/BatchSource.h"
#include "core/nn/Network.h"
#include "core/nn/kernels/Gram.h"
#include "core/train/ConflictLog.h"
#include "core/train/Objective.h"
#include "core/train/Optimiser.h"
#include "core/train/SeparateClip.h"
#include "core/train/Surgery.h"

namespace lorkd::train {

/// What a step found, over all its batches.
struct StepFigures {
  Json losses = Json::object();  ///< {task: {term: mean over the task's samples}}
  double total = 0;              ///< Σ_t n_t/B · total_t
  double gradientNorm = 0;       ///< before clipping
  double rate = 0;               ///< learning rate
  double waited = 0;             ///< seconds spent waiting for data
};

/// The networks of a training and everything that changes with its steps, except the average of the weights.
class Learner {
 public:
  /// Moves the networks to the device. `teacher` may be empty.
  Learner(const plan::Plan& plan, nn::Network student, nn::Network teacher, torch::Device device);
  /// Whether the networks fit the plan. Errors: Mismatch, InvalidArgument.
  Result<void> check() const;
  /// Step `step` (from 0): the mean gradient of training.accumulate batches, combined, clipped and followed.
  /// Errors: Numeric (nothing is updated then), Mismatch, those of the feed. Exceptions of LibTorch pass through.
  Result<StepFigures> step(feed::BatchSource& batches, std::int64_t step, ConflictLog& conflict);

  nn::Network& student() { return m_student; }
  const nn::Network& student() const { return m_student; }
  /// Student, projector, optimiser, surgery: what a step depends on besides the plan.
  nn::NamedTensors state() const;
  Result<void> restore(const safetensors::File& file);
  /// Bytes that do not grow with the batch.
  double fixedBytes() const;

 private:
  struct Figure;
  nn::NamedTensors moveAndName();
  Result<void> learn(feed::Batch& batch, std::int64_t number, ConflictLog* conflict, std::vector<Figure>& figures,
                     double& total);
  void forward(const feed::Batch& batch, const nn::Routing& routing, nn::Outputs& outputs, nn::Outputs* taught);
  void separate(const feed::Batch& batch, const nn::Outputs& outputs, ConflictLog* conflict);
  void combine(std::int64_t step);
  std::string originOf(const feed::Batch& batch);

  const plan::Plan m_plan;
  nn::Network m_student, m_teacher;
  torch::Device m_device;
  std::string projectorName(std::size_t i) const;  ///< how names of its tensors begin in checkpoints
  std::vector<Projector> m_projectors;  ///< one, of networks that share nothing one a task; none without transfer
  nn::NamedTensors m_parameters;
  Optimiser m_optimiser;
  std::optional<SeparateClip> m_separateClip;  ///< of networks that share nothing
  nn::GramRecorder m_gram;
  std::unique_ptr<Surgery> m_surgery;
  std::vector<std::size_t> m_shared, m_layers;  ///< of m_parameters: the shared ones; of those, the layers' W0
  std::vector<TaskGradient> m_separate;         ///< by task, on the shared parameters, summed over the step's batches
};

}  // namespace lorkd::train
