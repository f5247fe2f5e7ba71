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
#include <QTreeWidget>
#include <QVBoxLayout>
#include <algorithm>
#include <map>
#include <set>

#include "app/workbench/Text.h"
#include "app/workbench/pacs/PacsDialog.h"
#include "app/workbench/wizard/Pages.h"
#include "app/workbench/wizard/RunWizard.h"
#include "widgets/form/PlanNames.h"

namespace lorkd::workbench {
namespace {

QString severityWord(io::Finding::Severity severity) {
  switch (severity) {
    case io::Finding::Severity::Note:
      return QObject::tr("note");
    case io::Finding::Severity::Warning:
      return QObject::tr("warning");
    case io::Finding::Severity::Consent:
      return QObject::tr("needs consent");
    case io::Finding::Severity::Unusable:
      return QObject::tr("unusable");
  }
  return {};
}

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

}  // namespace

DataPage::DataPage(RunWizard* wizard) : QWizardPage(wizard), m_wizard(wizard), m_jobs(this) {
  setTitle(tr("Data"));
  setSubTitle(
      tr("Folders of DICOM or NIfTI images with their labels, or of pictures with one folder for each class "
         "or a table of file names and labels. They are only read; nothing is copied or changed."));
  m_sources = new QTreeWidget(this);
  m_sources->setObjectName("sources");
  m_sources->setAccessibleName(tr("Data sources"));
  m_sources->setHeaderLabels({tr("Source"), tr("Folder")});
  m_sources->setRootIsDecorated(false);
  m_sources->setMaximumHeight(130);
  m_found = new QTreeWidget(this);
  m_found->setObjectName("foundImages");
  m_found->setAccessibleName(tr("Images found"));
  m_found->setHeaderLabels({tr("Patient / image"), tr("Kind"), tr("Grid"), tr("Labels or finding")});
  m_found->setAlternatingRowColors(true);
  m_found->setUniformRowHeights(true);
  for (int column : {0, 1, 2}) m_found->header()->setSectionResizeMode(column, QHeaderView::ResizeToContents);
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
  for (auto* button : {add, pacs, m_move, remove}) buttons->addWidget(button);
  buttons->addStretch();
  auto* top = new QHBoxLayout;
  top->addWidget(m_sources);
  top->addLayout(buttons);
  auto* layout = new QVBoxLayout(this);
  layout->addLayout(top);
  layout->addWidget(m_found, 1);
  for (const char* code : {"missing-slice", "uneven-spacing", "label-grid"}) {
    auto* box = new QCheckBox(this);
    box->setObjectName(QString("accept-") + code);
    box->setToolTip(
        tr("Without it these images are left out. The plan keeps the choice, so that a rerun does the same."));
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
    for (auto* button : {m_move, remove}) button->setEnabled(m_sources->currentItem());
  };
  connect(m_sources, &QTreeWidget::currentItemChanged, this, follow);
  follow();
}

void DataPage::initializePage() {
  readIndex();
  if (!m_jobs.busy()) scanUnknown();
}

void DataPage::scanUnknown() {
  const auto index = data::Catalogue::open(QDir(m_wizard->project()).filePath("index.sqlite").toStdString());
  const auto known = index ? index->sources().value_or(Known{}) : Known{};
  const auto sources = m_wizard->model()->value("data.sources");
  for (const auto& [name, source] : sources.items()) {
    const auto folder = QString::fromStdString(source.value("path", std::string()));
    bool there = false;
    for (const auto& [knownName, place] : known) there |= knownName == name;
    if (!there && QFileInfo::exists(folder)) scan(QString::fromStdString(name), folder);
  }
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
  auto index = data::Catalogue::open(QDir(m_wizard->project()).filePath("index.sqlite").toStdString());
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
  auto* job = m_wizard->jobs()->add(
      tr("Scan %1").arg(folder),
      {"scan", folder, "--index", QDir(m_wizard->project()).filePath("index.sqlite"), "--source", name});
  m_jobs.add(job);
  m_cancel->show();
  connect(job, &watch::Job::changed, this, [this, job, folder] {
    if (!job->over())
      m_status->setText(tr("Scanning %1: %2 of %3 files").arg(folder).arg(job->done()).arg(job->total()));
  });
  connect(job, &watch::Job::finished, this, [this, job, name] {
    if (job->state() == watch::Job::State::Failed)
      m_failed.emplace_back(name, QString::fromStdString(job->error().text()));
    m_cancel->setVisible(m_jobs.busy());
    readIndex();
    if (job->state() == watch::Job::State::Cancelled)
      m_status->setText(tr("The scan was cancelled; what was known before has stayed."));
  });
}

void DataPage::readIndex() {
  const auto chosen = m_sources->currentItem() ? m_sources->currentItem()->text(0) : QString();
  m_sources->clear();
  m_found->clear();
  m_cases.clear();
  const auto sources = m_wizard->model()->value("data.sources");
  auto index = data::Catalogue::open(QDir(m_wizard->project()).filePath("index.sqlite").toStdString());
  int labelled = 0, unusable = 0, leftOut = 0;
  QString gone;                        // what to do about a folder that is not there
  std::map<std::string, int> waiting;  // series by the finding that needs consent
  if (!index) m_status->setText(QString::fromStdString(index.error().text()));
  for (const auto& [name, source] : sources.items()) {
    const auto place = QString::fromStdString(source.value("path", std::string()));
    auto* row = new QTreeWidgetItem(m_sources, {QString::fromStdString(name), place});
    if (row->text(0) == chosen || m_sources->topLevelItemCount() == 1) m_sources->setCurrentItem(row);
    if (!QFileInfo::exists(place)) {
      row->setIcon(0, style()->standardIcon(QStyle::SP_MessageBoxWarning));
      m_sources->setCurrentItem(row);
      gone = tr("%1 is not there. If its data lie elsewhere now, say where with “Change folder…”.").arg(place);
      continue;
    }
    if (!index) continue;
    const auto accepted = source.value("accept", std::set<std::string>());
    const auto below = [folder = std::filesystem::path(place.toStdString())](const std::filesystem::path& path) {
      const auto relative = path.lexically_relative(folder);
      return QString::fromStdString((relative.empty() || relative == "." ? path.filename() : relative).string());
    };
    std::map<std::string, QTreeWidgetItem*> patients;
    for (const auto& item : index->cases(name).value_or(std::vector<data::Case>{})) {
      auto*& patient = patients[item.patient];
      if (!patient) patient = new QTreeWidgetItem(m_found, {QString::fromStdString(item.patient)});
      QStringList labels;
      for (const auto& label : item.labels) labels << QString::fromStdString(label);
      auto* image = new QTreeWidgetItem(
          patient, {QString::fromStdString(item.id),
                    QString::fromStdString(item.modality.empty() ? item.kind : item.modality + " " + item.bodyPart),
                    text(item.geometry), labels.isEmpty() ? tr("no labels") : labels.join(", ")});
      if (!item.imageFiles.empty())
        image->setToolTip(0, tr("%1 · files: %2").arg(below(item.imageFiles.front())).arg(item.imageFiles.size()));
      image->setToolTip(3, image->text(3));
      patient->setText(3, tr("images: %1").arg(patient->childCount()));
      for (const auto& code : item.consent) ++waiting[code];
      if (!std::ranges::all_of(item.consent, [&](const auto& code) { return accepted.contains(code); })) {
        patient->child(patient->childCount() - 1)->setText(3, tr("left out: needs consent"));
        ++leftOut;
        continue;
      }
      labelled += item.labels.empty() ? 0 : 1;
      m_cases.push_back(item);
    }
    const auto finding = [&](const QString& place, const io::Finding& f) {
      auto* item = new QTreeWidgetItem(m_found, {place, severityWord(f.severity), QString::fromStdString(f.code),
                                                 QString::fromStdString(f.message)});
      item->setToolTip(3, item->text(3));
      unusable += f.severity == io::Finding::Severity::Unusable ? 1 : 0;
    };
    int withPrivate = 0;
    for (const auto& series : index->series(name).value_or(std::vector<io::Series>{}))
      for (const auto& f : series.findings)
        if (f.code == "private-elements")
          ++withPrivate;
        else if (f.severity != io::Finding::Severity::Unusable)  // those stand among the rejected
          finding(series.instances.empty() ? QString() : below(series.instances.front().file.parent_path()), f);
    if (withPrivate > 0)
      finding(QString::fromStdString(name), {io::Finding::Severity::Note, "private-elements",
                                             tr("neither read nor written, though makers may repeat names and dates in "
                                                "them; series that have some: %1")
                                                 .arg(withPrivate)
                                                 .toStdString()});
    using Rejected = std::vector<std::pair<std::filesystem::path, io::Finding>>;
    for (const auto& [file, f] : index->rejected(name).value_or(Rejected{})) finding(below(file), f);
  }
  for (const auto& [code, box] : m_accept) {
    const QSignalBlocker quiet(box);
    box->setVisible(waiting[code] > 0);
    const int images = waiting[code];
    box->setText(code == "missing-slice" ? tr("Interpolate missing slices (images: %1)").arg(images)
                 : code == "uneven-spacing"
                     ? tr("Interpolate unevenly spaced slices (images: %1)").arg(images)
                     : tr("Bring labels on another grid to their image (images: %1)").arg(images));
    box->setChecked(accepts(code));
  }
  for (const auto& [name, reason] : m_failed) new QTreeWidgetItem(m_found, {name, tr("error"), QString(), reason});
  m_found->expandAll();
  m_found->resizeColumnToContents(0);
  if (index)
    m_status->setText(sources.empty() ? tr("Add a folder to begin.")
                                      : tr("%1 images, %2 with labels; %3 findings make something unusable.")
                                                .arg(m_cases.size())
                                                .arg(labelled)
                                                .arg(unusable) +
                                            (leftOut > 0 ? " " + tr("%1 left out until you agree.").arg(leftOut) : ""));
  if (!m_failed.empty()) m_status->setText(m_failed.back().second);
  if (!gone.isEmpty()) m_status->setText(gone);
  Q_EMIT completeChanged();
  Q_EMIT scanned();
}

bool DataPage::isComplete() const {
  return std::any_of(m_cases.begin(), m_cases.end(), [](const auto& item) { return !item.labels.empty(); });
}

}  // namespace lorkd::workbench
