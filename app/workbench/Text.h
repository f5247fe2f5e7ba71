// Text of the core as Qt's.
#pragma once

#include <QCoreApplication>
#include <QString>
#include <string>

#include "core/base/Json.h"
#include "core/image/Geometry.h"
#include "core/io/Series.h"

namespace lorkd::workbench {

/// From UTF-8.
inline QString text(const std::string& value) { return QString::fromStdString(value); }

/// The text of that name in a JSON object; empty where there is none.
inline QString text(const Json& object, const char* key) {
  const auto found = object.find(key);
  return found != object.end() && found->is_string() ? text(found->get<std::string>()) : QString();
}

inline QString text(io::Finding::Severity severity) {
  switch (severity) {
    case io::Finding::Severity::Note:
      return QCoreApplication::translate("Finding", "note");
    case io::Finding::Severity::Warning:
      return QCoreApplication::translate("Finding", "warning");
    case io::Finding::Severity::Consent:
      return QCoreApplication::translate("Finding", "needs consent");
    case io::Finding::Severity::Unusable:
      return QCoreApplication::translate("Finding", "unusable");
  }
  return {};
}

/// Voxels and mm of a grid: "512×512×90 · 0.7×0.7×2.5 mm"; pixels of a picture.
inline QString text(const image::Geometry& g) {
  if (g.pixels) return QCoreApplication::translate("Geometry", "%1×%2 pixels").arg(g.size[0]).arg(g.size[1]);
  return QStringLiteral("%1×%2×%3 · %4×%5×%6 mm")
      .arg(g.size[0])
      .arg(g.size[1])
      .arg(g.size[2])
      .arg(g.spacing[0], 0, 'g', 4)
      .arg(g.spacing[1], 0, 'g', 4)
      .arg(g.spacing[2], 0, 'g', 4);
}

}  // namespace lorkd::workbench
