#include "app/workbench/wizard/RunWizard.h"

#include <QDir>
#include <QMessageBox>
#include <QPushButton>
#include <QTemporaryFile>
#include <memory>

#include "app/workbench/wizard/AuditPage.h"
#include "app/workbench/wizard/Pages.h"
#include "app/workbench/wizard/WhyLine.h"
#include "core/base/File.h"
#include "core/run/RunDirectory.h"
#include "widgets/form/NetworkEditor.h"

namespace lorkd::workbench {
namespace {
enum { Data, Tasks, Audit, Teacher, Ranks, Training, Review };
}

RunWizard::RunWizard(const QString& project, watch::JobQueue* jobs, QWidget* parent)
    : QWizard(parent), m_project(project), m_model(new form::PlanModel(this)), m_jobs(jobs), m_why(new WhyLine(this)) {
  setWindowTitle(tr("New run"));
  setObjectName("runWizard");
  setWizardStyle(ModernStyle);
  setOption(NoBackButtonOnStartPage);
  setOption(HaveHelpButton, false);
  // Tables and pictures take the room there is.
  const QSize room = parent ? parent->window()->size() * 0.75 : QSize();
  resize(room.expandedTo({1080, 720}).boundedTo({1700, 1100}));
  auto* data = new DataPage(this);
  setPage(Data, data);
  setPage(Tasks, new TasksPage(this, data));
  setPage(Audit, new AuditPage(this));
  setPage(Teacher, new TeacherPage(this));
  setPage(Ranks, new RanksPage(this));
  setPage(Training, new TrainingPage(this));
  setPage(Review, new ReviewPage(this));
  setButtonText(FinishButton, tr("Create run"));
  setButton(CustomButton1, m_why);
  setButtonLayout({CustomButton1, BackButton, NextButton, FinishButton, CancelButton});
  connect(m_why, &QAbstractButton::clicked, this, [this] {
    if (auto* shown = qobject_cast<PlanPage*>(currentPage())) shown->showFault();
  });
  connect(this, &QWizard::currentIdChanged, this, &RunWizard::showWhy);
  for (const int id : pageIds()) connect(page(id), &QWizardPage::completeChanged, this, &RunWizard::showWhy);
  m_begun = m_model->json();
  askNetworks();
}

void RunWizard::askNetworks() {
  // A question of a moment, which neither waits for other jobs nor stands in their list.
  auto* job = new watch::Job(tr("List networks"), {"networks"}, this);
  connect(job, &watch::Job::finished, m_model, [model = m_model, job] {
    if (job->state() == watch::Job::State::Done) model->setNetworks(form::networksFromJson(job->result()));
  });
  job->start();
}

void RunWizard::showWhy() {
  const auto* shown = qobject_cast<PlanPage*>(currentPage());
  m_why->say(shown ? shown->whyNot() : QString());
}

void RunWizard::setPlan(const plan::Plan& plan) {
  // Every field is written out, so that every editor finds its value.
  m_model->setJson(plan::toJson(plan));
  m_begun = m_model->json();
}

watch::Job* RunWizard::askEngine(const QString& title, const QStringList& command) {
  // The engine knows its layers; the plan goes to it as a file of the moment.
  auto file = std::make_unique<QTemporaryFile>(QDir::temp().filePath("lorkd-XXXXXX.json"));
  const auto text = QByteArray::fromStdString(m_model->json().dump());
  if (!file->open() || file->write(text) != text.size() || !file->flush()) return nullptr;
  auto* job = m_jobs->add(title, command + QStringList{file->fileName()});
  job->setNameOf(file->fileName(), tr("the plan"));
  connect(job, &watch::Job::finished, file.get(), &QObject::deleteLater);
  file.release()->setParent(job);
  return job;
}

void RunWizard::reject() {
  if (m_model->json() == m_begun) return QWizard::reject();
  if (findChild<QMessageBox*>("confirmDiscard")) return;
  auto* box = new QMessageBox(QMessageBox::Question, tr("New run"),
                              tr("Discard this plan? No run has been made of it."), QMessageBox::Cancel, this);
  box->setObjectName("confirmDiscard");
  box->setAttribute(Qt::WA_DeleteOnClose);
  auto* discard = box->addButton(tr("Discard"), QMessageBox::DestructiveRole);
  box->setDefaultButton(QMessageBox::Cancel);
  connect(box, &QMessageBox::buttonClicked, this, [this, discard](QAbstractButton* pressed) {
    if (pressed == discard) QWizard::reject();
  });
  box->open();
}

bool RunWizard::startAtOnce() const { return static_cast<ReviewPage*>(page(Review))->startAtOnce(); }

void RunWizard::accept() {
  const auto name = static_cast<ReviewPage*>(page(Review))->runName();
  m_model->setValue("name", name.toStdString());
  auto plan = m_model->plan();
  const auto folder = QDir(m_project).filePath("runs/" + QString::fromStdString(fileNameOf(name.toStdString())));
  auto run = plan ? run::RunDirectory::create(folder.toStdString(), *plan)
                  : Result<run::RunDirectory>(std::unexpected(plan.error()));
  if (!run) {
    QMessageBox::warning(this, tr("The run cannot be created"), QString::fromStdString(run.error().text()));
    return;
  }
  m_runPath = folder;
  QWizard::accept();
}

}  // namespace lorkd::workbench
