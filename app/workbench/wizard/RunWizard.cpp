#include "app/workbench/wizard/RunWizard.h"

#include <QDir>
#include <QMessageBox>

#include "app/workbench/wizard/Pages.h"
#include "core/run/RunDirectory.h"

namespace lorkd::workbench {
namespace {
enum { Data, Tasks, Teacher, Ranks, Training, Review };
}

RunWizard::RunWizard(const QString& project, watch::JobQueue* jobs, QWidget* parent)
    : QWizard(parent), m_project(project), m_model(new form::PlanModel(this)), m_jobs(jobs) {
  setWindowTitle(tr("New run"));
  setObjectName("runWizard");
  setWizardStyle(ModernStyle);
  setOption(NoBackButtonOnStartPage);
  setOption(HaveHelpButton, false);
  resize(1080, 720);
  auto* data = new DataPage(this);
  setPage(Data, data);
  setPage(Tasks, new TasksPage(this, data));
  setPage(Teacher, new TeacherPage(this));
  setPage(Ranks, new RanksPage(this));
  setPage(Training, new TrainingPage(this));
  setPage(Review, new ReviewPage(this));
  setButtonText(FinishButton, tr("Create run"));
}

void RunWizard::setPlan(const Json& plan) {
  // Missing fields are filled with defaults, so that every editor finds its value.
  auto typed = plan::fromJson(plan);
  m_model->setJson(typed ? plan::toJson(*typed) : plan);
}

bool RunWizard::startAtOnce() const { return static_cast<ReviewPage*>(page(Review))->startAtOnce(); }

void RunWizard::accept() {
  const auto name = static_cast<ReviewPage*>(page(Review))->runName();
  m_model->setValue("name", name.toStdString());
  auto plan = m_model->plan();
  const auto folder = QDir(m_project).filePath("runs/" + name);
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
