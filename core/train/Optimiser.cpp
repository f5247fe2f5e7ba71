#include "core/train/Optimiser.h"

namespace lorkd::train {
namespace {

/// The key under which torch keeps a parameter's state: text up to 1.13, the implementation's address since.
template <class States>
typename States::key_type keyOf(const States&, const torch::Tensor& parameter) {
  if constexpr (std::is_same_v<typename States::key_type, std::string>)
    return c10::str(parameter.unsafeGetTensorImpl());
  else
    return parameter.unsafeGetTensorImpl();
}

/// A tensor laid out as `like`, filled from the file.
Result<torch::Tensor> readAs(const torch::Tensor& like, const safetensors::File& file, const std::string& name) {
  LORKD_TRY(stored, nn::mappedTensor(file, name));
  if (stored.sizes() != like.sizes() || stored.scalar_type() != like.scalar_type())
    return fail(ErrorCode::Mismatch, "tensor '" + name + "' has another shape or type than its parameter",
                "the checkpoint belongs to another network", file.path().string());
  auto out = torch::empty_like(like, torch::TensorOptions().requires_grad(false));
  out.copy_(stored);
  return out;
}

}  // namespace

Optimiser::Optimiser(const plan::Training& options, nn::NamedTensors parameters)
    : m_parameters(std::move(parameters)), m_adam(options.optimiser == plan::TrainingOptimiser::Adamw) {
  std::vector<torch::Tensor> tensors;
  for (const auto& [name, tensor] : m_parameters) tensors.push_back(tensor);
  if (m_adam)
    m_optimiser = std::make_unique<torch::optim::AdamW>(
        tensors, torch::optim::AdamWOptions(options.learningRate).weight_decay(options.weightDecay));
  else
    m_optimiser = std::make_unique<torch::optim::SGD>(
        tensors,
        torch::optim::SGDOptions(options.learningRate).momentum(options.momentum).weight_decay(options.weightDecay));
}

void Optimiser::clearGradients() {
  for (auto& [name, tensor] : m_parameters) tensor.mutable_grad() = torch::Tensor();
}

std::vector<torch::Tensor> Optimiser::gradients() const {
  std::vector<torch::Tensor> out;
  for (const auto& [name, tensor] : m_parameters)
    if (tensor.grad().defined()) out.push_back(tensor.grad());
  return out;
}

double Optimiser::gradientNorm() const {
  torch::NoGradGuard guard;
  const auto all = gradients();
  if (all.empty()) return 0;
  return torch::stack(at::_foreach_norm(all)).norm().item<double>();
}

void Optimiser::scaleGradients(double factor) {
  torch::NoGradGuard guard;
  at::_foreach_mul_(gradients(), factor);
}

void Optimiser::step(double learningRate) {
  for (auto& group : m_optimiser->param_groups()) group.options().set_lr(learningRate);
  m_optimiser->step();
}

nn::NamedTensors Optimiser::state() const {
  nn::NamedTensors out;
  const auto& states = m_optimiser->state();
  auto steps = torch::full({static_cast<std::int64_t>(m_parameters.size())}, -1, torch::kInt64);
  for (std::size_t i = 0; i < m_parameters.size(); ++i) {
    const auto& [name, tensor] = m_parameters[i];
    const auto it = states.find(keyOf(states, tensor));
    if (it == states.end()) continue;
    auto& count = steps.data_ptr<std::int64_t>()[i];
    if (m_adam) {
      const auto& state = static_cast<const torch::optim::AdamWParamState&>(*it->second);
      out.emplace_back("exp_avg." + name, state.exp_avg());
      out.emplace_back("exp_avg_sq." + name, state.exp_avg_sq());
      count = state.step();
    } else if (const auto& state = static_cast<const torch::optim::SGDParamState&>(*it->second);
               state.momentum_buffer().defined()) {
      out.emplace_back("momentum." + name, state.momentum_buffer());
      count = 0;
    }
  }
  out.emplace_back("optimiser.steps", steps);
  return out;
}

Result<void> Optimiser::restore(const safetensors::File& file) {
  torch::NoGradGuard guard;
  auto& states = m_optimiser->state();
  states.clear();
  LORKD_TRY(steps, readAs(torch::empty({static_cast<std::int64_t>(m_parameters.size())}, torch::kInt64), file,
                          "optimiser.steps"));
  for (std::size_t i = 0; i < m_parameters.size(); ++i) {
    const auto& [name, tensor] = m_parameters[i];
    const auto count = steps.data_ptr<std::int64_t>()[i];
    if (count < 0) continue;
    if (m_adam) {
      auto state = std::make_unique<torch::optim::AdamWParamState>();
      LORKD_TRY(first, readAs(tensor, file, "exp_avg." + name));
      LORKD_TRY(second, readAs(tensor, file, "exp_avg_sq." + name));
      state->step(count);
      state->exp_avg(first);
      state->exp_avg_sq(second);
      states[keyOf(states, tensor)] = std::move(state);
    } else {
      auto state = std::make_unique<torch::optim::SGDParamState>();
      LORKD_TRY(buffer, readAs(tensor, file, "momentum." + name));
      state->momentum_buffer(buffer);
      states[keyOf(states, tensor)] = std::move(state);
    }
  }
  return {};
}

}  // namespace lorkd::train
