// Images of volume files whose roles a rule, a table or a reader has said. Inside this room only.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/data/Pairing.h"
#include "core/data/layout/Contrasts.h"
#include "core/data/layout/Reading.h"

namespace lorkd::data::layout {

/// An image with its labels, and what is said of it.
struct AssignedImage {
  std::vector<Contrast> channels;  ///< the first has the labels' grid, where one has, else the finest
  std::string folder;              ///< that holds the image in DICOM, which has no channels
  std::string patient, split;      ///< empty: as names say
  std::vector<std::pair<const VolumeEntry*, std::string>> labels;  ///< each with the structure that it marks, or none
};

/// The images of an assignment, of the usable volumes of a scan. What is left out is told in `findings`: a channel that
/// does not lie where the others do, labels without an image.
std::vector<AssignedImage> assignedImages(const Reading& reading, const std::vector<VolumeEntry>& images,
                                          const std::vector<VolumeEntry>& labels, LabelTables& tables,
                                          const std::filesystem::path& folder, Pairing& findings);

/// What a reading leaves out, each reason once with the number of files and the first names; which reader it was.
void tellReading(const Reading& reading, const std::filesystem::path& folder, Pairing& findings);

}  // namespace lorkd::data::layout
