#include <algorithm>

#include "core/plugin/Registry.h"
#include "plugins/resnet/ResNet.h"

void register_resnet(lorkd::plugin::Registry& registry) {
  using namespace lorkd;
  const auto make = [](const plan::Backbone& options, const nn::LowRankSpec& spec,
                       std::int64_t inputChannels) -> Result<std::shared_ptr<nn::Backbone>> {
    if (options.deepSupervision)
      return fail(ErrorCode::InvalidArgument, "ResNet has no decoder to supervise", "switch it off",
                  "backbone.deep_supervision");
    LORKD_TRY(depth, resnet::depthOf(options.preset));
    resnet::Options chosen{.depth = depth, .inputChannels = inputChannels};
    if (options.norm == plan::BackboneNorm::PerTask) chosen.normsPerTask = spec.tasksServed();
    if (!options.widths.empty()) {
      if (options.widths.size() != chosen.widths.size())
        return fail(ErrorCode::InvalidArgument, "ResNet takes four widths, one a stage",
                    "for example 64, 128, 256, 512", "backbone.widths");
      std::ranges::copy(options.widths, chosen.widths.begin());
    }
    return resnet::make(chosen, spec);
  };
  registry.add({"resnet", "ResNet", 2, {"18", "34", "50"}, make});
}
