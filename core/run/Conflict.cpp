#include "core/run/Conflict.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace lorkd::run {
namespace {

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

std::size_t firstOf(std::size_t size, std::size_t window) {
  return size - std::min(size, std::max<std::size_t>(window, 1));
}

/// Eigenvalues of a symmetric matrix by cyclic Jacobi rotations; T is a handful, so this is quick and exact enough.
std::vector<double> eigenvalues(Gram a) {
  const std::size_t n = a.tasks();
  for (int sweep = 0; sweep < 60; ++sweep) {
    double off = 0, diagonal = 0;
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) (i == j ? diagonal : off) += a(i, j) * a(i, j);
    if (off <= 1e-30 * diagonal) break;
    for (std::size_t p = 0; p < n; ++p)
      for (std::size_t q = p + 1; q < n; ++q) {
        if (a(p, q) == 0) continue;
        const double angle = 0.5 * std::atan2(2 * a(p, q), a(p, p) - a(q, q));
        const double c = std::cos(angle), s = std::sin(angle);
        for (std::size_t k = 0; k < n; ++k) {
          const double kp = a(k, p), kq = a(k, q);
          a(k, p) = c * kp + s * kq;
          a(k, q) = c * kq - s * kp;
        }
        for (std::size_t k = 0; k < n; ++k) {
          const double pk = a(p, k), qk = a(q, k);
          a(p, k) = c * pk + s * qk;
          a(q, k) = c * qk - s * pk;
        }
      }
  }
  std::vector<double> values(n);
  for (std::size_t i = 0; i < n; ++i) values[i] = a(i, i);
  return values;
}

/// Number of pairs with a cosine, and of those below the threshold.
std::pair<std::size_t, std::size_t> countPairs(const Gram& gram, double threshold) {
  std::size_t pairs = 0, below = 0;
  for (std::size_t i = 0; i < gram.tasks(); ++i)
    for (std::size_t j = i + 1; j < gram.tasks(); ++j) {
      const double c = cosine(gram, i, j);
      if (std::isnan(c)) continue;
      ++pairs;
      below += c < threshold;
    }
  return {pairs, below};
}

}  // namespace

std::optional<Gram> Gram::fromJson(const Json& rows, std::size_t tasks) {
  if (!rows.is_array() || rows.size() != tasks) return std::nullopt;
  Gram gram(tasks);
  for (std::size_t i = 0; i < tasks; ++i) {
    if (!rows[i].is_array() || rows[i].size() != tasks) return std::nullopt;
    for (std::size_t j = 0; j < tasks; ++j) {
      if (!rows[i][j].is_number() && !rows[i][j].is_null()) return std::nullopt;
      gram(i, j) = rows[i][j].is_null() ? nothing : rows[i][j].get<double>();
    }
  }
  return gram;
}

Gram Gram::embedded(std::size_t tasks, const std::vector<std::size_t>& place) const {
  Gram larger(tasks);
  for (std::size_t i = 0; i < m_tasks; ++i)
    for (std::size_t j = 0; j < m_tasks; ++j) larger(place[i], place[j]) = (*this)(i, j);
  return larger;
}

Gram& Gram::operator+=(const Gram& other) {
  for (std::size_t k = 0; k < m_values.size(); ++k) m_values[k] += other.m_values[k];
  return *this;
}

Gram Gram::perShare(const std::vector<double>& shares) const {
  Gram out(m_tasks);
  const auto share = [&](std::size_t i) { return shares[i] > 0 ? shares[i] : nothing; };
  for (std::size_t i = 0; i < m_tasks; ++i)
    for (std::size_t j = 0; j < m_tasks; ++j) out(i, j) = (*this)(i, j) / (share(i) * share(j));
  return out;
}

double cosine(const Gram& gram, std::size_t i, std::size_t j) {
  const double squared = gram(i, i) * gram(j, j);
  if (!(squared > 0) || !std::isfinite(gram(i, j))) return nothing;
  return std::clamp(gram(i, j) / std::sqrt(squared), -1.0, 1.0);
}

double magnitudeSimilarity(const Gram& gram, std::size_t i, std::size_t j) {
  const double sum = gram(i, i) + gram(j, j);
  if (!(gram(i, i) > 0) || !(gram(j, j) > 0) || !std::isfinite(sum)) return nothing;
  return 2 * std::sqrt(gram(i, i) * gram(j, j)) / sum;
}

double conflictFraction(const Gram& gram) {
  const auto [pairs, below] = countPairs(gram, 0.0);
  return pairs ? static_cast<double>(below) / static_cast<double>(pairs) : nothing;
}

double conditionNumber(const Gram& gram) {
  std::vector<std::size_t> present;
  for (std::size_t i = 0; i < gram.tasks(); ++i)
    if (gram(i, i) > 0 && std::isfinite(gram(i, i))) present.push_back(i);
  if (present.size() < 2) return nothing;
  Gram part(present.size());
  for (std::size_t i = 0; i < present.size(); ++i)
    for (std::size_t j = 0; j < present.size(); ++j) {
      part(i, j) = gram(present[i], present[j]);
      if (!std::isfinite(part(i, j))) return nothing;
    }
  const auto values = eigenvalues(part);
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return std::sqrt(*high / std::max(*low, 1e-12 * *high));
}

std::vector<double> cosineHistory(const std::vector<ConflictMeasurement>& all, int layer, std::size_t i,
                                  std::size_t j) {
  std::vector<double> values;
  values.reserve(all.size());
  for (const auto& measurement : all) values.push_back(cosine(measurement.of(layer), i, j));
  return values;
}

double recentMean(const std::vector<ConflictMeasurement>& all, int layer, std::size_t i, std::size_t j,
                  std::size_t window, double (*quantity)(const Gram&, std::size_t, std::size_t)) {
  double sum = 0, n = 0;
  for (std::size_t k = firstOf(all.size(), window); k < all.size(); ++k) {
    const double value = quantity(all[k].of(layer), i, j);
    if (std::isnan(value)) continue;
    sum += value;
    ++n;
  }
  return n ? sum / n : nothing;
}

double layerConflictScore(const std::vector<ConflictMeasurement>& all, int layer, std::size_t window,
                          double threshold) {
  std::size_t pairs = 0, below = 0;
  for (std::size_t k = firstOf(all.size(), window); k < all.size(); ++k) {
    const auto [p, b] = countPairs(all[k].of(layer), threshold);
    pairs += p;
    below += b;
  }
  return pairs ? static_cast<double>(below) / static_cast<double>(pairs) : nothing;
}

std::vector<double> taskConflictScores(const std::vector<ConflictMeasurement>& all, int layer, double threshold) {
  std::vector<double> pairs, below;
  for (const auto& measurement : all) {
    const auto& gram = measurement.of(layer);
    pairs.resize(std::max(pairs.size(), gram.tasks()));
    below.resize(pairs.size());
    for (std::size_t i = 0; i < gram.tasks(); ++i)
      for (std::size_t j = 0; j < gram.tasks(); ++j) {
        const double c = i == j ? nothing : cosine(gram, i, j);
        if (std::isnan(c)) continue;
        pairs[i] += 1;
        below[i] += c < threshold;
      }
  }
  std::vector<double> scores;
  for (std::size_t i = 0; i < pairs.size(); ++i) scores.push_back(below[i] / pairs[i]);  // 0/0: unknown
  return scores;
}

}  // namespace lorkd::run
