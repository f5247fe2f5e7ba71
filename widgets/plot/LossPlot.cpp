#include "widgets/plot/LossPlot.h"

#include <QVBoxLayout>
#include <algorithm>

namespace lorkd::plot {
namespace {

/// Known quantities in the order in which they are offered, with their words.
QString title(Subject subject, const QString& key) {
  if (key == QLatin1String("total")) return LossPlot::tr("Total loss");
  if (key == QLatin1String("dice"))
    return subject == Subject::Losses ? LossPlot::tr("Dice loss") : LossPlot::tr("Dice");
  if (key == QLatin1String("bce")) return LossPlot::tr("Cross-entropy per voxel");
  if (key == QLatin1String("cross_entropy")) return LossPlot::tr("Cross-entropy");
  if (key == QLatin1String("transfer")) return LossPlot::tr("Feature transfer");
  if (key == QLatin1String("transfer_logits")) return LossPlot::tr("Logit transfer");
  if (key == QLatin1String("accuracy")) return LossPlot::tr("Accuracy");
  if (key == QLatin1String("auc")) return LossPlot::tr("AUC");
  return key;
}

const QString mainKey = QStringLiteral("*");  // the metric by which each task is judged: its first one

}  // namespace

LossPlot::LossPlot(Subject subject, QWidget* parent)
    : QWidget(parent), m_subject(subject), m_plot(new CurvePlot(this)), m_controls(new CurveControls(m_plot, this)) {
  const bool losses = subject == Subject::Losses;
  setObjectName(losses ? QStringLiteral("losses") : QStringLiteral("metrics"));
  setAccessibleName(losses ? tr("Training losses") : tr("Validation metrics"));
  m_plot->setAccessibleName(losses ? tr("Curves of the training losses") : tr("Curves of the validation metrics"));
  m_controls->setSmoothingVisible(losses);
  m_controls->setNote(losses ? tr("estimates on mini-batches") : tr("validation on whole cases"));
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(m_controls);
  column->addWidget(m_plot, 1);
  connect(m_controls, &CurveControls::quantityChanged, this, &LossPlot::rebuild);
  connect(m_controls, &CurveControls::layoutChanged, this, &LossPlot::rebuild);
}

void LossPlot::addRun(const QString& name, const std::vector<TaskLook>& tasks,
                      std::shared_ptr<const RunSeries> series) {
  const auto generation = series->generation();
  m_runs.push_back({name, tasks, std::move(series), generation});
  updateQuantities();
  rebuild();
}

void LossPlot::clear() {
  m_runs.clear();
  rebuild();
}

const plan::Named<SeriesByName>& LossPlot::values(const Run& run) const {
  return m_subject == Subject::Losses ? run.series->losses() : run.series->metrics();
}

std::vector<TaskLook> LossPlot::allTasks() const {
  std::vector<TaskLook> all;
  for (const auto& run : m_runs)
    for (const auto& task : run.tasks)
      if (std::none_of(all.begin(), all.end(), [&](const TaskLook& known) { return known.name == task.name; }))
        all.push_back(task);
  return all;
}

void LossPlot::updateQuantities() {
  QStringList keys;
  for (const auto& run : m_runs)
    for (const auto& [task, quantities] : values(run))
      for (const auto& [name, series] : quantities)
        if (const QString key = QString::fromStdString(name); !keys.contains(key)) keys << key;
  // The sum first; for metrics, each task's own first metric, since kinds of tasks may be mixed.
  if (keys.removeOne(QStringLiteral("total"))) keys.prepend(QStringLiteral("total"));
  if (m_subject == Subject::Metrics && keys.size() > 1) keys.prepend(mainKey);
  QList<std::pair<QString, QString>> offered;
  for (const auto& key : keys) offered.append({key, key == mainKey ? tr("Main metric") : title(m_subject, key)});
  m_controls->setQuantities(offered);
}

const Series* LossPlot::seriesOf(const Link& link) const {
  const auto& run = m_runs[link.run];
  if (link.task.empty()) return m_subject == Subject::Losses ? &run.series->total() : &run.series->mean();
  const auto* quantities = values(run).find(link.task);
  if (!quantities || quantities->empty()) return nullptr;
  const QString key = m_controls->quantity();
  return key == mainKey ? &quantities->front().second : quantities->find(key.toStdString());
}

QColor LossPlot::shade(const QColor& color, std::size_t run) const {
  if (run == 0) return color;
  QColor shaded = m_plot->theme().readable(color).toHsl();
  // Away from the background first, then towards it, further from the main run's colour with each one.
  const double away = m_plot->theme().dark ? 0.2 : -0.2;
  const double lightness =
      shaded.lightnessF() + (run % 2 ? away : -away) * (1 + static_cast<double>((run - 1) / 2) * 0.5);
  shaded.setHslF(shaded.hslHueF(), shaded.hslSaturationF() * 0.7f,
                 static_cast<float>(std::clamp(lightness, 0.15, 0.85)));
  return shaded;
}

void LossPlot::rebuild() {
  m_plot->clearAll();
  m_links.clear();
  const auto tasks = allTasks();
  const bool together = m_controls->together(), several = m_runs.size() > 1;
  const bool validation = m_subject == Subject::Metrics;
  const QString what = m_controls->quantity() == mainKey ? tr("Main metric") : title(m_subject, m_controls->quantity());
  m_plot->setQuantity(what);
  if (together && !m_runs.empty()) m_plot->addPanel(what);
  for (std::size_t t = 0; t < tasks.size(); ++t) {
    const int panel = together ? 0 : m_plot->addPanel(tasks[t].name);
    for (std::size_t r = 0; r < m_runs.size(); ++r) {
      CurveLook look;
      look.panel = panel;
      look.run = m_runs[r].name;
      look.name = together  ? several ? tr("%1 · %2").arg(tasks[t].name, m_runs[r].name) : tasks[t].name
                  : several ? m_runs[r].name
                            : tasks[t].name;
      look.color = shade(tasks[t].color, r);
      look.validation = validation;
      look.origin = m_runs[r].series->startTime();
      m_links.push_back({r, tasks[t].name.toStdString(), 0, m_plot->addCurve(look)});
    }
  }
  if (together && !m_controls->quantity().isEmpty() && (validation || m_controls->quantity() == QLatin1String("total")))
    for (std::size_t r = 0; r < m_runs.size() && tasks.size() > 1; ++r) {
      CurveLook look;
      // A sum is several times its parts: beside them it would squash them.
      if (!validation) look.panel = r == 0 ? m_plot->addPanel(tr("All tasks")) : 1;
      look.run = m_runs[r].name;
      look.name = validation ? tr("mean") : several ? m_runs[r].name : tr("all tasks");
      if (several && validation) look.name = tr("%1 · %2").arg(look.name, m_runs[r].name);
      look.color = shade(QColor(0x80, 0x80, 0x80), r);
      look.validation = validation;
      look.origin = m_runs[r].series->startTime();
      m_links.push_back({r, std::string(), 0, m_plot->addCurve(look)});
    }
  drawNew();
}

void LossPlot::refresh() {
  updateQuantities();
  bool again = false;
  for (auto& run : m_runs) {
    again = again || run.generation != run.series->generation();
    run.generation = run.series->generation();
  }
  for (const auto& link : m_links)
    again = again || (m_plot->look(link.curve).origin == 0 && m_runs[link.run].series->startTime() > 0);
  again ? rebuild() : drawNew();
}

void LossPlot::drawNew() {
  for (auto& link : m_links) {
    const Series* series = seriesOf(link);
    if (!series) continue;
    for (; link.drawn < series->size(); ++link.drawn)
      m_plot->append(link.curve, series->step[link.drawn], series->time[link.drawn], series->value[link.drawn]);
    const double best = static_cast<double>(m_runs[link.run].series->bestStep());
    if (series->size() == 0 || best < 0) continue;
    if (m_subject == Subject::Metrics)
      m_plot->setBest(link.curve, best);
    else
      m_plot->setBestLine(link.curve, best);
  }
}

}  // namespace lorkd::plot
