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

/// "0.8731"; costs with their unit ("2 min 05 s", "812 MiB") or as a count ("57 235 872"); "–" for not-a-number.
std::string formatValue(const std::string& metric, double value);

/// What a metric is called in headings: "dice", "multiply-adds", "training time".
std::string metricTitle(const std::string& metric);

/// "8.2 s", "2 min 05 s", "3 h 07 min".
std::string formatSeconds(double seconds);

/// "57 235 872", separated by no-break thin spaces.
std::string formatCount(std::int64_t count);

}  // namespace lorkd::eval
