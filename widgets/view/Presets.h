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

/// Soft tissue 400/40, lung 1500/-600, bone 2500/480, brain 80/40, liver 150/90 (width/centre).
std::vector<WindowPreset> standardPresets();

/// The image's own first window, else its 0.1 to 99.9 percentile.
scene::Window firstWindow(const image::Volume& volume);

}  // namespace lorkd::view
