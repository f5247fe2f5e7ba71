#include "core/eval/Table.h"

#include <spdlog/fmt/fmt.h>

#include <algorithm>
#include <cmath>
#include <limits>

#include "core/base/Truth.h"
#include "core/eval/TableView.h"

namespace lorkd::eval {
namespace {

std::size_t codePoints(const std::string& text) {
  return static_cast<std::size_t>(std::ranges::count_if(text, [](unsigned char c) { return (c & 0xC0) != 0x80; }));
}

std::string padded(const std::string& text, std::size_t width, bool right) {
  const auto n = codePoints(text);
  const std::string space(width > n ? width - n : 0, ' ');
  return right ? space + text : text + space;
}

/// A number, or null for not-a-number.
double valueOf(const Json& json) {
  return json.is_null() ? std::numeric_limits<double>::quiet_NaN() : json.get<double>();
}

}  // namespace

std::string csvField(const std::string& text) {
  if (text.find_first_of(",\"\r\n") == std::string::npos) return text;
  std::string out = "\"";
  for (char c : text) out += c == '"' ? std::string("\"\"") : std::string(1, c);
  return out + "\"";
}

std::string baseOf(const std::string& metric) { return metric.substr(0, metric.find('/')); }

bool isShare(const std::string& metric) {
  const auto name = baseOf(metric);
  return name == "dice" || name == "iou" || name == "nsd" || name == "specificity" || name == "lesion_sensitivity" ||
         name == "lesion_f1" || std::ranges::find(classificationMetrics(), name) != classificationMetrics().end();
}

bool isScore(const std::string& metric) {
  const auto name = baseOf(metric);
  return isShare(metric) || name == "hd95_mm" || name == "volume_difference_ml" || name == "missed" ||
         name == "lesion_false_positives";
}

double merit(const std::string& metric, double value) {
  return isShare(metric) && metric != "calibration_error" ? value : -std::abs(value);
}

std::string withoutScores(const Table& table) {
  std::string out;
  for (const auto& answers : table.answers())
    if (const auto absent = absentClasses(answers); !absent.empty())
      out += fmt::format("No test picture of {} is of the class {}: it has no score.\n", answers.task, absent);
  return out;
}

void Table::append(const Table& other) {
  const auto copy = other;  // so that a table can be appended to itself
  m_rows.insert(m_rows.end(), copy.m_rows.begin(), copy.m_rows.end());
  m_cases.insert(m_cases.end(), copy.m_cases.begin(), copy.m_cases.end());
  m_answers.insert(m_answers.end(), copy.m_answers.begin(), copy.m_answers.end());
}

double Table::value(const std::string& task, const std::string& method, const std::string& metric) const {
  const auto row = std::ranges::find_if(
      m_rows, [&](const Row& r) { return r.task == task && r.method == method && r.metric == metric; });
  return row == m_rows.end() ? std::numeric_limits<double>::quiet_NaN() : row->value;
}

std::string Table::text(const std::string& metric) const {
  return text(metric, [&](const std::string& task, const std::string& method) {
    return formatValue(metric, value(task, method, metric));
  });
}

std::string Table::text(
    const std::string& metric,
    const std::function<std::string(const std::string& task, const std::string& method)>& cell) const {
  const TableView view(*this, metric);
  if (view.tasks.empty()) return {};
  std::vector<std::vector<std::string>> cells{{"task"}};
  for (const auto& method : view.methods) cells[0].push_back(method);
  for (const auto& task : view.tasks) {
    cells.push_back({task});
    for (const auto& method : view.methods) cells.back().push_back(cell(task, method));
  }
  std::string out;
  for (const auto& line : cells) {
    for (std::size_t c = 0; c < line.size(); ++c) {
      std::size_t width = 0;
      for (const auto& other : cells) width = std::max(width, codePoints(other[c]));
      out += (c ? "  " : "") + padded(line[c], width, c > 0);
    }
    out.erase(out.find_last_not_of(' ') + 1);
    out += '\n';
  }
  return out;
}

std::string Table::csv() const {
  std::string out = "task,method,metric,value,cases\r\n";
  for (const auto& r : m_rows)
    out += fmt::format("{},{},{},{},{}\r\n", csvField(r.task), csvField(r.method), csvField(r.metric),
                       std::isfinite(r.value) ? fmt::format("{}", r.value) : "", r.cases);
  return out;
}

Json Table::json() const {
  const auto number = [](double value) { return std::isfinite(value) ? Json(value) : Json(nullptr); };
  auto rows = Json::array();
  for (const auto& r : m_rows)
    rows.push_back(
        {{"task", r.task}, {"method", r.method}, {"metric", r.metric}, {"value", number(r.value)}, {"cases", r.cases}});
  for (const auto& r : m_cases)
    rows.push_back({{"task", r.task},
                    {"method", r.method},
                    {"metric", r.metric},
                    {"value", number(r.value)},
                    {"case", r.id},
                    {"patient", r.patient}});
  const auto truthOf = [](const Answers& answers, const Picture& picture) -> Json {
    if (!answers.overlapping) return picture.truth;
    auto out = Json::array();
    for (const auto truth : picture.truths) out.push_back(truth == notKnown ? Json(nullptr) : Json(truth));
    return out;
  };
  for (const auto& answers : m_answers) {
    auto pictures = Json::array();
    for (const auto& p : answers.pictures) {
      auto& picture = pictures.emplace_back(Json{p.id, p.patient, truthOf(answers, p)});
      for (const double probability : p.probabilities) picture.push_back(number(probability));
    }
    rows.push_back({{"task", answers.task},
                    {"method", answers.method},
                    {"metric", "answers"},
                    {"classes", answers.classes},
                    {"pictures", std::move(pictures)}});
    if (answers.overlapping) rows.back()["threshold"] = answers.threshold;
  }
  return rows;
}

namespace {

std::vector<std::uint8_t> truthsOf(const Json& list, std::size_t classes) {
  std::vector<std::uint8_t> out;
  for (const auto& entry : list)
    if (entry.is_null() || entry == 0 || entry == 1)
      out.push_back(entry.is_null() ? notKnown : static_cast<std::uint8_t>(entry.get<int>()));
  if (out.size() != classes || list.size() != classes)
    throw nlohmann::json::other_error::create(501, "the truth of a picture is not 1, 0 or null for each class", &list);
  return out;
}

Answers answersOf(const Json& j) {
  Answers out{j.at("task"), j.at("method"), j.at("classes"), {}};
  out.overlapping = j.contains("threshold");
  if (out.overlapping) j.at("threshold").get_to(out.threshold);
  for (const auto& p : j.at("pictures")) {
    Picture picture{p.at(0), p.at(1), -1, {}};
    if (out.overlapping)
      picture.truths = truthsOf(p.at(2), out.classes.size());
    else
      p.at(2).get_to(picture.truth);
    for (std::size_t c = 0; c < out.classes.size(); ++c) picture.probabilities.push_back(valueOf(p.at(3 + c)));
    if (!out.overlapping && (picture.truth < 0 || static_cast<std::size_t>(picture.truth) >= out.classes.size()))
      throw nlohmann::json::other_error::create(501, "a class number without a class", &p);
    out.pictures.push_back(std::move(picture));
  }
  return out;
}

}  // namespace

Result<Table> Table::fromJson(const Json& json) {
  if (!json.is_array()) return fail(ErrorCode::Format, "a table of results must be an array of rows");
  Table table;
  for (std::size_t i = 0; i < json.size(); ++i) {
    try {
      const auto& j = json[i];
      const auto text = [&](const char* key) { return j.at(key).get<std::string>(); };
      if (j.contains("pictures")) {
        table.addAnswers(answersOf(j));
        continue;
      }
      const double value = valueOf(j.at("value"));
      if (j.contains("case"))
        table.addCase(
            {text("task"), text("method"), text("metric"), text("case"), j.value("patient", text("case")), value});
      else
        table.add(Row{text("task"), text("method"), text("metric"), value, j.value("cases", std::int64_t(0))});
    } catch (const nlohmann::json::exception& e) {
      return fail(ErrorCode::Format, fmt::format("row {} of the results is damaged: {}", i, e.what()));
    }
  }
  return table;
}

}  // namespace lorkd::eval
