#include "core/workflow/Truncate.h"

#include <algorithm>
#include <cmath>

#include "core/base/Guard.h"
#include "core/nn/Spectrum.h"
#include "core/workflow/Scoring.h"
#include "core/workflow/Workflow.h"

namespace lorkd::workflow {
namespace {

std::int64_t rankFor(const nn::LayerSpectrum& spectrum, const Truncation& truncation, std::int64_t decoderFactor) {
  if (truncation.rank > 0)
    return std::min(spectrum.rank, nn::layerRank(spectrum.layer, truncation.rank, decoderFactor));
  std::int64_t rank = 1;
  while (rank < spectrum.rank && spectrum.kept(rank) < truncation.energy) ++rank;
  return rank;
}

/// The task's scores on the validation cases. The test cases are for what was decided without them: a rank that was
/// chosen by looking at their scores would make these too good.
Result<Score> validationScore(nn::Network& network, int task, const feed::Dataset& dataset, const plan::Plan& plan,
                              torch::Device device, const CancelToken& cancel) {
  network->to(device);
  network->eval();
  return score(network, task, "validation", dataset, plan, device, cancel);
}

}  // namespace

Result<Json> truncateExpert(nn::Network& network, int task, const Truncation& truncation, const feed::Dataset& dataset,
                            const plan::Plan& plan, const CancelToken& cancel) {
  const auto& name = network->heads()[static_cast<std::size_t>(task)].task;
  return guarded("truncating " + name, [&]() -> Result<Json> {
    const auto spectra = nn::spectra(network, task);
    if (spectra.empty())
      return fail(ErrorCode::Unsupported, "this run has no low-rank factors to truncate",
                  "export it without --rank and --energy", name);
    if (std::ranges::all_of(spectra, [](const auto& s) { return s.total() == 0; }))
      return fail(ErrorCode::InvalidArgument, "the factors of this task are still zero: there is nothing to truncate",
                  "train the run first", name);
    Json out = truncation.rank > 0 ? Json{{"rank", truncation.rank}} : Json{{"energy", truncation.energy}};
    std::vector<std::int64_t> ranks;
    double kept = 0, all = 0;
    for (const auto& spectrum : spectra) {
      ranks.push_back(rankFor(spectrum, truncation, plan.lowrank.decoderFactor));
      out["layers"][spectrum.layer.name] = ranks.back();
      // As in the advice on ranks: relative to the layer's own weight.
      const double part = spectrum.weight > 0 ? spectrum.total() / spectrum.weight : 0;
      kept += part * spectrum.kept(ranks.back());
      all += part;
    }
    out["energy_kept"] = kept / all;
    LORKD_TRY(device, setUpDevice(plan));
    LORKD_TRY(before, validationScore(network, task, dataset, plan, device, cancel));
    out["factor_parameters_before"] = network->factorParameters(task);
    nn::truncate(network, task, ranks);
    out["factor_parameters"] = network->factorParameters(task);
    LORKD_TRY(after, validationScore(network, task, dataset, plan, device, cancel));
    const auto value = [](const Score& s) {
      return !s.metrics.empty() && std::isfinite(s.metrics.front().second) ? Json(s.metrics.front().second) : Json();
    };
    out["metric"] = before.metrics.empty() ? Json() : Json(before.metrics.front().first);
    out["before"] = value(before);
    out["after"] = value(after);
    out["cases"] = before.cases;
    out["split"] = "validation";
    return out;
  });
}

}  // namespace lorkd::workflow
