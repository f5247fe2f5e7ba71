#include "core/eval/RunHistory.h"

#include <cmath>
#include <limits>

#include "core/nn/Gram.h"

namespace lorkd::eval {
namespace {

constexpr double missing = std::numeric_limits<double>::quiet_NaN();

double number(const Json& object, const std::string& key) {
  const auto it = object.find(key);
  return it != object.end() && it->is_number() ? it->get<double>() : missing;
}

template <class T>
T& entry(plan::Named<T>& list, const std::string& name) {
  if (auto* found = list.find(name)) return *found;
  return list.emplace_back(name, T{}).second;
}

/// Adds {task: {name: value}} at `step`.
void collect(plan::Named<plan::Named<svg::Points>>& into, double step, const Json& event, const std::string& key) {
  const auto tasks = event.find(key);
  if (tasks == event.end() || !tasks->is_object()) return;
  for (const auto& [task, values] : tasks->items()) {
    if (!values.is_object()) continue;
    for (const auto& [name, value] : values.items()) {
      auto& points = entry(entry(into, task), name);
      points.x.push_back(step);
      points.y.push_back(value.is_number() ? value.get<double>() : missing);
    }
  }
}

/// A T×T matrix given as rows, not-a-number where nothing was measured; undefined if it is not one.
torch::Tensor gramOf(const Json& rows, std::size_t tasks) {
  if (!rows.is_array() || rows.size() != tasks) return {};
  std::vector<double> values;
  for (const auto& row : rows) {
    if (!row.is_array() || row.size() != tasks) return {};
    for (const auto& v : row) {
      if (!v.is_number() && !v.is_null()) return {};
      values.push_back(v.is_null() ? missing : v.get<double>());
    }
  }
  const auto n = static_cast<std::int64_t>(tasks);
  return torch::tensor(values, torch::kFloat64).view({n, n});
}

/// The tasks' shares in the batch, not-a-number for absent tasks; undefined if the event does not tell.
torch::Tensor weightsOf(const Json& event, std::size_t tasks) {
  const auto list = event.find("weights");
  if (list == event.end() || !list->is_array() || list->size() != tasks) return {};
  std::vector<double> out;
  for (const auto& v : *list) {
    if (!v.is_number()) return {};
    out.push_back(v.get<double>() > 0 ? v.get<double>() : missing);
  }
  return torch::tensor(out, torch::kFloat64);
}

/// Sums and counts of the finite entries of matrices.
struct Mean {
  torch::Tensor sum, count;
  void add(const torch::Tensor& values) {
    if (!sum.defined()) sum = torch::zeros_like(values), count = torch::zeros_like(values);
    const auto finite = values.isfinite();
    sum += torch::where(finite, values, torch::zeros_like(values));
    count += finite.to(torch::kFloat64);
  }
  std::vector<std::vector<double>> rows() const {
    const auto mean = (sum / count).contiguous();  // 0/0 stays not-a-number: never seen together
    std::vector<std::vector<double>> out;
    for (std::int64_t i = 0; i < mean.size(0); ++i)
      out.emplace_back(mean[i].data_ptr<double>(), mean[i].data_ptr<double>() + mean.size(1));
    return out;
  }
};

/// Pairs i < j with a finite cosine, and how many of them are negative.
std::pair<double, double> pairsOf(const torch::Tensor& cosine) {
  const auto upper = torch::ones_like(cosine).triu(1).to(torch::kBool);
  const auto pairs = cosine.masked_select(upper & cosine.isfinite());
  return {static_cast<double>(pairs.numel()), pairs.lt(0).sum().item<double>()};
}

class ConflictReader {
 public:
  void read(const Json& event) {
    const auto tasks = event.find("tasks"), layers = event.find("layers");
    if (tasks == event.end() || layers == event.end() || !tasks->is_array() || !layers->is_object()) return;
    std::vector<std::string> names;
    for (const auto& name : *tasks) names.push_back(name.is_string() ? name.get<std::string>() : "");
    if (names.size() > 1000) return;
    if (m_out.tasks.empty()) m_out.tasks = names;
    if (names != m_out.tasks) return;
    const auto weights = weightsOf(event, names.size());
    torch::Tensor total;
    for (const auto& [layer, rows] : layers->items()) {
      auto gram = gramOf(rows, names.size());
      if (!gram.defined()) continue;
      if (weights.defined()) gram = gram / weights.outer(weights);  // of the tasks' own losses, whatever their samples
      total = total.defined() ? total + gram : gram;
      const auto [pairs, negative] = pairsOf(nn::conflictMeasures(gram).cosine);
      auto& counts = entry(m_layers, layer);
      counts.first += pairs;
      counts.second += negative;
    }
    if (!total.defined()) return;
    const auto measures = nn::conflictMeasures(total);
    const auto [pairs, negative] = pairsOf(measures.cosine);
    if (pairs == 0) return;
    m_cosine.add(measures.cosine);
    m_magnitude.add(measures.magnitudeSimilarity);
    m_out.fraction.x.push_back(number(event, "step"));
    m_out.fraction.y.push_back(negative / pairs);
    ++m_out.measurements;
  }
  ConflictHistory take() {
    if (m_out.measurements == 0) return {};
    m_out.cosine = m_cosine.rows();
    m_out.magnitude = m_magnitude.rows();
    for (const auto& [layer, counts] : m_layers)
      m_out.layers.emplace_back(layer, counts.first > 0 ? counts.second / counts.first : missing);
    return m_out;
  }

 private:
  ConflictHistory m_out;
  Mean m_cosine, m_magnitude;
  plan::Named<std::pair<double, double>> m_layers;  ///< pairs seen, pairs in conflict
};

}  // namespace

RunHistory historyOf(const std::vector<Json>& events) {
  RunHistory history;
  ConflictReader conflict;
  for (const auto& event : events) {
    if (!event.is_object()) continue;
    const auto kind = event.find("kind");
    const double step = number(event, "step");
    if (kind == event.end() || !kind->is_string() || !std::isfinite(step)) continue;
    if (*kind == "step") {
      collect(history.losses, step, event, "losses");
      if (const double s = number(event, "seconds"); s > 0) {
        history.seconds += s;
        if (const double share = number(event, "wait"); share > 0) history.waited += s * share;
      }
    } else if (*kind == "validation") {
      collect(history.validation, step, event, "metrics");
      history.mean.x.push_back(step);
      history.mean.y.push_back(number(event, "mean"));
      const auto best = event.find("best");
      if (best != event.end() && best->is_boolean() && best->get<bool>()) {
        history.bestStep = step, history.best = history.mean.y.back();
        const auto by = event.find("by");
        history.by = by != event.end() && by->is_string() ? by->get<std::string>() : "";
      }
    } else if (*kind == "conflict") {
      conflict.read(event);
    }
  }
  history.conflict = conflict.take();
  return history;
}

}  // namespace lorkd::eval
