#include <algorithm>
#include <set>

#include "core/data/Pairing.h"
#include "core/io/Images2D.h"

namespace lorkd::data {

Result<void> pairPictures(const io::Scan& scan, const std::string& source, const std::filesystem::path& folder,
                          Pairing& out) {
  const auto add = [&](const std::string& id, const std::filesystem::path& place, std::vector<std::string> classes) {
    Case c;
    c.id = c.patient = id;
    c.kind = "picture";
    c.imageFiles = {place};
    c.labels = std::move(classes);
    out.cases.push_back(std::move(c));
  };
  std::vector<const io::LooseFile*> archives;
  std::set<std::string> classes;
  bool volumes = !scan.series.empty();
  for (const auto& loose : scan.loose) {
    if (loose.kind == "npz") archives.push_back(&loose);
    if (loose.kind == "volume") volumes = true;
    // FOLDER/<class>/x.png or FOLDER/<split>/<class>/x.png: anything nearer or deeper is no example.
    if (loose.kind != "image") continue;
    const auto relative = loose.file.lexically_relative(folder);
    const auto depth = std::distance(relative.begin(), relative.end());
    if (depth == 2 || depth == 3) classes.insert(relative.parent_path().filename().string());
  }
  for (const auto* archive : archives) {
    auto set = io::readNpz(archive->file);
    if (!set) {
      out.findings.emplace_back(archive->file, io::Finding{io::Finding::Severity::Unusable, "npz", set.error().text()});
      continue;
    }
    std::string own;
    if (archives.size() > 1) own.append("-").append(archive->file.stem().string());
    add("pictures-" + source + own, archive->file, set->classes);
  }
  if (!classes.empty() && !volumes && archives.empty())
    add("pictures-" + source, folder, {classes.begin(), classes.end()});
  return {};
}

}  // namespace lorkd::data
