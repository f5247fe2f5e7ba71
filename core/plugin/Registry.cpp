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

/// In place of the one of the same name, or behind all others.
template <class T, class Name>
void put(std::vector<T>& all, T one, Name nameOf) {
  const auto same = std::ranges::find_if(all, [&](const T& known) { return nameOf(known) == nameOf(one); });
  if (same == all.end())
    all.push_back(std::move(one));
  else
    *same = std::move(one);
}

}  // namespace

void Registry::begin(PluginInfo plugin) {
  std::erase_if(m_plugins, [&](const auto& known) { return known.name == plugin.name; });
  m_plugins.push_back(std::move(plugin));
}

void Registry::note(Provided what) {
  for (auto& plugin : m_plugins)
    std::erase_if(plugin.provides, [&](const auto& p) { return p.kind == what.kind && p.name == what.name; });
  if (!m_plugins.empty()) m_plugins.back().provides.push_back(std::move(what));
}

void Registry::add(BackboneInfo backbone) {
  note({"backbone", backbone.name, backbone.title});
  put(m_backbones, std::move(backbone), [](const auto& b) { return b.name; });
}

void Registry::add(std::shared_ptr<expert::Exporter> exporter) {
  note({"exporter", exporter->name(), exporter->fileName()});
  put(m_exporters, std::move(exporter), [](const auto& e) { return e->name(); });
}

void Registry::add(data::layout::LayoutReader reader) {
  note({"layout", reader.name, reader.title});
  put(m_readers, std::move(reader), [](const auto& r) { return r.name; });
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
    built.begin({"built-in", "What the program brings itself", LORKD_VERSION, pluginApi, {}});
    for (const bool pooled : {false, true})
      for (const int dims : {2, 3}) built.add(unet(dims, pooled));
    built.add(std::shared_ptr<expert::Exporter>(expert::safetensorsExporter()));
    return built;
  }();
  return instance;
}

}  // namespace lorkd::plugin
