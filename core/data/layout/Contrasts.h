// Volume files that are one image: contrasts and modalities that lie on one another. Inside this room only.
#pragma once

#include <optional>
#include <vector>

#include "core/data/Case.h"
#include "core/data/layout/LabelTable.h"
#include "core/data/layout/Words.h"
#include "core/io/Series.h"

namespace lorkd::data::layout {

/// A volume file of a source, and what its name says.
struct VolumeEntry {
  const io::LooseFile* loose;
  std::filesystem::path relative;  ///< below the source
  Name name;
  /// Words of the folders and of the file: what an image and its labels have in common.
  std::vector<std::string> key() const;
};

/// Whether a file holds several volumes, which are channels or time points.
bool severalVolumes(const io::LooseFile& loose);

/// A volume as a channel of an image.
struct Contrast {
  const VolumeEntry* volume;
  Channel channel;
};

/// The channels that a file holds: one, or several where dataset.json names as many as there are. None: time points.
std::optional<std::vector<Contrast>> contrastsOf(const VolumeEntry& volume, LabelTables& tables);

/// The images that volumes make, each with its channels, the finest grid first. Those of one folder whose names differ
/// in the contrast alone are one image if they have the same voxels, or lie in the same space where one scanner makes
/// both (contrasts of MR; CT and PET). A file of several volumes is an image where dataset.json names as many channels,
/// else none. Where several contrasts have labels of their own, by the contrast in those labels' names, each is an
/// image.
std::vector<std::vector<Contrast>> imagesOf(const std::vector<VolumeEntry>& volumes,
                                            const std::vector<VolumeEntry>& labels, LabelTables& tables);

}  // namespace lorkd::data::layout
