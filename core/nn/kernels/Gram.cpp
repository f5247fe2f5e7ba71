#include "core/nn/kernels/Gram.h"

#include <ATen/Dispatch.h>
#include <ATen/Parallel.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>
#include <mutex>

#include "core/base/Widest.h"

namespace lorkd::nn {
namespace {

// Lower triangle of the products of rows' pieces [begin, end), in the rows' own precision.
template <class T>
LORKD_WIDEST void pieceProducts(const T* const* rows, std::size_t count, std::int64_t begin, std::int64_t end,
                                T* products) {
  for (std::size_t i = 0; i < count; ++i)
    for (std::size_t j = 0; j <= i; ++j) {
      const T *left = rows[i], *right = rows[j];
      T sum = 0;
#pragma omp simd reduction(+ : sum)
      for (auto k = begin; k < end; ++k) sum += left[k] * right[k];
      products[i * count + j] = sum;
    }
}

// All products of the rows with each other: by short pieces, which stay in the cache for all pairs and whose sums go on
// in double, so that float32 rows of millions of values lose nothing.
template <class T>
std::vector<double> gramOf(const std::vector<const T*>& rows, std::int64_t values) {
  constexpr std::int64_t piece = 1024;
  const auto n = rows.size();
  const auto threads = std::clamp<std::int64_t>(values / (16 * piece), 1, at::get_num_threads());
  std::vector<std::vector<double>> parts(static_cast<std::size_t>(threads), std::vector<double>(n * n, 0.0));
  at::parallel_for(0, threads, 1, [&](std::int64_t first, std::int64_t last) {
    std::vector<T> products(n * n);
    for (auto t = first; t < last; ++t) {
      auto& sum = parts[static_cast<std::size_t>(t)];
      const auto end = values * (t + 1) / threads;
      for (auto at = values * t / threads; at < end; at += piece) {
        pieceProducts(rows.data(), n, at, std::min(at + piece, end), products.data());
        for (std::size_t i = 0; i < n; ++i)
          for (std::size_t j = 0; j <= i; ++j) sum[i * n + j] += static_cast<double>(products[i * n + j]);
      }
    }
  });
  std::vector<double> all(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j <= i; ++j) {
      for (const auto& part : parts) all[i * n + j] += part[i * n + j];
      all[j * n + i] = all[i * n + j];
    }
  return all;
}

}  // namespace

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
  std::vector<torch::Tensor> flat;
  for (const auto& gradient : gradients) flat.push_back(gradient.reshape(-1));
  if (!flat.front().is_cpu()) {
    const auto rows = torch::stack(flat);
    addProducts(weight, present, torch::mm(rows, rows.t()).to(torch::kDouble));
    return;
  }
  const auto sum =
      torch::empty({static_cast<std::int64_t>(flat.size()), static_cast<std::int64_t>(flat.size())}, torch::kDouble);
  AT_DISPATCH_FLOATING_TYPES(flat.front().scalar_type(), "Gram", [&] {
    std::vector<const scalar_t*> rows;
    for (const auto& gradient : flat) rows.push_back(gradient.data_ptr<scalar_t>());
    const auto products = gramOf(rows, flat.front().numel());
    std::copy(products.begin(), products.end(), sum.data_ptr<double>());
  });
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

}  // namespace lorkd::nn
