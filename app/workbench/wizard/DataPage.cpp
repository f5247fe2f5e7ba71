#include <QCheckBox>
#include <QDir>
#include <QFileDialog>
#include <QFileInfo>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPushButton>
#include <QSignalBlocker>
#include <QSplitter>
#include <QStyle>
#include <QTreeView>
#include <QTreeWidget>
#include <QVBoxLayout>
#include <algorithm>
#include <set>
#include <utility>

#include "app/workbench/Text.h"
#include "app/workbench/pacs/PacsDialog.h"
#include "app/workbench/wizard/KnownDialog.h"
#include "app/workbench/wizard/LayoutDialog.h"
#include "app/workbench/wizard/Pages.h"
#include "app/workbench/wizard/RunWizard.h"
#include "widgets/form/PlanNames.h"
#include "widgets/run/Background.h"

namespace lorkd::workbench {
namespace {

bool sameFolder(const QString& a, const QString& b) {
  const auto place = [](const QString& path) {
    const auto real = QFileInfo(path).canonicalFilePath();
    return real.isEmpty() ? QDir::cleanPath(QDir(path).absolutePath()) : real;
  };
  return place(a) == place(b);
}

using Known = std::vector<std::pair<std::string, std::filesystem::path>>;

/// A name for the source: the folder's. The index keeps images by source, so a name that stands for another folder
/// there, perhaps of an earlier run, is not taken.
QString sourceName(const QString& folder, const Json& sources, const Known& known) {
  for (const auto& [name, place] : known)
    if (!sources.contains(name) && sameFolder(QString::fromStdString(place.string()), folder))
      return QString::fromStdString(name);
  auto base = form::planName(QFileInfo(QDir(folder).absolutePath()).fileName().replace(' ', '-'), "-");
  if (base.empty() || base.find_first_not_of('-') == std::string::npos) base = "data";
  const auto taken = [&](const std::string& name) {
    return sources.contains(name) ||
           std::any_of(known.begin(), known.end(), [&](const auto& k) { return k.first == name; });
  };
  auto name = base;
  for (int n = 2; taken(name); ++n) name = base + "-" + std::to_string(n);
  return QString::fromStdString(name);
}

/// What the plan says of the names of a source's files, as `lorkd scan` is told it.
QStringList layoutArguments(const Json& source, const QString& folder) {
  const auto layout = source.value("layout", Json::object()).get<plan::Layout>();
  QStringList out{"--reader=" + text(layout.reader),
                  "--nifti-place=" + text(source.value("nifti_place", std::string("ask")))};
  for (const auto& pattern : layout.images) out << "--images=" + text(pattern);
  for (const auto& pattern : layout.labels) out << "--labels=" + text(pattern);
  const auto table = [&](const char* flag, const std::string& file) {
    if (!file.empty()) out << flag + QDir(folder).absoluteFilePath(text(file));
  };
  table("--table=", layout.table);
  if (!layout.patients.pattern.empty()) out << "--patients=" + text(layout.patients.pattern);
  table("--patients-table=", layout.patients.table);
  return out;
}

/// Why the plan must still say which channels the network sees; empty where each image has one, or it says so.
QString channelsUnsaid(const std::vector<data::Case>& cases, const Json& inputs) {
  const bool said = inputs.is_object() && !inputs.empty();
  if (said || std::ranges::none_of(cases, [](const auto& c) { return c.channels.size() > 1 && !c.labels.empty(); }))
    return {};
  return DataPage::tr("Images have several channels: say under “What the labels say…” which of them the network sees.");
}

}  // namespace

DataPage::DataPage(RunWizard* wizard) : PlanPage(wizard), m_jobs(this) {
  setTitle(tr("Data"));
  setSubTitle(tr(
      "Folders of DICOM or NIfTI images with their labels, of pictures with mask pictures, or of pictures with one "
      "folder for each class or a table of file names and labels. They are only read; nothing is copied or changed."));
  m_sources = new QTreeWidget(this);
  m_sources->setObjectName("sources");
  m_sources->setAccessibleName(tr("Data sources"));
  m_sources->setHeaderLabels({tr("Source"), tr("Folder"), tr("Read")});
  m_sources->header()->setStretchLastSection(false);
  m_sources->header()->setSectionResizeMode(1, QHeaderView::Stretch);
  m_sources->header()->setSectionResizeMode(2, QHeaderView::ResizeToContents);
  m_sources->setRootIsDecorated(false);
  m_sources->setMaximumHeight(130);
  m_rows = new RowsModel({tr("Patient / image"), tr("Kind"), tr("Grid"), tr("Labels or finding")}, this);
  m_list = new QTreeView(this);
  m_list->setObjectName("foundImages");
  m_list->setAccessibleName(tr("Images found"));
  m_list->setModel(m_rows);
  m_list->setAlternatingRowColors(true);
  m_list->setUniformRowHeights(true);
  m_list->header()->setResizeContentsPrecision(static_cast<int>(kMeasuredRows));
  for (int column : {0, 1, 2}) m_list->header()->setSectionResizeMode(column, QHeaderView::ResizeToContents);
  auto* add = new QPushButton(tr("Add folder…"), this);
  add->setObjectName("addFolder");
  m_move = new QPushButton(tr("Change folder…"), this);
  m_move->setObjectName("moveFolder");
  m_move->setToolTip(tr("The chosen source's data lie elsewhere now: nothing that is the same is read again"));
  auto* remove = new QPushButton(tr("Remove"), this);
  remove->setObjectName("removeFolder");
  auto* pacs = new QPushButton(tr("From PACS…"), this);
  pacs->setObjectName("fromPacs");
  pacs->setToolTip(tr("Retrieve series from a PACS into a folder, and add that"));
  m_status = new QLabel(this);
  m_status->setWordWrap(true);
  m_status->setObjectName("scanStatus");

  auto* buttons = new QVBoxLayout;
  m_known = new QPushButton(tr("What the labels say…"), this);
  m_known->setObjectName("known");
  m_known->setToolTip(
      tr("Which structures the labels of each source speak of, which of several answers counts, and which channels the "
         "network sees"));
  m_known->setEnabled(false);
  connect(m_known, &QPushButton::clicked, this, &DataPage::askKnown);
  auto* lie = new QPushButton(tr("How files lie…"), this);
  lie->setObjectName("layout");
  lie->setToolTip(tr(
      "Which files of the chosen source are images, which are their labels, and whose they are, where names alone do "
      "not say it right"));
  connect(lie, &QPushButton::clicked, this, &DataPage::askLayout);
  for (auto* button : {add, pacs, m_move, remove, lie, m_known}) buttons->addWidget(button);
  buttons->addStretch();
  auto* top = new QHBoxLayout;
  top->addWidget(m_sources);
  top->addLayout(buttons);
  auto* layout = new QVBoxLayout(this);
  layout->addLayout(top);
  layout->addWidget(m_list, 1);
  for (const char* code :
       {"missing-slice", "uneven-spacing", "label-grid", "label-affine", "possible-labels", "label-image",
        "possible-answers", "patient-per-file", "middle-slice", "class-folders", "unknown-orientation", "label-frames",
        "unreadable"}) {
    auto* box = new QCheckBox(this);
    box->setObjectName(QString("accept-") + code);
    box->setToolTip(
        code == std::string_view("unreadable")
            ? tr("Without it no run starts. The plan keeps the choice, so that a rerun does the same.")
            : tr("Without it these images are left out. The plan keeps the choice, so that a rerun does the same."));
    box->hide();
    connect(box, &QCheckBox::toggled, this, [this, code](bool on) { setAccepted(code, on); });
    m_accept.emplace_back(code, box);
    layout->addWidget(box);
  }
  m_cancel = new QPushButton(tr("Cancel"), this);
  m_cancel->setObjectName("cancelScan");
  m_cancel->setAccessibleName(tr("Cancel the scan"));
  m_cancel->hide();
  auto* foot = new QHBoxLayout;
  foot->addWidget(m_status, 1);
  foot->addWidget(m_cancel);
  layout->addLayout(foot);
  connect(m_cancel, &QPushButton::clicked, this, [this] { m_jobs.cancel(); });
  connect(add, &QPushButton::clicked, this, [this] {
    const auto folder = QFileDialog::getExistingDirectory(this, tr("Folder with images"));
    if (!folder.isEmpty()) addFolder(folder);
  });
  connect(pacs, &QPushButton::clicked, this, &DataPage::askPacs);
  connect(m_move, &QPushButton::clicked, this, [this] {
    const auto folder = QFileDialog::getExistingDirectory(this, tr("Where the data lie now"));
    if (!folder.isEmpty()) moveSource(folder);
  });
  connect(remove, &QPushButton::clicked, this, &DataPage::removeSource);
  const auto follow = [=, this] {
    for (auto* button : {m_move, remove, lie}) button->setEnabled(m_sources->currentItem());
  };
  connect(m_sources, &QTreeWidget::currentItemChanged, this, follow);
  follow();
}

void DataPage::initializePage() {
  m_scanUnknown = true;
  readIndex();
}

bool DataPage::accepts(const std::string& code) const {
  const auto sources = m_wizard->model()->value("data.sources");
  return !sources.empty() && std::all_of(sources.begin(), sources.end(), [&](const Json& source) {
    return source.value("accept", std::set<std::string>()).contains(code);
  });
}

void DataPage::setAccepted(const std::string& code, bool accepted) {
  auto sources = m_wizard->model()->value("data.sources");
  for (auto& [name, source] : sources.items()) {
    auto codes = source.value("accept", std::set<std::string>());
    if (accepted)
      codes.insert(code);
    else
      codes.erase(code);
    source["accept"] = codes;
  }
  m_wizard->model()->setValue("data.sources", sources);
  readIndex();
}

void DataPage::addFolder(const QString& folder) {
  auto sources = m_wizard->model()->value("data.sources");
  if (!sources.is_object()) sources = Json::object();
  for (const auto& [name, source] : sources.items())
    if (sameFolder(QString::fromStdString(source.value("path", std::string())), folder))
      return scan(QString::fromStdString(name), folder);
  const auto index = data::Catalogue::openToRead(QDir(m_wizard->project()).filePath("index.sqlite").toStdString());
  const auto name = sourceName(folder, sources, index ? index->sources().value_or(Known{}) : Known{});
  Json source{{"path", QDir(folder).absolutePath().toStdString()}, {"kind", "auto"}};
  for (const auto& [code, box] : m_accept)
    if (accepts(code)) source["accept"].push_back(code);
  sources[name.toStdString()] = std::move(source);
  m_wizard->model()->setValue("data.sources", sources);
  readIndex();
  scan(name, folder);
}

void DataPage::askPacs() {
  auto* dialog = new PacsDialog(m_wizard->jobs(), QDir(m_wizard->project()).filePath("pacs"), this);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  connect(dialog, &PacsDialog::folderWanted, this, &DataPage::addFolder);
  dialog->open();
}

void DataPage::moveSource(const QString& folder) {
  const auto* item = m_sources->currentItem();
  if (!item) return;
  const auto name = item->text(0);
  auto sources = m_wizard->model()->value("data.sources");
  sources[name.toStdString()]["path"] = QDir(folder).absolutePath().toStdString();
  m_wizard->model()->setValue("data.sources", sources);
  readIndex();
  scan(name, folder);
}

void DataPage::removeSource() {
  const auto* item = m_sources->currentItem();
  if (!item) return;
  auto sources = m_wizard->model()->value("data.sources");
  sources.erase(item->text(0).toStdString());
  m_wizard->model()->setValue("data.sources", sources);
  readIndex();
}

void DataPage::scan(const QString& name, const QString& folder) {
  m_status->setText(tr("Scanning %1…").arg(folder));
  std::erase_if(m_failed, [&](const auto& entry) { return entry.first == name; });
  m_cancelled = false;
  const auto source = m_wizard->model()->value("data.sources").value(name.toStdString(), Json::object());
  auto* job = m_wizard->jobs()->add(
      tr("Scan %1").arg(folder),
      QStringList{"scan", folder, "--index", QDir(m_wizard->project()).filePath("index.sqlite"), "--source", name} +
          layoutArguments(source, folder));
  m_jobs.add(job);
  m_cancel->show();
  Q_EMIT completeChanged();
  connect(job, &watch::Job::changed, this, [this, job, folder] {
    if (!job->over())
      m_status->setText(tr("Scanning %1: %2 of %3 files").arg(folder).arg(job->done()).arg(job->total()));
  });
  connect(job, &watch::Job::finished, this, [this, job, name] {
    if (job->state() == watch::Job::State::Failed)
      m_failed.emplace_back(name, QString::fromStdString(job->error().text()));
    m_cancelled = job->state() == watch::Job::State::Cancelled;
    m_cancel->setVisible(m_jobs.busy());
    readIndex();
  });
}

void DataPage::readIndex() {
  showSources();
  const int asked = ++m_asked;
  Q_EMIT completeChanged();
  const auto index = QDir(m_wizard->project()).filePath("index.sqlite");
  watch::inBackground(
      this, [index, sources = m_wizard->model()->value("data.sources")] { return findImages(index, sources); },
      [this, asked](FoundImages found) {
        if (asked != m_asked) return;
        m_answered = asked;
        m_found = std::move(found);
        present();
      });
}

void DataPage::showSources() {
  const auto chosen = m_sources->currentItem() ? m_sources->currentItem()->text(0) : QString();
  m_sources->clear();
  const auto sources = m_wizard->model()->value("data.sources");
  for (const auto& [name, source] : sources.items()) {
    auto* row = new QTreeWidgetItem(m_sources, {text(name), text(source, "path")});
    if (row->text(0) == chosen || m_sources->topLevelItemCount() == 1) m_sources->setCurrentItem(row);
  }
}

void DataPage::present() {
  QString gone;  // what to do about a folder that is not there
  for (int n = 0; n < m_sources->topLevelItemCount(); ++n)
    for (const auto& source : m_found.sources) {
      auto* row = m_sources->topLevelItem(n);
      if (row->text(0) == source.name) row->setText(2, source.readAs);
      if (source.there || row->text(0) != source.name) continue;
      row->setIcon(0, style()->standardIcon(QStyle::SP_MessageBoxWarning));
      m_sources->setCurrentItem(row);
      gone = tr("%1 is not there. If its data lie elsewhere now, say where with “Change folder…”.").arg(source.folder);
    }
  for (const auto& [code, box] : m_accept) {
    const QSignalBlocker quiet(box);
    const int images = m_found.waiting[code];
    box->setVisible(images > 0);
    box->setText(
        code == "missing-slice"    ? tr("Interpolate missing slices (images: %1)").arg(images)
        : code == "uneven-spacing" ? tr("Interpolate unevenly spaced slices (images: %1)").arg(images)
        : code == "label-affine"
            ? tr("Take labels voxel by voxel, whatever place their header says (images: %1)").arg(images)
        : code == "possible-labels" ? tr("Take for images what may be labels by its values (images: %1)").arg(images)
        : code == "label-image" ? tr("Take labels for those of the image they are given to (images: %1)").arg(images)
        : code == "possible-answers"
            ? tr("Take masks of mostly the same voxels for structures of their own (images: %1)").arg(images)
        : code == "patient-per-file"
            ? tr("Take files with a patient identifier each for one patient (images: %1)").arg(images)
        : code == "middle-slice"  ? tr("Take the middle slice of each volume of an archive (sets: %1)").arg(images)
        : code == "class-folders" ? tr("Take these folders as classes of pictures (sets: %1)").arg(images)
        : code == "unknown-orientation"
            ? tr("Place images whose header does not say where left is as most programs do (images: %1)").arg(images)
        : code == "label-frames"
            ? tr("Take each volume of labels for that volume of its image (images: %1)").arg(images)
        : code == "unreadable" ? tr("Do without what cannot be read (places: %1)").arg(images)
                               : tr("Bring labels on another grid to their image (images: %1)").arg(images));
    box->setChecked(accepts(code));
  }
  for (const auto& [name, reason] : m_failed) m_found.rows.push_back({{name, tr("error"), {}, reason}});
  m_rows->setRows(std::move(m_found.rows));
  m_list->expandAll();
  const auto counts = tr("%1 images, %2 with labels; %3 findings make something unusable.")
                          .arg(m_found.cases.size())
                          .arg(m_found.labelled)
                          .arg(m_found.unusable);
  const auto left = m_found.leftOut > 0 ? " " + tr("%1 left out until you agree.").arg(m_found.leftOut) : QString();
  // A scan that goes on tells of itself.
  if (!m_jobs.busy()) m_status->setText(m_found.sources.empty() ? tr("Add a folder to begin.") : counts + left);
  if (!m_found.error.isEmpty()) m_status->setText(m_found.error);
  if (std::exchange(m_cancelled, false))
    m_status->setText(tr("The scan was cancelled; what was known before has stayed."));
  if (!m_failed.empty()) m_status->setText(m_failed.back().second);
  if (!gone.isEmpty()) m_status->setText(gone);
  // Of a plan from elsewhere, or of an older index.
  if (std::exchange(m_scanUnknown, false) && !m_jobs.busy())
    for (const auto& source : m_found.sources)
      if (source.there && !source.scanned) scan(source.name, source.folder);
  m_known->setEnabled(m_found.labelled > 0);
  Q_EMIT completeChanged();
  Q_EMIT scanned();
}

void DataPage::askLayout() {
  const auto* item = m_sources->currentItem();
  if (!item) return;
  const auto name = item->text(0), folder = item->text(1);
  LayoutDialog dialog(m_wizard->model(), name.toStdString(), this);
  if (dialog.exec() != QDialog::Accepted) return;
  scan(name, folder);
}

void DataPage::askKnown() {
  KnownDialog dialog(m_wizard->model(), m_found.cases, this);
  if (dialog.exec() == QDialog::Accepted) Q_EMIT completeChanged();
}

QString DataPage::whyNot() const {
  // What a scan that goes on will find may be something else.
  if (m_jobs.busy()) return tr("The folder is being scanned.");
  if (m_asked != m_answered) return tr("The project's index is being read.");
  if (m_found.labelled > 0) return channelsUnsaid(m_found.cases, m_wizard->model()->value("data.inputs"));
  if (m_found.sources.empty()) return tr("Add a folder with images and their labels.");
  for (const auto& source : m_found.sources)
    if (!source.there) return tr("The folder of the source %1 is not there.").arg(source.name);
  if (!m_found.cases.empty() || m_found.leftOut == 0)
    return tr("No image has labels to learn from. What was found, and what is wrong with it, stands in the list.");
  return tr("Every image with labels is left out until you agree to what is done about its findings.");
}

}  // namespace lorkd::workbench
