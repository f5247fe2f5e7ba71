#include "core/eval/TableView.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>

namespace lorkd::eval {
namespace {

void addOnce(std::vector<std::string>& list, const std::string& item) {
  if (std::ranges::find(list, item) == list.end()) list.push_back(item);
}

}  // namespace

TableView::TableView(const Table& table, const std::string& metric) {
  for (const auto& row : table.rows()) {
    if (row.metric != metric) continue;
    addOnce(tasks, row.task);
    addOnce(methods, row.method);
  }
  std::ranges::stable_partition(tasks, [](const std::string& task) { return task != "mean" && task != "all"; });
}

std::vector<std::string> metricsOf(const Table& table) {
  std::vector<std::string> metrics;
  for (const auto& row : table.rows()) addOnce(metrics, row.metric);
  return metrics;
}

std::string formatCount(std::int64_t count) {
  std::string digits = std::to_string(count);
  for (auto at = static_cast<std::ptrdiff_t>(digits.size()) - 3; at > (count < 0 ? 1 : 0); at -= 3)
    digits.insert(static_cast<std::size_t>(at), "\u202f");
  return digits;
}

std::string metricTitle(const std::string& metric) {
  if (metric == "multiply_adds") return "multiply-adds";
  if (metric == "training_seconds") return "training time";
  if (metric == "peak_memory") return "peak memory";
  if (metric == "pairs_in_conflict") return "pairs in conflict";
  if (metric == "gradient_cosine") return "mean cosine of gradients";
  if (metric.starts_with("false_positive_ml/")) return "false positives, ml: " + metric.substr(18);
  return metric;
}

std::string formatSeconds(double seconds) {
  const auto s = std::llround(seconds);
  if (seconds < 60) return fmt::format("{:.1f}\u202fs", seconds);
  if (s < 3600) return fmt::format("{}\u202fmin {:02}\u202fs", s / 60, s % 60);
  return fmt::format("{}\u202fh {:02}\u202fmin", s / 3600, s % 3600 / 60);
}

std::string formatValue(const std::string& metric, double value) {
  if (!std::isfinite(value)) return "–";
  if (metric == "training_seconds") return formatSeconds(value);
  if (metric == "peak_memory") return formatCount(std::llround(value / (1 << 20))) + "\u202fMiB";
  if (metric == "pairs_in_conflict" || metric == "gradient_cosine") return fmt::format("{:.3f}", value);
  if (metric.starts_with("false_positive_ml/")) return fmt::format("{:.2f}\u202fml", value);
  if (!isScore(metric)) return formatCount(std::llround(value));
  return fmt::format("{:.4f}", value);
}

}  // namespace lorkd::eval
