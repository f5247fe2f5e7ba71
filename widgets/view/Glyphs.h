// Small line icons drawn in the palette's text colour.
#pragma once

#include <QIcon>
#include <QString>

namespace lorkd::view {

/// "four", "axial", "sagittal", "coronal", "cube", "tiles", "contrast", "crosshair", "invert", "reset", "layers",
/// "difference", "eye", "eyeOff", "previous", "next": drawn at any size and pixel density, following light and dark
/// palettes.
QIcon glyph(const QString& name);

}  // namespace lorkd::view
