#include "app/workbench/ExportDialog.h"

#include <QDialogButtonBox>
#include <QDir>
#include <QFileDialog>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPixmap>
#include <QProgressBar>
#include <QPushButton>
#include <QTreeWidget>
#include <QVBoxLayout>

#include "app/workbench/Text.h"
#include "core/base/File.h"

namespace lorkd::workbench {
namespace {

QStringList checked(const QTreeWidget* list) {
  QStringList out;
  for (int i = 0; i < list->topLevelItemCount(); ++i)
    if (list->topLevelItem(i)->checkState(0) == Qt::Checked)
      out << list->topLevelItem(i)->data(0, Qt::UserRole).toString();
  return out;
}

QTreeWidgetItem* addChoice(QTreeWidget* list, const QString& value, const QString& text) {
  auto* item = new QTreeWidgetItem(list, {text});
  item->setData(0, Qt::UserRole, value);
  item->setCheckState(0, Qt::Checked);
  return item;
}

}  // namespace

ExportDialog::ExportDialog(const run::RunDirectory& run, watch::JobQueue* jobs, QWidget* parent)
    : QDialog(parent), m_run(run), m_jobs(jobs) {
  setWindowTitle(tr("Export experts of %1").arg(QString::fromStdString(run.plan().name)));
  setObjectName("exportDialog");
  resize(640, 480);
  m_tasks = new QTreeWidget(this);
  m_tasks->setObjectName("exportTasks");
  m_tasks->setAccessibleName(tr("Experts to export"));
  m_tasks->setHeaderLabels({tr("Expert"), tr("Rank"), tr("Largest difference fused − unfused")});
  m_tasks->setRootIsDecorated(false);
  m_tasks->header()->setSectionResizeMode(0, QHeaderView::Stretch);
  m_tasks->header()->setStretchLastSection(false);
  for (int column : {1, 2}) m_tasks->header()->setSectionResizeMode(column, QHeaderView::ResizeToContents);
  for (std::size_t t = 0; t < run.plan().tasks.size(); ++t) {
    const auto& [name, task] = run.plan().tasks[t];
    auto* item = addChoice(m_tasks, QString::fromStdString(name), QString::fromStdString(name));
    QPixmap color(14, 14);
    color.fill(QColor(QString::fromStdString(plan::taskColor(run.plan(), t))));
    item->setIcon(0, color);
    item->setText(1, QString::number(task.rank));
  }
  m_formats = new QTreeWidget(this);
  m_formats->setObjectName("exportFormats");
  m_formats->setAccessibleName(tr("Formats"));
  m_formats->setHeaderHidden(true);
  m_formats->setRootIsDecorated(false);
  m_formats->setMaximumHeight(64);
  addChoice(m_formats, "torchscript", tr("TorchScript (expert.ts): runs in PyTorch and LibTorch as it is"));
  addChoice(m_formats, "safetensors", tr("safetensors (expert.safetensors): weights by name"));
  // A run that can only be looked at leaves its experts elsewhere.
  m_own = QString::fromStdString((run.path() / "experts").string());
  const bool writable = makeWritableFolder(run.path()).has_value();
  m_folder = new QLineEdit(
      writable ? m_own : QDir::home().filePath(QDir(text(run.path().string())).dirName() + "-experts"), this);
  m_folder->setObjectName("exportFolder");
  m_folder->setAccessibleName(tr("Folder"));
  m_folder->setPlaceholderText(m_own);
  auto* browse = new QPushButton(tr("Browse…"), this);
  m_intro = tr("Every file is read back and compared with the network on real inputs before it is put in place.");
  m_status = new QLabel(m_intro, this);
  m_status->setObjectName("exportStatus");
  m_status->setWordWrap(true);
  m_bar = new QProgressBar(this);
  m_bar->hide();
  m_buttons = new QDialogButtonBox(QDialogButtonBox::Close, this);
  auto* start = m_buttons->addButton(tr("Export"), QDialogButtonBox::ActionRole);
  start->setObjectName("exportButton");
  start->setDefault(true);

  auto* folder = new QHBoxLayout;
  folder->addWidget(m_folder);
  folder->addWidget(browse);
  auto* form = new QFormLayout;
  form->addRow(tr("Formats"), m_formats);
  form->addRow(tr("Folder"), folder);
  auto* layout = new QVBoxLayout(this);
  layout->addWidget(m_tasks, 1);
  layout->addLayout(form);
  layout->addWidget(m_status);
  m_cancel = new QPushButton(tr("Cancel"), this);
  m_cancel->setObjectName("cancelExport");
  m_cancel->setAccessibleName(tr("Cancel the export"));
  m_cancel->hide();
  auto* course = new QHBoxLayout;
  course->addWidget(m_bar, 1);
  course->addWidget(m_cancel);
  layout->addLayout(course);
  layout->addWidget(m_buttons);
  connect(start, &QPushButton::clicked, this, &ExportDialog::exportNow);
  connect(m_cancel, &QPushButton::clicked, this, [this] {
    if (m_job) m_job->cancel();
  });
  connect(m_buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  connect(browse, &QPushButton::clicked, this, [this] {
    const auto chosen = QFileDialog::getExistingDirectory(this, tr("Folder for the experts"), m_folder->text());
    if (!chosen.isEmpty()) m_folder->setText(chosen);
  });
  connect(m_tasks, &QTreeWidget::itemChanged, this, &ExportDialog::refresh);
  connect(m_formats, &QTreeWidget::itemChanged, this, &ExportDialog::refresh);
}

void ExportDialog::refresh() {
  const bool busy = m_job && !m_job->over();
  const auto why = whyNot();
  for (auto* button : m_buttons->buttons())
    if (button->objectName() == "exportButton") {
      button->setEnabled(!busy && why.isEmpty());
      button->setToolTip(why);
    }
  // What was exported before is not what is ticked now.
  if (!busy) m_status->setText(why.isEmpty() ? m_intro : why);
  m_bar->setVisible(busy);
  m_cancel->setVisible(busy);
  m_folder->setEnabled(!busy);
}

QString ExportDialog::whyNot() const {
  return checked(m_tasks).isEmpty()     ? tr("Nothing can be exported: tick at least one expert.")
         : checked(m_formats).isEmpty() ? tr("Nothing can be exported: tick at least one format.")
                                        : QString();
}

void ExportDialog::exportNow() {
  m_target = m_folder->text().trimmed().isEmpty() ? m_own : m_folder->text();
  QStringList arguments{"export", QString::fromStdString(m_run.path().string()), "--out", m_target};
  for (const auto& task : checked(m_tasks)) arguments << "--task" << task;
  for (const auto& format : checked(m_formats)) arguments << "--format" << format;
  m_job = m_jobs->add(tr("Export experts of %1").arg(QString::fromStdString(m_run.plan().name)), arguments);
  connect(m_job, &watch::Job::changed, this, [this] {
    m_bar->setRange(0, static_cast<int>(m_job->total()));
    m_bar->setValue(static_cast<int>(m_job->done()));
    m_status->setText(m_job->what());
  });
  connect(m_job, &watch::Job::finished, this, &ExportDialog::finished);
  refresh();
}

void ExportDialog::finished() {
  refresh();
  if (m_job->state() != watch::Job::State::Done) {
    m_status->setText(m_job->state() == watch::Job::State::Cancelled ? tr("Export cancelled; nothing was changed.")
                                                                     : QString::fromStdString(m_job->error().text()));
    return;
  }
  for (int i = 0; i < m_tasks->topLevelItemCount(); ++i) {
    auto* item = m_tasks->topLevelItem(i);
    const auto file = std::filesystem::path(m_target.toStdString()) / item->text(0).toStdString() / "manifest.json";
    if (const auto manifest = readJson(file); manifest && manifest->contains("parity"))
      item->setText(2, tr("%1, logits up to %2")
                           .arg(manifest->value("parity", 0.0), 0, 'e', 1)
                           .arg(manifest->value("largest_logit", 0.0), 0, 'f', 1));
  }
  m_status->setText(tr("Exported to %1").arg(m_target));
}

}  // namespace lorkd::workbench
