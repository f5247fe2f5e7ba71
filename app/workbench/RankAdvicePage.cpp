#include "app/workbench/RankAdvicePage.h"

#include <QCheckBox>
#include <QDir>
#include <QHBoxLayout>
#include <QHeaderView>
#include <QLabel>
#include <QPixmap>
#include <QPushButton>
#include <QSplitter>
#include <QStyle>
#include <QTreeWidget>
#include <QVBoxLayout>
#include <algorithm>

#include "app/workbench/Text.h"
#include "core/run/RunDirectory.h"
#include "widgets/field/FaultLine.h"
#include "widgets/field/Number.h"
#include "widgets/field/NumberField.h"

namespace lorkd::workbench {
namespace {

enum Column { Name, Now, Advised, Kept, Share, Conflict, ParametersNow, Parameters };

QString percent(double share) { return QStringLiteral("%1 %").arg(100 * share, 0, 'f', 1); }

QString number(const Json& object, const char* key) {
  return QLocale().toString(static_cast<qlonglong>(object.value(key, std::int64_t(0))));
}

}  // namespace

RankAdvicePage::RankAdvicePage(watch::JobQueue* jobs, QWidget* parent) : QWidget(parent), m_jobs(jobs) {
  setObjectName("rankAdvice");
  m_budget = new field::NumberField({5, 100, true, tr("%")}, this);
  m_budget->setObjectName("rankBudget");
  m_budget->setAccessibleName(tr("Budget of factor parameters, in percent of today's"));
  m_budget->setValue(50);
  m_perLayer = new QCheckBox(tr("A rank for every layer"), this);
  m_perLayer->setObjectName("rankPerLayer");
  m_ask = new QPushButton(tr("Advise ranks"), this);
  m_ask->setObjectName("adviseRanks");
  m_use = new QPushButton(tr("New run with these ranks…"), this);
  m_use->setObjectName("useRanks");
  m_table = new QTreeWidget(this);
  m_table->setObjectName("rankAdviceTable");
  m_table->setAccessibleName(tr("Advised ranks by task and layer"));
  m_table->setHeaderLabels({tr("Task, layer"), tr("Rank"), tr("Advised"), tr("Energy kept"), tr("Share"),
                            tr("Conflict"), tr("Parameters"), tr("Then")});
  m_table->headerItem()->setToolTip(Share, tr("Of the task's energy in this layer"));
  m_table->headerItem()->setToolTip(
      Conflict, tr("Share of the measurements in which the task's gradient on this layer went against another's"));
  for (int column = Now; column <= Parameters; ++column)
    m_table->headerItem()->setTextAlignment(column, Qt::AlignRight | Qt::AlignVCenter);
  m_table->header()->setSectionResizeMode(QHeaderView::ResizeToContents);
  m_table->header()->setStretchLastSection(false);
  m_chart = new plot::EnergyChart(this);
  m_text = new QLabel(this);
  m_text->setObjectName("rankAdviceText");
  m_text->setWordWrap(true);
  m_text->setTextFormat(Qt::PlainText);
  m_text->setTextInteractionFlags(Qt::TextSelectableByMouse);

  auto* top = new QHBoxLayout;
  top->addWidget(m_budget);
  top->addWidget(new QLabel(tr("of today's factor parameters"), this));
  top->addWidget(m_perLayer);
  top->addWidget(m_ask);
  top->addStretch();
  top->addWidget(m_use);
  m_middle = new QSplitter(Qt::Horizontal, this);
  m_middle->setObjectName("rankAdviceParts");
  m_middle->setChildrenCollapsible(false);
  m_middle->addWidget(m_table);
  m_middle->addWidget(m_chart);
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(8, 6, 8, 6);
  auto* fault = new field::FaultLine(this);
  column->addLayout(top);
  column->addWidget(fault);
  column->addWidget(m_middle, 1);
  column->addWidget(m_text);
  connect(m_budget, &field::NumberField::faultChanged, fault, &field::FaultLine::say);
  connect(m_budget, &field::NumberField::faultChanged, this, &RankAdvicePage::refresh);
  connect(m_budget, &field::NumberField::valueChanged, this, &RankAdvicePage::refresh);
  connect(m_perLayer, &QCheckBox::toggled, this, &RankAdvicePage::refresh);
  connect(m_ask, &QPushButton::clicked, this, &RankAdvicePage::advise);
  connect(m_use, &QPushButton::clicked, this, [this] { Q_EMIT planWanted(m_plan); });
  connect(m_table->header(), &QHeaderView::sectionResized, this, &RankAdvicePage::share);
  connect(m_middle, &QSplitter::splitterMoved, this, [this] { m_sharedByHand = true; });
  setRun({});
}

void RankAdvicePage::share() {
  if (m_sharedByHand) return;
  // The table gets what its columns need, within limits that leave either part readable.
  const int width = m_middle->width() - m_middle->handleWidth();
  const int needed = m_table->header()->length() + 2 * m_table->frameWidth() +
                     m_table->style()->pixelMetric(QStyle::PM_ScrollBarExtent, nullptr, m_table);
  const int table = std::clamp(needed, 35 * width / 100, 60 * width / 100);
  m_middle->setSizes({table, width - table});
}

void RankAdvicePage::resizeEvent(QResizeEvent* event) {
  QWidget::resizeEvent(event);
  // The splitter has its new width once the layout is done.
  QMetaObject::invokeMethod(this, &RankAdvicePage::share, Qt::QueuedConnection);
}

void RankAdvicePage::setRun(const QString& path) {
  if (path == m_run && !path.isEmpty()) return refresh();
  // An answer that is still to come belongs to another run.
  if (m_job) m_job->disconnect(this);
  m_job = nullptr;
  m_run = path;
  clearAdvice();
  const auto opened = path.isEmpty() ? Result<run::RunDirectory>(fail(ErrorCode::NotFound, ""))
                                     : run::RunDirectory::open(path.toStdString());
  m_why = opened && opened->plan().method != plan::PlanMethod::Lorkd
              ? tr("This run has no low-rank factors: there are no ranks to advise.")
              : QString();
  refresh();
}

void RankAdvicePage::clearAdvice() {
  m_plan = {};
  m_said.clear();
  m_table->clear();
  m_chart->setCurves({});
}

bool RankAdvicePage::outdated() const {
  return !m_plan.is_null() && (!m_budget->why().isEmpty() || m_budget->value() != m_advisedBudget ||
                               m_perLayer->isChecked() != m_advisedPerLayer);
}

void RankAdvicePage::refresh() {
  const bool busy = m_job && !m_job->over();
  const bool trained = !m_run.isEmpty() && QDir(m_run).exists("checkpoints/best.safetensors");
  m_ask->setEnabled(trained && m_why.isEmpty() && m_budget->why().isEmpty() && !busy);
  const bool old = outdated();
  m_use->setEnabled(!m_plan.is_null() && !old && m_unwritable.isEmpty());
  m_use->setToolTip(m_unwritable);
  for (auto* shown : {static_cast<QWidget*>(m_table), static_cast<QWidget*>(m_chart)}) shown->setEnabled(!old);
  if (busy)
    m_text->setText(tr("Reading the factors of the best checkpoint …"));
  else if (!m_why.isEmpty())
    m_text->setText(m_why);
  else if (old)
    m_text->setText(tr("This advice is out of date: it is for %1 % of today's factor parameters, %2. Press “Advise "
                       "ranks” for what is asked for now.")
                        .arg(field::numberText(m_advisedBudget),
                             m_advisedPerLayer ? tr("a rank for every layer") : tr("a rank for every task")));
  else if (!m_said.isEmpty())
    m_text->setText(m_said);
  else if (m_plan.is_null())
    m_text->setText(trained ? tr("Shows which ranks a budget of factor parameters is best spent on, from the spectra "
                                 "of the trained factors and the gradient conflict of each layer.")
                            : tr("Ranks can be advised when the run has its first best checkpoint."));
}

void RankAdvicePage::setUnwritable(const QString& why) {
  m_unwritable = why;
  refresh();
}

void RankAdvicePage::advise() {
  QStringList arguments{"ranks", m_run, "--budget", QString::number(m_budget->value() / 100.0)};
  if (m_perLayer->isChecked()) arguments << "--per-layer";
  clearAdvice();
  m_advisedBudget = m_budget->value();
  m_advisedPerLayer = m_perLayer->isChecked();
  m_job = m_jobs->add(tr("Advise ranks"), arguments);
  connect(m_job, &watch::Job::finished, this, &RankAdvicePage::finished);
  refresh();
}

void RankAdvicePage::finished() {
  if (m_job->state() == watch::Job::State::Done && m_job->result().is_object()) fill(m_job->result());
  if (m_job->state() == watch::Job::State::Failed) m_said = QString::fromStdString(m_job->error().text());
  refresh();
}

void RankAdvicePage::fill(const Json& advice) {
  m_table->clear();
  m_plan = advice.value("plan", Json());
  std::vector<plot::EnergyCurve> curves;
  for (const auto& task : advice.value("tasks", Json::array())) {
    const QColor color(text(task, "color"));
    const bool basis = task.value("basis", false);
    auto* item = new QTreeWidgetItem(m_table);
    QPixmap square(14, 14);
    square.fill(color);
    item->setIcon(Name, square);
    item->setText(Name, text(task, "name"));
    item->setText(Now, number(task, "rank"));
    item->setText(Advised, number(task, "advised"));
    item->setText(Kept, basis ? percent(task.value("energy_kept", 1.0)) : tr("unknown"));
    item->setText(ParametersNow, number(task, "parameters_now"));
    item->setText(Parameters, number(task, "parameters"));
    QFont bold = font();
    bold.setBold(true);
    item->setFont(Advised, bold);
    for (const auto& layer : task.value("layers", Json::array())) {
      auto* row = new QTreeWidgetItem(item);
      row->setText(Name, text(layer, "name").remove(QStringLiteral("backbone.")));
      row->setText(Now, number(layer, "rank"));
      row->setText(Advised, number(layer, "advised"));
      row->setText(Kept, percent(layer.value("energy_kept", 1.0)));
      row->setText(Share, percent(layer.value("share", 0.0)));
      row->setText(Conflict, percent(layer.value("conflict", 0.0)));
    }
    curves.push_back({text(task, "name"), color, task.value("kept_by_rank", std::vector<double>()),
                      m_advisedPerLayer ? 0 : static_cast<int>(task.value("advised", 0))});
  }
  for (auto* item : m_table->findItems(QStringLiteral("*"), Qt::MatchWildcard | Qt::MatchRecursive))
    for (int column = Now; column <= Parameters; ++column)
      item->setTextAlignment(column, Qt::AlignRight | Qt::AlignVCenter);
  if (m_advisedPerLayer) m_table->expandAll();
  m_chart->setCurves(curves);
  QStringList lines{tr("%1 of %2 factor parameters, %3 of the energy kept.")
                        .arg(number(advice, "parameters"), number(advice, "parameters_now"),
                             percent(advice.value("energy_kept", 1.0)))};
  if (advice.value("conflict_measurements", 0) > 0)
    lines << tr("Energy counts up to double where the tasks' gradients conflict.");
  for (const auto& note : advice.value("notes", std::vector<std::string>())) lines << QString::fromStdString(note);
  m_said = lines.join(QLatin1Char('\n'));
}

}  // namespace lorkd::workbench
