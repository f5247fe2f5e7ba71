#include "app/workbench/InspectorPage.h"

#include <QCoreApplication>
#include <QHeaderView>
#include <QLabel>
#include <QPointer>
#include <QPushButton>
#include <QSettings>
#include <QSplitter>
#include <QThreadPool>
#include <QTreeWidget>
#include <QVBoxLayout>
#include <set>

namespace lorkd::workbench {

InspectorPage::InspectorPage(watch::JobQueue* jobs, QWidget* parent) : QWidget(parent), m_jobs(jobs) {
  m_list = new QTreeWidget(this);
  m_list->setObjectName("caseList");
  m_list->setAccessibleName(tr("Cases of the run"));
  m_list->setHeaderLabels({tr("Case"), tr("Split"), tr("Predicted")});
  m_list->setRootIsDecorated(false);
  m_list->header()->setStretchLastSection(false);
  m_list->header()->setSectionResizeMode(0, QHeaderView::Stretch);
  for (int column : {1, 2}) m_list->header()->setSectionResizeMode(column, QHeaderView::ResizeToContents);
  m_note = new QLabel(this);
  m_note->setWordWrap(true);
  m_predict = new QPushButton(tr("Predict this case"), this);
  m_predict->setObjectName("predictCase");
  m_predict->setToolTip(tr("Runs every expert and the teacher on the chosen case and shows their answers"));
  m_inspector = new view::Inspector(this);
  m_inspector->setEmptyHint(tr("Choose a case from the list at the left"));

  auto* left = new QWidget(this);
  auto* leftLayout = new QVBoxLayout(left);
  leftLayout->setContentsMargins(6, 6, 0, 6);
  leftLayout->addWidget(m_list, 1);
  leftLayout->addWidget(m_note);
  leftLayout->addWidget(m_predict);
  auto* splitter = new QSplitter(this);
  splitter->addWidget(left);
  splitter->addWidget(m_inspector);
  splitter->setStretchFactor(1, 1);
  splitter->setSizes({250, 1000});
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(splitter);

  connect(m_list, &QTreeWidget::currentItemChanged, this, [this](QTreeWidgetItem* item) {
    if (item) showCase(m_list->indexOfTopLevelItem(item));
  });
  connect(m_predict, &QPushButton::clicked, this, &InspectorPage::predict);
  connect(m_inspector, &view::Inspector::previousCaseRequested, this, [this] { step(-1); });
  connect(m_inspector, &view::Inspector::nextCaseRequested, this, [this] { step(1); });
  refreshButtons();
}

void InspectorPage::setRun(const QString& path) {
  m_run.reset();
  m_cases.cases.clear();
  m_list->clear();
  m_shown.clear();
  m_inspector->setVolume(nullptr);
  if (auto run = run::RunDirectory::open(path.toStdString()); !path.isEmpty() && run) {
    m_run = *run;
    auto cases = data::openCases(*run);
    if (cases) m_cases = std::move(*cases);
    m_note->setText(cases ? QString()
                    : std::filesystem::exists(run->cases())
                        ? QString::fromStdString(cases.error().text())
                        : tr("The cases appear here once the run has prepared its data."));
  } else {
    m_note->setText(tr("Choose a run first."));
  }
  // A case held out in part stands in every split; it is listed once, as test.
  std::set<std::string> seen;
  std::vector<data::AssignedCase> once;
  for (const auto split : {data::Split::Test, data::Split::Validation, data::Split::Train})
    for (const auto* entry : m_cases.of(split))
      if (entry->item.kind != "picture" && seen.insert(entry->item.id).second) once.push_back(*entry);
  m_cases.cases = std::move(once);
  for (const auto& entry : m_cases.cases) {
    const auto id = QString::fromStdString(entry.item.id);
    auto* item =
        new QTreeWidgetItem(m_list, {QString(id).remove("case-"), QString::fromStdString(toString(entry.split))});
    item->setData(0, Qt::UserRole, id);
    item->setToolTip(0, tr("%1, %2").arg(id, QString::fromStdString(entry.item.patient)));
  }
  refreshButtons();
}

void InspectorPage::refreshButtons() {
  for (int row = 0; row < m_list->topLevelItemCount() && m_run; ++row) {
    const auto& id = m_cases.cases[static_cast<std::size_t>(row)].item.id;
    bool all = true;
    for (const auto& [task, _] : m_run->plan().tasks)
      all &= std::filesystem::exists(predictionFile(*m_run, id, "", task));
    m_list->topLevelItem(row)->setText(2, all ? tr("yes") : QString());
  }
  m_predict->setEnabled(m_run && m_list->currentItem() && std::filesystem::exists(m_run->checkpoint("best")));
  const int row = m_list->currentItem() ? m_list->indexOfTopLevelItem(m_list->currentItem()) : -1;
  m_inspector->setCaseNavigation(row > 0, row >= 0 && row + 1 < m_list->topLevelItemCount());
}

void InspectorPage::step(int by) {
  const int row = (m_list->currentItem() ? m_list->indexOfTopLevelItem(m_list->currentItem()) : -1) + by;
  if (auto* item = m_list->topLevelItem(row)) m_list->setCurrentItem(item);
}

void InspectorPage::showCase(int row) {
  if (!m_run || row < 0 || row >= static_cast<int>(m_cases.cases.size())) return;
  const auto assigned = m_cases.cases[static_cast<std::size_t>(row)];
  const auto id = QString::fromStdString(assigned.item.id);
  const int loading = ++m_loading;
  m_inspector->showMessage(tr("Reading %1…").arg(id));
  QThreadPool::globalInstance()->start([page = QPointer(this), run = *m_run, assigned, id, loading] {
    auto loaded = std::make_shared<Result<LoadedCase>>(loadCase(run, assigned));
    QMetaObject::invokeMethod(qApp, [page, loaded, id, loading] {
      // Whatever was asked for meanwhile wins.
      if (page && page->m_loading == loading) page->take(id, std::move(*loaded));
    });
  });
}

void InspectorPage::take(const QString& caseId, Result<LoadedCase> loaded) {
  refreshButtons();
  if (!loaded) return m_inspector->showMessage(QString::fromStdString(loaded.error().text()));
  // The same case again (its predictions are new) keeps cursor and window.
  if (m_shown != caseId) m_inspector->setVolume(loaded->volume);
  m_shown = caseId;
  m_inspector->setOverlays(std::move(loaded->overlays));
  m_inspector->showMessage(loaded->predicted ? QString() : tr("Not predicted yet: press “Predict this case”."));
}

void InspectorPage::predict() {
  auto* item = m_list->currentItem();
  if (!item || !m_run) return;
  const auto id = item->data(0, Qt::UserRole).toString();
  const auto run = QString::fromStdString(m_run->path().string());
  QStringList arguments{"predict", run, "--case", id};
  if (m_run->plan().method == plan::PlanMethod::Lorkd && m_run->plan().teacher.source != plan::TeacherSource::None)
    arguments << "--teacher";
  auto* job = m_jobs->add(tr("Predict %1").arg(id), arguments);
  m_note->setText(tr("Predicting %1…").arg(id));
  connect(job, &watch::Job::finished, this, [this, job, id, run] {
    m_note->setText(job->state() == watch::Job::State::Failed ? QString::fromStdString(job->error().text())
                                                              : QString());
    if (!m_run || QString::fromStdString(m_run->path().string()) != run) return;
    refreshButtons();
    if (m_list->currentItem() && m_list->currentItem()->data(0, Qt::UserRole).toString() == id)
      showCase(m_list->indexOfTopLevelItem(m_list->currentItem()));
  });
}

}  // namespace lorkd::workbench
