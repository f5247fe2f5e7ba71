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

std::vector<ResultLine> linesOf(const Table& table, const std::vector<std::string>& bases, bool classes) {
  std::vector<ResultLine> lines;
  for (const auto& row : table.rows()) {
    const auto base = baseOf(row.metric);
    if ((row.metric != base) != classes || std::ranges::find(bases, base) == bases.end()) continue;
    const ResultLine line{row.task, classes ? row.metric.substr(base.size() + 1) : ""};
    if (std::ranges::find(lines, line) == lines.end()) lines.push_back(line);
  }
  std::ranges::stable_partition(lines, [](const auto& line) { return line.task != "mean" && line.task != "all"; });
  return lines;
}

std::vector<std::vector<std::string>> metricGroups(const Table& table) {
  static const std::vector<std::vector<std::string>> together{
      {"dice", "iou", "nsd", "hd95_mm", "volume_difference_ml", "missed"},
      {"specificity", "false_positive_ml"},
      {"lesion_sensitivity", "lesion_f1", "lesion_false_positives", "lesions"},
      {"accuracy", "balanced_accuracy", "auc", "average_precision", "f1", "calibration_error"}};
  constexpr std::size_t widest = 10;  // columns of numbers
  std::vector<std::string> bases;
  std::vector<std::vector<std::string>> out;
  for (const auto& metric : metricsOf(table))
    if (baseOf(metric) != "confusion") addOnce(bases, baseOf(metric));  // has a table of its own
  for (const auto& base : bases) {
    if (std::ranges::any_of(out, [&](const auto& g) { return std::ranges::find(g, base) != g.end(); })) continue;
    std::vector<std::string> group{base}, methods;
    for (const auto& names : together) {
      if (std::ranges::find(names, base) == names.end()) continue;
      group.clear();
      for (const auto& name : names)
        if (std::ranges::find(bases, name) != bases.end()) group.push_back(name);
    }
    for (const auto& row : table.rows())
      if (std::ranges::find(group, baseOf(row.metric)) != group.end()) addOnce(methods, row.method);
    if (group.size() * methods.size() <= widest) {
      out.push_back(group);
    } else {
      for (const auto& name : group) out.push_back({name});
    }
  }
  return out;
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
  const auto base = baseOf(metric);
  std::string title = base;
  if (base == "nsd") title = "NSD";
  if (base == "iou") title = "IoU";
  if (base == "hd95_mm") title = "HD95";
  if (base == "volume_difference_ml") title = "volume difference";
  if (base == "false_positive_ml") title = "false positives";
  if (base == "lesion_sensitivity") title = "lesions found";
  if (base == "lesion_f1") title = "F1 of lesions";
  if (base == "lesion_false_positives") title = "false lesions";
  if (base == "balanced_accuracy") title = "balanced accuracy";
  if (base == "auc") title = "AUC";
  if (base == "average_precision") title = "average precision";
  if (base == "f1") title = "F1";
  if (base == "calibration_error") title = "calibration error";
  if (title == base) return metric;
  return base == metric ? title : title + ": " + metric.substr(base.size() + 1);
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
  const auto base = baseOf(metric);
  if (base == "false_positive_ml") return fmt::format("{:.2f}\u202fml", value);
  if (base == "hd95_mm") return fmt::format("{:.2f}\u202fmm", value);
  if (base == "lesion_false_positives") return fmt::format("{:.2f}", value);
  if (base == "volume_difference_ml") return fmt::format("{:+.2f}\u202fml", value);
  if (base == "missed") return fmt::format("{:.3g}", value);  // a mean over seeds may be broken
  if (!isScore(metric)) return formatCount(std::llround(value));
  return fmt::format("{:.4f}", value);
}

}  // namespace lorkd::eval
