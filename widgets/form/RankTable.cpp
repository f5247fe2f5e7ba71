#include "widgets/form/RankTable.h"

#include <QHeaderView>
#include <QLocale>
#include <QPixmap>

#include "widgets/form/FieldEditor.h"

namespace lorkd::form {

NetworkSizes NetworkSizes::fromJson(const Json& answer) {
  NetworkSizes sizes;
  for (const auto& layer : answer.value("layers", Json::array()))
    sizes.layers.push_back({layer.value("name", std::string()), layer.value("dims", 3),
                            layer.value("in", std::int64_t(0)), layer.value("out", std::int64_t(0)),
                            layer.value("kernel", std::int64_t(3)), layer.value("decoder", false)});
  for (const auto& task : answer.value("tasks", Json::array()))
    sizes.experts.push_back(task.value("expert", std::int64_t(0)));
  sizes.teacher = answer.value("teacher", std::int64_t(0));
  return sizes;
}

RankTable::RankTable(PlanModel* model, QWidget* parent) : QTableWidget(parent), m_model(model) {
  setObjectName("rankTable");
  setAccessibleName(tr("Ranks and parameter counts"));
  setColumnCount(5);
  setHorizontalHeaderLabels(
      {tr("Task"), tr("Rank r"), tr("Factor parameters"), tr("Fused expert"), tr("Share of teacher")});
  horizontalHeader()->setSectionResizeMode(QHeaderView::Stretch);
  verticalHeader()->hide();
  setEditTriggers(NoEditTriggers);
  setSelectionMode(NoSelection);
  connect(m_model, &PlanModel::changed, this, [this](const QString& path) {
    const bool rankOnly = path.startsWith("tasks.") && path.endsWith(".rank");
    if (rankOnly || path.startsWith("lowrank"))
      recount();
    else if (path.isEmpty() || path.startsWith("tasks"))
      rebuild();
  });
  rebuild();
}

void RankTable::setSizes(NetworkSizes sizes) {
  m_sizes = std::move(sizes);
  m_counting = true;
  recount();
}

void RankTable::forgetSizes() {
  m_sizes = {};
  m_counting = false;
  recount();
}

void RankTable::rebuild() {
  clearContents();
  const auto tasks = m_model->value("tasks");
  plan::Plan shown;
  shown.tasks = tasks.get<plan::Named<plan::Task>>();
  setRowCount(static_cast<int>(shown.tasks.size()));
  for (int row = 0; row < rowCount(); ++row) {
    const auto name = QString::fromStdString(shown.tasks[static_cast<std::size_t>(row)].first);
    auto* task = new QTableWidgetItem(name);
    QPixmap color(14, 14);
    color.fill(QColor(QString::fromStdString(plan::taskColor(shown, static_cast<std::size_t>(row)))));
    task->setIcon(QIcon(color));
    setItem(row, TaskColumn, task);
    setCellWidget(row, RankColumn, makeFieldEditor(m_model, "tasks." + name + ".rank", this));
    for (int column : {FactorsColumn, ExpertColumn, ShareColumn}) {
      auto* cell = new QTableWidgetItem;
      cell->setTextAlignment(Qt::AlignRight | Qt::AlignVCenter);
      setItem(row, column, cell);
    }
  }
  recount();
}

void RankTable::recount() {
  const QLocale locale;
  const auto decoder = m_model->value("lowrank.decoder_factor").get<std::int64_t>();
  m_factors.clear();
  for (const auto& [name, task] : m_model->value("tasks").get<plan::Named<plan::Task>>()) {
    std::int64_t sum = 0;
    for (const auto& layer : m_sizes.layers) sum += form::factorParameters(layer, task, decoder);
    m_factors << sum;
  }
  for (int row = 0; row < rowCount(); ++row) {
    const bool known = !m_sizes.layers.empty();
    const auto index = static_cast<std::size_t>(row);
    const auto expert = index < m_sizes.experts.size() ? m_sizes.experts[index] : 0;
    item(row, FactorsColumn)
        ->setText(known        ? locale.toString(qlonglong(factorParameters(row)))
                  : m_counting ? tr("counting…")
                               : QStringLiteral("–"));
    item(row, ExpertColumn)->setText(expert > 0 ? locale.toString(qlonglong(expert)) : QString());
    item(row, ShareColumn)
        ->setText(m_sizes.teacher > 0 && expert > 0
                      ? locale.toString(100.0 * double(expert) / double(m_sizes.teacher), 'f', 1) + " %"
                      : QString());
  }
  Q_EMIT countsChanged();
}

}  // namespace lorkd::form
