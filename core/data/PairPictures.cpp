#include <algorithm>
#include <map>
#include <set>

#include "core/data/MaskClasses.h"
#include "core/data/Pairing.h"
#include "core/data/PictureSet.h"
#include "core/data/PictureTable.h"

namespace lorkd::data {
namespace fs = std::filesystem;
namespace {

using Severity = io::Finding::Severity;

struct FoundSet {
  std::vector<fs::path> files;
  io::PictureSet set;
};

/// Pictures by their kind: radiographs and the like have no place in a volume.
bool isProjection(const io::Series& series) {
  static const std::set<std::string> kinds{"CR", "DX", "MG", "XA", "RF", "IO", "PX", "US", "ES",
                                           "GM", "SM", "OP", "OT", "XC", "RG", "BI", "SC"};
  const bool placeless =
      std::ranges::any_of(series.findings, [](const auto& finding) { return finding.code == "no-position"; });
  const bool cine = std::ranges::any_of(series.instances, [](const auto& instance) { return instance.frame > 0; });
  return placeless && !cine && kinds.contains(series.modality);
}

/// Whether every image series is made of pictures: one each, or of a kind that makes no volumes.
bool dicomIsPictures(const io::Scan& scan) {
  return std::ranges::all_of(scan.series, [](const auto& series) {
    return series.labels.empty() && (series.instances.size() == 1 || isProjection(series));
  });
}

/// What a radiograph lacks is no fault of it: it is no slice.
void sayWhatProjectionsAre(io::Scan& scan) {
  for (auto& series : scan.series) {
    if (!isProjection(series)) continue;
    std::erase_if(series.findings,
                  [](const auto& f) { return f.code == "no-position" || f.code == "no-pixel-spacing"; });
    series.findings.push_back({Severity::Unusable, "lone-picture",
                               "a picture of modality " + series.modality +
                                   " is no slice of a volume: to learn from it, name it in a table that begins with a "
                                   "line such as filename,label, or put it in a folder called after its class"});
  }
}

/// Takes the series whose files are pictures of a set out of the scan; what they say of privacy is said of the set.
void takeDicom(io::Scan& scan, const std::vector<FoundSet>& found, Pairing& out) {
  std::map<fs::path, std::size_t> owners;
  for (std::size_t n = 0; n < found.size(); ++n)
    for (const auto& example : found[n].set.examples) owners.emplace(example.file, n);
  std::map<std::pair<std::size_t, std::string>, std::pair<int, fs::path>> told;  // by set and code
  std::erase_if(scan.series, [&](const io::Series& series) {
    const bool picture = !series.instances.empty() && std::ranges::all_of(series.instances, [&](const auto& instance) {
      return owners.contains(instance.file);
    });
    for (const auto& finding : series.findings)
      if (picture && (finding.code == "burned-in" || finding.code == "private-elements"))
        if (auto& [count, first] = told[{owners.at(series.instances.front().file), finding.code}]; ++count == 1)
          first = series.instances.front().file;
    return picture;
  });
  for (const auto& [owner, where] : told) {
    const auto& [set, code] = owner;
    const auto& [count, first] = where;
    const bool burned = code == "burned-in";
    out.findings.emplace_back(
        found.at(set).files.front(),
        io::Finding{burned ? Severity::Warning : Severity::Note, code,
                    std::to_string(count) +
                        (burned ? " series say that annotations are burned into the pixels, first "
                                : " series hold private elements, first ") +
                        first.filename().string()});
  }
}

}  // namespace

Result<void> pairPictures(io::Scan& scan, const std::string& source, const fs::path& folder, const PatientRule& people,
                          const Pseudonym& pseudonym, Pairing& out) {
  std::vector<FoundSet> found;
  std::vector<fs::path> tables;
  // Pictures with masks are images of their own by now; those that lie in folders of classes are still in the scan.
  const bool masked = !out.cases.empty();
  bool others = false, refused = false;
  std::size_t pictures = 0;
  const auto take = [&](std::vector<fs::path> files, const char* code) {
    auto set = readPictureSet(files, people);
    std::error_code none;
    if (set && fs::is_directory(files.front(), none))
      if (auto question = classesMayBeMasks(*set)) set->findings.push_back(std::move(*question));
    if (set) {
      found.push_back({std::move(files), std::move(*set)});
      return;
    }
    refused = true;
    out.findings.emplace_back(files.front(), io::Finding{Severity::Unusable, code, set.error().text()});
  };
  for (const auto& loose : scan.loose) {
    if (loose.kind == "npz") take({loose.file}, "npz");
    if (loose.kind == "table") tables.push_back(loose.file);
    others |= loose.kind == "volume";
    pictures += loose.kind == "image" ? 1 : 0;
  }
  std::error_code ignored;
  const bool single = !fs::is_directory(folder, ignored);
  const auto root = single ? folder.parent_path() : folder;
  auto strangers = tables;
  if (!tables.empty() && (pictures > 0 || !scan.series.empty() || single)) {
    LORKD_TRY(places, layout::PicturePlaces::open(root));
    auto sets = setsOfTables(tables, places, single || pictures > 0 || dicomIsPictures(scan));
    for (auto& files : sets.sets) {
      files.push_back(root);
      take(std::move(files), "picture-table");
    }
    for (const auto& [file, error] : sets.faults) {
      out.findings.emplace_back(
          file, io::Finding{found.empty() ? Severity::Unusable : Severity::Warning, "picture-table", error.text()});
      refused = true;
    }
    std::ranges::move(sets.told, std::back_inserter(out.findings));
    strangers = std::move(sets.strangers);
  }
  for (const auto& file : strangers)
    scan.rejected.emplace_back(
        file, io::Finding{single ? Severity::Unusable : Severity::Note, single ? "picture-table" : "unknown-kind",
                          single ? "no column of the table names pictures in its folder"
                                 : "neither DICOM nor an image, nor a table of pictures that lie here"});
  // What a table says of pictures counts: where it is no good, nothing else is guessed.
  const bool dicom = !scan.series.empty() && dicomIsPictures(scan);
  if (found.empty() && !refused && !others && !single &&
      (scan.series.empty() ? pictures > 0 : dicom && (pictures > 0 || scan.series.size() > 1))) {
    const auto set = readPictureSet({folder}, people);
    // Volumes of one slice lie in folders, too; they are none the worse for having no classes.
    if (set || (!masked && (scan.series.empty() || std::ranges::all_of(scan.series, isProjection))))
      take({folder}, "pictures");
  } else if (found.empty() && !refused && pictures > 0) {
    out.findings.emplace_back(
        folder, io::Finding{Severity::Note, "pictures-beside",
                            std::to_string(pictures) + " picture(s) lie beside other images, and are not used"});
  }
  takeDicom(scan, found, out);
  sayWhatProjectionsAre(scan);
  for (auto& [files, set] : found) {
    Case c;
    c.id = "pictures-" + source;
    if (found.size() > 1)
      c.id.append("-").append(
          pseudonym((folder.filename() / files.front().lexically_relative(folder)).generic_string()));
    c.patient = c.id;
    c.kind = "picture";
    c.imageFiles = files;
    if (files.front().extension() != ".npz") c.people = people;
    c.labels = set.classes;
    c.counts = countsOf(set);
    for (auto& finding : set.findings) {
      if (finding.severity == Severity::Consent && std::ranges::count(c.consent, finding.code) == 0)
        c.consent.push_back(finding.code);
      out.findings.emplace_back(files.front(), std::move(finding));
    }
    out.cases.push_back(std::move(c));
  }
  return {};
}

}  // namespace lorkd::data
