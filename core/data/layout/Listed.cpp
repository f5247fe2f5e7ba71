#include "core/data/layout/Listed.h"

#include <cstdio>
#include <set>

#include "core/base/Json.h"

namespace lorkd::data::layout {
namespace fs = std::filesystem;
namespace {

/// An image, of one file a channel, and its labels.
struct Entry {
  std::vector<fs::path> images;
  fs::path labels;
};

std::vector<std::string> textsIn(const Json& json) {
  if (json.is_string()) return {json.get<std::string>()};
  std::vector<std::string> out;
  if (json.is_array())
    for (const auto& one : json) {
      if (!one.is_string()) return {};
      out.push_back(one.get<std::string>());
    }
  return out;
}

/// One entry; nothing if it is of another form.
std::optional<Entry> entryOf(const Json& json, const char* imageKey, const fs::path& folder) {
  if (!json.is_object() || !json.contains(imageKey)) return std::nullopt;
  const auto images = textsIn(json[imageKey]);
  const auto labels = json.contains("label") ? textsIn(json["label"]) : std::vector<std::string>();
  if (images.empty() || labels.size() != 1) return std::nullopt;
  Entry out;
  for (const auto& image : images) out.images.push_back((folder / image).lexically_normal());
  out.labels = (folder / labels.front()).lexically_normal();
  return out;
}

std::vector<Entry> entriesOf(const Json& json, const fs::path& folder) {
  std::vector<Entry> out;
  if (!json.is_object()) return out;
  if (const auto cases = json.find("dataset"); cases != json.end() && cases->is_object())
    for (const auto& one : *cases)
      if (auto entry = entryOf(one, "images", folder)) out.push_back(std::move(*entry));
  for (const char* part : {"training", "train", "validation", "val", "test", "testing"})
    if (const auto list = json.find(part); list != json.end() && list->is_array())
      for (const auto& one : *list)
        if (auto entry = entryOf(one, "image", folder)) out.push_back(std::move(*entry));
  return out;
}

}  // namespace

std::map<fs::path, Name> listedNames(const fs::path& source, const std::vector<fs::path>& relative,
                                     const std::map<fs::path, Name>& names) {
  std::set<fs::path> folders;
  for (const auto& path : relative)
    for (auto folder = path.parent_path(); folders.insert(folder).second && folder.has_filename();)
      folder = folder.parent_path();
  std::map<fs::path, Name> out;
  for (const auto& folder : folders) {
    const auto file = source / folder / "dataset.json";
    std::error_code ignored;
    if (!fs::is_regular_file(file, ignored)) continue;
    const auto json = readJson(file);
    if (!json) continue;  // whoever looks for names of values says so
    std::map<fs::path, int> times;
    auto entries = entriesOf(*json, folder);
    for (const auto& entry : entries) {
      for (const auto& image : entry.images) ++times[image];
      ++times[entry.labels];
    }
    for (std::size_t n = 0; n < entries.size(); ++n) {
      const auto& [images, labels] = entries[n];
      const auto usable = [&](const fs::path& path) {
        return names.contains(path) && times.at(path) == 1 && !out.contains(path);
      };
      if (!usable(labels) || !std::ranges::all_of(images, usable)) continue;
      Name common;
      common.listed = common.told = true;
      for (const auto& part : folder) common.place.push_back(part.string());
      common.place.emplace_back("listed");
      common.stem = common.spelled = {std::to_string(n)};
      for (std::size_t c = 0; c < images.size(); ++c) {
        auto& name = out.emplace(images[c], common).first->second;
        char number[24];
        std::snprintf(number, sizeof number, "%04zu", c);
        name.said = images.size() > 1 ? std::vector<std::string>{number} : names.at(images[c]).said;
      }
      out.emplace(labels, common).first->second.role = Role::Labels;
    }
  }
  return out;
}

}  // namespace lorkd::data::layout
