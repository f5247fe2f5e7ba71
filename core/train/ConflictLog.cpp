#include "core/train/ConflictLog.h"

#include <cmath>
#include <limits>

namespace lorkd::train {
namespace {

/// Null where nothing was measured.
Json list(const torch::Tensor& values) {
  const auto v = values.contiguous();
  Json out = Json::array();
  for (const auto* p = v.data_ptr<double>(); p != v.data_ptr<double>() + v.numel(); ++p)
    out.push_back(std::isfinite(*p) ? Json(*p) : Json());
  return out;
}

Json rows(const torch::Tensor& matrix) {
  Json out = Json::array();
  for (std::int64_t i = 0; i < matrix.size(0); ++i) out.push_back(list(matrix[i]));
  return out;
}

}  // namespace

ConflictLog::ConflictLog(const plan::Plan& plan, std::vector<std::string> layers)
    : m_options(plan.conflict), m_layers(std::move(layers)) {
  for (const auto& [name, task] : plan.tasks) m_tasks.push_back(name);
}

bool ConflictLog::wants(std::int64_t step) const {
  const auto end = (step + m_options.every - 1) / m_options.every * m_options.every;
  return m_options.enabled && end - step < m_options.batches;
}

ConflictLog::Measured ConflictLog::empty() const {
  const auto t = static_cast<std::int64_t>(m_tasks.size());
  return {torch::zeros({static_cast<std::int64_t>(m_layers.size()), t, t}, torch::kFloat64),
          torch::zeros({t, t}, torch::kFloat64), torch::zeros({t}, torch::kFloat64)};
}

void ConflictLog::add(const nn::Routing& routing, const std::function<torch::Tensor(std::size_t)>& gram) {
  if (!m_current) m_current = empty();
  const auto tasks = static_cast<std::int64_t>(m_tasks.size());
  auto present = torch::zeros({tasks}, torch::kFloat64);
  for (const auto& slice : routing.slices)
    if (slice.size() > 0) {
      present[slice.task] = 1;
      m_current->weights[slice.task] += static_cast<double>(slice.size()) / static_cast<double>(routing.batch());
    }
  m_current->count += present.outer(present);
  for (std::size_t l = 0; l < m_layers.size(); ++l) {
    const auto matrix = gram(l);
    // A layer without a measurement has none in the whole window.
    m_current->gram[static_cast<std::int64_t>(l)] +=
        matrix.defined() ? matrix.to(torch::kCPU, torch::kFloat64)
                         : torch::full({tasks, tasks}, std::numeric_limits<double>::quiet_NaN(), torch::kFloat64);
  }
}

std::optional<Json> ConflictLog::endStep(std::int64_t step) {
  if (m_current) m_steps.push_back(std::move(*m_current));
  m_current.reset();
  const auto keepOnly = [&](std::int64_t n) {
    while (static_cast<std::int64_t>(m_steps.size()) > std::max<std::int64_t>(n, 0)) m_steps.pop_front();
  };
  keepOnly(m_options.batches);
  if (!m_options.enabled || step % m_options.every != 0 || m_steps.empty()) return {};
  const auto fields = event(step);
  keepOnly(m_options.batches - m_options.every);  // what the next window still needs
  if (fields["layers"].empty()) return {};
  return fields;
}

Json ConflictLog::event(std::int64_t step) const {
  auto sum = empty();
  for (const auto& measured : m_steps) {
    sum.gram += measured.gram;
    sum.count += measured.count;
    sum.weights += measured.weights;
  }
  const auto mean = sum.gram / sum.count;  // 0/0 stays not-a-number: never in one batch
  Json layers = Json::object();
  for (std::size_t l = 0; l < m_layers.size(); ++l) {
    const auto at = static_cast<std::int64_t>(l);
    if (!sum.gram[at].isnan().any().item<bool>()) layers[m_layers[l]] = rows(mean[at]);
  }
  return {{"step", step},
          {"tasks", m_tasks},
          {"weights", list(sum.weights / sum.count.diagonal().clamp_min(1))},
          {"batches", static_cast<std::int64_t>(m_steps.size())},
          {"layers", std::move(layers)}};
}

nn::NamedTensors ConflictLog::state() const {
  if (m_steps.empty()) return {};
  std::vector<torch::Tensor> gram, count, weights;
  for (const auto& measured : m_steps) {
    gram.push_back(measured.gram);
    count.push_back(measured.count);
    weights.push_back(measured.weights);
  }
  return {{"conflict.gram", torch::stack(gram)},
          {"conflict.count", torch::stack(count)},
          {"conflict.weights", torch::stack(weights)}};
}

Result<void> ConflictLog::restore(const safetensors::File& file) {
  m_steps.clear();
  m_current.reset();
  if (!file.tensors().contains("conflict.gram")) return {};
  LORKD_TRY(gram, nn::mappedTensor(file, "conflict.gram"));
  LORKD_TRY(count, nn::mappedTensor(file, "conflict.count"));
  LORKD_TRY(weights, nn::mappedTensor(file, "conflict.weights"));
  const auto like = empty();
  const auto fits = [](const torch::Tensor& all, const torch::Tensor& one, std::int64_t steps) {
    return all.scalar_type() == torch::kFloat64 && all.dim() == one.dim() + 1 && all.size(0) == steps &&
           all.sizes().slice(1) == one.sizes();
  };
  const auto steps = gram.dim() > 0 ? gram.size(0) : 0;
  if (!fits(gram, like.gram, steps) || !fits(count, like.count, steps) || !fits(weights, like.weights, steps))
    return fail(ErrorCode::Mismatch, "the kept conflict matrices are of another network",
                "the checkpoint belongs to another network", file.path().string());
  for (std::int64_t i = 0; i < steps; ++i) m_steps.push_back({gram[i].clone(), count[i].clone(), weights[i].clone()});
  return {};
}

}  // namespace lorkd::train
