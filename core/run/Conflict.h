// Gradient conflict from Gram matrices: everything that is shown of the tasks' gradients on the shared weights.
// K_ij = <g_i, g_j>, g_t the gradient of task t's loss on the shared weights. A value that cannot be computed (a task
// without a gradient in that batch, two tasks never in one batch) is not-a-number and takes no part in averages.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

#include "core/base/Json.h"

namespace lorkd::run {

/// A symmetric T×T Gram matrix.
class Gram {
 public:
  explicit Gram(std::size_t tasks = 0) : m_tasks(tasks), m_values(tasks * tasks, 0.0) {}
  /// Rows as arrays; null becomes not-a-number. Nothing if it is not `tasks` × `tasks` numbers.
  static std::optional<Gram> fromJson(const Json& rows, std::size_t tasks);
  std::size_t tasks() const { return m_tasks; }
  double operator()(std::size_t i, std::size_t j) const { return m_values[i * m_tasks + j]; }
  double& operator()(std::size_t i, std::size_t j) { return m_values[i * m_tasks + j]; }
  /// A `tasks` × `tasks` matrix, zero but for this one's row and column i at place[i].
  Gram embedded(std::size_t tasks, const std::vector<std::size_t>& place) const;
  /// Adds a matrix of the same size.
  Gram& operator+=(const Gram& other);
  /// K_ij / (w_i w_j): of the tasks' own losses, whatever share w_t of the batch each had. A task without a share has
  /// no gradient: its entries become not-a-number.
  Gram perShare(const std::vector<double>& shares) const;

 private:
  std::size_t m_tasks;
  std::vector<double> m_values;
};

/// K_ij / sqrt(K_ii K_jj), in [-1, 1] (PCGrad, arXiv 2001.06782).
double cosine(const Gram& gram, std::size_t i, std::size_t j);
/// 2 |g_i| |g_j| / (|g_i|² + |g_j|²), in [0, 1]; 1 when both gradients are equally long (same paper).
double magnitudeSimilarity(const Gram& gram, std::size_t i, std::size_t j);
/// Share of the pairs i < j with a negative cosine; not-a-number without any pair.
double conflictFraction(const Gram& gram);
/// sqrt(largest / smallest eigenvalue), the smallest clamped to 1e-12 of the largest (Aligned-MTL, arXiv 2305.19000).
/// Tasks without a gradient are left out; not-a-number when fewer than two remain.
double conditionNumber(const Gram& gram);

/// The T×T Gram matrices of one step, by layer, and their sum over layers.
struct ConflictMeasurement {
  std::int64_t step = 0;
  double time = 0;           ///< seconds since the epoch
  std::vector<Gram> layers;  ///< in the order of the series' layer names
  Gram total;
  /// The matrix of a layer, or the sum for layer -1.
  const Gram& of(int layer) const { return layer < 0 ? total : layers[static_cast<std::size_t>(layer)]; }
};

/// The cosine of a pair at every measurement; layer -1 is the sum over layers.
std::vector<double> cosineHistory(const std::vector<ConflictMeasurement>& all, int layer, std::size_t i, std::size_t j);
/// Mean over the last `window` measurements of a quantity of a pair, such as cosine or magnitudeSimilarity.
double recentMean(const std::vector<ConflictMeasurement>& all, int layer, std::size_t i, std::size_t j,
                  std::size_t window, double (*quantity)(const Gram&, std::size_t, std::size_t));
/// Share of pair-steps of the last `window` measurements with a cosine below `threshold` (Recon, arXiv 2302.11289):
/// the guide to where rank is needed. Not-a-number without any pair.
double layerConflictScore(const std::vector<ConflictMeasurement>& all, int layer, std::size_t window,
                          double threshold = 0.0);
/// The same by task, over all measurements: of a task's pair-steps, the share that is below `threshold`.
std::vector<double> taskConflictScores(const std::vector<ConflictMeasurement>& all, int layer, double threshold = 0.0);

}  // namespace lorkd::run
