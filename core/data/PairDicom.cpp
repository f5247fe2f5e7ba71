#include <algorithm>
#include <map>
#include <set>

#include "core/data/Pairing.h"

namespace lorkd::data {

namespace {

bool isImage(const io::Series& s) {
  static const std::set<std::string> others{"SEG", "RTSTRUCT", "RTPLAN", "RTDOSE", "SR", "PR", "KO", "REG", "DOC"};
  return s.usable() && !others.contains(s.modality) && s.geometry.voxels() > 0 && !s.instances.empty();
}

std::filesystem::path placeOf(const io::Series& s) {
  return s.instances.empty() ? std::filesystem::path() : s.instances.front().file;
}

}  // namespace

void pairDicom(const io::Scan& scan, const Pseudonym& pseudonym, Pairing& out) {
  std::map<std::string, std::size_t> caseOfSeries, caseOfInstance;
  std::vector<const io::Series*> images;
  for (const auto& s : scan.series) {
    if (!isImage(s)) continue;
    Case c;
    c.id = "case-" + pseudonym(s.seriesUid);
    c.patient = "patient-" + pseudonym(s.patientId.empty() ? s.studyUid : s.patientId);
    c.kind = "dicom";
    c.modality = s.modality;
    c.bodyPart = s.bodyPart;
    c.geometry = s.geometry;
    for (const auto& instance : s.instances) {
      c.imageFiles.push_back(instance.file);
      caseOfInstance.emplace(instance.sopInstanceUid, images.size());
    }
    caseOfSeries.emplace(s.seriesUid, images.size());
    images.push_back(&s);
    out.cases.push_back(std::move(c));
  }

  for (const auto& s : scan.series) {
    if (s.modality != "SEG" || !s.usable()) continue;
    const auto unusable = [&](const char* code, std::string message) {
      out.unusable.emplace_back(placeOf(s), io::Finding{io::Finding::Severity::Unusable, code, std::move(message)});
    };
    std::size_t at = images.size();
    for (const auto& uid : s.referencedSeriesUids)
      if (const auto found = caseOfSeries.find(uid); at == images.size() && found != caseOfSeries.end())
        at = found->second;
    for (const auto& uid : s.referencedInstanceUids)
      if (const auto found = caseOfInstance.find(uid); at == images.size() && found != caseOfInstance.end())
        at = found->second;
    if (at == images.size()) {
      unusable("unpaired-label", "the segmentation refers to an image series that is not here");
      continue;
    }
    const auto& frame = images[at]->frameOfReferenceUid;
    if (!frame.empty() && !s.frameOfReferenceUid.empty() && frame != s.frameOfReferenceUid) {
      unusable("frame-of-reference", "the segmentation has another frame of reference than the image it refers to");
      continue;
    }
    Case& c = out.cases[out.cases.size() - images.size() + at];
    for (const auto& instance : s.instances) c.labelFiles.push_back(instance.file);
    for (const auto& name : s.segmentNames)
      if (std::find(c.labels.begin(), c.labels.end(), name) == c.labels.end()) c.labels.push_back(name);
  }
}

}  // namespace lorkd::data
