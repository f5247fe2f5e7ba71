#include "core/workflow/Validation.h"

#include <cmath>

#include "core/workflow/Scoring.h"

namespace lorkd::workflow {
namespace {

struct TrainingAgain {
  nn::Network& network;
  ~TrainingAgain() { network->train(); }
};

}  // namespace

Result<train::Validation> validate(nn::Network& network, const feed::Dataset& dataset, const plan::Plan& plan,
                                   torch::Device device, ControlDesk& desk, const std::function<void()>& tick,
                                   const std::function<Result<void>()>& save, const CancelToken& cancel) {
  train::Validation out;
  out.metrics = Json::object();
  const double pausedBefore = desk.secondsPaused();
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
    LORKD_TRY(scored, score(network, t, "validation", dataset, plan, device, cancel, meanwhile));
    LORKD_CHECK(saved);
    auto& entry = out.metrics[plan.tasks[static_cast<std::size_t>(t)].first] = Json::object();
    for (const auto* figures : {&scored.metrics, &scored.classes})
      for (const auto& [name, value] : *figures) entry[name] = value;
    if (!scored.metrics.empty() && std::isfinite(scored.metrics.front().second))
      out.mean += scored.metrics.front().second, ++counted;
  }
  out.judged = counted > 0;
  if (out.judged) out.mean /= counted;
  out.paused = desk.secondsPaused() - pausedBefore;
  return out;
}

}  // namespace lorkd::workflow
