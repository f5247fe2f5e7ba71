#include "app/workbench/wizard/LayoutDialog.h"

#include <QComboBox>
#include <QDialogButtonBox>
#include <QFileDialog>
#include <QFormLayout>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QPushButton>
#include <QTabWidget>
#include <QTimer>
#include <QTreeWidget>
#include <QVBoxLayout>

#include "app/workbench/Text.h"
#include "core/data/layout/Readers.h"
#include "widgets/field/FaultLine.h"
#include "widgets/run/Background.h"
#include "widgets/run/Job.h"

namespace lorkd::workbench {
namespace {

std::vector<std::string> linesOf(const QPlainTextEdit* field) {
  std::vector<std::string> out;
  for (const auto& line : field->toPlainText().split('\n'))
    if (const auto words = line.trimmed(); !words.isEmpty()) out.push_back(words.toStdString());
  return out;
}

QString linesOf(const std::vector<std::string>& patterns) {
  QStringList out;
  for (const auto& pattern : patterns) out << text(pattern);
  return out.join('\n');
}

QString joined(const std::vector<std::string>& words) {
  QStringList out;
  for (const auto& word : words) out << text(word);
  return out.join(", ");
}

QTreeWidget* list(const QString& name, const QStringList& titles, QWidget* parent) {
  auto* out = new QTreeWidget(parent);
  out->setObjectName(name);
  out->setHeaderLabels(titles);
  out->setRootIsDecorated(false);
  out->setUniformRowHeights(true);
  out->setAlternatingRowColors(true);
  return out;
}

void fitColumns(QTreeWidget* tree) {
  constexpr int kWidest = 320;
  for (int column = 0; column + 1 < tree->columnCount(); ++column) {
    tree->resizeColumnToContents(column);
    tree->setColumnWidth(column, std::min(tree->columnWidth(column) + 12, kWidest));
  }
}

}  // namespace

LayoutDialog::LayoutDialog(form::PlanModel* model, const std::string& source, QWidget* parent)
    : QDialog(parent), m_model(model), m_source(source), m_timer(new QTimer(this)) {
  setWindowTitle(tr("How the files of %1 lie").arg(text(source)));
  setObjectName("layoutDialog");
  const auto sources = model->value("data.sources");
  const auto own = sources.is_object() && sources.contains(source) ? sources[source] : Json::object();
  m_folder = own.value("path", std::string());
  auto* layout = new QVBoxLayout(this);
  addFields(layout);
  addPreview(layout);
  auto* buttons = new QDialogButtonBox(QDialogButtonBox::Ok | QDialogButtonBox::Cancel, this);
  m_ok = buttons->button(QDialogButtonBox::Ok);
  connect(buttons, &QDialogButtonBox::accepted, this, &LayoutDialog::accept);
  connect(buttons, &QDialogButtonBox::rejected, this, &QDialog::reject);
  layout->addWidget(buttons);
  resize(980, 700);

  m_place->setCurrentIndex(std::max(0, m_place->findData(text(own.value("nifti_place", std::string("ask"))))));
  plan::Layout told;
  if (own.contains("layout")) told = own["layout"].get<plan::Layout>();
  fill(told);
  // A pause of a quarter of a second ends a word; earlier answers would only flicker.
  m_timer->setSingleShot(true);
  m_timer->setInterval(250);
  connect(m_timer, &QTimer::timeout, this, &LayoutDialog::ask);
  const auto later = [this] {
    m_ok->setEnabled(false);
    ++m_asked;
    m_timer->start();
  };
  connect(m_reader, &QComboBox::currentIndexChanged, this, later);
  for (auto* field : {m_images, m_labels}) connect(field, &QPlainTextEdit::textChanged, this, later);
  for (auto* field : {m_table, m_patientPattern, m_patientTable}) connect(field, &QLineEdit::textChanged, this, later);
  askReaders();
  m_summary->setText(tr("Listing the folder…"));
  m_ok->setEnabled(false);
  ++m_asked;
  watch::inBackground(
      this, [folder = m_folder, cancel = m_cancel] { return data::layout::listFiles(folder, cancel); },
      [this](Result<data::layout::Files> files) {
        if (!files) return m_fault->say(QString::fromStdString(files.error().text()));
        m_files = std::make_shared<const data::layout::Files>(std::move(*files));
        ask();
      });
}

LayoutDialog::~LayoutDialog() { m_cancel.cancel(); }

QLineEdit* LayoutDialog::addTable(const QString& name, const QString& title, const QString& tip) {
  auto* form = findChild<QFormLayout*>("layoutFields");
  auto* field = new QLineEdit(this);
  field->setObjectName(name);
  const auto plain = QString(title).remove('&');
  field->setAccessibleName(plain);
  field->setToolTip(tip);
  auto* label = new QLabel(title, this);
  label->setBuddy(field);
  auto* choose = new QPushButton(tr("Choose…"), this);
  choose->setAccessibleName(tr("Choose the file of: %1").arg(plain));
  connect(choose, &QPushButton::clicked, this, [this, field, plain] {
    const auto folder = QString::fromStdString(m_folder.string());
    const auto file = QFileDialog::getOpenFileName(this, plain, folder, tr("Tables (*.csv *.tsv *.txt)"));
    if (file.isEmpty()) return;
    // Below the folder by its place there, so that a folder that was moved is read alike.
    const auto relative = QDir(folder).relativeFilePath(file);
    field->setText(relative.startsWith("..") ? file : relative);
  });
  auto* row = new QHBoxLayout;
  row->addWidget(field, 1);
  row->addWidget(choose);
  form->addRow(label, row);
  return field;
}

void LayoutDialog::addFields(QVBoxLayout* layout) {
  auto* words = new QLabel(
      tr("Patterns are paths below the folder with named parts, one a line: {patient}/{channel}.nii.gz. Parts that "
         "images and labels share, such as {patient} or {case}, bring them together; {label} is the structure that a "
         "mask marks, {channel} the contrast, {split} the part of the data, {reader} who drew. * stands for any "
         "letters, **/ for any folders."),
      this);
  words->setWordWrap(true);
  layout->addWidget(words);
  auto* form = new QFormLayout;
  form->setObjectName("layoutFields");
  form->setFieldGrowthPolicy(QFormLayout::AllNonFixedFieldsGrow);
  layout->addLayout(form);
  m_reader = new QComboBox(this);
  m_reader->setObjectName("layoutReader");
  m_reader->setAccessibleName(tr("Reader"));
  m_reader->addItem(tr("Recognise the data set"), "auto");
  m_reader->addItem(tr("By the words in the names"), "names");
  for (const auto& reader : data::layout::builtInReaders())
    addReader(text(reader.name), text(reader.title), text(reader.form));
  form->addRow(tr("&Reader"), m_reader);
  const auto patterns = [&](const char* name, const QString& title, const QString& example) {
    auto* field = new QPlainTextEdit(this);
    field->setObjectName(name);
    field->setAccessibleName(QString(title).remove('&'));
    field->setPlaceholderText(example);
    field->setTabChangesFocus(true);
    field->setLineWrapMode(QPlainTextEdit::NoWrap);
    field->setFixedHeight(field->fontMetrics().lineSpacing() * 3 + 14);
    form->addRow(title, field);
    return field;
  };
  m_images = patterns("layoutImages", tr("&Images"), "{patient}/{channel}.nii.gz");
  m_labels = patterns("layoutLabels", tr("&Labels"), "{patient}/masks/{label}.nii.gz");
  m_table =
      addTable("layoutTable", tr("&Table instead of patterns"),
               tr("A CSV with a row for each image and each of its labels, and the columns image, channel, label, "
                  "structure, patient, split"));
  m_patientPattern = new QLineEdit(this);
  m_patientPattern->setObjectName("layoutPatients");
  m_patientPattern->setAccessibleName(tr("Pattern of patients"));
  m_patientPattern->setPlaceholderText("(sub-[0-9]+)_ses");
  m_patientPattern->setToolTip(
      tr("A regular expression that is searched for in an image's path; its groups together are the patient. Empty: as "
         "patterns, table or names say"));
  form->addRow(tr("Pattern of &patients"), m_patientPattern);
  m_place = new QComboBox(this);
  m_place->setObjectName("layoutPlace");
  m_place->setAccessibleName(tr("Place of NIfTI images"));
  m_place->setToolTip(
      tr("NIfTI headers may give two places, sform and qform. Where they differ by more than half a voxel, images are "
         "left out until one of them is chosen"));
  m_place->addItem(tr("leave out where two places differ"), "ask");
  m_place->addItem(tr("the sform, as nibabel, FSL and ITK-SNAP take it"), "sform");
  m_place->addItem(tr("the qform"), "qform");
  m_patientTable = addTable("layoutPatientTable", tr("Table of p&atients"),
                            tr("A CSV with the columns image and patient; it goes before the pattern"));
  form->addRow(tr("Place of &NIfTI images"), m_place);
}

void LayoutDialog::addPreview(QVBoxLayout* layout) {
  m_fault = new field::FaultLine(this);
  m_fault->setObjectName("layoutFault");
  m_summary = new QLabel(this);
  m_summary->setObjectName("layoutSummary");
  m_summary->setWordWrap(true);
  m_pages = new QTabWidget(this);
  m_examples = list("layoutExamples", {tr("Patient"), tr("Groups"), tr("Split"), tr("Image"), tr("Labels")}, this);
  m_examples->setAccessibleName(tr("First images"));
  m_names = list("layoutNames", {tr("What"), tr("Name"), tr("Images")}, this);
  m_names->setAccessibleName(tr("Channels, structures and splits"));
  m_left = list("layoutLeft", {tr("File"), tr("Why it is left out")}, this);
  m_left->setAccessibleName(tr("Files that are left out"));
  for (const auto& [page, title] : {std::pair{m_examples, tr("First images")},
                                    {m_names, tr("Channels, structures, splits")},
                                    {m_left, tr("Left out")}})
    m_pages->addTab(page, title);
  layout->addWidget(m_fault);
  layout->addWidget(m_summary);
  layout->addWidget(m_pages, 1);
}

void LayoutDialog::addReader(const QString& name, const QString& title, const QString& form) {
  m_reader->addItem(title, name);
  m_reader->setItemData(m_reader->count() - 1, form, Qt::ToolTipRole);
}

void LayoutDialog::askReaders() {
  auto* job = new watch::Job(tr("List readers"), {"layouts"}, this);
  connect(job, &watch::Job::finished, this, [this, job] {
    const auto readers =
        job->state() == watch::Job::State::Done ? job->result().value("readers", Json::array()) : Json();
    for (const auto& reader : readers) {
      const auto name = text(reader, "name");
      const bool known = m_reader->findData(name) >= 0;
      if (known && !m_ofPlugins.contains(name)) continue;
      if (!known) addReader(name, text(reader, "title"), text(reader, "form"));
      m_reader->setItemText(m_reader->findData(name), text(reader, "title"));
      m_ofPlugins.insert(name);
    }
  });
  job->start();
}

void LayoutDialog::fill(const plan::Layout& layout) {
  const auto reader = text(layout.reader);
  if (m_reader->findData(reader) < 0) addReader(reader, reader, {}), m_ofPlugins.insert(reader);
  m_reader->setCurrentIndex(m_reader->findData(reader));
  m_images->setPlainText(linesOf(layout.images));
  m_labels->setPlainText(linesOf(layout.labels));
  m_table->setText(text(layout.table));
  m_patientPattern->setText(text(layout.patients.pattern));
  m_patientTable->setText(text(layout.patients.table));
}

plan::Layout LayoutDialog::entered() const {
  plan::Layout out;
  out.reader = m_reader->currentData().toString().toStdString();
  out.images = linesOf(m_images);
  out.labels = linesOf(m_labels);
  out.table = m_table->text().trimmed().toStdString();
  out.patients.pattern = m_patientPattern->text().toStdString();
  out.patients.table = m_patientTable->text().trimmed().toStdString();
  return out;
}

void LayoutDialog::ask() {
  if (!m_files) return;
  const int asked = ++m_asked;
  const auto layout = entered();
  if (m_ofPlugins.contains(text(layout.reader)) && layout.images.empty() && layout.table.empty()) {
    m_answered = asked;
    for (auto* page : {m_examples, m_names, m_left}) page->clear();
    m_fault->say({});
    m_summary->setText(tr("What this reader finds shows in the scan."));
    m_summary->show();
    m_ok->setEnabled(true);
    return;
  }
  watch::inBackground(
      this, [files = m_files, layout] { return data::layout::preview({layout}, *files); },
      [this, asked](const Result<data::layout::Preview>& found) {
        if (asked != m_asked) return;
        m_answered = asked;
        present(found);
      });
}

void LayoutDialog::present(const Result<data::layout::Preview>& found) {
  for (auto* page : {m_examples, m_names, m_left}) page->clear();
  m_fault->say(found ? QString() : QString::fromStdString(found.error().text()));
  m_summary->setVisible(found.has_value());
  // Of DICOM and pictures a list of names says nothing.
  m_ok->setEnabled(found && (found->images > 0 || found->reader == "names"));
  if (!found) return;
  const auto by = found->reader == "rules"   ? tr("By these patterns")
                  : found->reader == "table" ? tr("By the table")
                  : found->reader == "names" ? tr("By the words in the names")
                                             : tr("Read as %1").arg(text(found->title));
  auto words = tr("%1: %2 images of %3 patients, %4 label files.")
                   .arg(by)
                   .arg(found->images)
                   .arg(found->patients)
                   .arg(found->labels);
  if (!found->paired)
    words += " " + tr("Which labels belong to which image shows in the scan.");
  else if (found->imagesWithoutLabels > 0)
    words += " " + tr("%1 images have no labels.").arg(found->imagesWithoutLabels);
  if (found->left > 0) words += " " + tr("%1 of %2 files are left out.").arg(found->left).arg(found->volumes);
  if (found->images == 0)
    words += " " + (found->reader == "names" ? tr("DICOM series and pictures show in the scan.")
                                             : tr("Nothing here is an image: correct the patterns."));
  m_summary->setText(words);
  for (const auto& example : found->examples)
    new QTreeWidgetItem(m_examples, {text(example.patient), joined(example.groups), text(example.split),
                                     joined(example.images), joined(example.labels)});
  m_examples->setColumnHidden(1, m_patientPattern->text().isEmpty());
  for (const auto& [what, names] : {std::pair{tr("channel"), &found->channels},
                                    {tr("structure"), &found->structures},
                                    {tr("split"), &found->splits}})
    for (const auto& [name, images] : *names) new QTreeWidgetItem(m_names, {what, text(name), QString::number(images)});
  for (const auto& left : found->firstLeft) new QTreeWidgetItem(m_left, {text(left.path), text(left.message)});
  if (found->left > found->firstLeft.size())
    new QTreeWidgetItem(m_left, {tr("and %1 more").arg(found->left - found->firstLeft.size())});
  m_pages->setTabText(2, tr("Left out (%1)").arg(found->left));
  for (auto* page : {m_examples, m_names, m_left}) fitColumns(page);
}

void LayoutDialog::accept() {
  const auto layout = entered();
  m_model->setValue("data.sources." + text(m_source) + ".layout",
                    layout == plan::Layout() ? Json::object() : Json(layout));
  m_model->setValue("data.sources." + text(m_source) + ".nifti_place", m_place->currentData().toString().toStdString());
  QDialog::accept();
}

}  // namespace lorkd::workbench
