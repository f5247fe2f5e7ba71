// Positions and values in words.
#pragma once

#include <QString>
#include <QStringList>

#include "widgets/view/InspectorModel.h"

namespace lorkd::view {

/// "R 17.6, P 35.3, S 12.1": mm from the origin of the patient's frame.
QString lpsText(const image::Vec3& lps);

/// "12 ml"; of a picture, whose lengths are pixels, "1200 pixels".
QString amountText(double ml, const image::Geometry& grid);

/// What is at a position.
struct Sample {
  bool inside = false;
  std::array<std::int64_t, 3> voxel{};
  QString position;    ///< lpsText; empty in a picture
  QString voxelText;   ///< "61, 50, 56"
  QString value;       ///< "63 HU"
  QStringList labels;  ///< "Truth: liver", one for each visible overlay that has something here
};
Sample sampleAt(const InspectorModel& model, const image::Vec3& lps);

/// What every read-out tells: the place under the pointer in the slice that is shown there or, while the pointer is in
/// no slice, the crosshair's.
Sample currentSample(const InspectorModel& model);
/// The same in one line that says which of the two it is; empty without an image.
QString readoutLine(const InspectorModel& model);

/// "W 400  L 40".
QString windowText(const InspectorModel& model);

}  // namespace lorkd::view
