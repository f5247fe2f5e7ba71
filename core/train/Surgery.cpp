#include "core/train/Surgery.h"

#include <cmath>
#include <limits>
#include <numeric>

#include "core/base/Random.h"
#include "core/train/Checkpoint.h"

namespace lorkd::train {
namespace {

const auto inDouble = torch::TensorOptions().dtype(torch::kFloat64);

/// Fisher and Yates.
std::vector<std::int64_t> shuffled(std::int64_t n, Random& random) {
  std::vector<std::int64_t> order(static_cast<std::size_t>(n));
  std::iota(order.begin(), order.end(), 0);
  for (auto i = n - 1; i > 0; --i)
    std::swap(order[static_cast<std::size_t>(i)], order[static_cast<std::size_t>(random.below(i + 1))]);
  return order;
}

TaskGradient combined(const std::vector<TaskGradient>& gradients, const torch::Tensor& coefficients) {
  TaskGradient out;
  for (std::size_t t = 0; t < gradients.size(); ++t) {
    const double c = coefficients[static_cast<std::int64_t>(t)].item<double>();
    out.resize(std::max(out.size(), gradients[t].size()));
    for (std::size_t p = 0; p < gradients[t].size(); ++p)
      if (const auto& g = gradients[t][p]; g.defined()) out[p] = out[p].defined() ? out[p].add_(g, c) : g * c;
  }
  return out;
}

}  // namespace

torch::Tensor pcgradCoefficients(const torch::Tensor& gram, std::uint64_t seed) {
  const auto tasks = gram.size(0);
  auto total = torch::zeros({tasks}, inDouble);
  for (std::int64_t i = 0; i < tasks; ++i) {
    auto own = torch::zeros({tasks}, inDouble);
    own[i] = 1;
    Random random(seed, {static_cast<std::uint64_t>(i)});
    for (const auto j : shuffled(tasks, random)) {
      const double along = own.dot(gram[j]).item<double>(), length = gram[j][j].item<double>();
      if (j != i && along < 0 && length > 0) own[j] -= along / length;
    }
    total += own;
  }
  return total;
}

torch::Tensor alignedCoefficients(const torch::Tensor& gram) {
  const auto [values, vectors] = torch::linalg_eigh(gram);
  const double floor = values.max().item<double>() * static_cast<double>(gram.size(0)) *
                       static_cast<double>(std::numeric_limits<float>::epsilon());
  const auto kept = (values > floor).nonzero().flatten();
  if (kept.numel() == 0) return torch::ones({gram.size(0)}, inDouble);
  const auto root = values.index_select(0, kept).sqrt(), basis = vectors.index_select(1, kept);
  return (basis * (root.min() / root)).matmul(basis.t()).sum(1);
}

torch::Tensor ontoSimplex(const torch::Tensor& point) {
  // Held, Wolfe and Crowder 1974: subtract what makes the positive part sum to 1.
  const auto sorted = std::get<0>(point.sort(0, /*descending=*/true));
  const auto excess = (sorted.cumsum(0) - 1) / torch::arange(1, point.size(0) + 1, inDouble);
  const auto support = (sorted > excess).sum().item<std::int64_t>();
  return (point - excess[support - 1]).clamp_min(0);
}

torch::Tensor momentumWeights(const torch::Tensor& gram, const torch::Tensor& lambda) {
  const double norm = torch::linalg_eigvalsh(gram).max().item<double>();
  return norm > 0 ? ontoSimplex(lambda - gram.matmul(lambda) / norm) : lambda;
}

torch::Tensor gramOf(const std::vector<TaskGradient>& gradients, std::size_t parameter) {
  const auto tasks = static_cast<std::int64_t>(gradients.size());
  auto out = torch::zeros({tasks, tasks}, inDouble);
  const auto of = [&](std::int64_t t) {
    const auto& all = gradients[static_cast<std::size_t>(t)];
    return parameter < all.size() ? all[parameter] : torch::Tensor();
  };
  for (std::int64_t i = 0; i < tasks; ++i)
    for (std::int64_t j = 0; j <= i; ++j) {
      const auto a = of(i), b = of(j);
      if (!a.defined() || !b.defined()) continue;
      // Multiply and sum, not dot: its cascade keeps float32 accurate.
      out[i][j] = out[j][i] = (a * b).sum().item<double>();
    }
  return out;
}

torch::Tensor gramOf(const std::vector<TaskGradient>& gradients) {
  const auto tasks = static_cast<std::int64_t>(gradients.size());
  std::size_t parameters = 0;
  for (const auto& gradient : gradients) parameters = std::max(parameters, gradient.size());
  auto out = torch::zeros({tasks, tasks}, inDouble);
  for (std::size_t p = 0; p < parameters; ++p) out += gramOf(gradients, p);
  return out;
}

bool Surgery::performs(plan::PlanMethod method) {
  return method == plan::PlanMethod::Pcgrad || method == plan::PlanMethod::Moco ||
         method == plan::PlanMethod::AlignedMtl;
}

Surgery::Surgery(const plan::Plan& plan, const nn::NamedTensors& parameters)
    : m_method(plan.method), m_seed(static_cast<std::uint64_t>(plan.seed)) {
  if (m_method != plan::PlanMethod::Moco) return;
  const auto tasks = static_cast<std::int64_t>(plan.tasks.size());
  m_lambda = torch::full({tasks}, 1.0 / static_cast<double>(tasks), inDouble);
  m_seen = torch::zeros({tasks}, inDouble);
  for (const auto& [name, tensor] : parameters) m_names.push_back(name);
  for (std::int64_t t = 0; t < tasks; ++t) {
    auto& tracked = m_tracked.emplace_back();
    for (const auto& [name, tensor] : parameters)
      tracked.push_back(torch::zeros_like(tensor, torch::TensorOptions().requires_grad(false)));
  }
}

TaskGradient Surgery::combine(const std::vector<TaskGradient>& gradients, std::int64_t step) {
  const torch::NoGradGuard guard;
  if (m_method == plan::PlanMethod::Moco) return followMomentum(gradients, step);
  const auto gram = gramOf(gradients);
  // What is not finite stays so and is found by whoever looks at the result.
  if (!gram.isfinite().all().item<bool>()) return combined(gradients, torch::ones({gram.size(0)}, inDouble));
  if (m_method == plan::PlanMethod::AlignedMtl) return combined(gradients, alignedCoefficients(gram));
  const auto seed = Random(m_seed, {static_cast<std::uint64_t>(step)}).bits();
  return combined(gradients, pcgradCoefficients(gram, seed));
}

TaskGradient Surgery::followMomentum(const std::vector<TaskGradient>& gradients, std::int64_t step) {
  const double beta = 0.5 / std::sqrt(static_cast<double>(step + 1));
  for (std::size_t t = 0; t < gradients.size(); ++t) {
    if (gradients[t].empty()) continue;
    auto seen = m_seen[static_cast<std::int64_t>(t)];
    const double own =
        seen.item<double>() > 0 ? beta : 1;  // the first one is taken whole: there is nothing to track yet
    seen.fill_(1);
    for (std::size_t p = 0; p < m_names.size(); ++p) {
      auto& y = m_tracked[t][p];
      if (const auto& g = gradients[t][p]; g.defined())
        y.lerp_(g, own);
      else
        y.mul_(1 - own);
    }
  }
  const auto gram = gramOf(m_tracked);
  if (gram.isfinite().all().item<bool>()) m_lambda = momentumWeights(gram, m_lambda);
  return combined(m_tracked, m_lambda * m_lambda.size(0));
}

nn::NamedTensors Surgery::state() const {
  if (m_tracked.empty()) return {};
  nn::NamedTensors out{{"moco.lambda", m_lambda}, {"moco.seen", m_seen}};
  for (std::size_t t = 0; t < m_tracked.size(); ++t)
    for (std::size_t p = 0; p < m_names.size(); ++p)
      out.emplace_back("moco." + std::to_string(t) + "." + m_names[p], m_tracked[t][p]);
  return out;
}

Result<void> Surgery::restore(const safetensors::File& file) {
  auto all = state();
  return readInto(all, file);
}

}  // namespace lorkd::train
