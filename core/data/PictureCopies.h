// Pictures that are, or look like, the same picture. Inside this room only.
#pragma once

#include <array>
#include <cstdint>
#include <vector>

#include "core/base/Progress.h"
#include "core/data/Audit.h"
#include "core/io/Images2D.h"

namespace lorkd::data {

/// What a picture is known again by.
struct PictureMark {
  /// Where the picture of 17 by 16 means becomes brighter from left to right, and where darker, by more than a tenth of
  /// its deviation: a difference hash that flat parts and noise do not move.
  std::array<std::uint64_t, 8> pattern{};
  std::uint64_t pixels = 0;  ///< the same for the same pixels
  bool operator==(const PictureMark&) const = default;
};
PictureMark markOf(const io::Picture& picture);

/// Bits of the patterns that differ.
int distance(const PictureMark& a, const PictureMark& b);

/// Whether two pictures whose patterns are near are one: their details, means over 64 by 64 less those over 16 by 16,
/// are correlated by 0.985 and more. Copies in other sizes, qualities (JPEG 30) or brightness came to 0.99 and more; of
/// 7,140 pairs of middle slices of different phantoms, which have nothing but a few ellipses, none to more than 0.982.
bool looksLike(const io::Picture& a, const io::Picture& b);

/// Patterns further apart than this need no look. Of 19,900 pairs of radiograph-like pictures made from one template
/// none came below 44 of the 512 bits; copies in other sizes, qualities (JPEG 30) and brightness came to this and less
/// in 93 of 100 cases and more. Pictures that were cut by 2 % mostly do not.
constexpr int kNearPattern = 8;

/// Adds findings to the sets of pictures among the images of an audit: picture-copies and picture-near-copies, which
/// say how many, how many across parts of the split, and how many with other labels. Marks are kept in the index.
/// Flipped, turned and cut pictures are not found. Errors: those of reading pictures; Cancelled.
Result<void> findPictureCopies(Catalogue& index, const AuditRequest& request, std::vector<AuditedImage>& images,
                               Progress& progress, const CancelToken& cancel);

}  // namespace lorkd::data
