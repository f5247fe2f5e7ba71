#include "plugins/monai/DataList.h"

#include <algorithm>
#include <set>

#include "core/base/File.h"
#include "core/base/Json.h"

namespace lorkd::monai {
namespace {

namespace fs = std::filesystem;
using data::layout::Assigned;
using data::layout::Assignment;
using data::layout::Files;

constexpr std::uintmax_t kLargest = std::uintmax_t(64) << 20;  // bytes of a list
constexpr std::size_t kMostLists = 20;                         // that are looked into

/// One list, read.
class List {
 public:
  List(const Files& files, const std::string& file)
      : m_folder(fs::path(file).parent_path()), m_volumes(files.volumes.begin(), files.volumes.end()) {
    const auto text = readFile(files.folder / file, kLargest);
    if (!text) return;
    const auto parsed = parseJson(*text, file);
    const auto json = parsed ? *parsed : Json();
    if (!json.is_object() || !json.contains("training") || !json["training"].is_array()) return;
    for (const auto& [key, split] : {std::pair("training", "train"), std::pair("validation", "validation"),
                                     std::pair("test", "test"), std::pair("testing", "test")})
      if (const auto part = json.find(key); part != json.end() && part->is_array())
        for (const auto& entry : *part) add(entry, split);
    // Only labels make it worth more than names.
    if (std::ranges::none_of(found, [](const auto& one) { return one.second.use == Assigned::Use::Labels; }))
      found.clear();
  }

  Assignment found;

 private:
  /// The volume below the source that a list's path names; empty where there is none.
  std::string fileOf(const Json& path) const {
    if (!path.is_string()) return {};
    const auto file = (m_folder / path.get<std::string>()).lexically_normal().generic_string();
    return m_volumes.contains(file) ? file : std::string();
  }

  void add(const Json& entry, const char* split) {
    const auto image = entry.is_object() ? entry.value("image", Json()) : entry;
    const auto paths = image.is_array() ? image : Json::array({image});
    std::string first;
    for (std::size_t n = 0; n < paths.size(); ++n) {
      const auto file = fileOf(paths[n]);
      if (file.empty()) continue;
      if (first.empty()) first = file;
      auto& one = found[file];
      one.key["image"] = first;
      one.split = split;
      if (paths.size() > 1) one.channel = std::to_string(n);  // what it shows its name says
    }
    const auto label = entry.is_object() ? fileOf(entry.value("label", Json())) : std::string();
    if (first.empty() || label.empty()) return;
    auto& one = found[label];
    one.use = Assigned::Use::Labels;
    one.key["image"] = first;
  }

  fs::path m_folder;
  std::set<std::string> m_volumes;
};

/// What the best of the lists says.
Assignment best(const Files& files) {
  Assignment out;
  std::size_t looked = 0;
  for (const auto& file : files.others) {
    const fs::path path(file);
    if (path.extension() != ".json" || path.filename() == "dataset.json" || ++looked > kMostLists) continue;
    List list(files, file);
    if (list.found.size() > out.size()) out = std::move(list.found);
  }
  return out;
}

}  // namespace

data::layout::LayoutReader reader() {
  const auto score = [](const Files& files) {
    return files.volumes.empty() ? 0.0
                                 : static_cast<double>(best(files).size()) / static_cast<double>(files.volumes.size());
  };
  return {"monai-datalist", "a MONAI data list", "dataset_0.json, and the files that it names", score,
          [](const Files& files) -> Result<Assignment> { return best(files); }};
}

}  // namespace lorkd::monai
