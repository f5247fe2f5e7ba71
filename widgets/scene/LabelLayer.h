// Labels as drawn over an image.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <vector>

#include "core/image/Volume.h"

namespace lorkd::scene {

using Rgb = std::array<double, 3>;  ///< 0..1

/// How one label value is drawn.
struct LabelClass {
  std::uint16_t value = 1;
  Rgb color{1, 1, 1};
  bool visible = true;
  int pattern = 0;  ///< lines upon the colour, a sum of plan::Hatch
};

/// One label map over the image, on the image's grid. Values without a class are not drawn.
struct LabelLayer {
  std::shared_ptr<const image::LabelMap> labels;
  std::vector<LabelClass> classes;
  double opacity = 0.5;  ///< of the filling; the outline is opaque
  bool visible = true;
  bool cased = false;  ///< the outline runs in a white casing, in front of layers without one
};

/// Where a label value occurs: its voxel box, its size and one voxel inside it near its middle.
struct LabelExtent {
  std::int64_t voxels = 0;
  std::array<std::int64_t, 3> low{0, 0, 0}, high{-1, -1, -1};  ///< inclusive
  std::array<std::int64_t, 3> middle{0, 0, 0};                 ///< a voxel of the class, the nearest to its centroid
};

/// The extent of every value up to the largest present; entry 0 (background) is left empty. One pass and, per class,
/// one over its box.
std::vector<LabelExtent> labelExtents(const image::LabelMap& labels);

}  // namespace lorkd::scene
