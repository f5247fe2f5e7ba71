#include "core/workflow/Validation.h"

#include <cmath>

#include "core/workflow/Scoring.h"

namespace lorkd::workflow {
namespace {

/// Fuses a task's expert while it lives: one weight a layer instead of one made for every window.
class Fused {
 public:
  Fused(nn::Network& network, int task) : m_network(network), m_task(task) { m_network->fuse(m_task); }
  ~Fused() { m_network->unfuse(); }
  /// Does `work` with the network as it was.
  Result<void> apart(const std::function<Result<void>()>& work) {
    m_network->unfuse();
    auto done = work();
    m_network->fuse(m_task);
    return done;
  }

 private:
  nn::Network& m_network;
  int m_task;
};

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
    Fused fused(network, t);
    Result<void> saved;
    const auto meanwhile = [&] {
      tick();
      if (saved && desk.takeCheckpoint()) saved = fused.apart(save);
    };
    LORKD_TRY(scored, score(network, t, "validation", dataset, plan, device, cancel, meanwhile));
    LORKD_CHECK(saved);
    auto& entry = out.metrics[plan.tasks[static_cast<std::size_t>(t)].first] = Json::object();
    for (const auto& [name, value] : scored.metrics) entry[name] = value;
    if (!scored.metrics.empty() && std::isfinite(scored.metrics.front().second))
      out.mean += scored.metrics.front().second, ++counted;
  }
  out.judged = counted > 0;
  if (out.judged) out.mean /= counted;
  out.paused = desk.secondsPaused() - pausedBefore;
  return out;
}

}  // namespace lorkd::workflow
