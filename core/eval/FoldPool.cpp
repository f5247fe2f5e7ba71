#include "core/eval/FoldPool.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <map>
#include <set>

#include "core/eval/PatientScores.h"

namespace lorkd::eval {
namespace {

using Key = std::pair<std::string, std::string>;  // task, metric
using CaseKey = std::array<std::string, 4>;       // task, metric, case, patient
using Group = std::vector<const StudyResult*>;    // the folds of a method and seed

std::string methodOf(const StudyResult& result) {
  return result.table.rows().empty() ? std::string() : result.table.rows().front().method;
}

/// Each case once, with the mean of its scores.
Table mergedCases(const Group& group, const std::string& method) {
  std::map<CaseKey, std::pair<double, int>> sums;
  std::vector<CaseKey> order;
  for (const auto* result : group)
    for (const auto& c : result->table.cases()) {
      if (!std::isfinite(c.value)) continue;
      const auto [at, added] = sums.try_emplace(CaseKey{c.task, c.metric, c.id, c.patient});
      if (added) order.push_back(at->first);
      at->second.first += c.value, ++at->second.second;
    }
  Table out;
  for (const auto& key : order) {
    const auto& [sum, n] = sums.at(key);
    out.addCase({key[0], method, key[1], key[2], key[3], sum / n});
  }
  return out;
}

/// Whether some case is tested by more than one fold.
bool testsAgain(const Group& group) {
  std::map<CaseKey, const StudyResult*> seen;
  for (const auto* result : group)
    for (const auto& c : result->table.cases())
      if (const auto [at, added] = seen.try_emplace(CaseKey{c.task, c.metric, c.id, c.patient}, result);
          !added && at->second != result)
        return true;
  return false;
}

/// How many cases have a score of the figure.
std::int64_t casesOf(const Table& merged, const Key& key) {
  std::set<std::string> ids;
  for (const auto& c : merged.cases())
    if (c.task == key.first && (c.metric == key.second || baseOf(c.metric) == key.second)) ids.insert(c.id);
  return static_cast<std::int64_t>(ids.size());
}

/// A figure without single cases.
Row pooledRow(Row row, const std::vector<const Row*>& folds, bool same) {
  double sum = 0, weights = 0, most = 0;
  std::int64_t cases = 0, n = 0;
  const bool counts = baseOf(row.metric) == "missed";
  const bool weighted = !counts && std::ranges::all_of(folds, [](const Row* r) { return r->cases > 0; });
  for (const auto* r : folds) {
    if (!std::isfinite(r->value)) continue;
    const double weight = weighted ? static_cast<double>(r->cases) : 1;
    sum += weight * r->value, weights += weight;
    most = std::max(most, r->value);
    cases += r->cases, ++n;
  }
  if (n == 0) return row;
  row.value = row.metric == "peak_memory" ? most : counts && !same ? sum : sum / weights;
  row.cases = same ? cases / n : cases;
  return row;
}

StudyResult pooled(const Group& group, const std::string& method, bool same) {
  StudyResult out{group.front()->seed, mergedCases(group, method)};
  const auto merged = out.table;
  const auto scores = scoresOf(method, {out});
  std::map<Key, std::vector<const Row*>> rows;
  std::vector<Key> order;
  for (const auto* result : group)
    for (const auto& row : result->table.rows()) {
      auto& list = rows[{row.task, row.metric}];
      if (list.empty()) order.emplace_back(row.task, row.metric);
      list.push_back(&row);
    }
  for (const auto& key : order) {
    const auto& folds = rows.at(key);
    Row row{key.first, method, key.second, std::numeric_limits<double>::quiet_NaN(), 0};
    const PatientSample sample(scores, row.task, row.metric);
    if (isScore(row.metric) && baseOf(row.metric) != "missed" && sample.patients() > 0) {
      row.value = sample.mean();
      row.cases = casesOf(merged, key);
      out.table.add(std::move(row));
    } else {
      out.table.add(pooledRow(std::move(row), folds, same));
    }
  }
  return out;
}

}  // namespace

FoldPool poolFolds(const std::vector<StudyResult>& results, int folds) {
  std::vector<std::pair<std::string, std::int64_t>> order;
  std::map<std::pair<std::string, std::int64_t>, Group> groups;
  for (const auto& result : results) {
    const std::pair key{methodOf(result), result.seed};
    auto& group = groups[key];
    if (group.empty()) order.push_back(key);
    group.push_back(&result);
  }
  const bool same = std::ranges::any_of(groups, [](const auto& group) { return testsAgain(group.second); });
  FoldPool out;
  const auto number = std::to_string(folds);
  out.text = same ? "Means over " + number + " folds, which all test the same patients."
                  : "Pooled over " + number +
                        " folds: every patient is tested once, by networks that have not learnt "
                        "from this patient.";
  for (const auto& key : order) {
    const auto& group = groups.at(key);
    if (group.size() < static_cast<std::size_t>(folds))
      out.text += " Of " + key.first + " with seed " + std::to_string(key.second) + " only " +
                  std::to_string(group.size()) + " of " + number +
                  " folds are finished, and it lacks the patients of " + "the others.";
    out.results.push_back(pooled(group, key.first, same));
  }
  return out;
}

}  // namespace lorkd::eval
