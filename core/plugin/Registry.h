// What plugins implement, and where they register. A plugin is a folder plugins/<name> with one function
// `void register_<name>(lorkd::plugin::Registry&)`; its CMakeLists.txt says name, version and API by lorkd_plugin().
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "core/base/Error.h"
#include "core/data/layout/Reader.h"
#include "core/expert/Exporter.h"
#include "core/nn/Network.h"
#include "core/run/Plan.h"

namespace lorkd::plugin {

/// The number of these interfaces. It is raised when a plugin must be changed to go on; the build refuses a plugin that
/// was written for another one. plugins/CMakeLists.txt reads this line.
inline constexpr int pluginApi = 1;

/// One thing that a plugin brings.
struct Provided {
  std::string kind;  ///< "backbone", "exporter" or "layout"
  std::string name, title;
};

struct PluginInfo {
  std::string name;     ///< of its folder; "built-in" for what the program brings itself
  std::string title;    ///< for people
  std::string version;  ///< the plugin's own
  int api = pluginApi;
  std::vector<Provided> provides;
};

/// Makes a backbone from its plan section. `inputChannels` is 1, or 3 for coloured pictures.
using BackboneFactory = std::function<Result<std::shared_ptr<nn::Backbone>>(
    const plan::Backbone& options, const nn::LowRankSpec& spec, std::int64_t inputChannels)>;

struct BackboneInfo {
  std::string name;   ///< plan value
  std::string title;  ///< for people
  int dims = 3;
  std::vector<std::string> presets;
  BackboneFactory make;
};

class Registry {
 public:
  /// What is added from now on is brought by this plugin.
  void begin(PluginInfo plugin);
  /// The last of a name wins, so that registering twice is harmless.
  void add(BackboneInfo backbone);
  void add(std::shared_ptr<expert::Exporter> exporter);
  void add(data::layout::LayoutReader reader);
  /// Errors: NotFound, naming what is registered.
  Result<const BackboneInfo*> backbone(const std::string& name) const;
  const std::vector<BackboneInfo>& backbones() const { return m_backbones; }
  const std::vector<std::shared_ptr<expert::Exporter>>& exporters() const { return m_exporters; }
  /// Of layouts of data sets, beside those that a scan knows itself (core/data/layout/Readers.h).
  const std::vector<data::layout::LayoutReader>& readers() const { return m_readers; }
  /// Who brings what: the built-in things first.
  const std::vector<PluginInfo>& plugins() const { return m_plugins; }

 private:
  void note(Provided what);

  std::vector<PluginInfo> m_plugins;
  std::vector<BackboneInfo> m_backbones;
  std::vector<std::shared_ptr<expert::Exporter>> m_exporters;
  std::vector<data::layout::LayoutReader> m_readers;
};

/// The program's registry: at first the built-in U-Nets ("unet2d", "unet3d"), their encoders
/// ("encoder2d", "encoder3d") and the safetensors exporter; the
/// composition root adds the plugins of the build (plugins/Plugins.h).
Registry& registry();

}  // namespace lorkd::plugin
