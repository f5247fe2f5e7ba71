#include "core/train/Optimiser.h"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>

#include "core/base/Widest.h"

namespace lorkd::train {
namespace {

constexpr double firstAverage = 0.9, secondAverage = 0.999, epsilon = 1e-8;

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

template <class T>
LORKD_WIDEST void adamw(T* weight, const T* gradient, T* first, T* second, std::int64_t count, T keep, T size, T root) {
  const T b1 = T(firstAverage), b2 = T(secondAverage), eps = T(epsilon);
#pragma omp simd
  for (std::int64_t k = 0; k < count; ++k) {
    first[k] = b1 * first[k] + T(1 - firstAverage) * gradient[k];
    second[k] = b2 * second[k] + T(1 - secondAverage) * gradient[k] * gradient[k];
    weight[k] = keep * weight[k] - size * first[k] / (root * std::sqrt(second[k]) + eps);
  }
}

template <class T>
LORKD_WIDEST void sgd(T* weight, const T* gradient, T* buffer, std::int64_t count, T decay, T momentum, T rate) {
#pragma omp simd
  for (std::int64_t k = 0; k < count; ++k) {
    buffer[k] = momentum * buffer[k] + (gradient[k] + decay * weight[k]);
    weight[k] -= rate * buffer[k];
  }
}

template <class T>
LORKD_WIDEST void sgd(T* weight, const T* gradient, std::int64_t count, T decay, T rate) {
#pragma omp simd
  for (std::int64_t k = 0; k < count; ++k) weight[k] -= rate * (gradient[k] + decay * weight[k]);
}

template <class T>
LORKD_WIDEST double squares(const T* values, std::int64_t count) {
  double sum = 0;
#pragma omp simd reduction(+ : sum)
  for (std::int64_t k = 0; k < count; ++k) sum += static_cast<double>(values[k]) * static_cast<double>(values[k]);
  return sum;
}

// Values [begin, end) of tensor number `tensor`.
struct Piece {
  std::size_t tensor;
  std::int64_t begin, end;
};

// All values of all tensors as pieces, in equal shares for LibTorch's threads.
std::vector<std::vector<Piece>> sharesOf(const std::vector<torch::Tensor>& tensors) {
  constexpr std::int64_t worthAThread = 1 << 15;
  std::int64_t total = 0;
  for (const auto& tensor : tensors) total += tensor.numel();
  const auto count = std::clamp<std::int64_t>(total / worthAThread, 1, at::get_num_threads());
  std::vector<std::vector<Piece>> shares(static_cast<std::size_t>(count));
  std::int64_t before = 0;
  std::size_t share = 0;
  for (std::size_t i = 0; i < tensors.size(); ++i) {
    const auto size = tensors[i].numel();
    for (std::int64_t begin = 0; begin < size;) {
      const auto border = total * static_cast<std::int64_t>(share + 1) / count;
      const auto end = std::min(size, border - before);
      if (end > begin) shares[share].push_back({i, begin, end});
      begin = std::max(begin, end);
      if (before + end == border) ++share;
    }
    before += size;
  }
  return shares;
}

template <class F>
void onShares(const std::vector<std::vector<Piece>>& shares, F&& f) {
  at::parallel_for(0, static_cast<std::int64_t>(shares.size()), 1, [&](std::int64_t first, std::int64_t last) {
    for (auto j = first; j < last; ++j)
      for (const auto& piece : shares[static_cast<std::size_t>(j)]) f(piece, static_cast<std::size_t>(j));
  });
}

// One pass over memory is possible: floats or doubles on a CPU, without holes.
bool isPlain(const torch::Tensor& tensor) {
  const auto type = tensor.scalar_type();
  return tensor.is_cpu() && (type == torch::kFloat || type == torch::kDouble) && tensor.is_non_overlapping_and_dense();
}

bool areAlike(const std::vector<torch::Tensor>& tensors) {
  return std::all_of(tensors.begin(), tensors.end(), [&](const torch::Tensor& tensor) {
    return isPlain(tensor) && tensor.scalar_type() == tensors.front().scalar_type();
  });
}

torch::Tensor laidOutAs(const torch::Tensor& like, const torch::Tensor& tensor) {
  return tensor.strides() == like.strides() ? tensor : torch::empty_like(like).copy_(tensor);
}

}  // namespace

struct Optimiser::Update {
  torch::Tensor weight, gradient, first, second;
  double size, root;  // AdamW: of the step, and of the second average's correction
};

Optimiser::Optimiser(const plan::Training& options, nn::NamedTensors parameters)
    : m_parameters(std::move(parameters)),
      m_states(m_parameters.size()),
      m_adam(options.optimiser == plan::TrainingOptimiser::Adamw),
      m_decay(options.weightDecay),
      m_momentum(options.momentum),
      m_buffered(m_adam || m_momentum != 0) {}

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
  if (!areAlike(all)) return torch::stack(at::_foreach_norm(all)).norm().item<double>();
  const auto shares = sharesOf(all);
  std::vector<double> sums(shares.size(), 0.0);
  AT_DISPATCH_FLOATING_TYPES(all.front().scalar_type(), "norm", [&] {
    onShares(shares, [&](const Piece& piece, std::size_t share) {
      sums[share] += squares(all[piece.tensor].data_ptr<scalar_t>() + piece.begin, piece.end - piece.begin);
    });
  });
  double sum = 0;
  for (const double part : sums) sum += part;
  return std::sqrt(sum);
}

void Optimiser::scaleGradients(double factor) {
  torch::NoGradGuard guard;
  at::_foreach_mul_(gradients(), factor);
}

std::vector<Optimiser::Update> Optimiser::updates(double learningRate) {
  std::vector<Update> out;
  for (std::size_t i = 0; i < m_parameters.size(); ++i) {
    const auto& weight = m_parameters[i].second;
    if (!weight.grad().defined()) continue;
    auto& state = m_states[i];
    if (m_buffered && !state.first.defined()) {
      state.first = torch::zeros_like(weight, torch::TensorOptions().requires_grad(false));
      if (m_adam) state.second = torch::zeros_like(state.first);
    }
    state.steps = std::max<std::int64_t>(state.steps, 0) + 1;
    const auto n = static_cast<double>(state.steps);
    out.push_back({weight, laidOutAs(weight, weight.grad()), state.first, state.second,
                   learningRate / (1 - std::pow(firstAverage, n)), 1 / std::sqrt(1 - std::pow(secondAverage, n))});
  }
  return out;
}

void Optimiser::step(double learningRate) {
  torch::NoGradGuard guard;
  const auto all = updates(learningRate);
  std::vector<torch::Tensor> weights;
  for (const auto& update : all) weights.push_back(update.weight);
  if (weights.empty()) return;
  if (!areAlike(weights)) {
    for (auto u : all) {
      if (m_adam) {
        u.first.mul_(firstAverage).add_(u.gradient, 1 - firstAverage);
        u.second.mul_(secondAverage).addcmul_(u.gradient, u.gradient, 1 - secondAverage);
        u.weight.mul_(1 - learningRate * m_decay)
            .addcdiv_(u.first, u.second.sqrt().mul_(u.root).add_(epsilon), -u.size);
      } else if (!m_buffered) {
        u.weight.sub_(u.gradient.add(u.weight, m_decay), learningRate);
      } else {
        u.first.mul_(m_momentum).add_(u.gradient).add_(u.weight, m_decay);
        u.weight.add_(u.first, -learningRate);
      }
    }
    return;
  }
  AT_DISPATCH_FLOATING_TYPES(weights.front().scalar_type(), "optimiser", [&] {
    const auto to = [](double value) { return static_cast<scalar_t>(value); };
    onShares(sharesOf(weights), [&](const Piece& piece, std::size_t) {
      const auto& u = all[piece.tensor];
      const auto at = [&](const torch::Tensor& tensor) { return tensor.data_ptr<scalar_t>() + piece.begin; };
      const auto count = piece.end - piece.begin;
      if (m_adam)
        adamw(at(u.weight), at(u.gradient), at(u.first), at(u.second), count, to(1 - learningRate * m_decay),
              to(u.size), to(u.root));
      else if (!m_buffered)
        sgd(at(u.weight), at(u.gradient), count, to(m_decay), to(learningRate));
      else
        sgd(at(u.weight), at(u.gradient), at(u.first), count, to(m_decay), to(m_momentum), to(learningRate));
    });
  });
}

nn::NamedTensors Optimiser::state() const {
  nn::NamedTensors out;
  auto steps = torch::full({static_cast<std::int64_t>(m_parameters.size())}, -1, torch::kInt64);
  for (std::size_t i = 0; i < m_parameters.size(); ++i) {
    const auto& state = m_states[i];
    steps.data_ptr<std::int64_t>()[i] = state.steps;
    if (!state.first.defined()) continue;
    const auto& name = m_parameters[i].first;
    out.emplace_back((m_adam ? "exp_avg." : "momentum.") + name, state.first);
    if (m_adam) out.emplace_back("exp_avg_sq." + name, state.second);
  }
  out.emplace_back("optimiser.steps", steps);
  return out;
}

Result<void> Optimiser::restore(const safetensors::File& file) {
  torch::NoGradGuard guard;
  LORKD_TRY(steps, readAs(torch::empty({static_cast<std::int64_t>(m_parameters.size())}, torch::kInt64), file,
                          "optimiser.steps"));
  std::vector<State> states(m_parameters.size());
  for (std::size_t i = 0; i < m_parameters.size(); ++i) {
    const auto& [name, tensor] = m_parameters[i];
    auto& state = states[i];
    state.steps = steps.data_ptr<std::int64_t>()[i];
    if (state.steps < 0 || !m_buffered) continue;
    LORKD_TRY(first, readAs(tensor, file, (m_adam ? "exp_avg." : "momentum.") + name));
    state.first = first;
    if (!m_adam) continue;
    LORKD_TRY(second, readAs(tensor, file, "exp_avg_sq." + name));
    state.second = second;
  }
  m_states = std::move(states);
  return {};
}

}  // namespace lorkd::train
