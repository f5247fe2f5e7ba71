#include <QGroupBox>
#include <QHBoxLayout>
#include <QLabel>
#include <QTimer>
#include <QVBoxLayout>

#include "app/workbench/wizard/Pages.h"
#include "app/workbench/wizard/RunWizard.h"
#include "widgets/field/FaultLine.h"
#include "widgets/form/FieldEditor.h"
#include "widgets/plot/RankChart.h"

namespace lorkd::workbench {

RanksPage::RanksPage(RunWizard* wizard) : PlanPage(wizard), m_jobs(this) {
  setTitle(tr("Experts and ranks"));
  setSubTitle(
      tr("All experts share one network; each adds factors of its own rank. A higher rank separates more and costs "
         "more."));
  auto* model = wizard->model();
  m_table = new form::RankTable(model, this);
  m_chart = new plot::RankChart(this);
  m_status = new QLabel(this);
  m_status->setObjectName("rankStatus");
  m_status->setWordWrap(true);
  m_warning = new QLabel(this);
  m_warning->setObjectName("sizeWarning");
  m_warning->setWordWrap(true);
  m_faults = new field::FaultLine(this);
  m_faults->setObjectName("rankFaults");
  m_refusal = new field::FaultLine(this);
  m_refusal->setObjectName("sizeFault");
  auto* network = new QGroupBox(tr("Shared network"), this);
  auto* networkLayout = new QVBoxLayout(network);
  networkLayout->addWidget(new form::PlanForm(
      model, {"backbone.name", "backbone.preset", "backbone.widths", "backbone.norm", "backbone.deep_supervision"},
      network));
  auto* factors = new QGroupBox(tr("Factors"), this);
  auto* factorsLayout = new QVBoxLayout(factors);
  factorsLayout->addWidget(new form::PlanForm(
      model, {"lowrank.scaling", "lowrank.alpha", "lowrank.scale", "lowrank.decoder_factor"}, factors));
  auto* forms = new QHBoxLayout;
  forms->addWidget(network);
  forms->addWidget(factors);
  auto* layout = new QVBoxLayout(this);
  layout->addLayout(forms);
  layout->addWidget(m_table, 2);
  layout->addWidget(m_faults);
  layout->addWidget(m_chart, 3);
  layout->addWidget(m_warning);
  layout->addWidget(m_refusal);
  layout->addWidget(m_status);
  m_timer = new QTimer(this);
  m_timer->setSingleShot(true);
  m_timer->setInterval(300);
  connect(m_timer, &QTimer::timeout, this, &RanksPage::askSizes);
  connect(model, &form::PlanModel::changed, this, [this](const QString& path) {
    const bool rank = path.endsWith(".rank") || path.startsWith("lowrank");
    if (isVisible() && !rank && (path.isEmpty() || path.startsWith("backbone") || path.startsWith("tasks")))
      m_timer->start();
  });
  connect(m_table, &form::RankTable::countsChanged, this, &RanksPage::showBars);
  connect(m_table, &form::RankTable::countsChanged, this, &RanksPage::showWarnings);
  connect(model, &form::PlanModel::faultsChanged, this, &RanksPage::showWarnings);
  showWarnings();
}

QString RanksPage::whyNot() const {
  const auto fault = m_faults->why().isEmpty() ? PlanPage::whyNot() : m_faults->why();
  return fault.isEmpty() ? m_refusal->why() : fault;
}

QStringList RanksPage::paths() const {
  QStringList paths;
  const auto tasks = m_wizard->model()->value("tasks");
  for (const auto& [name, task] : tasks.items()) paths << "tasks." + QString::fromStdString(name) + ".rank";
  return paths + PlanPage::paths();
}

void RanksPage::showWarnings() {
  const auto* model = m_wizard->model();
  QStringList faults;
  // In the order of the table.
  for (const auto& path : paths())
    for (const auto& fault : model->faults())
      if (fault.path == path && path.startsWith("tasks."))
        faults << tr("%1 – %2").arg(form::fieldName(fault.path), fault.words);
  m_faults->say(faults.join('\n'));
  const auto& sizes = m_table->sizes();
  QStringList warnings{form::studentWarning(sizes),
                       form::rankWarning(sizes, model->value("tasks").get<plan::Named<plan::Task>>(),
                                         model->value("lowrank.decoder_factor").get<std::int64_t>())};
  warnings.removeAll(QString());
  m_warning->setText(warnings.isEmpty() ? QString() : "⚠ " + warnings.join("\n⚠ "));
  m_warning->setVisible(!warnings.isEmpty());
}

void RanksPage::initializePage() { askSizes(); }

void RanksPage::askSizes() {
  // An answer to an earlier question is of no use.
  const int asked = ++m_asked;
  m_jobs.cancel();
  auto* job = m_wizard->askEngine(tr("Count parameters"));
  if (!job) return refuse(tr("No temporary file could be made."));
  m_jobs.add(job);
  refuse({});
  m_status->setText(tr("Counting parameters…"));
  connect(job, &watch::Job::finished, this, [this, job, asked] {
    if (asked != m_asked) return;
    if (job->state() == watch::Job::State::Done) {
      auto sizes = form::NetworkSizes::fromJson(job->result());
      m_expert = sizes.experts.empty() ? 0 : sizes.experts.front();
      m_status->setText(
          sizes.teacher > 0
              ? tr("%1 adapted layers; the teacher has %2 parameters.").arg(sizes.layers.size()).arg(sizes.teacher)
              : tr("%1 adapted layers; there is no teacher.").arg(sizes.layers.size()));
      m_table->setSizes(std::move(sizes));
    } else {
      refuse(job->state() == watch::Job::State::Cancelled ? tr("Counting the parameters was cancelled.")
                                                          : QString::fromStdString(job->error().text()));
    }
  });
}

void RanksPage::refuse(const QString& why) {
  m_refusal->say(why);
  if (!why.isEmpty()) {
    m_status->clear();
    m_expert = 0;
    m_table->forgetSizes();
  }
  Q_EMIT completeChanged();
}

void RanksPage::showBars() {
  std::vector<plot::RankBar> bars;
  if (m_table->sizes().layers.empty()) return m_chart->setBars(bars, 0);
  plan::Plan shown;
  shown.tasks = m_wizard->model()->value("tasks").get<plan::Named<plan::Task>>();
  for (std::size_t t = 0; t < shown.tasks.size(); ++t)
    bars.push_back({QString::fromStdString(shown.tasks[t].first),
                    QColor(QString::fromStdString(plan::taskColor(shown, t))),
                    static_cast<int>(shown.tasks[t].second.rank), m_table->factorParameters(static_cast<int>(t))});
  m_chart->setBars(bars, m_expert);
}

}  // namespace lorkd::workbench
