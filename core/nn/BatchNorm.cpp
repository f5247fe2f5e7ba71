#include "core/nn/BatchNorm.h"

#include "core/nn/kernels/Strategy.h"

namespace lorkd::nn {

// A child that only holds the set of one task.
class SetHolder : public torch::nn::Module {};

BatchNormImpl::BatchNormImpl(std::int64_t channels, std::size_t tasks) : m_perTask(tasks > 0) {
  if (!m_perTask) m_sets.push_back(makeSet(*this, channels));
  for (std::size_t t = 0; t < tasks; ++t)
    m_sets.push_back(makeSet(*register_module(std::to_string(t), std::make_shared<SetHolder>()), channels));
}

BatchNormImpl::Set BatchNormImpl::makeSet(torch::nn::Module& owner, std::int64_t channels) {
  return {owner.register_parameter("weight", torch::ones({channels})),
          owner.register_parameter("bias", torch::zeros({channels})),
          owner.register_buffer("running_mean", torch::zeros({channels})),
          owner.register_buffer("running_var", torch::ones({channels})),
          owner.register_buffer("num_batches_tracked", torch::zeros({}, torch::kLong))};
}

const BatchNormImpl::Set& BatchNormImpl::set(int task) const {
  if (!m_perTask) return m_sets.front();
  const auto t = static_cast<std::size_t>(task);
  TORCH_CHECK(t < m_sets.size(), "batch norm: task ", task, " of ", m_sets.size());
  return m_sets[t];
}

torch::Tensor BatchNormImpl::normalise(const Set& s, const torch::Tensor& x) const {
  const bool alone = m_perTask && x.numel() == x.size(1);
  const bool training = is_training() && !alone;
  if (training) {
    TORCH_CHECK(x.numel() > x.size(1), "batch norm: a batch of ", x.sizes(),
                " has one value per channel, which cannot be normalised; take a larger batch");
    torch::Tensor(s.batches).add_(1);
  }
  return torch::batch_norm(x, s.weight, s.bias, s.mean, s.variance, training, 0.1, 1e-5,
                           at::globalContext().userEnabledCuDNN());
}

torch::Tensor BatchNormImpl::forward(const torch::Tensor& x, const Routing& routing) {
  if (!m_perTask) return normalise(m_sets.front(), x);
  if (m_fused >= 0) return normalise(set(m_fused), x);
  checkRouting(routing, x.size(0), m_sets.size());
  std::vector<torch::Tensor> parts;
  for (const auto& slice : routing.slices)
    if (slice.size() == x.size(0))
      return normalise(set(slice.task), x);
    else if (slice.size() > 0)
      parts.push_back(normalise(set(slice.task), x.narrow(0, slice.begin, slice.size())));
  return parts.empty() ? x : torch::cat(parts);
}

void BatchNormImpl::fuse(int task) {
  if (!m_perTask) return;
  set(task);
  m_fused = task;
}

NamedTensors BatchNormImpl::setOf(int task) const {
  const auto& s = set(task);
  return {{"weight", s.weight},
          {"bias", s.bias},
          {"running_mean", s.mean},
          {"running_var", s.variance},
          {"num_batches_tracked", s.batches}};
}

}  // namespace lorkd::nn
