// What convolutions and linear layers with low-rank factors have in common. Internal to this room.
#pragma once

#include <torch/torch.h>

#include <vector>

#include "core/nn/FactorShape.h"
#include "core/nn/LowRank.h"

namespace lorkd::nn::parts {

/// As torch's own layers: Kaiming-uniform with a = √5 for the weight, ±1/√fan_in for the bias.
void initialise(torch::Tensor& weight, torch::Tensor& bias);

/// Registers children "a" and "b" with one parameter per task, and fills the tensors and scales; nothing if plain.
void addFactors(torch::nn::Module& module, const AdaptedLayer& layer, const LowRankSpec& spec,
                std::vector<torch::Tensor>& a, std::vector<torch::Tensor>& b, std::vector<double>& scales);

/// Fresh factors of `rank` for a task, in the place of those it has.
void setRank(const AdaptedLayer& layer, std::vector<torch::Tensor>& a, std::vector<torch::Tensor>& b, int task,
             std::int64_t rank);

/// s·view(B·A) of a task, differentiable; zeros for a layer without factors.
torch::Tensor delta(const torch::Tensor& weight, const std::vector<torch::Tensor>& a,
                    const std::vector<torch::Tensor>& b, const std::vector<double>& scales, int task);

/// weight + delta, outside autograd.
torch::Tensor fusedWeight(const torch::Tensor& weight, const std::vector<torch::Tensor>& a,
                          const std::vector<torch::Tensor>& b, const std::vector<double>& scales, int task);

/// Puts W_t in the place of W0 and keeps a copy of W0 in `saved`; fusing again changes the task.
void fuse(torch::Tensor& weight, torch::Tensor& saved, const std::vector<torch::Tensor>& a,
          const std::vector<torch::Tensor>& b, const std::vector<double>& scales, int task);
/// Restores W0 to the bit; nothing if not fused.
void unfuse(torch::Tensor& weight, torch::Tensor& saved);

}  // namespace lorkd::nn::parts
