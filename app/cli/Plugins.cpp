#include <sstream>

#include "app/cli/Context.h"
#include "core/data/layout/Readers.h"
#include "core/plugin/Registry.h"

namespace lorkd::cli {
namespace {

/// Every plugin with its version and what it brings: networks, formats of experts, layouts of data sets.
Result<void> list(const Context& context) {
  Json plugins = Json::array();
  std::ostringstream text;
  for (auto info : plugin::registry().plugins()) {
    if (plugins.empty())  // the readers of core/data register nowhere: a scan knows them itself
      for (const auto& reader : data::layout::builtInReaders())
        info.provides.push_back({"layout", reader.name, reader.title});
    Json provides = Json::array();
    text << info.name << " " << info.version << " (API " << info.api << "): " << info.title << "\n";
    for (const auto& [kind, name, title] : info.provides) {
      provides.push_back({{"kind", kind}, {"name", name}, {"title", title}});
      text << "    " << kind << " " << name << ": " << title << "\n";
    }
    plugins.push_back({{"name", info.name},
                       {"title", info.title},
                       {"version", info.version},
                       {"api", info.api},
                       {"provides", std::move(provides)}});
  }
  context.answer({{"plugins", plugins}}, text.str());
  return {};
}

}  // namespace

void addPlugins(CLI::App& app, Context& context) {
  app.add_subcommand("plugins", "List the plugins of this program, and the networks, formats and layouts they bring")
      ->callback([&context] { context.action = [&context] { return list(context); }; });
}

}  // namespace lorkd::cli
