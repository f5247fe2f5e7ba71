// What one file holds, by its header.
#include <algorithm>
#include <cstdio>
#include <mutex>
#include <optional>

#include "core/io/Csv.h"
#include "core/io/FileContent.h"
#include "core/io/FileKind.h"
#include "core/io/OpenFile.h"
#include "core/io/VolumeFile.h"
#include "core/io/dicom/MediaDirectory.h"
#include "core/io/dicom/QuickHeader.h"
#include "core/io/dicom/RtStructs.h"
#include "core/io/dicom/SegFrames.h"
#include "core/io/dicom/SeriesCheck.h"
#include "core/io/dicom/SliceHeader.h"

namespace lorkd::io {
namespace fs = std::filesystem;
namespace {

using Severity = Finding::Severity;

// A file that is a series of its own and says what it belongs to.
Series referringSeries(dicom::Loaded& loaded, const SliceHeader& h) {
  Series series = describeSeries(h);
  series.instances.push_back({h.file, h.sopInstanceUid, 0, 0});
  auto references = readReferences(loaded.dataset());
  series.referencedSeriesUids = std::move(references.series);
  series.referencedInstanceUids = std::move(references.instances);
  if (!h->decimalCommas.empty())
    add(series, Severity::Warning, "decimal-comma", decimalCommaText(h->decimalCommas, h.file));
  return series;
}

Series segSeries(dicom::Loaded& loaded, const SliceHeader& h) {
  Series series = referringSeries(loaded, h);
  series.modality = "SEG";
  if (!h.truncation.empty())
    add(series, Severity::Unusable, "truncated", "the file is shorter than its header says: " + h.truncation);
  if (!canDecode(h->transferSyntax))
    add(series, Severity::Unusable, "unsupported-codec", "the compression cannot be decoded: " + h->transferSyntax);
  auto header = readSegHeader(loaded.dataset());
  if (!header) {
    add(series, Severity::Unusable, "damaged-segmentation", header.error().text());
    return series;
  }
  for (const auto& segment : header->segments) series.labels.push_back(segment);
  series.geometry = header->geometry;
  if (series.geometry.voxels() > 0 && !series.geometry.plausible()) series.geometry = {};
  const auto& d = series.geometry.direction;
  series.instances.front().position = image::dot(series.geometry.origin, {d[0][2], d[1][2], d[2][2]});
  return series;
}

Series structureSeries(dicom::Loaded& loaded, const SliceHeader& h) {
  Series series = referringSeries(loaded, h);
  if (loaded.status.bad())
    add(series, Severity::Unusable, "truncated", std::string("the file ends early: ") + loaded.status.text());
  if (series.modality.empty()) series.modality = "RTSTRUCT";
  if (const auto day = dicom::text(loaded.dataset(), DCM_StructureSetDate); !day.empty())
    series.made = day + dicom::text(loaded.dataset(), DCM_StructureSetTime);
  const auto rois = readRois(loaded.dataset(), {});
  if (!rois) {
    add(series, Severity::Unusable, "damaged-structures", rois.error().text());
    return series;
  }
  for (const auto& roi : rois->rois) series.labels.push_back(roi.segment);
  series.frameOfReferenceUid = rois->frameOfReferenceUid;
  if (!rois->left.empty())
    add(series, Severity::Note, "empty-region",
        std::to_string(rois->left.size()) + " region(s) without closed contours here are left out, for example '" +
            rois->left.front() + "'");
  if (rois->rois.empty()) add(series, Severity::Unusable, "no-contours", "no region has a closed contour");
  return series;
}

Series unsupportedSeries(dicom::Loaded& loaded, const SliceHeader& h, const std::string& what) {
  Series series = referringSeries(loaded, h);
  add(series, Severity::Unusable, "unsupported-kind", what + " are not used yet as labels or images");
  return series;
}

/// Whether a picture, or a segmentation's frames, lie on a slide under a microscope and not in a patient (PS3.3 section
/// C.8.12).
bool ofSlide(DcmDataset& set, const SliceHeader& h) {
  constexpr const char* kWholeSlide = "1.2.840.10008.5.1.4.1.1.77.1.6";
  if (h->sopClassUid == kWholeSlide || h->modality == "SM") return true;
  for (const auto& tag : {DCM_TotalPixelMatrixColumns, DCM_TotalPixelMatrixOriginSequence, DCM_ImageOrientationSlide})
    if (set.tagExists(tag)) return true;
  for (const auto& groups : {DCM_SharedFunctionalGroupsSequence, DCM_PerFrameFunctionalGroupsSequence})
    if (auto* frame = dicom::sequenceItem(set, groups); frame && frame->tagExists(DCM_PlanePositionSlideSequence))
      return true;
  return false;
}

using Content = FileContent::Impl;

Content rejected(Severity severity, const std::string& code, const std::string& message) {
  Content content;
  content.rejected = std::make_unique<Finding>(severity, code, message);
  return content;
}

Content loose(const fs::path& file, const char* kind) {
  Content content;
  content.loose = std::make_unique<LooseFile>(LooseFile{file, kind, {}, {}});
  return content;
}

Content volume(const fs::path& file) {
  // ITK's readers share state.
  static std::mutex one;
  const std::lock_guard lock(one);
  auto content = loose(file, "volume");
  const auto header = readVolumeHeader(file);
  if (!header)
    content.loose->findings.push_back({Severity::Unusable, "damaged", header.error().text()});
  else if (content.loose->geometry = header->geometry; header->volumes > 1)
    content.loose->findings.push_back({Severity::Unusable, "several-volumes",
                                       "the file holds " + std::to_string(header->volumes) +
                                           " volumes, and nothing says what each of them is: channels can be named in "
                                           "dataset.json; time points need labels of as many volumes, or must be "
                                           "split into a file each"});
  if (header && !header->oriented)
    content.loose->findings.push_back(
        {Severity::Consent, "unknown-orientation",
         "the header does not say how the image lies in the patient (that of Analyze never does), so that left and "
         "right may be exchanged; with consent the axes are taken as most programs take them: towards left, front and "
         "top in Analyze, FreeSurfer's default in .mgz"});
  if (header && !header->placed)
    content.loose->findings.push_back(
        {Severity::Warning, "no-orientation",
         "sform_code and qform_code are 0: the header does not say how the image lies in the patient, so that left and "
         "right may be exchanged"});
  if (header) {
    const auto& spacing = header->geometry.spacing;
    char apart[32];
    std::snprintf(apart, sizeof apart, "%.3g", header->apart);
    content.loose->byRotation = header->byRotation;
    if (header->apart > 0.5 * std::min({spacing[0], spacing[1], spacing[2]}))
      content.loose->findings.push_back({Severity::Consent, "two-places",
                                         std::string("sform and qform place the image up to ") + apart +
                                             " mm apart: data.sources.NAME.nifti_place says which of them counts "
                                             "(nibabel, FSL and ITK-SNAP take the sform)"});
  }
  return content;
}

Content dicomFile(const fs::path& file) {
  auto loaded = dicom::load(file);
  if (!loaded) return rejected(Severity::Warning, "not-dicom", loaded.error().message);
  const auto header = describe(*loaded, file);
  if (loaded->dataset().tagExists(DCM_DirectoryRecordSequence)) {
    Content directory;
    directory.listed = listedFiles(loaded->dataset());
    directory.rejected = std::make_unique<Finding>(checkListed(file, {}, {}));
    return directory;
  }
  if (header->sopClassUid.empty() && header->seriesUid.empty() && header->rows == 0)
    return rejected(Severity::Warning, "not-dicom", "the file holds no DICOM object that could be recognised");
  const bool segmentation = header->modality == "SEG" || isSegmentation(header->sopClassUid);
  const bool picture = header->rows > 0 && header->columns > 0;
  if (header->seriesUid.empty() && (segmentation || !picture))  // of pictures a folder makes a series
    return rejected(Severity::Warning, "no-series", "the header does not say which series the file belongs to");
  Content content;
  if (ofSlide(loaded->dataset(), header))
    content.series = std::make_unique<Series>(unsupportedSeries(
        *loaded, header, segmentation ? "segmentations of slides under a microscope" : "slides under a microscope"));
  else if (segmentation)
    content.series = std::make_unique<Series>(segSeries(*loaded, header));
  else if (header->sopClassUid == UID_RTStructureSetStorage)
    content.series = std::make_unique<Series>(structureSeries(*loaded, header));
  else if (header->modality == "RTDOSE" || ((header->rows < 1 || header->columns < 1) && header.truncation.empty()))
    content.series = std::make_unique<Series>(unsupportedSeries(
        *loaded, header, "objects of modality " + (header->modality.empty() ? "(none)" : header->modality)));
  else
    content.slices = framesOf(*loaded, header);
  return content;
}

/// What stands in the place of a file whose content was not fetched: git-annex's pointer files, and those of Git LFS
/// (its specification: the first line names the version, the whole is below 1024 bytes).
std::optional<Content> notFetched(const fs::path& file) {
  constexpr std::uintmax_t kLongest = 32 << 10;
  std::error_code ec;
  if (const auto size = fs::file_size(file, ec); ec || size > kLongest) return std::nullopt;
  const auto head = readHead(file, 64);
  const bool lfs = head.starts_with("version https://git-lfs.github.com/spec/");
  if (!lfs && !head.starts_with("/annex/objects/")) return std::nullopt;
  return rejected(Severity::Warning, "not-fetched",
                  lfs ? "the file's content was not fetched: Git LFS keeps a pointer in its place (git lfs pull "
                        "fetches it)"
                      : "the file's content was not fetched: git-annex keeps a pointer in its place (datalad get, or "
                        "git annex get, fetches it)");
}

Content contentOf(const fs::path& file) {
  if (auto header = quickHeader(file)) {
    Content content;
    content.slices.push_back(std::move(*header));
    return content;
  }
  if (auto pointer = notFetched(file)) return std::move(*pointer);
  switch (fileKind(file)) {
    case FileKind::Dicom:
      try {
        return dicomFile(file);
      } catch (const std::exception& e) {
        return rejected(Severity::Warning, "not-dicom", std::string("the file is damaged: ") + e.what());
      }
    case FileKind::Volume:
      return volume(file);
    case FileKind::Npz:
      return loose(file, "npz");
    case FileKind::Picture:
      return loose(file, "image");
    case FileKind::Unreadable:
      return rejected(Severity::Warning, "unreadable", "the file cannot be opened");
    case FileKind::Other:
      if (isTable(file)) return loose(file, "table");
      if (auto foreign = foreignVolume(file); !foreign.empty())
        return rejected(Severity::Warning, "foreign-volume", foreign);
      break;
  }
  return rejected(Severity::Note, "unknown-kind", "neither DICOM nor an image");
}

Content examined(const fs::path& file) {
  try {
    return contentOf(file);
  } catch (const std::exception& e) {
    return rejected(Severity::Warning, "damaged", std::string("the file is damaged: ") + e.what());
  }
}

/// Whether a disk that could not be read just then may be behind what is said of the file.
bool doubtful(const Content& content) {
  return content.rejected || (content.loose && !content.loose->findings.empty()) ||
         (content.series && !content.series->findings.empty()) ||
         std::ranges::any_of(content.slices, [](const auto& slice) { return !slice.truncation.empty(); });
}

}  // namespace

FileContent examine(fs::path file) {
  Content content = examined(file);
  // What is said of a file is kept for later scans, so that a fault of the disk must not be taken for one of the file.
  if (doubtful(content)) {
    const auto fault = readingFault(file, std::size_t(1) << 20);
    content =
        fault.empty() ? examined(file) : rejected(Severity::Warning, "unreadable", "the file cannot be read: " + fault);
  }
  content.lies(std::move(file));
  return FileContent(std::make_unique<Content>(std::move(content)));
}

}  // namespace lorkd::io
