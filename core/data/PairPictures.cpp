#include <algorithm>
#include <array>
#include <cctype>
#include <map>
#include <set>

#include "core/data/Pairing.h"
#include "core/io/Images2D.h"

namespace lorkd::data {
namespace fs = std::filesystem;
namespace {

/// FOLDER/<class>/x.png or FOLDER/<split>/<class>/x.png: anything nearer or deeper is no example.
std::optional<std::string> classOf(const fs::path& file, const fs::path& folder) {
  const auto relative = file.lexically_relative(folder);
  const auto depth = std::distance(relative.begin(), relative.end());
  if (depth != 2 && depth != 3) return std::nullopt;
  return relative.parent_path().filename().string();
}

bool saysSplit(const fs::path& file) {
  std::string name = file.stem().string();
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return std::ranges::any_of(std::array{"train", "val", "test"}, [&](const char* s) { return name.contains(s); });
}

/// Tables that make one set: of a folder, all that are called after splits; each other one alone.
std::vector<std::vector<fs::path>> setsOf(const std::vector<fs::path>& tables) {
  std::vector<std::vector<fs::path>> sets;
  std::map<fs::path, std::size_t> splitTables;
  for (const auto& table : tables) {
    const auto [known, added] = splitTables.emplace(saysSplit(table) ? table.parent_path() : table, sets.size());
    if (added) sets.emplace_back();
    sets[known->second].push_back(table);
  }
  return sets;
}

/// Where every image series is one picture in a folder of its class, the classes; else nothing.
std::set<std::string> classesOfDicom(const io::Scan& scan, const fs::path& folder) {
  std::set<std::string> classes;
  for (const auto& series : scan.series) {
    const auto cls = series.instances.size() == 1 ? classOf(series.instances.front().file, folder) : std::nullopt;
    if (!cls || !series.labels.empty()) return {};
    classes.insert(*cls);
  }
  return classes;
}

}  // namespace

Result<void> pairPictures(io::Scan& scan, const std::string& source, const fs::path& folder, const Pseudonym& pseudonym,
                          Pairing& out) {
  struct Found {
    std::vector<fs::path> files;
    io::PictureSet set;
  };
  std::vector<Found> found;
  std::vector<fs::path> tables;
  std::set<std::string> classes;
  std::set<fs::path> taken;
  bool volumes = false;
  const auto take = [&](std::vector<fs::path> files, Result<io::PictureSet> set, const char* code) {
    if (!set) {
      // A table may well be about something else than pictures.
      const auto severity =
          code == std::string("picture-table") ? io::Finding::Severity::Warning : io::Finding::Severity::Unusable;
      out.findings.emplace_back(files.front(), io::Finding{severity, code, set.error().text()});
      return;
    }
    for (const auto& example : set->examples) taken.insert(example.file);
    found.push_back({std::move(files), std::move(*set)});
  };
  for (const auto& loose : scan.loose) {
    if (loose.kind == "npz") take({loose.file}, io::readNpz(loose.file), "npz");
    if (loose.kind == "table") tables.push_back(loose.file);
    volumes |= loose.kind == "volume";
    if (const auto cls = classOf(loose.file, folder); cls && loose.kind == "image") classes.insert(*cls);
  }
  for (const auto& files : setsOf(tables)) take(files, io::readPictureTables(files), "picture-table");

  const auto ofDicom = classesOfDicom(scan, folder);
  const bool dicomIsPictures = !scan.series.empty() && ofDicom.size() + classes.size() > 1;
  if (found.empty() && !volumes && (scan.series.empty() ? !classes.empty() : dicomIsPictures && !ofDicom.empty()))
    take({folder}, io::readPictureFolder(folder), "pictures");

  for (auto& [files, set] : found) {
    Case c;
    c.id = "pictures-" + source;
    if (found.size() > 1)
      c.id.append("-").append(
          pseudonym((folder.filename() / files.front().lexically_relative(folder)).generic_string()));
    c.patient = c.id;
    c.kind = "picture";
    c.imageFiles = files;
    c.labels = set.classes;
    for (auto& finding : set.findings) {
      if (finding.severity == io::Finding::Severity::Consent) c.consent.push_back(finding.code);
      out.findings.emplace_back(files.front(), std::move(finding));
    }
    out.cases.push_back(std::move(c));
  }
  // What a set's DICOM files say of privacy is said of the set.
  const auto setOf = [&](const fs::path& file) {
    return static_cast<std::size_t>(std::ranges::find_if(found,
                                                         [&](const Found& f) {
                                                           return std::ranges::any_of(
                                                               f.set.examples,
                                                               [&](const auto& e) { return e.file == file; });
                                                         }) -
                                    found.begin());
  };
  std::map<std::pair<std::size_t, std::string>, std::pair<int, fs::path>> told;  // by set and code
  std::erase_if(scan.series, [&](const io::Series& series) {
    const bool picture = !series.instances.empty() && std::ranges::all_of(series.instances, [&](const auto& instance) {
      return taken.contains(instance.file);
    });
    for (const auto& finding : series.findings)
      if (picture && (finding.code == "burned-in" || finding.code == "private-elements"))
        if (auto& [count, first] = told[{setOf(series.instances.front().file), finding.code}]; ++count == 1)
          first = series.instances.front().file;
    return picture;
  });
  for (const auto& [owner, where] : told) {
    const auto& [set, code] = owner;
    const auto& [count, first] = where;
    const bool burned = code == "burned-in";
    out.findings.emplace_back(
        found.at(set).files.front(),
        io::Finding{burned ? io::Finding::Severity::Warning : io::Finding::Severity::Note, code,
                    std::to_string(count) +
                        (burned ? " series say that annotations are burned into the pixels, first "
                                : " series hold private elements, first ") +
                        first.filename().string()});
  }
  return {};
}

}  // namespace lorkd::data
