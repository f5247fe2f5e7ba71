#include "core/nn/Gram.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>

namespace lorkd::nn {

struct GramRecorder::State {
  std::mutex mutex;
  std::map<const void*, torch::Tensor> byWeight;
};

GramRecorder::GramRecorder(int tasks) : m_tasks(tasks), m_state(std::make_shared<State>()) {}

void GramRecorder::add(const torch::Tensor& weight, const std::vector<int>& present,
                       const std::vector<torch::Tensor>& gradients) {
  TORCH_CHECK(present.size() == gradients.size(), "Gram: ", present.size(), " tasks, ", gradients.size(), " gradients");
  torch::NoGradGuard noGrad;
  if (present.empty()) return;
  // Piece by piece, each from the cache and summed in double: one pass over the gradients, accurate in float32.
  std::vector<torch::Tensor> flat;
  for (const auto& gradient : gradients) flat.push_back(gradient.reshape(-1));
  constexpr std::int64_t piece = 1 << 13;
  torch::Tensor sum;
  for (std::int64_t at = 0; at < flat.front().numel(); at += piece) {
    std::vector<torch::Tensor> parts;
    for (const auto& gradient : flat) parts.push_back(gradient.slice(0, at, at + piece));
    const auto rows = torch::stack(parts);
    const auto part = torch::mm(rows, rows.t()).to(torch::kDouble);
    sum = sum.defined() ? sum.add_(part) : part;
  }
  addProducts(weight, present, sum);
}

void GramRecorder::addProducts(const torch::Tensor& weight, const std::vector<int>& present,
                               const torch::Tensor& products) {
  for (const auto task : present) TORCH_CHECK(task >= 0 && task < m_tasks, "Gram: task ", task, " of ", m_tasks);
  torch::NoGradGuard noGrad;
  const auto among = torch::tensor(std::vector<std::int64_t>(present.begin(), present.end()));
  // A task may come in several slices: rows and columns add up.
  const auto wide = torch::zeros({static_cast<std::int64_t>(present.size()), m_tasks}, torch::kDouble)
                        .scatter_(1, among.unsqueeze(1), 1.0);
  const auto found = wide.t().mm(products.to(torch::kCPU)).mm(wide);
  const std::lock_guard lock(m_state->mutex);
  auto& total = m_state->byWeight[weight.data_ptr()];
  total = total.defined() ? total + found : found;
}

torch::Tensor GramRecorder::gram(const torch::Tensor& weight) const {
  const std::lock_guard lock(m_state->mutex);
  const auto found = m_state->byWeight.find(weight.data_ptr());
  return found == m_state->byWeight.end() ? torch::Tensor() : found->second.clone();
}

void GramRecorder::clear() {
  const std::lock_guard lock(m_state->mutex);
  m_state->byWeight.clear();
}

ConflictMeasures conflictMeasures(const torch::Tensor& gram) {
  TORCH_CHECK(gram.dim() == 2 && gram.size(0) == gram.size(1), "Gram matrix must be square, not ", gram.sizes());
  const auto k = gram.to(torch::kCPU, torch::kDouble).contiguous();
  const auto in = k.accessor<double, 2>();
  const auto n = k.size(0);
  ConflictMeasures result;
  result.cosine = torch::full({n, n}, std::numeric_limits<double>::quiet_NaN(), torch::kDouble);
  result.magnitudeSimilarity = result.cosine.clone();
  auto cosine = result.cosine.accessor<double, 2>();
  auto similarity = result.magnitudeSimilarity.accessor<double, 2>();
  std::vector<std::int64_t> present;
  for (std::int64_t i = 0; i < n; ++i)
    if (in[i][i] > 0) present.push_back(i);
  int pairs = 0, conflicts = 0;
  bool together = true;
  for (const auto i : present) {
    for (const auto j : present) {
      if (!std::isfinite(in[i][j])) {
        together = false;
        continue;
      }
      const double norms = std::sqrt(in[i][i]) * std::sqrt(in[j][j]);
      cosine[i][j] = i == j ? 1 : std::clamp(in[i][j] / norms, -1.0, 1.0);
      similarity[i][j] = 2 * norms / (in[i][i] + in[j][j]);
      if (i >= j) continue;
      ++pairs;
      conflicts += cosine[i][j] < 0;
    }
  }
  if (pairs > 0) result.conflictFraction = static_cast<double>(conflicts) / pairs;
  if (!together) {
    result.conditionNumber = std::numeric_limits<double>::quiet_NaN();
  } else if (present.size() > 1) {
    const auto index = torch::tensor(present);
    const auto values = torch::linalg_eigvalsh(k.index_select(0, index).index_select(1, index));
    const double largest = values.max().item<double>();
    // Rounding may leave tiny or negative eigenvalues where gradients are parallel.
    const double smallest = std::max(values.min().item<double>(), 1e-12 * largest);
    result.conditionNumber = std::sqrt(largest / smallest);
  }
  return result;
}

}  // namespace lorkd::nn
