#include "app/workbench/InspectorPage.h"

#include <QComboBox>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QSplitter>
#include <QTreeWidget>
#include <QVBoxLayout>
#include <set>

#include "core/data/Channels.h"

namespace lorkd::workbench {
namespace {

QString emptyHint() { return InspectorPage::tr("Choose a case from the list at the left"); }

bool hasTeacher(const run::RunDirectory& run) {
  const auto& teacher = run.plan().teacher;
  if (run.plan().method != plan::PlanMethod::Lorkd || teacher.source == plan::TeacherSource::None) return false;
  const std::filesystem::path path =
      teacher.source == plan::TeacherSource::Checkpoint ? std::filesystem::path(teacher.checkpoint) : run.teacher();
  std::error_code ec;
  return run::RunDirectory::isRun(path) && std::filesystem::exists(path / "checkpoints" / "best.safetensors", ec);
}

bool classifies(const run::RunDirectory& run) {
  const auto& tasks = run.plan().tasks;
  return !tasks.empty() && !plan::marks(tasks.front().second.kind);
}

}  // namespace

QStringList predictArguments(const run::RunDirectory& run, const QString& caseId) {
  QStringList arguments{"predict", QString::fromStdString(run.path().string())};
  if (!caseId.isEmpty()) arguments << "--case" << caseId;
  if (hasTeacher(run)) arguments << "--teacher";
  return arguments;
}

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
  m_note->setObjectName("caseNote");
  m_note->setWordWrap(true);
  m_predict = new QPushButton(tr("Predict this case"), this);
  m_predict->setObjectName("predictCase");
  m_inspector = new view::Inspector(this);
  m_inspector->setEmptyHint(emptyHint());
  m_title = new QLabel(this);
  m_title->setObjectName("caseTitle");
  m_title->setAccessibleName(tr("Case shown"));
  m_title->setTextFormat(Qt::PlainText);
  m_title->setTextInteractionFlags(Qt::TextSelectableByMouse);
  m_title->setContentsMargins(8, 4, 8, 2);
  m_title->hide();
  m_channels = new QComboBox(this);
  m_channels->setObjectName("channel");
  m_channels->setAccessibleName(tr("Channel shown"));
  m_channels->setToolTip(tr("Which of the image's channels the slices show; the experts see all that the plan names"));
  m_channelRow = new QWidget(this);
  auto* channelLabel = new QLabel(tr("&Channel:"), m_channelRow);
  channelLabel->setBuddy(m_channels);
  auto* channelLayout = new QHBoxLayout(m_channelRow);
  channelLayout->setContentsMargins(8, 2, 8, 2);
  channelLayout->addWidget(channelLabel);
  channelLayout->addWidget(m_channels);
  m_channelRow->hide();
  // One at a time: two volumes may not fit into memory.
  m_readers.setMaxThreadCount(1);

  auto* left = new QWidget(this);
  auto* leftLayout = new QVBoxLayout(left);
  leftLayout->setContentsMargins(6, 6, 0, 6);
  leftLayout->addWidget(m_list, 1);
  leftLayout->addWidget(m_note);
  leftLayout->addWidget(m_predict);
  auto* right = new QWidget(this);
  auto* rightLayout = new QVBoxLayout(right);
  rightLayout->setContentsMargins(0, 0, 0, 0);
  rightLayout->setSpacing(0);
  auto* above = new QHBoxLayout;
  above->addWidget(m_title, 1);
  above->addWidget(m_channelRow);
  rightLayout->addLayout(above);
  rightLayout->addWidget(m_inspector, 1);
  auto* splitter = new QSplitter(this);
  splitter->addWidget(left);
  splitter->addWidget(right);
  splitter->setStretchFactor(1, 1);
  splitter->setSizes({250, 1000});
  auto* layout = new QVBoxLayout(this);
  layout->setContentsMargins(0, 0, 0, 0);
  layout->addWidget(splitter);

  connect(m_list, &QTreeWidget::currentItemChanged, this, [this](QTreeWidgetItem* item) {
    if (item) showCase(m_list->indexOfTopLevelItem(item));
  });
  connect(m_channels, &QComboBox::activated, this, &InspectorPage::showChannel);
  connect(m_predict, &QPushButton::clicked, this, &InspectorPage::predict);
  connect(m_inspector, &view::Inspector::previousCaseRequested, this, [this] { step(-1); });
  connect(m_inspector, &view::Inspector::nextCaseRequested, this, [this] { step(1); });
  refreshButtons();
}

InspectorPage::~InspectorPage() { m_readers.clear(); }

void InspectorPage::clearPicture(const QString& title, const QString& hint) {
  m_shown.clear();
  m_overlays.clear();
  m_title->setText(title);
  m_title->setVisible(!title.isEmpty());
  m_channelRow->hide();
  m_inspector->setEmptyHint(hint);
  if (m_inspector->model()->volume()) m_inspector->setVolume(nullptr);
}

void InspectorPage::setRun(const QString& path) {
  // What is still being read belongs to the run before.
  ++m_loading;
  m_readers.clear();
  m_run.reset();
  m_cases.cases.clear();
  m_list->clear();
  clearPicture(QString(), emptyHint());
  if (path.isEmpty()) {
    m_note->setText(tr("Choose a run first."));
  } else if (auto run = run::RunDirectory::open(path.toStdString()); run) {
    m_run = *run;
    auto cases = data::openCases(*run);
    if (cases) m_cases = std::move(*cases);
    m_note->setText(cases && classifies(*run) ? tr("These experts classify whole images; “lorkd evaluate” scores them, "
                                                   "“lorkd predict” writes probabilities.")
                    : cases                   ? QString()
                    : std::filesystem::exists(run->cases())
                        ? QString::fromStdString(cases.error().text())
                        : tr("The cases appear here once the run has prepared its data."));
  } else {
    m_note->setText(QString::fromStdString(run.error().text()));
    m_inspector->setEmptyHint(tr("This run cannot be read: what is wrong stands at the left"));
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
  m_predict->setEnabled(m_list->currentItem() && canPredict() &&
                        !predicting(m_list->currentItem()->data(0, Qt::UserRole).toString()));
  m_predict->setToolTip(m_unwritable.isEmpty()
                            ? tr("Runs every expert and the teacher on the chosen case and shows their answers")
                            : m_unwritable);
  const int row = m_list->currentItem() ? m_list->indexOfTopLevelItem(m_list->currentItem()) : -1;
  m_inspector->setCaseNavigation(row > 0, row >= 0 && row + 1 < m_list->topLevelItemCount());
}

bool InspectorPage::predicting(const QString& caseId) const {
  const auto found =
      m_run ? m_predictions.find(QString::fromStdString(m_run->path().string()) + '/' + caseId) : m_predictions.end();
  return found != m_predictions.end() && found->second && !found->second->over();
}

bool InspectorPage::canPredict() const {
  std::error_code ec;
  return m_run && m_unwritable.isEmpty() && !classifies(*m_run) &&
         std::filesystem::exists(m_run->checkpoint("best"), ec);
}

void InspectorPage::setUnwritable(const QString& why) {
  m_unwritable = why;
  refreshButtons();
}

void InspectorPage::reload() {
  refreshButtons();
  if (m_list->currentItem()) showCase(m_list->indexOfTopLevelItem(m_list->currentItem()));
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
  m_readers.clear();
  // Another patient's picture may not stand under this one's name, however long reading takes. The same case again
  // (its predictions are new) stays.
  if (m_shown != id)
    clearPicture(
        tr("%1 · %2 · %3")
            .arg(id, QString::fromStdString(assigned.item.patient), QString::fromStdString(toString(assigned.split))),
        tr("Reading %1…").arg(id));
  m_inspector->showMessage(tr("Reading %1…").arg(id));
  m_readers.start([this, run = *m_run, assigned, id, loading] {
    auto loaded = std::make_shared<Result<LoadedCase>>(loadCase(run, assigned));
    // The page waits for its readers before it goes.
    QMetaObject::invokeMethod(this, [this, loaded, id, loading] {
      // Whatever was asked for meanwhile wins.
      if (m_loading == loading) take(id, std::move(*loaded));
    });
  });
}

void InspectorPage::take(const QString& caseId, Result<LoadedCase> loaded) {
  refreshButtons();
  if (!loaded) return clearPicture(m_title->text(), QString::fromStdString(loaded.error().text()));
  // The same case again keeps cursor, window and channel.
  if (m_shown != caseId) {
    m_inspector->setVolume(loaded->volume);
    const auto shown = std::ranges::find_if(
        m_cases.cases, [&](const auto& entry) { return QString::fromStdString(entry.item.id) == caseId; });
    if (shown != m_cases.cases.end()) listChannels(shown->item);
  }
  // A picture has one slice, and nothing to see from the side.
  if (const bool flat = loaded->volume->geometry.pixels; flat != m_flat) {
    m_flat = flat;
    m_inspector->setLayoutMode(flat ? view::LayoutMode::Axial : view::LayoutMode::FourUp);
  }
  m_shown = caseId;
  m_overlays = std::move(loaded->overlays);
  m_inspector->setOverlays(m_overlays);
  m_inspector->showMessage(loaded->predicted || !canPredict() ? QString()
                                                              : tr("Not predicted yet: press “Predict this case”."));
}

void InspectorPage::listChannels(const data::Case& item) {
  m_channels->clear();
  for (const auto& name : data::channelNames(item)) m_channels->addItem(QString::fromStdString(name));
  // A picture is shown in its colours.
  m_channelRow->setVisible(m_channels->count() > 1 && !item.geometry.pixels);
}

void InspectorPage::showChannel(int channel) {
  const auto shown = std::ranges::find_if(
      m_cases.cases, [&](const auto& entry) { return QString::fromStdString(entry.item.id) == m_shown; });
  if (channel < 0 || shown == m_cases.cases.end()) return;
  const int loading = ++m_loading;
  m_readers.clear();
  m_inspector->showMessage(tr("Reading the channel %1…").arg(m_channels->itemText(channel)));
  m_readers.start([this, assigned = *shown, channel, loading] {
    auto loaded = std::make_shared<Result<std::shared_ptr<image::Volume>>>(
        loadChannel(assigned, static_cast<std::size_t>(channel)));
    QMetaObject::invokeMethod(this, [this, loaded, loading] {
      if (m_loading != loading) return;
      if (!*loaded) return clearPicture(m_title->text(), QString::fromStdString(loaded->error().text()));
      m_inspector->setVolume(**loaded);
      m_inspector->setOverlays(m_overlays);
      m_inspector->showMessage({});
    });
  });
}

void InspectorPage::predict() {
  auto* item = m_list->currentItem();
  if (!item || !m_run) return;
  const auto id = item->data(0, Qt::UserRole).toString();
  const auto run = QString::fromStdString(m_run->path().string());
  auto* job = m_jobs->add(tr("Predict %1").arg(id), predictArguments(*m_run, id));
  m_note->setText(tr("Predicting %1…").arg(id));
  m_predictions[run + '/' + id] = job;
  refreshButtons();
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
