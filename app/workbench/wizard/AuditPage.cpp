#include "app/workbench/wizard/AuditPage.h"

#include <QDir>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPainter>
#include <QPixmap>
#include <QPushButton>
#include <QSplitter>
#include <QTextBrowser>
#include <QTreeWidget>
#include <QVBoxLayout>
#include <algorithm>
#include <set>

#include "app/workbench/Text.h"
#include "app/workbench/wizard/RunWizard.h"
#include "core/data/AuditJson.h"

namespace lorkd::workbench {
namespace {

using Severity = io::Finding::Severity;

QString severityText(Severity severity) {
  switch (severity) {
    case Severity::Note:
      return AuditPage::tr("note");
    case Severity::Warning:
      return AuditPage::tr("warning");
    case Severity::Consent:
      return AuditPage::tr("needs consent");
    case Severity::Unusable:
      return AuditPage::tr("unusable");
  }
  return {};
}

QString splitText(data::Split split) {
  return split == data::Split::Train        ? AuditPage::tr("training")
         : split == data::Split::Validation ? AuditPage::tr("validation")
                                            : AuditPage::tr("test");
}

QString doubleText(const data::Double& d) {
  const auto what = d.what == "pixels"   ? AuditPage::tr("%1 and %2 have the same voxels")
                    : d.what == "series" ? AuditPage::tr("%1 and %2 are of one series")
                                         : AuditPage::tr("%1 and %2 are of one patient");
  const auto names = what.arg(text(d.a), text(d.b)).toHtmlEscaped();
  return d.leak ? AuditPage::tr("<b>Leak:</b> %1; one is in %2, the other in %3.")
                      .arg(names, splitText(d.splitA), splitText(d.splitB))
                : names + '.';
}

QString taskHtml(const data::TaskAudit& task) {
  auto html = QStringLiteral(
                  "<h3>%1</h3><p>%2</p><table cellspacing='0' cellpadding='3'><tr><td></td>"
                  "<td align='right'>%3</td><td align='right'>%4</td><td align='right'>%5</td>"
                  "<td align='right'>%6</td></tr>")
                  .arg(text(task.name).toHtmlEscaped(),
                       AuditPage::tr("Images in training, validation, test: %1, %2, %3; patients: %4, %5, %6.")
                           .arg(task.images[0])
                           .arg(task.images[1])
                           .arg(task.images[2])
                           .arg(task.patients[0])
                           .arg(task.patients[1])
                           .arg(task.patients[2]),
                       AuditPage::tr("images"), AuditPage::tr("patients"), AuditPage::tr("named, but empty"),
                       AuditPage::tr("median volume"));
  for (const auto& c : task.classes)
    html += QStringLiteral(
                "<tr><td>%1</td><td align='right'>%2</td><td align='right'>%3</td><td align='right'>%4</td>"
                "<td align='right'>%5</td></tr>")
                .arg(text(c.name).toHtmlEscaped())
                .arg(c.images)
                .arg(c.patients)
                .arg(c.empty)
                .arg(c.medianMl > 0 ? AuditPage::tr("%1 ml").arg(c.medianMl, 0, 'f', 1) : QString());
  return html + "</table>";
}

QString adviceText(const data::Advice& a) {
  return AuditPage::tr("spacing %1 × %2 × %3 mm, patch %4 × %5 × %6 voxels")
      .arg(a.spacing[0])
      .arg(a.spacing[1])
      .arg(a.spacing[2])
      .arg(a.patch[0])
      .arg(a.patch[1])
      .arg(a.patch[2]);
}

constexpr int kIcon = 56;

/// All of one size, so that what stands beside them is aligned.
QPixmap thumbnailOf(const data::Reading& reading) {
  QPixmap picture;
  picture.loadFromData(reinterpret_cast<const uchar*>(reading.thumbnail.data()),
                       static_cast<uint>(reading.thumbnail.size()));
  QPixmap square(kIcon, kIcon);
  square.fill(Qt::transparent);
  if (picture.isNull()) return square;
  picture = picture.scaled(kIcon, kIcon, Qt::KeepAspectRatio, Qt::SmoothTransformation);
  QPainter(&square).drawPixmap((kIcon - picture.width()) / 2, (kIcon - picture.height()) / 2, picture);
  return square;
}

/// A row of an image, its findings below it.
void addRow(QTreeWidget* tree, const data::AuditedImage& image, const data::Audit& audit) {
  QStringList tasks;
  for (const int t : image.tasks)
    if (static_cast<std::size_t>(t) < audit.tasks.size()) tasks << text(audit.tasks[static_cast<std::size_t>(t)].name);
  QString values;
  if (const auto& r = image.reading)
    values = QStringLiteral("%1 … %2").arg(r->percentiles[0], 0, 'f', 0).arg(r->percentiles[2], 0, 'f', 0);
  QStringList codes;
  for (const auto& [finding, done] : image.findings) codes << text(finding.code);
  const auto& c = image.item;
  auto* row = new QTreeWidgetItem(
      tree, {text(c.id), text(c.patient), text(c.modality.empty() ? c.kind : c.modality + " " + c.bodyPart),
             c.kind == "picture" ? QString() : text(c.geometry), values, tasks.join(", "),
             image.leftOut ? AuditPage::tr("left out")
             : image.split ? splitText(*image.split)
                           : QString(),
             codes.join(", ")});
  if (image.reading) {
    row->setIcon(0, thumbnailOf(*image.reading));
    row->setToolTip(4, AuditPage::tr("99 % of the voxels lie between; the ends are %1 and %2")
                           .arg(image.reading->lowest)
                           .arg(image.reading->highest));
  }
  for (const auto& [finding, done] : image.findings) {
    auto* below = new QTreeWidgetItem(
        row, {QStringLiteral("%1; %2: %3").arg(severityText(finding.severity), text(done), text(finding.message))});
    below->setFirstColumnSpanned(true);
    below->setToolTip(0, below->text(0));
  }
  row->setExpanded(image.leftOut);
}

}  // namespace

AuditPage::AuditPage(RunWizard* wizard) : QWizardPage(wizard), m_wizard(wizard), m_jobs(this) {
  setTitle(tr("Look at the data"));
  setSubTitle(
      tr("What each image is like, what is wrong with it and what becomes of that. Nothing here is changed on "
         "disk."));
  m_status = new QLabel(this);
  m_status->setObjectName("auditStatus");
  m_status->setWordWrap(true);
  m_images = new QTreeWidget(this);
  m_images->setObjectName("auditImages");
  m_images->setAccessibleName(tr("Images"));
  m_images->setHeaderLabels(
      {tr("Image"), tr("Patient"), tr("Kind"), tr("Grid"), tr("Values"), tr("Tasks"), tr("Split"), tr("Findings")});
  m_images->setIconSize({kIcon, kIcon});
  m_images->setAlternatingRowColors(true);
  m_images->header()->setSectionResizeMode(QHeaderView::ResizeToContents);
  m_images->header()->setStretchLastSection(true);
  m_summary = new QTextBrowser(this);
  m_summary->setObjectName("auditSummary");
  m_summary->setAccessibleName(tr("Doubles, leaks and tasks"));
  const auto button = [this](const QString& words, const char* name) {
    auto* b = new QPushButton(words, this);
    b->setObjectName(name);
    return b;
  };
  m_read = button(tr("Read values and labels"), "auditRead");
  m_read->setToolTip(
      tr("Reads every image once: ranges, thumbnails, empty labels, copies. What was read is remembered."));
  m_use = button(tr("Use the suggested grid"), "auditUse");
  m_save = button(tr("Save as a page…"), "auditSave");
  m_cancel = button(tr("Cancel"), "auditCancel");
  auto* split = new QSplitter(Qt::Vertical, this);
  split->addWidget(m_images);
  split->addWidget(m_summary);
  split->setStretchFactor(0, 3);
  split->setStretchFactor(1, 2);
  auto* buttons = new QHBoxLayout;
  for (auto* b : {m_read, m_use, m_save}) buttons->addWidget(b);
  buttons->addStretch();
  buttons->addWidget(m_cancel);
  auto* layout = new QVBoxLayout(this);
  layout->addWidget(m_status);
  layout->addWidget(split, 1);
  layout->addLayout(buttons);
  connect(m_read, &QPushButton::clicked, this, [this] { ask(true); });
  connect(m_use, &QPushButton::clicked, this, &AuditPage::useAdvice);
  connect(m_cancel, &QPushButton::clicked, this, [this] { m_jobs.cancel(); });
  connect(m_save, &QPushButton::clicked, this, [this] {
    const auto file = QFileDialog::getSaveFileName(
        this, tr("Save the audit"), QDir(m_wizard->project()).filePath("audit.html"), tr("Web pages (*.html)"));
    if (!file.isEmpty()) ask(m_voxels, file);
  });
}

void AuditPage::initializePage() {
  // Of other data, maybe.
  m_audit.reset();
  m_images->clear();
  m_summary->clear();
  ask(m_voxels);
}

void AuditPage::ask(bool voxels, const QString& html) {
  const int asked = ++m_asked;
  m_jobs.cancel();
  QStringList arguments{"audit", "--index", QDir(m_wizard->project()).filePath("index.sqlite")};
  if (!voxels) arguments << "--headers";
  if (!html.isEmpty()) arguments << "--html" << html;
  auto* job = m_wizard->askEngine(tr("Look at the data"), arguments);
  m_cancel->setVisible(job);
  if (!job) return m_status->setText(tr("No temporary file could be made."));
  m_jobs.add(job);
  for (auto* b : {m_read, m_use, m_save}) b->setEnabled(false);
  connect(job, &watch::Job::changed, this, [this, job, asked] {
    if (asked == m_asked && !job->over())
      m_status->setText(job->total() > 0 ? tr("Looking: %1 of %2").arg(job->done()).arg(job->total()) : tr("Looking…"));
  });
  connect(job, &watch::Job::finished, this, [this, job, asked, voxels, html] {
    if (asked != m_asked) return;
    m_cancel->hide();
    m_read->setEnabled(true);
    if (job->state() == watch::Job::State::Done) {
      auto audit = data::auditFromJson(job->result());
      if (!audit) return m_status->setText(text(audit.error().text()));
      m_audit = std::move(*audit);
      m_voxels = voxels;
      show(*m_audit);
      if (!html.isEmpty()) m_status->setText(tr("Saved as %1.").arg(html));
    } else {
      m_status->setText(job->state() == watch::Job::State::Cancelled ? tr("Cancelled. What was read is remembered.")
                                                                     : text(job->error().text()));
    }
    m_save->setEnabled(m_audit.has_value());
    m_use->setEnabled(m_audit && m_audit->advice.has_value());
  });
}

void AuditPage::show(const data::Audit& audit) {
  std::set<std::string> patients;
  m_images->clear();
  // What needs a look comes first.
  for (const bool found : {true, false})
    for (const auto& image : audit.images) {
      patients.insert(image.item.patient);
      if (image.findings.empty() != found) addRow(m_images, image, audit);
    }
  auto status = tr("%1 images of %2 patients; left out: %3; files or series that are no image: %4; leaks: %5.")
                    .arg(audit.images.size())
                    .arg(patients.size())
                    .arg(audit.leftOut())
                    .arg(audit.rejected.size())
                    .arg(audit.leaks());
  if (!m_voxels)
    status += ' ' + tr("Values and labels are not read yet, so that copies and empty labels are not known.");
  m_status->setText(status);

  QString html;
  if (!audit.refusal.empty())
    html += QStringLiteral("<p><b>%1</b> %2</p>")
                .arg(tr("The plan cannot divide these images:"), text(audit.refusal).toHtmlEscaped());
  for (const bool leak : {true, false})
    for (const auto& d : audit.doubles)
      if (d.leak == leak) html += "<p>" + doubleText(d) + "</p>";
  if (audit.advice) html += "<p>" + tr("Suits all images of the tasks: %1.").arg(adviceText(*audit.advice)) + "</p>";
  for (const auto& task : audit.tasks) html += taskHtml(task);
  std::map<std::string, int> rejected;
  for (const auto& [place, judged] : audit.rejected) ++rejected[judged.finding.code];
  if (!rejected.empty()) {
    QStringList counts;
    for (const auto& [code, count] : rejected) counts << QStringLiteral("%1 (%2)").arg(text(code)).arg(count);
    html += "<p>" + tr("No image: %1.").arg(counts.join(", ")).toHtmlEscaped() + "</p>";
  }
  m_summary->setHtml(html);
}

void AuditPage::useAdvice() {
  if (!m_audit || !m_audit->advice) return;
  m_wizard->model()->setValue("data.spacing", m_audit->advice->spacing);
  m_wizard->model()->setValue("data.patch", m_audit->advice->patch);
  m_status->setText(tr("The plan now has %1.").arg(adviceText(*m_audit->advice)));
}

}  // namespace lorkd::workbench
