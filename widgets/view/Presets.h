// Named grey windows.
#pragma once

#include <QString>
#include <vector>

#include "core/image/Volume.h"
#include "widgets/scene/SliceScene.h"

namespace lorkd::view {

/// A named window, in the image's unit (HU for CT).
struct WindowPreset {
  QString name;
  double center = 0, width = 1;
  bool operator==(const WindowPreset&) const = default;
};

/// Width/centre in HU: 400/40 (soft tissue), 1500/-600 (lung), 2500/480 (bone), 80/40 (brain), 150/90 (liver).
std::vector<WindowPreset> standardPresets();

/// The image's own first window, else its 0.1 to 99.9 percentile.
scene::Window firstWindow(const image::Volume& volume);

}  // namespace lorkd::view
