// A table of results as people read it: tasks down, methods across.
#pragma once

#include <string>
#include <vector>

#include "core/eval/Table.h"

namespace lorkd::eval {

/// Tasks and methods that have a value of `metric`, in order of appearance; "mean" goes last.
struct TableView {
  TableView(const Table& table, const std::string& metric);
  std::vector<std::string> tasks, methods;
};

/// Metrics in order of appearance.
std::vector<std::string> metricsOf(const Table& table);

/// "0.8731"; whole numbers with thousands separated ("57 235 872") for metrics that count; "–" for not-a-number.
std::string formatValue(const std::string& metric, double value);

/// "57 235 872", separated by no-break thin spaces.
std::string formatCount(std::int64_t count);

}  // namespace lorkd::eval
