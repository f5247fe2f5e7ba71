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
  if (key == QLatin1String("balanced_accuracy")) return LossPlot::tr("Balanced accuracy");
  if (key == QLatin1String("f1")) return LossPlot::tr("F1");
  if (key == QLatin1String("nsd")) return LossPlot::tr("NSD");
  return key;
}

/// What stands along y, with the unit. Everything here is a pure number; entropies are in natural units.
QString axisTitle(Subject subject, const QString& key, const QString& name) {
  if (subject == Subject::Metrics) return LossPlot::tr("%1 (0 to 1)").arg(name);
  if (key == QLatin1String("dice")) return LossPlot::tr("%1 (0 to 1)").arg(name);
  if (key == QLatin1String("total")) return LossPlot::tr("%1 (weighted sum)").arg(name);
  return LossPlot::tr("%1 (nats)").arg(name);
}

const QString mainKey = QStringLiteral("*");  // the metric by which each task is judged: its first one
const QColor sumColor(0x80, 0x80, 0x80);

/// Metrics of single classes are named "dice/liver".
bool ofClass(const std::string& name) { return name.find('/') != name.npos; }

}  // namespace

LossPlot::LossPlot(Subject subject, QWidget* parent)
    : QWidget(parent), m_subject(subject), m_plot(new CurvePlot(this)), m_controls(new CurveControls(m_plot, this)) {
  const bool losses = subject == Subject::Losses;
  setObjectName(losses ? QStringLiteral("losses") : QStringLiteral("metrics"));
  setAccessibleName(losses ? tr("Training losses") : tr("Validation metrics"));
  m_plot->setAccessibleName(losses ? tr("Curves of the training losses") : tr("Curves of the validation metrics"));
  m_controls->setSmoothingVisible(losses);
  setNote(QString());
  m_plot->setEmptyWords(losses ? tr("No training step has been logged yet.")
                               : tr("No validation has been logged yet."));
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addWidget(m_controls);
  column->addWidget(m_plot, 1);
  connect(m_controls, &CurveControls::quantityChanged, this, &LossPlot::rebuild);
  connect(m_controls, &CurveControls::scopeChanged, this, &LossPlot::rebuild);
  connect(m_controls, &CurveControls::layoutChanged, this, &LossPlot::rebuild);
}

void LossPlot::setNote(const QString& whose) {
  const QString how = m_subject == Subject::Losses ? tr("estimates on mini-batches") : tr("validation on whole cases");
  m_controls->setNote(whose.isEmpty() ? how : tr("%1: %2").arg(whose, how));
}

void LossPlot::addRun(const QString& name, const std::vector<TaskLook>& tasks,
                      std::shared_ptr<const run::RunSeries> series) {
  const auto generation = series->generation();
  m_runs.push_back({name, tasks, std::move(series), generation});
  updateQuantities();
  updateScopes();
  rebuild();
}

void LossPlot::clear() {
  m_runs.clear();
  rebuild();
}

const plan::Named<run::SeriesByName>& LossPlot::values(const Run& run) const {
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
        if (const QString key = QString::fromStdString(name); !ofClass(name) && !keys.contains(key)) keys << key;
  // The sum first; for metrics, each task's own first metric, since kinds of tasks may be mixed.
  if (keys.removeOne(QStringLiteral("total"))) keys.prepend(QStringLiteral("total"));
  if (m_subject == Subject::Metrics && keys.size() > 1) keys.prepend(mainKey);
  QList<std::pair<QString, QString>> offered;
  for (const auto& key : keys) offered.append({key, key == mainKey ? tr("Main metric") : title(m_subject, key)});
  m_controls->setQuantities(offered);
}

void LossPlot::updateScopes() {
  QList<std::pair<QString, QString>> offered{{QString(), tr("All tasks")}};
  for (const auto& task : allTasks()) {
    // A single class is its task.
    const bool known =
        task.classes.size() > 1 && std::ranges::any_of(m_runs, [&](const Run& run) {
          const auto* quantities = values(run).find(task.name.toStdString());
          return quantities && std::ranges::any_of(*quantities, [](const auto& each) { return ofClass(each.first); });
        });
    if (known) offered.append({task.name, tr("Classes of %1").arg(task.name)});
  }
  m_controls->setScopes(offered);
}

std::vector<LossPlot::Row> LossPlot::rows() const {
  std::vector<Row> out;
  for (const auto& task : allTasks()) {
    const auto name = task.name.toStdString();
    if (m_controls->scope().isEmpty()) out.push_back({name, {}, task.name, task.color});
    if (m_controls->scope() != task.name) continue;
    out.push_back({name, {}, tr("mean of %1").arg(task.name), sumColor});
    for (const auto& cls : task.classes) out.push_back({name, cls.name.toStdString(), cls.name, cls.color});
  }
  return out;
}

const run::Series* LossPlot::seriesOf(const Link& link) const {
  const auto& run = m_runs[link.run];
  if (link.task.empty()) return m_subject == Subject::Losses ? &run.series->total() : &run.series->mean();
  const auto* quantities = values(run).find(link.task);
  if (!quantities || quantities->empty()) return nullptr;
  const QString key = m_controls->quantity();
  const auto name = key == mainKey ? quantities->front().first : key.toStdString();
  return quantities->find(link.cls.empty() ? name : name + "/" + link.cls);
}

/// A curve of each run, and what the key says of them.
void LossPlot::addRow(const Row& row, int panel, std::vector<KeyEntry>& runs, std::vector<KeyEntry>& names) {
  const bool validation = m_subject == Subject::Metrics;
  names.push_back({row.title, row.color, 0, validation, {}, false});
  for (std::size_t r = 0; r < m_runs.size(); ++r) {
    CurveLook look;
    look.panel = panel;
    look.run = m_runs[r].name;
    look.name = row.title;
    look.color = row.color;
    look.validation = validation;
    look.origin = m_runs[r].series->startTime();
    look.dash = static_cast<int>(r);
    look.raw = m_runs.size() == 1;
    const int curve = m_plot->addCurve(look);
    m_links.push_back({r, row.task, row.cls, 0, curve});
    names.back().curves.push_back(curve);
    runs[r].curves.push_back(curve);
  }
}

void LossPlot::rebuild() {
  m_plot->clearAll();
  m_links.clear();
  const bool together = m_controls->together(), validation = m_subject == Subject::Metrics;
  const QString key = m_controls->quantity();
  const QString what = key == mainKey ? tr("Main metric") : title(m_subject, key);
  const QString along = axisTitle(m_subject, key, what);
  const auto whole = validation ? std::optional(QCPRange(0, 1)) : std::nullopt;
  m_plot->setQuantity(what);
  std::vector<KeyEntry> runs, names;
  for (std::size_t r = 0; r < m_runs.size(); ++r)
    runs.push_back({m_runs[r].name, QColor(), static_cast<int>(r), validation, {}, false});
  const auto all = rows();
  if (together && !m_runs.empty()) m_plot->addPanel(what, along, whole);
  for (const auto& row : all) addRow(row, together ? 0 : m_plot->addPanel(row.title, along, whole), runs, names);
  if (together && all.size() > 1 && m_controls->scope().isEmpty() && !key.isEmpty() &&
      (validation || key == QLatin1String("total"))) {
    // A sum is several times its parts: beside them it would squash them.
    const QString sum = tr("All tasks");
    addRow({{}, {}, validation ? tr("mean of the tasks") : sum, sumColor},
           validation ? 0 : m_plot->addPanel(sum, axisTitle(m_subject, key, tr("%1 of all tasks").arg(what))), runs,
           names);
  }
  // Side by side, panels bear the names of what they show.
  std::vector<KeyEntry> entries;
  if (together) entries = names;
  if (m_runs.size() > 1) entries.insert(entries.end(), runs.begin(), runs.end());
  m_plot->setKey(std::move(entries));
  drawNew();
}

void LossPlot::refresh() {
  updateQuantities();
  updateScopes();
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
    const run::Series* series = seriesOf(link);
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
