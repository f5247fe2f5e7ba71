#include "core/report/ConflictHistory.h"

#include <cmath>

namespace lorkd::report {

ConflictHistory conflictOf(const run::RunSeries& series) {
  const auto& all = series.conflicts();
  ConflictHistory out;
  for (const auto& measurement : all) {
    const double fraction = run::conflictFraction(measurement.total);
    if (std::isnan(fraction)) continue;
    out.fraction.x.push_back(static_cast<double>(measurement.step));
    out.fraction.y.push_back(fraction);
  }
  if (out.fraction.x.empty()) return {};
  out.measurements = static_cast<std::int64_t>(out.fraction.x.size());
  out.tasks = series.conflictTasks();
  const auto matrix = [&](double (*quantity)(const run::Gram&, std::size_t, std::size_t)) {
    std::vector<std::vector<double>> rows(out.tasks.size());
    for (std::size_t i = 0; i < rows.size(); ++i)
      for (std::size_t j = 0; j < rows.size(); ++j)
        rows[i].push_back(run::recentMean(all, -1, i, j, all.size(), quantity));
    return rows;
  };
  out.cosine = matrix(run::cosine);
  out.magnitude = matrix(run::magnitudeSimilarity);
  for (std::size_t l = 0; l < series.conflictLayers().size(); ++l)
    out.layers.emplace_back(series.conflictLayers()[l], run::layerConflictScore(all, static_cast<int>(l), all.size()));
  return out;
}

}  // namespace lorkd::report
