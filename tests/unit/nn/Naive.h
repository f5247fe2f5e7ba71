// The method written down as plainly as possible, for the tests to compare with.
#pragma once

#include <torch/torch.h>

#include <vector>

#include "core/nn/LowRank.h"

namespace lorkd::nn::test {

/// s·(B·A) put into the weight's shape by explicit loops over indices: row o·k+a of B·A holds the a-th of k equal
/// pieces of the flattened (I, k, …) kernel of output channel o. Differentiable. METHOD: "Low-rank expert module".
inline torch::Tensor naiveDelta(const torch::Tensor& a, const torch::Tensor& b, double s, at::IntArrayRef shape) {
  const auto k = shape.size() == 2 ? std::int64_t(1) : shape[2];
  std::int64_t kernel = 1;
  for (std::size_t i = 1; i < shape.size(); ++i) kernel *= shape[i];
  const auto piece = kernel / k;
  const auto ba = torch::mm(b, a);
  std::vector<torch::Tensor> kernels;
  for (std::int64_t o = 0; o < shape[0]; ++o) {
    std::vector<torch::Tensor> flat;
    for (std::int64_t j = 0; j < kernel; ++j) flat.push_back(ba[o * k + j / piece][j % piece]);
    kernels.push_back(torch::stack(flat).reshape(shape.slice(1)));
  }
  return s * torch::stack(kernels);
}

/// Which task each sample belongs to.
inline std::vector<int> taskOfSample(const Routing& routing) {
  std::vector<int> tasks;
  for (const auto& slice : routing.slices)
    for (auto i = slice.begin; i < slice.end; ++i) tasks.push_back(slice.task);
  return tasks;
}

/// One sample after the other, each with its own weight.
inline torch::Tensor naiveForward(LowRankConvImpl& layer, const torch::Tensor& x, const Routing& routing) {
  const auto tasks = taskOfSample(routing);
  const auto& shape = layer.shape();
  std::vector<torch::Tensor> results;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const auto t = static_cast<std::size_t>(tasks[i]);
    const auto own = layer.weight +
                     naiveDelta(layer.factors.a[t], layer.factors.b[t], layer.factors.scales[t], layer.weight.sizes());
    const auto in = x[static_cast<std::int64_t>(i)].unsqueeze(0);
    results.push_back(shape.dims == 2
                          ? torch::conv2d(in, own, layer.bias, shape.stride, shape.padding, shape.dilation)
                          : torch::conv3d(in, own, layer.bias, shape.stride, shape.padding, shape.dilation));
  }
  return torch::cat(results);
}

/// Slices for these (task, samples) pairs.
inline Routing route(const std::vector<std::pair<int, std::int64_t>>& parts) {
  Routing routing;
  std::int64_t begin = 0;
  for (const auto& [task, n] : parts) {
    routing.slices.push_back({task, begin, begin + n});
    begin += n;
  }
  return routing;
}

/// Gives B something other than its initial zeros.
inline void fillFactors(torch::nn::Module& module) {
  torch::NoGradGuard noGrad;
  for (auto& item : module.named_parameters())
    if (item.key().find("b.") != std::string::npos) item.value().normal_(0, 0.3);
}

inline double difference(const torch::Tensor& a, const torch::Tensor& b) {
  return (a.to(torch::kDouble) - b.to(torch::kDouble)).abs().max().item<double>();
}

/// Largest difference relative to the largest element (at least 1).
inline double relative(const torch::Tensor& a, const torch::Tensor& b) {
  return difference(a, b) / std::max(1.0, b.abs().max().item<double>());
}

}  // namespace lorkd::nn::test
