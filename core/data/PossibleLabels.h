// Volumes that nobody calls labels and that may be labels all the same. Inside this room only.
#pragma once

#include <set>

#include "core/base/Progress.h"
#include "core/data/Pairing.h"

namespace lorkd::data {

/// How the values of a volume look. "alike" counts only pairs of neighbours along an axis of which one at least does
/// not have the commonest value: structures are areas of one value, while next to nothing in an image is.
struct ValueLook {
  bool whole = false;        ///< whole numbers from 0 to 65535
  std::size_t distinct = 0;  ///< how many occur, the commonest included
  double alike = 0;          ///< share of those neighbours that have the same value
  double inside = 1;         ///< the same among neighbours of which neither has the commonest value, nor both the next
  std::vector<int> first;    ///< the lowest, at most six
  /// At most 8 values, or at most 256 and half of the neighbours alike. Measured on one CT of 1.4 million voxels: 84 %
  /// of the neighbours are alike in its map of 61 structures, 59 % in the mask of a small one, 3 % in the image, 4 to
  /// 24 % in the image of 256 grey levels by several windows.
  bool likeLabels() const;
  /// More than 8 values, and within what is marked most neighbours differ: a masked image, or a mask with soft edges.
  /// Thin structures have neighbours enough that are not marked, and few that are of another.
  bool likeIntensities() const;
};

/// Reads the voxels. Errors: those of reading, but for values that are no labels'.
Result<ValueLook> lookAtValues(const std::filesystem::path& file);

/// The same, remembered until the file changes.
Result<ValueLook> rememberedLook(const std::filesystem::path& file, const Remembered& remembered);

/// Asks about each volume without labels that may be labels of another: one that lies on the grid of another image of
/// the source, whatever their names, and whose values, those of all of its channels, look like labels. Its case gets
/// the finding "possible-labels", of severity Consent. `told` are files whose names say that they are images.
/// Errors: Cancelled.
Result<void> askPossibleLabels(const std::filesystem::path& folder, const std::set<std::filesystem::path>& told,
                               const Remembered& remembered, Pairing& out, Progress& progress,
                               const CancelToken& cancel);

}  // namespace lorkd::data
