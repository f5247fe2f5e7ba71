// The table of results: task, method, metric, value; as text, CSV, JSON, and in the report.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/Error.h"
#include "core/base/Json.h"

namespace lorkd::eval {

struct Row {
  std::string task;    ///< "mean" for the mean over tasks
  std::string method;  ///< "expert", "mtl", "teacher", ...
  std::string metric;  ///< "dice", "dice/<class>", "accuracy", "auc", "parameters"
  double value = 0;
  std::int64_t cases = 0;  ///< how many cases it is over
};

class Table {
 public:
  void add(Row row) { m_rows.push_back(std::move(row)); }
  void append(const Table& other);
  const std::vector<Row>& rows() const { return m_rows; }
  /// The value, or NaN if absent.
  double value(const std::string& task, const std::string& method, const std::string& metric) const;
  /// Tasks down, methods across, of one metric; for terminals. Empty if there is none.
  std::string text(const std::string& metric) const;
  /// RFC 4180 with a header line: task,method,metric,value,cases.
  std::string csv() const;
  Json json() const;
  static Result<Table> fromJson(const Json& json);

 private:
  std::vector<Row> m_rows;
};

}  // namespace lorkd::eval
