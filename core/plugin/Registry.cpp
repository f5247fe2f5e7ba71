#include "core/plugin/Registry.h"

#include <algorithm>

#include "core/nn/UNet.h"

namespace lorkd::plugin {
namespace {

BackboneInfo unet(int dims) {
  const auto number = std::to_string(dims);
  const auto make = [dims](const plan::Backbone& options, const nn::LowRankSpec& spec,
                           std::int64_t inputChannels) -> Result<std::shared_ptr<nn::Backbone>> {
    auto widths = options.widths;
    if (widths.empty()) {
      LORKD_TRY(preset, nn::unetWidths(options.preset));
      widths = preset;
    }
    return nn::makeUNet({dims, inputChannels, widths, options.deepSupervision}, spec);
  };
  return {"unet" + number + "d", "U-Net, " + number + "D", dims, {"tiny", "small", "nano", "pro"}, make};
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
    built.add(unet(2));
    built.add(unet(3));
    built.add(std::shared_ptr<expert::Exporter>(expert::safetensorsExporter()));
    return built;
  }();
  return instance;
}

}  // namespace lorkd::plugin
