// Clipping of networks that share nothing: each by its own gradient, so that none depends on how the others do.
#pragma once

#include <torch/torch.h>

#include <vector>

#include "core/nn/Network.h"
#include "core/nn/TensorFile.h"

namespace lorkd::train {

class SeparateClip {
 public:
  /// `parameters` named as in checkpoints: "student." in front, projectors "projector.<task>.". Of a network whose
  /// tasks share nothing (see nn::isSeparate()); throws c10::Error for a parameter that belongs to no task.
  SeparateClip(const nn::Network& student, const nn::NamedTensors& parameters);
  /// Scales the gradients of each task's network whose Euclidean norm is above `most` down to it.
  void clip(double most) const;

 private:
  std::vector<std::vector<torch::Tensor>> m_parameters;  // by task
};

}  // namespace lorkd::train
