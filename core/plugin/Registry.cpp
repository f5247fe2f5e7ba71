#include "core/plugin/Registry.h"

#include <algorithm>

#include "core/nn/UNet.h"

namespace lorkd::plugin {
namespace {

/// `pooled`: its way down alone, for classification.
BackboneInfo unet(int dims, bool pooled) {
  const auto number = std::to_string(dims);
  const auto make = [dims, pooled](const plan::Backbone& options, const nn::LowRankSpec& spec,
                                   std::int64_t inputChannels) -> Result<std::shared_ptr<nn::Backbone>> {
    if (pooled && options.deepSupervision)
      return fail(ErrorCode::InvalidArgument, "an encoder has no decoder to supervise", "switch it off",
                  "backbone.deep_supervision");
    const bool perTask = pooled && options.norm == plan::BackboneNorm::PerTask;
    const auto norms = perTask ? spec.tasksServed() : 0;
    auto widths = options.widths;
    if (widths.empty()) {
      LORKD_TRY(preset, nn::unetWidths(options.preset));
      widths = preset;
    }
    return nn::makeUNet({dims, inputChannels, widths, options.deepSupervision, pooled, norms}, spec);
  };
  const std::vector<std::string> presets{"tiny", "small", "nano", "pro"};
  if (pooled) return {"encoder" + number + "d", "U-Net's encoder, " + number + "D, to classify", dims, presets, make};
  return {"unet" + number + "d", "U-Net, " + number + "D", dims, presets, make};
}

}  // namespace

void Registry::add(BackboneInfo backbone) {
  const auto same = std::find_if(m_backbones.begin(), m_backbones.end(),
                                 [&](const BackboneInfo& known) { return known.name == backbone.name; });
  if (same == m_backbones.end())
    m_backbones.push_back(std::move(backbone));
  else
    *same = std::move(backbone);
}

void Registry::add(std::shared_ptr<expert::Exporter> exporter) {
  const auto same = std::find_if(m_exporters.begin(), m_exporters.end(),
                                 [&](const auto& known) { return known->name() == exporter->name(); });
  if (same == m_exporters.end())
    m_exporters.push_back(std::move(exporter));
  else
    *same = std::move(exporter);
}

void Registry::add(data::layout::LayoutReader reader) {
  const auto same =
      std::find_if(m_readers.begin(), m_readers.end(), [&](const auto& known) { return known.name == reader.name; });
  if (same == m_readers.end())
    m_readers.push_back(std::move(reader));
  else
    *same = std::move(reader);
}

Result<const BackboneInfo*> Registry::backbone(const std::string& name) const {
  std::string known;
  for (const auto& info : m_backbones) {
    if (info.name == name) return &info;
    known += (known.empty() ? "" : ", ") + info.name;
  }
  return fail(ErrorCode::NotFound, "no network is called \"" + name + "\"", "choose one of: " + known, "backbone.name");
}

Registry& registry() {
  static Registry instance = [] {
    Registry built;
    for (const bool pooled : {false, true})
      for (const int dims : {2, 3}) built.add(unet(dims, pooled));
    built.add(std::shared_ptr<expert::Exporter>(expert::safetensorsExporter()));
    return built;
  }();
  return instance;
}

}  // namespace lorkd::plugin
