// A table of results as people read it: tasks down, methods across.
#pragma once

#include <string>
#include <vector>

#include "core/eval/Table.h"

namespace lorkd::eval {

/// Tasks and methods that have a value of `metric`, in order of appearance; "mean" and "all" go last.
struct TableView {
  TableView(const Table& table, const std::string& metric);
  std::vector<std::string> tasks, methods;
};

/// Metrics in order of appearance.
std::vector<std::string> metricsOf(const Table& table);

/// A line of results: a task as a whole, or one of its classes.
struct ResultLine {
  std::string task, cls;  ///< cls is empty for the whole
  /// "dice" or "dice/liver".
  std::string metric(const std::string& base) const { return cls.empty() ? base : base + "/" + cls; }
  bool operator==(const ResultLine&) const = default;
};

/// Lines that have one of the metrics, in order of appearance, "mean" and "all" last: the tasks, or their classes.
std::vector<ResultLine> linesOf(const Table& table, const std::vector<std::string>& bases, bool classes);

/// Metrics without classes that stand side by side in one table, in order of appearance: Dice with the scores of
/// surfaces and volumes, and what is told where a class is absent. Where the methods would make more columns than a
/// page is wide, each alone.
std::vector<std::vector<std::string>> metricGroups(const Table& table);

/// "0.8731"; "3.42 mm"; "+1.20 ml"; costs with their unit ("2 min 05 s", "812 MiB") or as a count ("57 235 872"); "–"
/// for not-a-number.
std::string formatValue(const std::string& metric, double value);

/// What a metric is called in headings: "dice", "multiply-adds", "training time".
std::string metricTitle(const std::string& metric);

/// "8.2 s", "2 min 05 s", "3 h 07 min".
std::string formatSeconds(double seconds);

/// "57 235 872", separated by no-break thin spaces.
std::string formatCount(std::int64_t count);

}  // namespace lorkd::eval
