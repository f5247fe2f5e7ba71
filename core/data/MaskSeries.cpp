// Masks of structures that are DICOM series of their own and refer to nothing: a folder of masks beside the image's,
// and in it a folder for each structure (as in 3D-IRCADb: PATIENT_DICOM, MASKS_DICOM/liver).
#include <algorithm>
#include <map>
#include <set>

#include "core/data/LabelGrid.h"
#include "core/data/Pairing.h"
#include "core/io/Csv.h"

namespace lorkd::data {
namespace fs = std::filesystem;
namespace {

using io::Finding;

/// Whether a folder's name says nothing but that masks or labels lie in it.
bool isFolderOfMasks(const fs::path& name) {
  static const std::set<std::string> masks{"mask", "masks", "label",        "labels",        "labelled", "labeled",
                                           "seg",  "segs",  "segmentation", "segmentations", "labelmap", "labelmaps"},
      besides{"dicom", "dcm"};
  bool says = false;
  std::string word;
  const auto text = io::lowered(name.string()) + "_";
  for (const char c : text) {
    if (c != '_' && c != '-' && c != ' ') {
      word += c;
      continue;
    }
    if (masks.contains(word))
      says = true;
    else if (!word.empty() && !besides.contains(word))
      return false;
    word.clear();
  }
  return says;
}

fs::path folderOf(const io::Series& s) {
  return s.instances.empty() ? fs::path() : s.instances.front().file.parent_path();
}

bool isBelow(const fs::path& file, const fs::path& folder) {
  const auto end = std::ranges::mismatch(folder, file).in1;
  return end == folder.end();
}

}  // namespace

std::optional<MaskSeries> maskSeriesOf(const io::Series& s, const fs::path& source) {
  const auto folder = folderOf(s);
  const auto relative = folder.lexically_relative(source);
  MaskSeries out{&s, source, {}};
  bool found = false;
  for (const auto& part : relative) {
    if (part.empty() || part == "." || part == "..") continue;
    if (found)
      out.structure += (out.structure.empty() ? "" : "_") + part.string();
    else if (isFolderOfMasks(part))
      found = true;
    else
      out.owner /= part;
  }
  return found ? std::optional(out) : std::nullopt;
}

void pairMaskSeries(const std::vector<MaskSeries>& masks, const std::vector<const io::Series*>& images,
                    const Remembered& remembered, Pairing& out) {
  std::map<fs::path, int> inFolder;  // a mask's folder holds that mask alone
  for (const auto& mask : masks) ++inFolder[folderOf(*mask.series)];
  const auto first = out.cases.size() - images.size();
  for (const auto& mask : masks) {
    const auto folder = folderOf(*mask.series);
    const auto leaveOut = [&](const char* code, std::string message) {
      out.findings.emplace_back(folder, Finding{Finding::Severity::Unusable, code, std::move(message)});
    };
    if (mask.structure.empty()) {
      leaveOut("label-series",
               "a series in a folder of labels, and neither a folder of its own nor a list says what its values are");
      continue;
    }
    std::vector<std::size_t> owners;
    for (std::size_t n = 0; n < images.size(); ++n)
      if (isBelow(folderOf(*images[n]), mask.owner) && images[n]->origins.empty() &&
          sameLabelGrid(mask.series->geometry, images[n]->geometry))
        owners.push_back(n);
    if (owners.size() != 1 || inFolder[folder] != 1 || !mask.series->origins.empty()) {
      leaveOut("unpaired-label", owners.empty()
                                     ? "a series in a folder of masks, and no image series beside that folder has its "
                                       "slices: the same size at the same places"
                                     : "a series in a folder of masks, and it is not clear to which image it belongs");
      continue;
    }
    auto& c = out.cases[first + owners.front()];
    if (!c.labelFiles.empty() && c.places.empty()) {
      leaveOut("second-label", "the image already has the labels " + c.labelFiles.front().string());
      continue;
    }
    const auto checked = remembered("mask of " + std::to_string(mask.series->instances.size()) + " slices",
                                    mask.series->instances.front().file, [&]() -> Result<Json> {
                                      LORKD_CHECK(io::readMaskFolder(folder));
                                      return Json(true);
                                    });
    if (!checked) {
      leaveOut("label-values", checked.error().text());
      continue;
    }
    const LabelPlace place{static_cast<int>(c.labelFiles.size()), 0, 0, 0};
    c.labelFiles.push_back(folder);
    const auto known =
        std::ranges::find_if(c.labels, [&](const auto& name) { return image::sameLabel(name, mask.structure); });
    if (known != c.labels.end()) {
      c.places[static_cast<std::size_t>(known - c.labels.begin())].push_back(place);
      takeAnswer(c, *known, folder, out);
      continue;
    }
    c.labels.push_back(mask.structure);
    image::Label label;
    label.name = mask.structure;
    c.labelInfo.push_back(std::move(label));
    c.places.push_back({place});
  }
}

}  // namespace lorkd::data
