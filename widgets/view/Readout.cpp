#include "widgets/view/Readout.h"

#include <QCoreApplication>
#include <cmath>

namespace lorkd::view {

namespace {

QString tr(const char* text) { return QCoreApplication::translate("lorkd::view::Readout", text); }

QString number(double value) {
  const bool whole = std::abs(value - std::round(value)) < 5e-4 || std::abs(value) >= 1000;
  return whole ? QString::number(value, 'f', 0) : QString::number(value, 'g', 4);
}

}  // namespace

QString lpsText(const image::Vec3& lps) {
  const auto part = [&](std::size_t axis) {
    // Rounded first, so that -0.04 does not read "R 0.0".
    const double mm = std::round(lps[axis] * 10) / 10;
    return QStringLiteral("%1 %2").arg(QChar(mm < 0 ? "RAI"[axis] : "LPS"[axis])).arg(std::abs(mm), 0, 'f', 1);
  };
  return part(0) + QStringLiteral(", ") + part(1) + QStringLiteral(", ") + part(2);
}

QString amountText(double ml, const image::Geometry& grid) {
  if (grid.pixels) return tr("%1 pixels").arg(std::llround(ml * 1000));
  return tr("%1 ml").arg(ml, 0, 'f', ml < 10 ? 1 : 0);
}

Sample sampleAt(const InspectorModel& model, const image::Vec3& lps) {
  Sample out;
  const auto volume = model.volume();
  if (!volume) return out;
  if (!volume->geometry.pixels) out.position = lpsText(lps);
  const auto index = volume->geometry.lpsToIndex(lps);
  for (std::size_t a = 0; a < 3; ++a) {
    out.voxel[a] = std::llround(index[a]);
    if (out.voxel[a] < 0 || out.voxel[a] >= volume->geometry.size[a]) return out;
  }
  out.inside = true;
  const auto [i, j, k] = out.voxel;
  out.voxelText = QStringLiteral("%1, %2, %3").arg(i).arg(j).arg(k);
  out.value = number(volume->at(i, j, k));
  if (!volume->unit.empty()) out.value += QLatin1Char(' ') + QString::fromStdString(volume->unit);
  if (!model.overlaysShown()) return out;
  for (const auto& overlay : model.overlays()) {
    if (!overlay->source.visible) continue;
    const auto names = overlay->namesAt(i, j, k);
    if (!names.isEmpty()) out.labels += tr("%1: %2").arg(overlay->source.name, names.join(QStringLiteral(" + ")));
  }
  return out;
}

Sample currentSample(const InspectorModel& model) { return sampleAt(model, model.pointer().value_or(model.cursor())); }

QString readoutLine(const InspectorModel& model) {
  if (!model.volume()) return {};
  const auto sample = currentSample(model);
  const auto whose = model.pointer() ? tr("Pointer (%1)") : tr("Crosshair (%1)");
  const bool picture = model.volume()->geometry.pixels;  // which has no place in a patient
  QStringList parts;
  if (!picture) parts += whose.arg(sample.position);
  if (picture && sample.inside)
    parts +=
        whose.arg(tr("pixel %1, %2").arg(sample.voxel[0]).arg(sample.voxel[1])) + QStringLiteral("  ") + sample.value;
  // Slices count from 1, as people do; voxels as every other program does, which is to be said.
  if (sample.inside && !picture) parts += {tr("voxel %1 (counted from 0)").arg(sample.voxelText), sample.value};
  if (!sample.labels.isEmpty()) parts += sample.labels.join(QStringLiteral("  ·  "));
  return parts.join(QStringLiteral("    "));
}

QString windowText(const InspectorModel& model) {
  const auto window = model.window();
  return tr("W %1  L %2").arg(number(window.width), number(window.center));
}

}  // namespace lorkd::view
