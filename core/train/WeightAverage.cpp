#include "core/train/WeightAverage.h"

#include <algorithm>

#include "core/train/Checkpoint.h"

namespace lorkd::train {

WeightAverage::WeightAverage(double decay, const nn::Network& network)
    : m_decay(decay), m_weights(nn::stateOf(*network)) {
  for (const auto& [name, tensor] : m_weights) m_average.emplace_back("average." + name, tensor.detach().clone());
}

void WeightAverage::update(std::int64_t steps) {
  const torch::NoGradGuard guard;
  const double n = static_cast<double>(steps), decay = std::min(m_decay, (1 + n) / (10 + n));
  std::vector<torch::Tensor> averages, weights;
  for (std::size_t i = 0; i < m_weights.size(); ++i) {
    const auto &from = m_weights[i].second, &to = m_average[i].second;
    if (!from.is_floating_point()) {
      to.copy_(from);
      continue;
    }
    averages.push_back(to);
    weights.push_back(from.detach());
  }
  at::_foreach_mul_(averages, decay);
  at::_foreach_add_(averages, weights, 1 - decay);
}

void WeightAverage::swap() {
  const torch::NoGradGuard guard;
  for (std::size_t i = 0; i < m_weights.size(); ++i) {
    auto &weight = m_weights[i].second, &average = m_average[i].second;
    const auto kept = weight.detach().clone();
    weight.copy_(average);
    average.copy_(kept);
  }
}

nn::NamedTensors WeightAverage::state() const { return m_average; }

Result<void> WeightAverage::restore(const safetensors::File& file) { return readInto(m_average, file); }

}  // namespace lorkd::train
