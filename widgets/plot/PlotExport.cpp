#include "widgets/plot/PlotExport.h"

#include <QBuffer>
#include <QCoreApplication>
#include <QFileDialog>
#include <QFileInfo>
#include <QImage>
#include <QPainter>
#include <QPdfWriter>
#include <QSvgGenerator>
#include <cmath>

#include "core/base/File.h"
#include "widgets/plot/CustomPlot.h"

namespace lorkd::plot {
namespace {

QString say(const char* text) { return QCoreApplication::translate("PlotExport", text); }

/// Draws into memory and writes the file at once, since Qt's own writers do not say when the disk is full. The painter
/// is a QCPPainter, which QCustomPlot needs.
Result<void> draw(const QString& path, const QSize& size, const std::function<void(QPainter&, const QSize&)>& paint) {
  const QString kind = QFileInfo(path).suffix().toLower();
  const auto refused = [&] {
    return fail(ErrorCode::Io, say("cannot draw the picture").toStdString(), {}, path.toStdString());
  };
  QByteArray bytes;
  QBuffer buffer(&bytes);
  buffer.open(QIODevice::WriteOnly);
  if (kind == QStringLiteral("png")) {
    QImage image(size * 2, QImage::Format_ARGB32_Premultiplied);
    if (image.isNull()) return refused();
    image.fill(Qt::transparent);
    image.setDevicePixelRatio(2);
    QCPPainter painter(&image);
    paint(painter, size);
    painter.end();
    if (!image.save(&buffer, "PNG")) return refused();
  } else if (kind == QStringLiteral("svg")) {
    QSvgGenerator svg;
    svg.setOutputDevice(&buffer);
    svg.setResolution(96);
    svg.setSize(size);
    svg.setViewBox(QRect(QPoint(), size));
    QCPPainter painter;
    if (!painter.begin(&svg)) return refused();
    paint(painter, size);
    painter.end();
  } else {
    QPdfWriter pdf(&buffer);
    pdf.setCreator(QStringLiteral("LoRKD Workbench"));
    pdf.setResolution(96);
    pdf.setPageSize(QPageSize(QSizeF(size) * 72.0 / 96.0, QPageSize::Point));
    pdf.setPageMargins(QMarginsF());
    QCPPainter painter;
    if (!painter.begin(&pdf)) return refused();
    paint(painter, size);
    if (!painter.end()) return refused();
  }
  buffer.close();
  return writeFileAtomically(path.toStdString(),
                             std::string_view(bytes.constData(), static_cast<std::size_t>(bytes.size())));
}

}  // namespace

AskFile askWithDialog() {
  return [](QWidget* parent, const QString& caption, const QString& name, const QString& filters) {
    return QFileDialog::getSaveFileName(parent, caption, name, filters);
  };
}

Result<void> savePicture(const QString& path, const QSize& size,
                         const std::function<void(QPainter&, const QSize&)>& paint) {
  static const QStringList kinds{QStringLiteral("png"), QStringLiteral("svg"), QStringLiteral("pdf")};
  if (!kinds.contains(QFileInfo(path).suffix().toLower()))
    return fail(ErrorCode::Unsupported, say("this kind of picture is not written").toStdString(),
                say("choose a name that ends in .png, .svg or .pdf").toStdString(), path.toStdString());
  return draw(path, size, paint);
}

Result<void> savePicture(const QString& path, QCustomPlot& plot) {
  return savePicture(path, plot.size(), [&plot](QPainter& painter, const QSize& size) {
    auto& own = static_cast<QCPPainter&>(painter);  // what draw() makes
    own.setMode(QCPPainter::pmVectorized);
    own.setMode(QCPPainter::pmNoCaching);
    plot.toPainter(&own, size.width(), size.height());
  });
}

QString csvRow(const QStringList& fields) {
  QStringList quoted;
  for (QString field : fields) {
    if (field.contains(QRegularExpression(QStringLiteral("[\",\r\n]"))))
      field = QLatin1Char('"') + field.replace(QLatin1Char('"'), QStringLiteral("\"\"")) + QLatin1Char('"');
    quoted << field;
  }
  return quoted.join(QLatin1Char(',')) + QLatin1Char('\n');
}

QString csvNumber(double value) {
  return std::isfinite(value) ? QString::number(value, 'g', QLocale::FloatingPointShortest) : QString();
}

Result<void> saveText(const QString& path, const QString& text) {
  const QByteArray bytes = text.toUtf8();
  return writeFileAtomically(path.toStdString(),
                             std::string_view(bytes.constData(), static_cast<std::size_t>(bytes.size())));
}

}  // namespace lorkd::plot
