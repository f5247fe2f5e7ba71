#include <QComboBox>
#include <QDir>
#include <QFormLayout>
#include <QGroupBox>
#include <QLabel>
#include <QVBoxLayout>

#include "app/workbench/wizard/Pages.h"
#include "app/workbench/wizard/RunWizard.h"
#include "core/run/RunDirectory.h"
#include "core/run/Strangers.h"
#include "widgets/form/FieldEditor.h"

namespace lorkd::workbench {
namespace {

constexpr const char* kCheckpoint = "teacher.checkpoint";

/// Why no teacher can be taken from there; empty if one can.
QString teacherFault(const QString& path) {
  const QDir folder(path);
  if (!folder.exists()) return TeacherPage::tr("There is no folder “%1”.").arg(path);
  if (!run::RunDirectory::isRun(path.toStdString()))
    return TeacherPage::tr("“%1” is no run: a run's folder has plan.json and status.json.").arg(path);
  return folder.exists("checkpoints/best.safetensors")
             ? QString()
             : TeacherPage::tr("The run “%1” has no trained network yet.").arg(path);
}

}  // namespace

void judgeTeacher(form::PlanModel* model) {
  const auto named = model->value(kCheckpoint);
  const auto path = named.is_string() ? QString::fromStdString(named.get<std::string>()) : QString();
  const bool asked = model->value("teacher.source") == "checkpoint" && !path.isEmpty();
  const auto why = asked ? teacherFault(path) : QString();
  if (why.isEmpty()) return model->forgive(kCheckpoint);
  if (model->refused(kCheckpoint) != path || model->faultOf(kCheckpoint) != why)
    model->refuse(kCheckpoint, path, why, path.toStdString());
}

TeacherPage::TeacherPage(RunWizard* wizard) : PlanPage(wizard) {
  setTitle(tr("Teacher"));
  setSubTitle(
      tr("The large network whose knowledge is decomposed. Train one on all tasks together, or take an earlier one."));
  auto* model = wizard->model();
  auto* choice = new form::PlanForm(model, {"teacher.source"}, this);
  m_trainForm = new QGroupBox(tr("Train a joint network first"), this);
  auto* train = new QVBoxLayout(m_trainForm);
  train->addWidget(new form::PlanForm(
      model, {"teacher.backbone.name", "teacher.backbone.preset", "teacher.backbone.widths", "teacher.steps"},
      m_trainForm));
  m_runForm = new QGroupBox(tr("An earlier teacher of this project"), this);
  m_runs = new QComboBox(m_runForm);
  m_runs->setObjectName("teacherRuns");
  m_runs->setAccessibleName(tr("Teacher runs"));
  auto* runs = new QFormLayout(m_runForm);
  runs->addRow(tr("Run"), m_runs);
  runs->addRow(new form::PlanForm(model, {"teacher.checkpoint"}, m_runForm));
  m_unknown = new QLabel(m_runForm);
  m_unknown->setObjectName("teacherUnknown");
  m_unknown->setWordWrap(true);
  m_unknown->setTextFormat(Qt::PlainText);
  runs->addRow(m_unknown);
  auto* transfer = new QGroupBox(tr("How its knowledge is passed on"), this);
  auto* transferLayout = new QVBoxLayout(transfer);
  transferLayout->addWidget(
      new form::PlanForm(model, {"losses.transfer", "losses.transfer_logits", "losses.temperature"}, transfer));
  m_idle = new QLabel(tr("⚠ No teacher will be trained or asked: both losses that pass its knowledge on are 0."), this);
  m_idle->setObjectName("teacherIdle");
  m_idle->setWordWrap(true);
  transferLayout->addWidget(m_idle);
  auto* layout = new QVBoxLayout(this);
  layout->addWidget(choice);
  layout->addWidget(m_trainForm);
  layout->addWidget(m_runForm);
  layout->addWidget(transfer);
  layout->addStretch();
  connect(model, &form::PlanModel::changed, this, [this](const QString& path) {
    if (path.isEmpty() || path.startsWith("teacher") || path.startsWith("losses")) showChoice();
  });
  connect(m_runs, &QComboBox::activated, this, [this] {
    m_wizard->model()->setValue("teacher.checkpoint", m_runs->currentData().toString().toStdString());
  });
  showChoice();
}

void TeacherPage::initializePage() {
  m_runs->clear();
  const QDir runs(QDir(m_wizard->project()).filePath("runs"));
  for (const auto& entry : runs.entryInfoList(QDir::Dirs | QDir::NoDotAndDotDot)) {
    addTeacher(entry.fileName(), entry.absoluteFilePath());
    addTeacher(tr("teacher of %1").arg(entry.fileName()), entry.absoluteFilePath() + "/teacher");
  }
  if (m_runs->count() == 0) m_runs->addItem(tr("none trained yet"));
  m_runs->setEnabled(m_runs->itemData(0).isValid());
  showChoice();
}

void TeacherPage::addTeacher(const QString& title, const QString& path) {
  auto run = run::RunDirectory::open(path.toStdString());
  if (!run || run->plan().method != plan::PlanMethod::Teacher) return;
  auto status = run->status();
  if (status && status->state == run::State::Finished) m_runs->addItem(title, path);
}

void TeacherPage::showChoice() {
  const auto source = m_wizard->model()->value("teacher.source");
  m_trainForm->setVisible(source == "train");
  // What nobody sees cannot be mended.
  if (source != "train")
    for (const char* path : {"teacher.backbone", "teacher.steps"}) m_wizard->model()->forgive(path);
  m_runForm->setVisible(source == "checkpoint");
  if (source == "checkpoint" && m_wizard->model()->value("teacher.checkpoint") == "" && m_runs->itemData(0).isValid())
    m_wizard->model()->setValue("teacher.checkpoint", m_runs->itemData(0).toString().toStdString());
  // The list shows the plan's choice; one that it does not know stands in the field below it.
  const auto chosen = m_wizard->model()->value("teacher.checkpoint");
  if (chosen.is_string() && m_runs->itemData(0).isValid())
    m_runs->setCurrentIndex(m_runs->findData(QDir::cleanPath(QString::fromStdString(chosen.get<std::string>()))));
  const auto losses = m_wizard->model()->value("losses").get<plan::Losses>();
  m_idle->setVisible(source != "none" && losses.transfer == 0 && losses.transferLogits == 0);
  plan::Teacher teacher;
  if (source == "checkpoint" && chosen.is_string()) {
    teacher.source = plan::TeacherSource::Checkpoint;
    teacher.checkpoint = chosen.get<std::string>();
  }
  const bool unknown = !run::unknownTeacher(teacher, m_wizard->project().toStdString()).empty();
  m_unknown->setText(unknown ? tr("⚠ Nothing tells whether this teacher has learnt from the test patients: it, or the "
                                  "weights that it began with, come from another project. The report will say so.")
                             : QString());
  m_unknown->setVisible(unknown);
  judgeTeacher(m_wizard->model());
  Q_EMIT completeChanged();
}

QString TeacherPage::whyNot() const {
  const auto* model = m_wizard->model();
  if (model->value("teacher.source") == "checkpoint" && model->value("teacher.checkpoint") == "")
    return m_runs->itemData(0).isValid()
               ? tr("Choose the run of a teacher.")
               : tr("This project has no trained teacher yet: name the run of one, or train one first.");
  return PlanPage::whyNot();
}

}  // namespace lorkd::workbench
