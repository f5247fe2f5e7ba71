#include <algorithm>

#include "core/plugin/Registry.h"
#include "plugins/shufflenet/ShuffleNetV2.h"

void register_shufflenet(lorkd::plugin::Registry& registry) {
  using namespace lorkd;
  const auto make = [](const plan::Backbone& options, const nn::LowRankSpec& spec,
                       std::int64_t inputChannels) -> Result<std::shared_ptr<nn::Backbone>> {
    if (options.deepSupervision)
      return fail(ErrorCode::InvalidArgument, "ShuffleNetV2 has no decoder to supervise", "switch it off",
                  "backbone.deep_supervision");
    const auto norms = options.norm == plan::BackboneNorm::PerTask ? spec.tasksServed() : 0;
    if (options.widths.empty()) {
      LORKD_TRY(widths, shufflenet::widths(options.preset));
      return shufflenet::make(widths, inputChannels, spec, norms);
    }
    shufflenet::Widths widths{};
    if (options.widths.size() != widths.size())
      return fail(ErrorCode::InvalidArgument, "ShuffleNetV2 takes five widths: stem, three stages, last", {},
                  "backbone.widths");
    std::copy(options.widths.begin(), options.widths.end(), widths.begin());
    return shufflenet::make(widths, inputChannels, spec, norms);
  };
  registry.add({"shufflenetv2", "ShuffleNetV2", 2, {"tiny", "small", "medium", "large"}, make});
}
