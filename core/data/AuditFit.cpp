#include "core/data/AuditFit.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "core/data/Channels.h"
#include "core/data/ImageLabels.h"
#include "core/data/Prepare.h"

namespace lorkd::data {
namespace {

using io::Finding;

constexpr double kMostOutside = 0.05;

}  // namespace

std::optional<Finding> missingChannel(const plan::Plan& plan, const Case& c) {
  if (c.kind == "picture") return {};
  const auto inputs = inputsOf(plan.data, c);
  if (inputs || (inputs.error().code != ErrorCode::NotFound && isLabelled(plan, c))) return {};
  return Finding{Finding::Severity::Unusable, "missing-channel", inputs.error().message};
}

std::optional<Error> unclearChannels(const plan::Plan& plan, const Case& c) {
  if (c.kind == "picture" || !isLabelled(plan, c)) return {};
  const auto inputs = inputsOf(plan.data, c);
  if (inputs || inputs.error().code == ErrorCode::NotFound) return {};
  return inputs.error();
}

std::optional<Finding> clipped(const plan::Plan& plan, const Case& c, const Reading& reading) {
  if (c.kind == "picture") return {};
  const auto inputs = inputsOf(plan.data, c);
  if (!inputs) return {};
  const auto first = std::ranges::find_if(*inputs, [](const auto& at) { return at && *at == 0; });
  if (first == inputs->end()) return {};  // the network does not see what was read
  const auto options = normalisationOf(plan.data, static_cast<std::size_t>(first - inputs->begin()));
  const auto modality = c.channels.empty() ? c.modality : c.channels.front().modality;
  const auto kind = normalisationFor(modality, options, [&] { return reading.looksLikeHu; });
  std::array window{options.clip[0], options.clip[1]};
  if (kind == plan::DataNormalisation::Percentile)
    window = {reading.percentiles[0], reading.percentiles[2]};
  else if (kind == plan::DataNormalisation::Scale)
    return {};
  const double outside = shareOutside(reading, window[0], window[1]);
  if (outside <= kMostOutside) return {};
  char text[240];
  std::snprintf(text, sizeof text,
                "%.0f %% of the body's voxels lie outside the window %g to %g of the normalisation, where the network "
                "cannot tell them apart; if the tasks need them, choose a wider window or another normalisation",
                std::round(100 * outside), window[0], window[1]);
  return Finding{Finding::Severity::Warning, "clipped", text};
}

}  // namespace lorkd::data
