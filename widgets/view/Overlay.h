// What lies over an image: a truth, a teacher's answer, an expert's answer.
#pragma once

#include <QColor>
#include <QString>
#include <memory>
#include <vector>

#include "core/base/Error.h"
#include "core/base/Progress.h"
#include "core/image/Volume.h"
#include "widgets/scene/LabelLayer.h"

namespace lorkd::view {

/// One class of an overlay. `value` is the label value, or the segment's position counted from 1.
struct OverlayClass {
  int value = 1;
  QString name;
  QColor color;  ///< invalid: the look of this name elsewhere, or one that no other class has
  bool visible = true;
  int pattern = 0;  ///< lines upon the colour, a sum of plan::Hatch
};

/// Truth is what difference maps compare against. It is drawn as a white-cased outline, all else filled.
enum class OverlayRole { Truth, Teacher, Expert, Other };

/// Of an overlay's filling, unless the user changes it: a truth is not filled.
constexpr double usualOpacity(OverlayRole role) { return role == OverlayRole::Truth ? 0 : 0.5; }

/// Labels or segments (one of the two) on any grid; those of another grid are resampled, nearest, onto the image's.
struct Overlay {
  QString id;    ///< stable over cases ("truth", "expert:liver"): what the user set for it is kept under this
  QString name;  ///< as shown
  OverlayRole role = OverlayRole::Other;
  std::shared_ptr<const image::LabelMap> labels;
  std::shared_ptr<const image::SegmentSet> segments;
  std::vector<OverlayClass> classes;  ///< empty: one for each value or segment present
  bool visible = true;
  double opacity = usualOpacity(role);  ///< of the filling
};

/// An overlay brought onto the image's grid. Overlapping segments are spread over as few label maps as hold them.
struct PreparedOverlay {
  struct Layer {
    std::shared_ptr<const image::LabelMap> labels;
    std::vector<scene::LabelExtent> extents;  ///< by value
  };
  Overlay source;
  std::vector<Layer> layers;
  std::vector<std::size_t> layerOfClass;  ///< parallel to source.classes

  /// Extent of a class; null when it does not occur.
  const scene::LabelExtent* extent(std::size_t classIndex) const;
  /// Names of the visible classes at a voxel.
  QStringList namesAt(std::int64_t i, std::int64_t j, std::int64_t k) const;
  /// As drawn.
  std::vector<scene::LabelLayer> sceneLayers() const;
};

/// Runs on a worker. Errors: InvalidArgument (neither labels nor segments, or sizes that do not fit the grid),
/// Unsupported (more than 65535 segments), Cancelled.
Result<PreparedOverlay> prepareOverlay(const Overlay& overlay, const image::Geometry& grid, const CancelToken& cancel);

/// Where `answer` and `truth` differ, over the classes (by name) that both have: 1 false positive, 2 false negative,
/// 3 one class for another.
struct Difference {
  std::shared_ptr<const image::LabelMap> labels;
  QStringList classes;                              ///< compared names; empty when there is none in common
  double falsePositiveMl = 0, falseNegativeMl = 0;  ///< summed over the classes
  double dice = 0;                                  ///< 2 TP / (2 TP + FP + FN) summed over the classes
};
Difference differ(const PreparedOverlay& truth, const PreparedOverlay& answer, const CancelToken& cancel);

scene::Rgb toRgb(const QColor& color);

}  // namespace lorkd::view
