#include "core/workflow/Validation.h"

#include <algorithm>
#include <cmath>

#include "core/workflow/Scoring.h"

namespace lorkd::workflow {
namespace {

struct TrainingAgain {
  nn::Network& network;
  ~TrainingAgain() { network->train(); }
};

/// The score that chooses the best checkpoint.
std::string chooser(const plan::Plan& plan) {
  if (plan.training.best != plan::TrainingBest::Auto) return toString(plan.training.best);
  return plan::marks(plan.tasks.front().second.kind) ? "dice" : "auc";
}

}  // namespace

Result<train::Validation> validate(nn::Network& network, const feed::Dataset& dataset, const plan::Plan& plan,
                                   torch::Device device, ControlDesk& desk, const std::function<void()>& tick,
                                   const std::function<Result<void>()>& save, const CancelToken& cancel) {
  train::Validation out;
  out.metrics = Json::object();
  const double pausedBefore = desk.secondsPaused();
  const auto wanted = chooser(plan);
  std::vector<std::string> metrics;  // that count in the mean
  int counted = 0;
  const TrainingAgain again{network};
  network->eval();
  for (int t = 0; t < static_cast<int>(plan.tasks.size()); ++t) {
    Result<void> saved;
    const auto meanwhile = [&] {
      tick();
      if (!saved || !desk.takeCheckpoint()) return;
      network->unfuse();  // what is saved is what is trained
      saved = save();
      network->fuse(t);
    };
    const Deployed deployed(network, t);
    LORKD_TRY(scored, score(network, t, "validation", dataset, plan, device, cancel, meanwhile, wanted == "nsd"));
    LORKD_CHECK(saved);
    auto& entry = out.metrics[plan.tasks[static_cast<std::size_t>(t)].first] = Json::object();
    const bool pictures = !scored.answers.pictures.empty();
    // Of pictures of one class AUC has no value, whatever the network says.
    const bool instead = wanted == "auc" && pictures && !eval::tellsApart(scored.answers);
    const std::string metric = instead ? "accuracy" : wanted;
    if (const double own = scored.value(metric); std::isfinite(own)) entry[metric] = own;  // readers take the first
    for (const auto* figures : {&scored.metrics, &scored.classes})
      for (const auto& [name, value] : *figures) entry[name] = value;
    if (scored.metrics.empty()) continue;
    double value = scored.value(metric);
    if (pictures && !std::isfinite(value)) value = 0;  // the network's answers are no numbers
    if (!std::isfinite(value)) continue;               // no validation case has any structure of the task
    out.mean += value, ++counted;
    if (std::ranges::find(metrics, metric) == metrics.end()) metrics.push_back(metric);
  }
  for (const auto& metric : metrics) out.by += (out.by.empty() ? "" : ", ") + metric;
  if (out.by.empty()) out.by = wanted;
  out.judged = counted > 0;
  if (out.judged) out.mean /= counted;
  out.paused = desk.secondsPaused() - pausedBefore;
  return out;
}

}  // namespace lorkd::workflow
