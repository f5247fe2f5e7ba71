#include <QCheckBox>
#include <QDir>
#include <QFontDatabase>
#include <QFormLayout>
#include <QLabel>
#include <QLineEdit>
#include <QPlainTextEdit>
#include <QRegularExpression>
#include <QVBoxLayout>

#include "app/workbench/wizard/Pages.h"
#include "app/workbench/wizard/RunWizard.h"
#include "widgets/field/FaultLine.h"
#include "widgets/field/Number.h"
#include "widgets/form/FieldEditor.h"

namespace lorkd::workbench {

ReviewPage::ReviewPage(RunWizard* wizard) : PlanPage(wizard), m_jobs(this) {
  setTitle(tr("Review"));
  setSubTitle(tr("The plan is frozen into the run: it is all that determines the result."));
  m_name = new QLineEdit(this);
  m_name->setObjectName("runName");
  m_name->setAccessibleName(tr("Name of the run"));
  m_nameFault = new field::FaultLine(this);
  m_nameFault->setObjectName("runNameFault");
  m_summary = new QLabel(this);
  m_summary->setObjectName("planSummary");
  m_summary->setWordWrap(true);
  m_summary->setTextFormat(Qt::RichText);
  m_faults = new QLabel(this);
  m_faults->setWordWrap(true);
  m_faults->setObjectName("faults");
  m_json = new QPlainTextEdit(this);
  m_json->setReadOnly(true);
  m_json->setObjectName("planText");
  m_json->setAccessibleName(tr("The plan as JSON"));
  m_json->setFont(QFontDatabase::systemFont(QFontDatabase::FixedFont));
  m_start = new QCheckBox(tr("Start training at once"), this);
  m_start->setObjectName("startAtOnce");
  m_start->setChecked(true);
  auto* form = new QFormLayout;
  auto* label = new QLabel(tr("Name"), this);
  label->setBuddy(m_name);
  form->addRow(label, field::stacked(m_name, m_nameFault, this));
  auto* layout = new QVBoxLayout(this);
  layout->addLayout(form);
  layout->addWidget(m_faults);
  layout->addWidget(m_summary);
  layout->addWidget(m_json, 1);
  layout->addWidget(m_start);
  connect(m_name, &QLineEdit::textChanged, this, &ReviewPage::review);
}

void ReviewPage::initializePage() {
  const QDir runs(QDir(m_wizard->project()).filePath("runs"));
  QString name = "run-1";
  for (int n = 2; runs.exists(name); ++n) name = "run-" + QString::number(n);
  // What someone typed stays, however often one goes back.
  if (m_name->text() == m_proposed) m_name->setText(name);
  m_proposed = name;
  judgeTeacher(m_wizard->model());  // it may have gone meanwhile
  check();
  review();
}

void ReviewPage::check() {
  // The schema knows fields; only the engine knows whether a network can be made of them.
  const int asked = ++m_asked;
  m_jobs.cancel();
  m_sound = false;
  m_refusal.clear();
  if (!m_wizard->model()->faults().empty()) return;
  auto* job = m_wizard->askEngine(tr("Check the plan"));
  if (!job) {
    m_refusal = tr("No temporary file could be made.");
    return;
  }
  m_jobs.add(job);
  connect(job, &watch::Job::finished, this, [this, job, asked] {
    if (asked != m_asked) return;
    m_sound = job->state() == watch::Job::State::Done;
    m_refusal = m_sound                                        ? QString()
                : job->state() == watch::Job::State::Cancelled ? tr("The check of the plan was cancelled.")
                                                               : QString::fromStdString(job->error().text());
    review();
  });
}

QString ReviewPage::runName() const { return m_name->text().trimmed(); }
bool ReviewPage::startAtOnce() const { return m_start->isChecked(); }

void ReviewPage::review() {
  QStringList faults;
  for (const auto& fault : m_wizard->model()->faults())
    faults << tr("%1 – %2").arg(form::fieldName(fault.path), fault.words);
  static const QRegularExpression allowed("^[A-Za-z0-9][A-Za-z0-9 _-]*$");
  m_nameFault->say(
      runName().isEmpty() ? tr("The run needs a name.")
      : !allowed.match(runName()).hasMatch()
          ? tr("A folder gets this name: letters and digits without accents, spaces, - and _; the first is "
               "a letter or a digit.")
      : QDir(m_wizard->project()).exists("runs/" + runName()) ? tr("A run of this name exists; choose another.")
                                                              : QString());
  if (!m_refusal.isEmpty()) faults << m_refusal;
  const bool checked = faults.isEmpty() && m_sound;
  m_good = checked && m_nameFault->why().isEmpty();
  m_faults->setVisible(!checked);
  m_faults->setText(faults.isEmpty() ? tr("Checking the plan…") : "⚠ " + faults.join("\n⚠ "));
  if (auto plan = m_wizard->model()->plan()) {
    QStringList tasks;
    for (const auto& [name, task] : plan->tasks)
      tasks << tr("<b>%1</b> (classes: %3, rank %2)")
                   .arg(QString::fromStdString(name).toHtmlEscaped())
                   .arg(task.rank)
                   .arg(task.classes.size());
    const auto& network = plan->backbone;
    QString shape = QString::fromStdString(network.preset);
    if (!network.widths.empty()) {
      const std::vector<double> widths(network.widths.begin(), network.widths.end());
      shape = tr("of widths %1").arg(field::numbersText(widths));
    }
    const auto& losses = plan->losses;
    const bool idle =
        plan->teacher.source != plan::TeacherSource::None && losses.transfer == 0 && losses.transferLogits == 0;
    m_summary->setText(tr("Tasks: ") + tasks.join(", ") + "<br>" +
                       tr("Network %1, %2 steps of %3 samples, teacher: %4, seed %5")
                           .arg((QString::fromStdString(network.name) + ' ' + shape).toHtmlEscaped())
                           .arg(plan->training.steps)
                           .arg(plan->training.batch)
                           .arg(idle ? tr("none, for both losses that pass its knowledge on are 0")
                                     : QString::fromStdString(toString(plan->teacher.source)))
                           .arg(plan->seed));
  }
  // As it will be frozen.
  auto frozen = m_wizard->model()->json();
  frozen["name"] = runName().toStdString();
  m_json->setPlainText(QString::fromStdString(frozen.dump(2)));
  Q_EMIT completeChanged();
}

QString ReviewPage::whyNot() const {
  return m_good ? QString() : m_nameFault->why().isEmpty() ? m_faults->text() : m_nameFault->why();
}

}  // namespace lorkd::workbench
