#include "app/workbench/wizard/AuditText.h"

#include <QCoreApplication>
#include <QPainter>
#include <algorithm>
#include <map>
#include <set>

#include "app/workbench/Text.h"
#include "app/workbench/wizard/FoundImages.h"
#include "core/base/Guard.h"
#include "core/data/AuditJson.h"

namespace lorkd::workbench {
namespace {

QString auditTr(const char* words) { return QCoreApplication::translate("Audit", words); }

QString splitText(data::Split split) {
  return split == data::Split::Train        ? auditTr("training")
         : split == data::Split::Validation ? auditTr("validation")
                                            : auditTr("test");
}

QString doubleText(const data::Double& d) {
  const auto what = d.what == "pixels"   ? auditTr("%1 and %2 have the same voxels")
                    : d.what == "series" ? auditTr("%1 and %2 are of one series")
                                         : auditTr("%1 and %2 are of one patient");
  const auto names = what.arg(text(d.a), text(d.b)).toHtmlEscaped();
  return d.leak ? auditTr("<b>Leak:</b> %1; one is in %2, the other in %3.")
                      .arg(names, splitText(d.splitA), splitText(d.splitB))
                : names + '.';
}

/// `voxels`: they were read, so that what stands in them is known.
QString taskHtml(const data::TaskAudit& task, bool voxels) {
  auto html = QStringLiteral(
                  "<h3>%1</h3><p>%2</p><table cellspacing='0' cellpadding='3'><tr><td></td>"
                  "<td align='right'>%3</td><td align='right'>%4</td><td align='right'>%5</td>"
                  "<td align='right'>%6</td><td align='right'>%7</td></tr>")
                  .arg(text(task.name).toHtmlEscaped(),
                       auditTr("Images in training, validation, test: %1, %2, %3; patients: %4, %5, %6.")
                           .arg(task.images[0])
                           .arg(task.images[1])
                           .arg(task.images[2])
                           .arg(task.patients[0])
                           .arg(task.patients[1])
                           .arg(task.patients[2]),
                       auditTr("images"), auditTr("patients"), auditTr("named, but empty"), auditTr("not annotated"),
                       auditTr("median volume"));
  for (const auto& c : task.classes)
    html += QStringLiteral(
                "<tr><td>%1</td><td align='right'>%2</td><td align='right'>%3</td><td align='right'>%4</td>"
                "<td align='right'>%5</td><td align='right'>%6</td></tr>")
                .arg(text(c.name).toHtmlEscaped())
                .arg(c.images)
                .arg(c.patients)
                .arg(voxels ? QString::number(c.empty) : QStringLiteral("–"))
                .arg(c.unannotated)
                .arg(c.medianMl > 0 ? auditTr("%1 ml").arg(c.medianMl, 0, 'f', 1)
                     : voxels       ? QString()
                                    : QStringLiteral("–"));
  return html + "</table>";
}

QImage pictureOf(const data::Reading& reading) {
  constexpr QSize size(kAuditPicture, kAuditPicture);
  QImage square(size, QImage::Format_ARGB32_Premultiplied);
  square.fill(Qt::transparent);
  auto picture = QImage::fromData(reinterpret_cast<const uchar*>(reading.thumbnail.data()),
                                  static_cast<int>(reading.thumbnail.size()));
  if (picture.isNull()) return square;
  picture = picture.scaled(size, Qt::KeepAspectRatio, Qt::SmoothTransformation);
  QPainter(&square).drawImage((size.width() - picture.width()) / 2, (size.height() - picture.height()) / 2, picture);
  return square;
}

/// A row of an image, its findings below it.
Row rowOf(const data::AuditedImage& image, const data::Audit& audit) {
  QStringList tasks;
  for (const int t : image.tasks)
    if (static_cast<std::size_t>(t) < audit.tasks.size()) tasks << text(audit.tasks[static_cast<std::size_t>(t)].name);
  QString values;
  if (const auto& r = image.reading)
    values = QStringLiteral("%1 … %2").arg(r->percentiles[0], 0, 'f', 0).arg(r->percentiles[2], 0, 'f', 0);
  QStringList codes;
  for (const auto& [finding, done] : image.findings) codes << text(finding.code);
  const auto& c = image.item;
  Row row{{text(c.id), text(c.patient), kindText(c), c.kind == "picture" ? QString() : text(c.geometry), values,
           tasks.join(", "),
           image.leftOut ? auditTr("left out")
           : image.split ? splitText(*image.split)
                         : QString(),
           codes.join(", ")}};
  if (image.reading) {
    row.picture = pictureOf(*image.reading);
    row.tips = {{},
                {},
                {},
                {},
                auditTr("99 % of the voxels lie between; the ends are %1 and %2")
                    .arg(image.reading->lowest)
                    .arg(image.reading->highest)};
  }
  for (const auto& [finding, done] : image.findings) {
    const auto words = QStringLiteral("%1; %2: %3").arg(text(finding.severity), text(done), text(finding.message));
    row.below.push_back({{words}, {words}});
  }
  row.open = image.leftOut;
  return row;
}

QString statusOf(const data::Audit& audit, bool voxels) {
  std::set<std::string> patients;
  for (const auto& image : audit.images) patients.insert(image.item.patient);
  auto status = auditTr("%1 images of %2 patients; left out: %3; files or series that are no image: %4; leaks: %5.")
                    .arg(audit.images.size())
                    .arg(patients.size())
                    .arg(audit.leftOut())
                    .arg(audit.rejected.size())
                    .arg(audit.leaks());
  if (!voxels)
    status += ' ' + auditTr("Values and labels are not read yet, so that copies and empty labels are not known.");
  return status;
}

QString htmlOf(const data::Audit& audit, bool voxels) {
  // A page of text is laid out as a whole on the window's thread.
  constexpr int most = 200;
  QString html;
  if (!audit.refusal.empty())
    html += QStringLiteral("<p><b>%1</b> %2</p>")
                .arg(auditTr("The plan cannot divide these images:"), text(audit.refusal).toHtmlEscaped());
  int doubles = 0;
  for (const bool leak : {true, false})
    for (const auto& d : audit.doubles)
      if (d.leak == leak && ++doubles <= most) html += "<p>" + doubleText(d) + "</p>";
  if (doubles > most)
    html += "<p>" + auditTr("… and %1 more; the saved page has them all.").arg(doubles - most) + "</p>";
  if (audit.advice)
    html += "<p>" + auditTr("Suits all images of the tasks: %1.").arg(adviceText(*audit.advice)) + "</p>";
  for (const auto& task : audit.tasks) html += taskHtml(task, voxels);
  std::map<std::string, int> rejected;
  for (const auto& [place, judged] : audit.rejected) ++rejected[judged.finding.code];
  if (!rejected.empty()) {
    QStringList counts;
    for (const auto& [code, count] : rejected) counts << QStringLiteral("%1 (%2)").arg(text(code)).arg(count);
    html += "<p>" + auditTr("No image: %1.").arg(counts.join(", ")).toHtmlEscaped() + "</p>";
  }
  return html;
}

}  // namespace

QString adviceText(const data::Advice& a) {
  return auditTr("spacing %1 × %2 × %3 mm, patch %4 × %5 × %6 voxels")
      .arg(a.spacing[0])
      .arg(a.spacing[1])
      .arg(a.spacing[2])
      .arg(a.patch[0])
      .arg(a.patch[1])
      .arg(a.patch[2]);
}

Result<AuditText> auditText(const Json& answer, bool voxels) {
  return guarded("audit", [&]() -> Result<AuditText> {
    LORKD_TRY(audit, data::auditFromJson(answer));
    AuditText out;
    // What needs a look comes first.
    for (const bool found : {true, false})
      for (const auto& image : audit.images)
        if (image.findings.empty() != found) out.rows.push_back(rowOf(image, audit));
    out.status = statusOf(audit, voxels);
    out.html = htmlOf(audit, voxels);
    out.advice = audit.advice;
    return out;
  });
}

}  // namespace lorkd::workbench
