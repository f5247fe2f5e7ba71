// What a folder holds: every header below it, grouped by series.
#include <algorithm>
#include <map>

#include "core/io/FileKind.h"
#include "core/io/RtStructs.h"
#include "core/io/SegFrames.h"
#include "core/io/SeriesCheck.h"
#include "core/io/SliceHeader.h"
#include "core/io/VolumeFile.h"

namespace lorkd::io {
namespace fs = std::filesystem;
namespace {

using Severity = Finding::Severity;

Result<std::vector<fs::path>> listFiles(const fs::path& folder, const CancelToken& cancel) {
  std::error_code ec;
  if (!fs::is_directory(folder, ec))
    return fail(ErrorCode::NotFound, "no such folder", "check the path", folder.string());
  std::vector<fs::path> files;
  // Links to folders are not followed: they may lead in circles.
  fs::recursive_directory_iterator it(folder, fs::directory_options::skip_permission_denied, ec);
  for (; !ec && it != fs::recursive_directory_iterator(); it.increment(ec)) {
    if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "the scan was cancelled");
    if (std::error_code kind; it->is_regular_file(kind)) files.push_back(it->path());
  }
  if (ec) return fail(ErrorCode::Io, "the folder cannot be listed: " + ec.message(), "", folder.string());
  std::ranges::sort(files);
  return files;
}

// A file that is a series of its own and says what it belongs to.
Series referringSeries(dicom::Loaded& loaded, const SliceHeader& h) {
  Series series = describeSeries(h);
  series.instances.push_back({h.file, h.sopInstanceUid, 0, 0});
  auto references = readReferences(loaded.dataset());
  series.referencedSeriesUids = std::move(references.series);
  series.referencedInstanceUids = std::move(references.instances);
  return series;
}

Series segSeries(dicom::Loaded& loaded, const SliceHeader& h) {
  Series series = referringSeries(loaded, h);
  if (!h.truncation.empty())
    add(series, Severity::Unusable, "truncated", "the file is shorter than its header says: " + h.truncation);
  if (!canDecode(h.transferSyntax))
    add(series, Severity::Unusable, "unsupported-codec", "the compression cannot be decoded: " + h.transferSyntax);
  auto header = readSegHeader(loaded.dataset());
  if (!header) {
    add(series, Severity::Unusable, "damaged-segmentation", header.error().text());
    return series;
  }
  for (const auto& segment : header->segments) series.labels.push_back(segment);
  series.geometry = header->geometry;
  if (series.geometry.voxels() > 0 && !series.geometry.plausible()) series.geometry = {};
  const auto& d = series.geometry.direction;
  series.instances.front().position = dicom::dot(series.geometry.origin, {d[0][2], d[1][2], d[2][2]});
  return series;
}

Series structureSeries(dicom::Loaded& loaded, const SliceHeader& h) {
  Series series = referringSeries(loaded, h);
  if (loaded.status.bad())
    add(series, Severity::Unusable, "truncated", std::string("the file ends early: ") + loaded.status.text());
  if (series.modality.empty()) series.modality = "RTSTRUCT";
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

Series unsupportedSeries(dicom::Loaded& loaded, const SliceHeader& h) {
  Series series = referringSeries(loaded, h);
  add(series, Severity::Unusable, "unsupported-kind",
      "objects of modality " + (h.modality.empty() ? "(none)" : h.modality) + " are not used yet as labels or images");
  return series;
}

// Collects what the files hold.
class Collector {
 public:
  explicit Collector(Scan& scan) : m_scan(scan) {}

  void take(const fs::path& file) {
    switch (fileKind(file)) {
      case FileKind::Dicom:
        try {
          return takeDicom(file);
        } catch (const std::exception& e) {
          return reject(file, Severity::Warning, "not-dicom", std::string("the file is damaged: ") + e.what());
        }
      case FileKind::Volume:
        return takeVolume(file);
      case FileKind::Npz:
        m_scan.loose.push_back({file, "npz", {}, {}});
        return;
      case FileKind::Picture:
        m_scan.loose.push_back({file, "image", {}, {}});
        return;
      case FileKind::Unreadable:
        return reject(file, Severity::Warning, "unreadable", "the file cannot be opened");
      case FileKind::Other:
        return reject(file, Severity::Note, "unknown-kind", "neither DICOM nor an image");
    }
  }

  void finish() {
    for (auto& [key, headers] : m_images)
      std::ranges::move(checkSeries(std::move(headers)), std::back_inserter(m_scan.series));
    std::ranges::stable_sort(m_scan.series, {}, [](const Series& s) {
      return std::tie(s.patientId, s.studyUid, s.seriesUid, s.instances.front().file);
    });
  }

 private:
  void reject(const fs::path& file, Severity severity, const std::string& code, const std::string& message) {
    m_scan.rejected.push_back({file, {severity, code, message}});
  }

  void takeVolume(const fs::path& file) {
    LooseFile loose{file, "volume", {}, {}};
    if (auto geometry = readVolumeGeometry(file))
      loose.geometry = *geometry;
    else
      loose.findings.push_back({Severity::Unusable, "damaged", geometry.error().text()});
    m_scan.loose.push_back(std::move(loose));
  }

  void takeDicom(const fs::path& file) {
    auto loaded = dicom::load(file);
    if (!loaded) return reject(file, Severity::Warning, "not-dicom", loaded.error().message);
    const auto header = describe(*loaded, file);
    if (loaded->dataset().tagExists(DCM_DirectoryRecordSequence))
      return reject(file, Severity::Note, "dicomdir", "a DICOM directory: the files themselves are read instead");
    if (header.sopClassUid.empty() && header.seriesUid.empty() && header.rows == 0)
      return reject(file, Severity::Warning, "not-dicom", "the file holds no DICOM object that could be recognised");
    if (header.seriesUid.empty())
      return reject(file, Severity::Warning, "no-series", "the header does not say which series the file belongs to");
    if (header.modality == "SEG" || header.sopClassUid == UID_SegmentationStorage)
      m_scan.series.push_back(segSeries(*loaded, header));
    else if (header.sopClassUid == UID_RTStructureSetStorage)
      m_scan.series.push_back(structureSeries(*loaded, header));
    else if (header.modality == "RTDOSE" || ((header.rows < 1 || header.columns < 1) && header.truncation.empty()))
      m_scan.series.push_back(unsupportedSeries(*loaded, header));
    else
      std::ranges::move(framesOf(*loaded, header), std::back_inserter(m_images[{header.studyUid, header.seriesUid}]));
  }

  Scan& m_scan;
  std::map<std::pair<std::string, std::string>, std::vector<SliceHeader>> m_images;
};

}  // namespace

Result<Scan> scanFolder(const fs::path& folder, Progress& progress, const CancelToken& cancel) {
  LORKD_CHECK(dicom::setup());
  progress.report("listing files", 0, 0);
  LORKD_TRY(files, listFiles(folder, cancel));
  if (files.empty())
    return fail(ErrorCode::InvalidArgument, "the folder is empty", "choose the folder that holds the images",
                folder.string());
  Scan scan;
  scan.filesSeen = static_cast<std::int64_t>(files.size());
  Collector collector(scan);
  for (std::size_t n = 0; n < files.size(); ++n) {
    if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "the scan was cancelled");
    if (n % 64 == 0) progress.report("reading headers", static_cast<std::int64_t>(n), scan.filesSeen);
    collector.take(files[n]);
  }
  collector.finish();
  progress.report("reading headers", scan.filesSeen, scan.filesSeen);
  if (!scan.series.empty() || !scan.loose.empty()) return scan;
  const auto known = std::ranges::find_if(scan.rejected, [](const auto& r) { return r.second.code != "unknown-kind"; });
  if (known != scan.rejected.end())
    return fail(ErrorCode::InvalidArgument,
                "none of the " + std::to_string(files.size()) + " file(s) in the folder can be used, for example " +
                    known->first.filename().string() + ": " + known->second.message,
                "choose the folder that holds DICOM, NIfTI, npz or pictures", folder.string());
  return fail(ErrorCode::InvalidArgument,
              "none of the " + std::to_string(files.size()) + " files in the folder is DICOM, a volume or a picture",
              "choose the folder that holds the images", folder.string());
}

}  // namespace lorkd::io
