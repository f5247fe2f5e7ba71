// Plots as files: PNG, SVG and PDF pictures, CSV tables.
#pragma once

#include <QString>
#include <QStringList>
#include <functional>

#include "core/base/Error.h"

class QPainter;
class QSize;
class QWidget;
class QCustomPlot;

namespace lorkd::plot {

/// Asks for a file to write; replaced in tests and by hosts that remember folders.
/// Takes the parent, the caption, a suggested name and the filters; returns an empty string when nothing was chosen.
using AskFile = std::function<QString(QWidget*, const QString&, const QString&, const QString&)>;
/// QFileDialog::getSaveFileName.
AskFile askWithDialog();

/// Draws a picture of `size` (pixels at 96 dpi) with `draw` into `path`; .png (twice the resolution), .svg or .pdf by
/// its extension. Errors: Unsupported for another extension, Io.
Result<void> savePicture(const QString& path, const QSize& size,
                         const std::function<void(QPainter&, const QSize&)>& draw);
/// The same for a QCustomPlot at its present size.
Result<void> savePicture(const QString& path, QCustomPlot& plot);

/// One CSV row (RFC 4180 quoting, ends with a newline).
QString csvRow(const QStringList& fields);
/// A number so that reading it back gives the same one; empty if it is not finite.
QString csvNumber(double value);

/// Writes a table. Errors: Io.
Result<void> saveText(const QString& path, const QString& text);

}  // namespace lorkd::plot
