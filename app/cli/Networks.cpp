#include <sstream>

#include "app/cli/Context.h"
#include "core/plugin/Registry.h"

namespace lorkd::cli {
namespace {

/// Name, title, axes and presets of every registered backbone: what backbone.name and backbone.preset may hold.
Result<void> list(const Context& context) {
  Json networks = Json::array();
  std::ostringstream text;
  for (const auto& info : plugin::registry().backbones()) {
    networks.push_back({{"name", info.name}, {"title", info.title}, {"dims", info.dims}, {"presets", info.presets}});
    text << info.name << ": " << info.title << ", presets";
    for (const auto& preset : info.presets) text << " " << preset;
    text << "\n";
  }
  context.answer({{"networks", networks}}, text.str());
  return {};
}

}  // namespace

void addNetworks(CLI::App& app, Context& context) {
  app.add_subcommand("networks", "List the networks that a plan can name, with their presets")->callback([&context] {
    context.action = [&context] { return list(context); };
  });
}

}  // namespace lorkd::cli
