// Tensors of a network that hold other values for a while.
#pragma once

#include <torch/torch.h>

#include <utility>
#include <vector>

namespace lorkd::expert {

/// Puts other values into tensors and the old ones back, to the bit, when it dies.
class Borrowed {
 public:
  void replace(const torch::Tensor& tensor, const torch::Tensor& values) {
    torch::NoGradGuard noGrad;
    m_saved.emplace_back(tensor, tensor.detach().clone());
    m_saved.back().first.copy_(values);
  }
  ~Borrowed() {
    torch::NoGradGuard noGrad;
    for (auto& [tensor, values] : m_saved) tensor.copy_(values);
  }

 private:
  std::vector<std::pair<torch::Tensor, torch::Tensor>> m_saved;
};

}  // namespace lorkd::expert
