// DICOM out: CT series and segmentations, valid per dciodvfy.
#pragma once

#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "core/base/Error.h"
#include "core/image/Volume.h"

namespace lorkd::io {

/// Header values of a series to write. UIDs left empty are made anew (or from `uidSeed` when it is not empty, so that
/// the same input gives the same files).
struct DicomHeader {
  std::string patientId, patientName, patientSex, patientBirthDate;
  std::string studyUid, seriesUid, frameOfReferenceUid;
  std::string studyDate = "20200101", studyTime = "120000";
  std::string studyDescription, seriesDescription, bodyPart, manufacturer = "LoRKD Workbench";
  std::string uidSeed;
  int seriesNumber = 1;
};

/// What was written: enough to reference it.
struct WrittenSeries {
  DicomHeader header;                        ///< with every UID filled in
  std::vector<std::filesystem::path> files;  ///< in slice order, k = 0 first
  std::vector<std::string> sopInstanceUids;
};

/// Writes a CT volume as a classic CT Image series, one file a slice: HU rounded to whole numbers, unsigned, in 12 bits
/// with rescale intercept -1024; in 16 bits with intercept -32768 when a value lies outside of -1024..3071.
/// Not-a-number becomes the lowest value. Files are numbered in `order` if given (a permutation of slices: `order[n]`
/// goes into file n + 1, to test readers), else by position. Errors: Io; InvalidArgument for an empty volume, axes not
/// at right angles or a bad order.
Result<WrittenSeries> writeCtSeries(const std::filesystem::path& folder, const image::Volume& volume,
                                    const DicomHeader& header, const std::vector<int>& order = {});

/// What stands for an identifier: the same for the same one, and nothing that tells of it.
using Pseudonym = std::function<std::string(const std::string&)>;

/// Writes segments as a binary DICOM SEG that references `source`, with its patient and study. With `pseudonym`, every
/// UID of the source is replaced by one made of its pseudonym, so that files of one project still refer to one another;
/// the patient is called "patient-" and ten digits, as Case::patient is; nothing else of the source's header is
/// written. Errors: Io, Mismatch (grid differs from the source's).
Result<std::filesystem::path> writeSeg(const std::filesystem::path& file, const image::SegmentSet& segments,
                                       const WrittenSeries& source, const DicomHeader& header,
                                       const Pseudonym& pseudonym = {});

}  // namespace lorkd::io
