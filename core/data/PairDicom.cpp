#include <algorithm>
#include <map>
#include <set>
#include <unordered_map>

#include "core/base/Digest.h"
#include "core/data/Pairing.h"
#include "core/image/GeometryJson.h"

namespace lorkd::data {

namespace {

bool isImage(const io::Series& s) {
  static const std::set<std::string> others{"SEG", "RTSTRUCT", "RTPLAN", "RTDOSE", "SR", "PR", "KO", "REG", "DOC"};
  return s.usable() && !others.contains(s.modality) && s.geometry.voxels() > 0 && !s.instances.empty();
}

std::filesystem::path placeOf(const io::Series& s) {
  return s.instances.empty() ? std::filesystem::path() : s.instances.front().file;
}

// Files and frames of a series' slices; frames only where there are any.
void takeSlices(const io::Series& s, Case& c) {
  std::unordered_map<std::string_view, int> places;
  bool frames = false;
  c.imageFiles.reserve(s.instances.size());
  for (const auto& instance : s.instances) {
    const auto [place, added] = places.emplace(instance.file.native(), static_cast<int>(places.size()));
    if (added) c.imageFiles.push_back(instance.file);
    frames |= !added || instance.frame > 0;
    c.slices.push_back({place->second, instance.frame});
  }
  if (!frames) c.slices.clear();
}

// A question about labels, asked of an image's slices.
std::string onGrid(const char* question, const Case& c) {
  return question + (" " + sha256(Json{image::geometryToJson(c.geometry), c.origins}.dump()));
}

// Whether a structure set is a newer version of another.
bool replaces(const io::Series& newer, const io::Series& older) {
  return newer.modality == "RTSTRUCT" && older.modality == "RTSTRUCT" && !older.made.empty() &&
         newer.made > older.made && std::ranges::all_of(older.labels, [&](const auto& label) {
           return std::ranges::any_of(newer.labels,
                                      [&](const auto& other) { return image::sameLabel(other.name, label.name); });
         });
}

// Names of the regions that cannot be drawn on the image, each with a finding.
std::set<std::string> brokenIn(const io::Series& s, const Case& c, const Remembered& remembered, Pairing& out) {
  std::set<std::string> names;
  const auto question = onGrid("broken regions", c);
  for (const auto& instance : s.instances) {
    const auto broken = remembered(question, instance.file, [&]() -> Result<Json> {
      LORKD_TRY(regions, io::brokenRegions(instance.file, c.geometry));
      return Json(regions);
    });
    if (!broken) continue;  // an error that stays until the labels are read, and says the same there
    for (const auto& [name, reason] : broken->get<std::vector<std::pair<std::string, std::string>>>()) {
      names.insert(name);
      out.findings.emplace_back(instance.file, io::Finding{io::Finding::Severity::Warning, "damaged-region",
                                                           "the region '" + name + "' cannot be read: " + reason});
    }
  }
  return names;
}

using CasesByUid = std::map<std::string, std::set<std::size_t>>;

}  // namespace

void pairDicom(const io::Scan& scan, const std::filesystem::path& folder, const Pseudonym& pseudonym,
               const Remembered& remembered, Pairing& out) {
  CasesByUid caseOfSeries, caseOfInstance;
  std::vector<const io::Series*> images;
  std::vector<MaskSeries> masks;
  for (const auto& s : scan.series) {
    if (!isImage(s)) continue;
    if (auto mask = maskSeriesOf(s, folder)) {
      masks.push_back(std::move(*mask));
      continue;
    }
    Case c;
    c.id = "case-" + pseudonym(s.seriesUid + (s.part.empty() ? "" : "\n" + s.part));
    c.patient = "patient-" + pseudonym(s.patientId.empty() ? s.studyUid : s.patientId);
    c.kind = "dicom";
    c.modality = s.modality;
    c.bodyPart = s.bodyPart;
    c.description = s.description;
    if (!s.studyUid.empty() && !s.frameOfReferenceUid.empty())
      c.space = pseudonym(s.studyUid + "\n" + s.frameOfReferenceUid);
    c.geometry = s.geometry;
    takeSlices(s, c);
    c.origins = s.origins;
    for (const auto& finding : s.findings)
      if (finding.severity == io::Finding::Severity::Consent) c.consent.push_back(finding.code);
    images.push_back(&s);
    out.cases.push_back(std::move(c));
  }

  const auto isLabels = [](const io::Series& s) {
    return (s.modality == "SEG" || s.modality == "RTSTRUCT") && s.usable();
  };
  if (std::ranges::none_of(scan.series, isLabels)) return pairMaskSeries(masks, images, remembered, out);
  // A series or a file may hold several volumes.
  for (std::size_t n = 0; n < images.size(); ++n) {
    for (const auto& instance : images[n]->instances) caseOfInstance[instance.sopInstanceUid].insert(n);
    caseOfSeries[images[n]->seriesUid].insert(n);
  }
  // Of the versions of a structure set the newest comes first.
  std::vector<const io::Series*> sets;
  for (const auto& s : scan.series)
    if (isLabels(s)) sets.push_back(&s);
  std::ranges::stable_sort(sets, std::greater(), [](const auto* s) { return s->made; });
  std::map<std::size_t, std::vector<const io::Series*>> taken;  // by image
  for (const auto* set : sets) {
    const auto& s = *set;
    const auto unusable = [&](const char* code, std::string message) {
      out.findings.emplace_back(placeOf(s), io::Finding{io::Finding::Severity::Unusable, code, std::move(message)});
    };
    std::set<std::size_t> meant;
    for (const auto* uids : {&s.referencedInstanceUids, &s.referencedSeriesUids}) {
      const auto& known = uids == &s.referencedSeriesUids ? caseOfSeries : caseOfInstance;
      if (meant.empty())
        for (const auto& uid : *uids)
          if (const auto found = known.find(uid); found != known.end())
            meant.insert(found->second.begin(), found->second.end());
    }
    // A structure set that names no series lies in a frame of reference all the same.
    if (s.referencedSeriesUids.empty() && s.referencedInstanceUids.empty() && !s.frameOfReferenceUid.empty())
      for (std::size_t n = 0; n < images.size(); ++n)
        if (images[n]->frameOfReferenceUid == s.frameOfReferenceUid) meant.insert(n);
    if (meant.empty()) {
      unusable("unpaired-label", "the labels refer to an image series that is not here or cannot be used");
      continue;
    }
    if (meant.size() > 1) {
      unusable("unpaired-label", "the labels refer to slices of " + std::to_string(meant.size()) +
                                     " volumes, so it is not clear whose it is");
      continue;
    }
    const auto at = *meant.begin();
    const auto& frame = images[at]->frameOfReferenceUid;
    if (!frame.empty() && !s.frameOfReferenceUid.empty() && frame != s.frameOfReferenceUid) {
      unusable("frame-of-reference", "the labels have another frame of reference than the image they refer to");
      continue;
    }
    Case& c = out.cases[out.cases.size() - images.size() + at];
    if (std::ranges::any_of(taken[at], [&](const auto* newer) { return replaces(*newer, s); })) {
      out.findings.emplace_back(placeOf(s), io::Finding{io::Finding::Severity::Note, "older-version",
                                                        "a newer structure set of the same image has all of its "
                                                        "regions, and is used instead"});
      continue;
    }
    taken[at].push_back(set);
    bool resample = false;
    if (s.modality == "SEG") {
      const auto question = onGrid("lies on", c);
      for (const auto& instance : s.instances) {
        const auto lies = remembered(question, instance.file, [&]() -> Result<Json> {
          LORKD_TRY(all, io::segLiesOn(instance.file, c.geometry, c.origins));
          return Json(all);
        });
        resample |= lies && !lies->get<bool>();
      }
    }
    if (resample && (frame.empty() || frame != s.frameOfReferenceUid || s.geometry.voxels() == 0)) {
      unusable(
          "label-grid",
          s.geometry.voxels() == 0
              ? "the frames of the segmentation lie between the slices of its image, and are too uneven to be resampled"
              : "the segmentation lies on another grid than its image, and no frame of reference says "
                "that both lie in one space");
      continue;
    }
    if (resample)
      out.findings.emplace_back(placeOf(s), io::Finding{io::Finding::Severity::Warning, "label-grid",
                                                        "the segmentation lies on another grid than its image, in the "
                                                        "same frame of reference: it is resampled"});
    for (std::size_t n = 0; resample && n < s.instances.size(); ++n)
      c.resampled.push_back(static_cast<int>(c.labelFiles.size() + n));
    const auto broken = s.modality == "RTSTRUCT" ? brokenIn(s, c, remembered, out) : std::set<std::string>();
    c.damaged.insert(c.damaged.end(), broken.begin(), broken.end());
    if (!broken.empty() && std::ranges::all_of(s.labels, [&](const auto& l) { return broken.contains(l.name); }))
      continue;
    for (const auto& instance : s.instances) c.labelFiles.push_back(instance.file);
    for (const auto& label : s.labels) {
      if (broken.contains(label.name)) continue;
      if (const auto known =
              std::ranges::find_if(c.labels, [&](const auto& n) { return image::sameLabel(n, label.name); });
          known != c.labels.end()) {
        takeAnswer(c, *known, placeOf(s), out);  // of another file, or twice in this one
        continue;
      }
      c.labels.push_back(label.name);
      c.labelInfo.push_back(label);
    }
  }
  pairMaskSeries(masks, images, remembered, out);
}

}  // namespace lorkd::data
