// The loss of a mixed-task batch: task terms and transfer terms, weighted as the plan says.
#pragma once

#include <torch/torch.h>

#include <string>
#include <vector>

#include "core/feed/BatchSource.h"
#include "core/nn/Network.h"
#include "core/run/Plan.h"

namespace lorkd::train {

/// Maps the teacher's features to the student's width: linear for pooled features (N, C), the same per voxel
/// (a 1×1 convolution) for dense ones (N, C, ...). It trains with the student.
class ProjectorImpl : public torch::nn::Module {
 public:
  ProjectorImpl(std::int64_t from, std::int64_t to);
  torch::Tensor forward(const torch::Tensor& features);

 private:
  torch::nn::Linear m_linear;
};
TORCH_MODULE(Projector);

/// A named term of one slice of the routing, unweighted.
struct Term {
  std::size_t slice = 0;
  std::string name;  ///< dice, bce, cross_entropy (of exclusive classes), transfer, transfer_logits;
                     ///< total: their weighted sum
  torch::Tensor value;
};

struct Objective {
  torch::Tensor total;  ///< Σ_t n_t/B · total_t: what is minimised
  std::vector<Term> terms;
};

/// With deep supervision (student.coarser) dice and bce are means over the decoder levels, level l weighing 1/2^l.
/// A task's outputs are decided (see data::decided): those that are not are taken for overlapping.
/// `teacher` is null without a teacher; `projectors` holds one for all tasks, one for each, or none without feature
/// transfer. Terms of weight 0 are not computed.
Objective objective(const plan::Plan& plan, const feed::Batch& batch, const nn::Outputs& student,
                    const nn::Outputs* teacher, std::vector<Projector>& projectors);

}  // namespace lorkd::train
