#include "core/models/MonaiBundle.h"

#include <algorithm>

#include "core/base/Printable.h"

namespace lorkd::models {

namespace fs = std::filesystem;

namespace {

bool hasMetadata(const fs::path& folder) {
  std::error_code ec;
  return fs::is_regular_file(folder / "configs/metadata.json", ec);
}

std::string wordsOf(const Json& object, const char* key) {
  const auto value = object.is_object() ? object.value(key, Json()) : Json();
  return value.is_string() ? printable(value.get<std::string>(), false).substr(0, 500) : std::string();
}

/// {"0": "background", "1": "spleen"} at network_data_format.<side>.*.channel_def.
std::vector<std::pair<std::string, std::string>> channelsOf(const Json& metadata, const char* side) {
  std::vector<std::pair<std::string, std::string>> out;
  const auto format = metadata.value("network_data_format", Json());
  const auto entries = format.is_object() ? format.value(side, Json()) : Json();
  if (!entries.is_object() || entries.empty()) return out;
  const auto& first = *entries.begin();
  const auto channels = first.is_object() ? first.value("channel_def", Json()) : Json();
  if (!channels.is_object()) return out;
  for (const auto& [value, name] : channels.items())
    if (name.is_string()) out.emplace_back(printable(value, false), printable(name.get<std::string>(), false));
  return out;
}

/// The network that a configuration defines, if it does so without Python.
Result<void> readNetwork(const fs::path& configs, MonaiBundle& out) {
  std::error_code ec;
  for (const char* file : {"inference.json", "train.json"}) {
    if (!fs::is_regular_file(configs / file, ec)) continue;
    LORKD_TRY(config, readJson(configs / file));
    const auto network = config.is_object() ? config.value("network_def", Json()) : Json();
    const auto target = wordsOf(network, "_target_");
    if (target.empty()) continue;
    out.network = target.substr(target.rfind('.') + 1);
    out.arguments = Json::object();
    for (const auto& [key, value] : network.items()) {
      if (key == "_target_") continue;
      const auto text = value.is_string() ? value.get<std::string>() : std::string();
      if (text.starts_with("$") || text.starts_with("@"))
        out.notUnderstood.push_back("the network's argument " + printable(key, false) + " = " +
                                    printable(text, false).substr(0, 100));
      out.arguments[printable(key, false)] = value;
    }
    return {};
  }
  out.notUnderstood.push_back("which network it is: no configs/inference.json or train.json names one plainly");
  return {};
}

}  // namespace

Result<std::optional<MonaiBundle>> readMonaiBundle(const fs::path& folder) {
  MonaiBundle out;
  out.folder = folder;
  std::error_code ec;
  if (!hasMetadata(folder)) {
    std::vector<fs::path> below;
    for (fs::directory_iterator it(folder, ec), end; !ec && it != end && below.size() < 1000; it.increment(ec))
      if (hasMetadata(it->path())) below.push_back(it->path());
    if (below.size() != 1) return std::optional<MonaiBundle>();
    out.folder = below.front();
  }
  LORKD_TRY(metadata, readJson(out.folder / "configs/metadata.json"));
  if (!metadata.is_object())
    return fail(ErrorCode::Format, "the metadata are no object", "get the bundle again",
                (out.folder / "configs/metadata.json").string());
  out.version = wordsOf(metadata, "version");
  out.task = wordsOf(metadata, "task");
  out.description = wordsOf(metadata, "description");
  out.monaiVersion = wordsOf(metadata, "monai_version");
  out.labels = channelsOf(metadata, "outputs");
  for (const auto& [value, name] : channelsOf(metadata, "inputs")) out.inputs.push_back(name);
  LORKD_CHECK(readNetwork(out.folder / "configs", out));
  for (const char* name : {"model.pt", "model.safetensors", "model.ts"})
    if (fs::is_regular_file(out.folder / "models" / name, ec)) {
      out.weights = out.folder / "models" / name;
      break;
    }
  return std::optional(std::move(out));
}

}  // namespace lorkd::models
