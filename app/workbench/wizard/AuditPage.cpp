#include "app/workbench/wizard/AuditPage.h"

#include <QDir>
#include <QFileDialog>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSplitter>
#include <QTextBrowser>
#include <QTreeView>
#include <QVBoxLayout>
#include <memory>

#include "app/workbench/Text.h"
#include "app/workbench/wizard/RunWizard.h"
#include "widgets/run/Background.h"

namespace lorkd::workbench {

AuditPage::AuditPage(RunWizard* wizard) : PlanPage(wizard), m_jobs(this) {
  setTitle(tr("Look at the data"));
  setSubTitle(
      tr("What each image is like, what is wrong with it and what becomes of that. Nothing here is changed on "
         "disk."));
  m_status = new QLabel(this);
  m_status->setObjectName("auditStatus");
  m_status->setWordWrap(true);
  m_rows = new RowsModel(
      {tr("Image"), tr("Patient"), tr("Kind"), tr("Grid"), tr("Values"), tr("Tasks"), tr("Split"), tr("Findings")},
      this);
  m_images = new QTreeView(this);
  m_images->setObjectName("auditImages");
  m_images->setAccessibleName(tr("Images"));
  m_images->setModel(m_rows);
  m_images->setIconSize({kAuditPicture, kAuditPicture});
  m_images->setAlternatingRowColors(true);
  m_images->header()->setResizeContentsPrecision(static_cast<int>(kMeasuredRows));
  m_images->header()->setSectionResizeMode(QHeaderView::ResizeToContents);
  m_images->header()->setStretchLastSection(true);
  connect(m_images, &QTreeView::expanded, this, &AuditPage::spanFindings);
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
  m_wizard->setAdvice({});
  m_looked = false;
  m_rows->setRows({});
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
  keepFocus();
  for (auto* b : {m_read, m_use, m_save}) b->setEnabled(false);
  connect(job, &watch::Job::changed, this, [this, job, asked] {
    if (asked == m_asked && !job->over())
      m_status->setText(job->total() > 0 ? tr("Looking: %1 of %2").arg(job->done()).arg(job->total()) : tr("Looking…"));
  });
  connect(job, &watch::Job::finished, this, [this, job, asked, voxels, html] {
    if (asked != m_asked) return;
    keepFocus();
    m_cancel->hide();
    if (job->state() != watch::Job::State::Done) {
      m_status->setText(job->state() == watch::Job::State::Cancelled ? tr("Cancelled. What was read is remembered.")
                                                                     : text(job->error().text()));
      return enableButtons();
    }
    // Thousands of images are decoded beside the window.
    auto answer = std::make_shared<Json>(job->takeResult());
    watch::inBackground(
        this, [answer, voxels] { return auditText(std::exchange(*answer, Json()), voxels); },
        [this, asked, voxels, html](Result<AuditText> said) {
          if (asked == m_asked) present(std::move(said), voxels, html);
        });
  });
}

void AuditPage::keepFocus() {
  for (auto* b : {m_read, m_use, m_save, m_cancel})
    if (b == window()->focusWidget()) return m_images->setFocus();
}

void AuditPage::enableButtons() {
  m_read->setEnabled(true);
  m_save->setEnabled(m_looked);
  m_use->setEnabled(m_wizard->advice().has_value());
}

void AuditPage::present(Result<AuditText> said, bool voxels, const QString& html) {
  if (said) {
    m_looked = true;
    m_voxels = voxels;
    m_wizard->setAdvice(said->advice);
    m_rows->setRows(std::move(said->rows));
    // What is left out is seen at once, as far as that many can be seen. The tree lays itself out once, after all.
    std::vector<QModelIndex> opened;
    for (std::size_t row = 0; row < m_rows->rows().size() && opened.size() < kMeasuredRows; ++row)
      if (m_rows->rows()[row].open) opened.push_back(m_rows->index(static_cast<int>(row), 0));
    {
      const QSignalBlocker quiet(m_images);
      for (const auto& image : opened) m_images->expand(image);
    }
    for (const auto& image : opened) spanFindings(image);
    m_summary->setHtml(said->html);
  }
  m_status->setText(!said ? text(said.error().text()) : html.isEmpty() ? said->status : tr("Saved as %1.").arg(html));
  enableButtons();
}

void AuditPage::spanFindings(const QModelIndex& image) {
  // Findings are sentences: each takes its whole line, once it is seen.
  for (int row = 0; row < m_rows->rowCount(image); ++row) m_images->setFirstColumnSpanned(row, image, true);
}

void AuditPage::useAdvice() {
  const auto& advice = m_wizard->advice();
  if (!advice) return;
  m_wizard->model()->setValue("data.spacing", advice->spacing);
  m_wizard->model()->setValue("data.patch", advice->patch);
  m_status->setText(tr("The plan now has %1.").arg(adviceText(*advice)));
}

}  // namespace lorkd::workbench
