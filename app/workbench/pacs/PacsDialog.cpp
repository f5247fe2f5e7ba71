#include "app/workbench/pacs/PacsDialog.h"

#include <QComboBox>
#include <QDate>
#include <QDir>
#include <QFileDialog>
#include <QGridLayout>
#include <QHBoxLayout>
#include <QLabel>
#include <QLineEdit>
#include <QMessageBox>
#include <QPushButton>
#include <QTimer>
#include <QVBoxLayout>

#include "app/workbench/Text.h"
#include "app/workbench/pacs/NodeDialog.h"
#include "core/pacs/Retrieve.h"
#include "widgets/field/FaultLine.h"
#include "widgets/field/TextField.h"

namespace lorkd::workbench {
namespace {

QPushButton* button(QWidget* parent, const char* name, const QString& title) {
  auto* made = new QPushButton(title, parent);
  made->setObjectName(name);
  made->setAutoDefault(false);
  return made;
}

QLineEdit* field(QWidget* parent, const char* name, const QString& title, const QString& hint = {}) {
  auto* made = new QLineEdit(parent);
  made->setObjectName(name);
  made->setAccessibleName(title);
  made->setPlaceholderText(hint);
  return made;
}

/// A day that pacs::findStudies() takes; an empty text is any day.
field::TextField* dayField(QWidget* parent, const char* name, const QString& title) {
  auto* made = new field::TextField({}, parent);
  made->setObjectName(name);
  made->setAccessibleName(title);
  made->setPlaceholderText(PacsDialog::tr("like 2024-03-31"));
  made->setRule([](const QString& typed) {
    const auto day = typed.trimmed();
    const bool good = day.isEmpty() || QDate::fromString(day, QStringLiteral("yyyy-MM-dd")).isValid() ||
                      QDate::fromString(day, QStringLiteral("yyyyMMdd")).isValid();
    return good ? QString() : PacsDialog::tr("“%1” is no date: write it like 2024-03-31.").arg(day);
  });
  return made;
}

// A list of the job's answer; empty where it gave none.
Json answered(const watch::Job* job, const char* key) {
  const auto& result = job->result();
  const auto found = result.is_object() ? result.find(key) : result.end();
  return found != result.end() && found->is_array() ? *found : Json::array();
}

// Objects of the series that are in the folder whole.
qint64 imagesHere(const QString& folder, const QString& series) {
  const auto hidden = pacs::partialFolder(folder.toStdString(), series.toStdString());
  qint64 n = 0;
  for (const auto& place : {QDir(folder).filePath(series), text(hidden.string())})
    n += QDir(place).entryList({"*.dcm"}, QDir::Files).size();  // without hidden ones, which are not whole
  return n;
}

}  // namespace

PacsDialog::PacsDialog(watch::JobQueue* jobs, const QString& folder, QWidget* parent)
    : QDialog(parent), m_jobs(jobs), m_file(pacs::defaultNodesFile()), m_asked(this), m_watch(new QTimer(this)) {
  setObjectName("pacsDialog");
  setWindowTitle(tr("Images from a PACS"));
  resize(980, 640);
  auto* layout = new QVBoxLayout(this);
  layout->addLayout(makeNodeRow());
  layout->addLayout(makeSearch());
  m_results = new PacsResults(this);
  layout->addWidget(m_results, 1);
  layout->addLayout(makeTarget());
  m_folder->setText(QDir::toNativeSeparators(folder));
  connect(m_results, &PacsResults::seriesWanted, this, &PacsDialog::askSeries);
  connect(m_results, &PacsResults::choiceChanged, this, &PacsDialog::refresh);
  m_watch->setInterval(300);
  connect(m_watch, &QTimer::timeout, this, &PacsDialog::watchFolder);
  readNodes();
}

QLayout* PacsDialog::makeNodeRow() {
  m_node = new QComboBox(this);
  m_node->setObjectName("pacsNode");
  m_node->setAccessibleName(tr("PACS"));
  m_add = button(this, "addNode", tr("Add…"));
  m_edit = button(this, "editNode", tr("Edit…"));
  m_remove = button(this, "removeNode", tr("Remove"));
  m_test = button(this, "testNode", tr("Test"));
  m_test->setToolTip(tr("Ask whether it answers (C-ECHO)"));
  m_send = button(this, "sendFiles", tr("Send files…"));
  m_send->setToolTip(tr("Store DICOM files, such as segmentations, at this PACS"));
  auto* row = new QHBoxLayout;
  row->addWidget(new QLabel(tr("PACS"), this));
  row->addWidget(m_node, 1);
  for (auto* b : {m_add, m_edit, m_remove, m_test, m_send}) row->addWidget(b);
  connect(m_add, &QPushButton::clicked, this, [this] { editNode(true); });
  connect(m_edit, &QPushButton::clicked, this, [this] { editNode(false); });
  connect(m_remove, &QPushButton::clicked, this, &PacsDialog::removeNode);
  connect(m_test, &QPushButton::clicked, this, &PacsDialog::test);
  connect(m_send, &QPushButton::clicked, this, [this] {
    const auto files = QFileDialog::getOpenFileNames(this, tr("DICOM files to send"), m_folder->text());
    if (!files.isEmpty()) send(files);
  });
  connect(m_node, &QComboBox::currentIndexChanged, this, [this] {
    m_asked.cancel();
    m_failed.clear();
    m_results->showStudies(Json::array());
    refresh();
  });
  return row;
}

QLayout* PacsDialog::makeSearch() {
  m_name = field(this, "findName", tr("Patient's name"), tr("a part of it"));
  m_id = field(this, "findId", tr("Patient id"), tr("* for any characters"));
  m_from = dayField(this, "findFrom", tr("From"));
  m_to = dayField(this, "findTo", tr("To"));
  m_description = field(this, "findDescription", tr("Description"), tr("a part of it"));
  m_accession = field(this, "findAccession", tr("Accession number"));
  m_modality = new QComboBox(this);
  m_modality->setObjectName("findModality");
  m_modality->setAccessibleName(tr("Modality"));
  m_modality->setEditable(true);
  m_modality->addItems({"", "CT", "MR", "PT", "US", "CR", "DX", "MG", "SEG", "RTSTRUCT"});
  m_search = button(this, "search", tr("Search"));
  m_search->setDefault(true);
  auto* grid = new QGridLayout;
  int n = 0;
  for (QWidget* w :
       std::initializer_list<QWidget*>{m_name, m_from, m_modality, m_description, m_id, m_to, m_accession}) {
    auto* label = new QLabel(w->accessibleName(), this);
    label->setBuddy(w);
    grid->addWidget(label, n / 4, 2 * (n % 4));
    auto* day = qobject_cast<field::TextField*>(w);
    grid->addWidget(day ? field::withFaultLine(day, this) : w, n / 4, 2 * (n % 4) + 1,
                    day ? Qt::AlignTop : Qt::Alignment());
    grid->setColumnStretch(2 * (n % 4) + 1, n % 4 == 1 ? 2 : 3);
    ++n;
  }
  grid->addWidget(m_search, 1, 7);
  connect(m_search, &QPushButton::clicked, this, &PacsDialog::search);
  return grid;
}

QLayout* PacsDialog::makeTarget() {
  m_folder = field(this, "pacsFolder", tr("Folder to retrieve into"));
  auto* browse = button(this, "browseFolder", tr("Browse…"));
  m_retrieve = button(this, "retrieve", tr("Retrieve"));
  m_cancel = button(this, "cancelRetrieve", tr("Cancel"));
  m_cancel->setAccessibleName(tr("Cancel the retrieval"));
  m_retry = button(this, "retryFailed", tr("Retry failed"));
  m_use = button(this, "useFolder", tr("Use as data source"));
  auto* close = button(this, "closePacs", tr("Close"));
  m_status = new QLabel(this);
  m_status->setObjectName("pacsStatus");
  m_status->setWordWrap(true);
  m_status->setTextInteractionFlags(Qt::TextSelectableByMouse);
  auto* place = new QHBoxLayout;
  place->addWidget(new QLabel(tr("Into folder"), this));
  place->addWidget(m_folder, 1);
  place->addWidget(browse);
  auto* row = new QHBoxLayout;
  for (auto* b : {m_retrieve, m_cancel, m_retry}) row->addWidget(b);
  row->addStretch();
  for (auto* b : {m_use, close}) row->addWidget(b);
  auto* layout = new QVBoxLayout;
  layout->addLayout(place);
  layout->addWidget(m_status);
  layout->addLayout(row);
  connect(browse, &QPushButton::clicked, this, [this] {
    const auto chosen = QFileDialog::getExistingDirectory(this, tr("Folder to retrieve into"), m_folder->text());
    if (!chosen.isEmpty()) m_folder->setText(chosen);
  });
  connect(m_folder, &QLineEdit::textChanged, this, &PacsDialog::refresh);
  connect(m_retrieve, &QPushButton::clicked, this, [this] { retrieve(m_results->chosen()); });
  connect(m_retry, &QPushButton::clicked, this, [this] { retrieve(m_failed); });
  connect(m_cancel, &QPushButton::clicked, this, [this] {
    if (m_retrieval) m_retrieval->cancel();
  });
  connect(m_use, &QPushButton::clicked, this, [this] {
    Q_EMIT folderWanted(m_folder->text());
    accept();
  });
  connect(close, &QPushButton::clicked, this, &QDialog::reject);
  return layout;
}

void PacsDialog::readNodes(const QString& choose) {
  const auto wanted = choose.isEmpty() ? m_node->currentText() : choose;
  m_known.clear();
  m_node->clear();
  if (auto known = pacs::readNodes(m_file))
    m_known = std::move(*known);
  else
    say(text(known.error().text()), true);
  for (const auto& node : m_known) m_node->addItem(text(node.name));
  m_node->setCurrentIndex(std::max(m_node->findText(wanted), m_known.empty() ? -1 : 0));
  if (m_known.empty() && m_status->text().isEmpty()) say(tr("Add the PACS first: its host, port and AE title."));
  refresh();
}

void PacsDialog::editNode(bool isNew) {
  QStringList taken;
  if (isNew)
    for (const auto& node : m_known) taken << text(node.name);
  const auto node = isNew ? pacs::Node{} : m_known[static_cast<std::size_t>(m_node->currentIndex())];
  auto* dialog = new NodeDialog(node, isNew, taken, this);
  dialog->setAttribute(Qt::WA_DeleteOnClose);
  connect(dialog, &QDialog::accepted, this, [this, dialog] {
    if (auto saved = pacs::saveNode(m_file, dialog->node()); !saved) return say(text(saved.error().text()), true);
    say(tr("Saved. “Test” asks whether it answers."));
    readNodes(text(dialog->node().name));
  });
  dialog->open();
}

void PacsDialog::removeNode() {
  auto* box =
      new QMessageBox(QMessageBox::Question, windowTitle(), tr("Forget the PACS “%1”?").arg(m_node->currentText()),
                      QMessageBox::Yes | QMessageBox::No, this);
  box->setObjectName("confirmRemove");
  box->setAttribute(Qt::WA_DeleteOnClose);
  connect(box, &QDialog::finished, this, [this, name = m_node->currentText()](int answer) {
    if (answer != QMessageBox::Yes) return;
    if (auto gone = pacs::removeNode(m_file, name.toStdString()); !gone) return say(text(gone.error().text()), true);
    say(tr("Removed “%1”.").arg(name));
    readNodes();
  });
  box->open();
}

watch::Job* PacsDialog::start(const QString& title, const QString& command, const QStringList& more) {
  auto* job = m_jobs->add(title, QStringList{"pacs", command, m_node->currentText()} + more);
  connect(job, &watch::Job::finished, this, [this, job] {
    if (job->state() == watch::Job::State::Failed) say(text(job->error().text()), true);
    refresh();
  });
  return job;
}

void PacsDialog::test() {
  say(tr("Asking “%1”…").arg(m_node->currentText()));
  auto* job = start(tr("Test %1").arg(m_node->currentText()), "echo", {});
  m_asked.add(job);
  connect(job, &watch::Job::finished, this, [this, job, name = m_node->currentText()] {
    if (job->state() == watch::Job::State::Done) say(tr("“%1” answers.").arg(name));
  });
  refresh();
}

void PacsDialog::search() {
  for (auto* day : {m_from, m_to}) {
    day->judge();
    if (!day->why().isEmpty()) return day->setFocus();
  }
  m_asked.cancel();
  QStringList filter;
  const std::pair<const char*, QString> fields[] = {{"--name", m_name->text()},
                                                    {"--id", m_id->text()},
                                                    {"--from", m_from->text()},
                                                    {"--to", m_to->text()},
                                                    {"--modality", m_modality->currentText()},
                                                    {"--description", m_description->text()},
                                                    {"--accession", m_accession->text()}};
  // As one argument, so that a value may begin with a dash.
  for (const auto& [option, value] : fields)
    if (!value.trimmed().isEmpty()) filter << QString("%1=%2").arg(option, value.trimmed());
  say(tr("Searching “%1”…").arg(m_node->currentText()));
  m_results->showStudies(Json::array());
  auto* job = start(tr("Search %1").arg(m_node->currentText()), "find", filter);
  m_asked.add(job);
  connect(job, &watch::Job::finished, this, [this, job] {
    if (job->state() != watch::Job::State::Done) return;
    const auto studies = answered(job, "studies");
    m_results->showStudies(studies);
    const bool more = !studies.empty() && job->result().value("more", false);
    say(studies.empty() ? tr("Nothing was found.")
                        : tr("%n studies", "", int(studies.size())) +
                              (more ? tr(", and there are more: narrow the search.") : tr(". Tick what to retrieve.")));
  });
  refresh();
}

void PacsDialog::askSeries(const QString& study) {
  auto* job = start(tr("List series at %1").arg(m_node->currentText()), "find", {"--study", study});
  m_asked.add(job);
  connect(job, &watch::Job::finished, this, [this, job, study] {
    if (job->state() == watch::Job::State::Done)
      m_results->showSeries(study, answered(job, "series"));
    else
      m_results->seriesFailed(study);
    refresh();
  });
  refresh();
}

void PacsDialog::retrieve(const std::vector<PacsResults::Choice>& choices) {
  QStringList arguments{"--out", m_folder->text()};
  for (const auto& choice : choices) {
    arguments << "--series" << choice.study + "/" + choice.series;
    m_results->setState(choice.series, tr("waiting"));
  }
  m_wanted = choices;
  m_failed.clear();
  say(tr("Retrieving %n series…", "", int(choices.size())));
  m_retrieval =
      start(tr("Retrieve %n series from %1", "", int(choices.size())).arg(m_node->currentText()), "get", arguments);
  connect(m_retrieval, &watch::Job::finished, this, &PacsDialog::retrieved);
  m_watch->start();
  refresh();
}

void PacsDialog::watchFolder() {
  if (!m_retrieval || m_retrieval->state() != watch::Job::State::Running) return;
  for (const auto& choice : m_wanted)
    if (const auto here = imagesHere(m_folder->text(), choice.series); here > 0)
      m_results->setProgress(choice.series, here, choice.images);
  if (!m_retrieval->details().isEmpty()) say(m_retrieval->details().last());
}

void PacsDialog::retrieved() {
  m_watch->stop();
  std::map<QString, Json> told;
  for (const auto& row : answered(m_retrieval, "series")) told[text(row.value("series", std::string()))] = row;
  for (const auto& choice : m_wanted) {
    const auto& row = told[choice.series];
    const auto state = row.is_object() ? row.value("state", std::string()) : std::string();
    const auto images = row.is_object() ? row.value("images", std::int64_t(0)) : 0;
    const auto reason = row.is_object() ? text(row.value("error", std::string())) : text(m_retrieval->error().text());
    if (state == "complete")
      m_results->setState(choice.series, tr("complete, %n images", "", int(images)));
    else if (state == "present")
      m_results->setState(choice.series, tr("was there already"));
    else {
      m_failed.push_back(choice);
      const auto word = m_retrieval->state() == watch::Job::State::Cancelled ? tr("cancelled") : tr("failed");
      m_results->setState(choice.series, reason.isEmpty() ? word : word + ": " + reason, reason);
    }
  }
  const auto done = m_wanted.size() - m_failed.size();
  if (m_retrieval->state() == watch::Job::State::Done)
    say(tr("%n series are in the folder.", "", int(done)));
  else if (m_retrieval->state() == watch::Job::State::Cancelled)
    say(tr("Cancelled. What arrived whole is kept; “Retry failed” brings the rest."));
  refresh();
}

void PacsDialog::send(const QStringList& files) {
  say(tr("Sending %n files…", "", int(files.size())));
  auto* job = start(tr("Send %n files to %1", "", int(files.size())).arg(m_node->currentText()), "send", files);
  connect(job, &watch::Job::finished, this, [this, job, count = int(files.size())] {
    // All of them, or it would have failed.
    if (job->state() == watch::Job::State::Done) say(tr("%n files are stored at the PACS.", "", count));
  });
}

void PacsDialog::refresh() {
  const bool node = m_node->currentIndex() >= 0, busy = m_retrieval && !m_retrieval->over();
  const bool folder = !m_folder->text().trimmed().isEmpty();
  // While series come, their rows and their PACS stay.
  m_add->setEnabled(!busy);
  for (auto* b : {m_edit, m_remove, m_search}) b->setEnabled(node && !busy);
  for (auto* b : {m_test, m_send}) b->setEnabled(node);
  m_node->setEnabled(node && !busy);
  m_folder->setEnabled(!busy);
  m_retrieve->setEnabled(node && folder && !busy && !m_asked.busy() && !m_results->chosen().empty());
  m_cancel->setVisible(busy);
  m_retry->setVisible(!busy && !m_failed.empty());
  m_retry->setEnabled(node && folder);
  m_use->setEnabled(!busy && folder && QDir(m_folder->text()).exists());
}

void PacsDialog::say(const QString& words, bool isFault) { m_status->setText(isFault ? tr("⚠ %1").arg(words) : words); }

}  // namespace lorkd::workbench
