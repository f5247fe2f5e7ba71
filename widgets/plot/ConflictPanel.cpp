#include "widgets/plot/ConflictPanel.h"

#include <QFileInfo>
#include <QHBoxLayout>
#include <QLabel>
#include <QMenu>
#include <QMessageBox>
#include <QPushButton>
#include <QSplitter>
#include <QToolButton>
#include <cmath>

#include "widgets/field/FaultLine.h"
#include "widgets/field/NumberField.h"

namespace lorkd::plot {

ConflictPanel::ConflictPanel(QWidget* parent)
    : QWidget(parent),
      m_heatmap(new ConflictHeatmap(this)),
      m_history(new ConflictHistory(this)),
      m_layers(new LayerConflictBars(this)),
      m_window(new field::NumberField({1, 1000, true}, this)),
      m_all(new QPushButton(tr("All layers"), this)),
      m_summary(new QLabel(this)) {
  setObjectName(QStringLiteral("conflict"));
  setAccessibleName(tr("Gradient conflict"));
  m_window->setObjectName(QStringLiteral("conflictWindow"));
  m_window->setAccessibleName(tr("Measurements averaged"));
  m_window->setToolTip(tr("Cosines of single batches are noisy: mean and band are taken over this many measurements."));
  m_window->setValue(10);
  m_all->setObjectName(QStringLiteral("allLayers"));
  m_all->setAccessibleName(tr("Show all layers together"));
  m_all->setEnabled(false);
  m_summary->setObjectName(QStringLiteral("conflictSummary"));
  m_summary->setTextInteractionFlags(Qt::TextSelectableByMouse);
  auto* exporting = new QToolButton(this);
  exporting->setObjectName(QStringLiteral("conflictExport"));
  exporting->setAccessibleName(tr("Save as a picture or a table"));
  exporting->setText(tr("Export"));
  exporting->setPopupMode(QToolButton::InstantPopup);
  auto* menu = new QMenu(exporting);
  for (const char* suffix : {"png", "svg", "pdf", "csv"})
    connect(menu->addAction(QString::fromLatin1(suffix).toUpper() + QStringLiteral("…")), &QAction::triggered, this,
            [this, kind = QString::fromLatin1(suffix)] {
              QString path = m_ask(this, tr("Export"), QStringLiteral("conflict.") + kind,
                                   tr("%1 files (*.%2)").arg(kind.toUpper(), kind));
              if (path.isEmpty()) return;
              if (QFileInfo(path).suffix().isEmpty()) path += QLatin1Char('.') + kind;
              if (auto done = exportTo(path); !done) {
                auto* box = new QMessageBox(QMessageBox::Warning, tr("Export"),
                                            QString::fromStdString(done.error().text()), QMessageBox::Ok, this);
                box->setAttribute(Qt::WA_DeleteOnClose);
                box->open();
              }
            });
  exporting->setMenu(menu);

  auto* row = new QHBoxLayout;
  row->setContentsMargins(6, 4, 6, 4);
  row->setSpacing(6);
  auto* words = new QLabel(tr("&Average over"), this);
  words->setBuddy(m_window);
  row->addWidget(words);
  row->addWidget(m_window);
  row->addWidget(new QLabel(tr("measurements"), this));
  // Below the row, where it wraps: beside the field a long sentence would widen the window.
  auto* fault = new field::FaultLine(this);
  fault->setObjectName(QStringLiteral("conflictWindowFault"));
  fault->setContentsMargins(6, 0, 6, 4);
  connect(m_window, &field::NumberField::faultChanged, fault, &field::FaultLine::say);
  row->addWidget(m_all);
  row->addStretch(1);
  row->addWidget(m_summary);
  row->addWidget(exporting);
  auto* top = new QSplitter(Qt::Horizontal, this);
  top->addWidget(m_heatmap);
  top->addWidget(m_layers);
  top->setStretchFactor(0, 6);
  top->setStretchFactor(1, 4);
  auto* both = new QSplitter(Qt::Vertical, this);
  both->addWidget(top);
  both->addWidget(m_history);
  both->setStretchFactor(0, 5);
  both->setStretchFactor(1, 4);
  top->setSizes({600, 400});
  both->setSizes({540, 460});
  for (auto* splitter : {top, both}) {
    splitter->setChildrenCollapsible(false);
    splitter->setHandleWidth(3);
  }
  auto* column = new QVBoxLayout(this);
  column->setContentsMargins(0, 0, 0, 0);
  column->setSpacing(0);
  column->addLayout(row);
  column->addWidget(fault);
  column->addWidget(both, 1);

  connect(m_heatmap, &ConflictHeatmap::pairSelected, this, &ConflictPanel::draw);
  connect(m_layers, &LayerConflictBars::layerSelected, this, &ConflictPanel::draw);
  connect(m_window, &field::NumberField::valueChanged, this, &ConflictPanel::draw);
  connect(m_all, &QPushButton::clicked, this, [this] {
    if (m_layers->selected() >= 0) m_layers->select(m_layers->selected());
  });
  draw();
}

void ConflictPanel::setSeries(std::shared_ptr<const run::RunSeries> series) {
  m_series = std::move(series);
  m_generation = m_series ? m_series->generation() : 0;
  m_drawn = 0;
  draw();
}

void ConflictPanel::refresh() {
  if (!m_series || (m_generation == m_series->generation() && m_drawn == m_series->conflicts().size())) return;
  m_generation = m_series->generation();
  draw();
}

void ConflictPanel::draw() {
  static const run::RunSeries empty;
  const run::RunSeries& series = m_series ? *m_series : empty;
  const auto& all = series.conflicts();
  m_drawn = all.size();
  QStringList tasks, layers;
  for (const auto& task : series.conflictTasks()) tasks << QString::fromStdString(task);
  for (const auto& layer : series.conflictLayers()) layers << QString::fromStdString(layer);
  const auto window = static_cast<std::size_t>(m_window->value());
  std::vector<double> scores;
  for (int l = 0; l < layers.size(); ++l) scores.push_back(layerConflictScore(all, l, window));
  m_layers->setLayers(layers, scores);
  const int layer = m_layers->selected();
  m_all->setEnabled(layer >= 0);
  const std::size_t n = static_cast<std::size_t>(tasks.size());
  std::vector<double> cosines(n * n), magnitudes(n * n);
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      cosines[i * n + j] = recentMean(all, layer, i, j, window, run::cosine);
      magnitudes[i * n + j] = recentMean(all, layer, i, j, window, run::magnitudeSimilarity);
    }
  m_heatmap->setMatrix(tasks, cosines, magnitudes);
  m_heatmap->setTitle(layer < 0 ? tr("Cosine of gradients, all layers")
                                : tr("Cosine of gradients, %1").arg(layers[layer]));
  const auto [row, column] = m_heatmap->selected();
  // Until a cell is chosen, the pair most in conflict is the one worth seeing.
  int i = row, j = column;
  if (i < 0 || i == j)
    for (std::size_t a = 0; a < n; ++a)
      for (std::size_t b = a + 1; b < n; ++b) {
        const double here = cosines[a * n + b];
        if (!std::isnan(here) &&
            (i < 0 || i == j || here < cosines[static_cast<std::size_t>(i) * n + static_cast<std::size_t>(j)]))
          i = static_cast<int>(a), j = static_cast<int>(b);
      }
  m_history->showPair(all, tasks, layer, i, j, window);
  if (all.empty()) {
    m_summary->setText(tr("No measurement yet"));
    return;
  }
  const double condition = conditionNumber(all.back().of(layer));
  m_summary->setText(tr("%1 measurements, last at step %2").arg(all.size()).arg(all.back().step) +
                     (std::isnan(condition) ? QString() : tr(" · condition %1").arg(condition, 0, 'g', 3)));
  m_summary->setToolTip(tr("Condition number of the Gram matrix: how far the tasks pull unequally."));
}

QString ConflictPanel::csv() const {
  QString table = csvRow({QStringLiteral("step"), QStringLiteral("time"), QStringLiteral("layer"), QStringLiteral("a"),
                          QStringLiteral("b"), QStringLiteral("cosine"), QStringLiteral("magnitude_similarity")});
  if (!m_series) return table;
  const auto& tasks = m_series->conflictTasks();
  const auto& layers = m_series->conflictLayers();
  for (const auto& measurement : m_series->conflicts())
    for (int layer = -1; layer < static_cast<int>(layers.size()); ++layer)
      for (std::size_t i = 0; i < tasks.size(); ++i)
        for (std::size_t j = i + 1; j < tasks.size(); ++j)
          table +=
              csvRow({QString::number(measurement.step), csvNumber(measurement.time),
                      layer < 0 ? QStringLiteral("*") : QString::fromStdString(layers[static_cast<std::size_t>(layer)]),
                      QString::fromStdString(tasks[i]), QString::fromStdString(tasks[j]),
                      csvNumber(cosine(measurement.of(layer), i, j)),
                      csvNumber(magnitudeSimilarity(measurement.of(layer), i, j))});
  return table;
}

Result<void> ConflictPanel::exportTo(const QString& path) {
  if (QFileInfo(path).suffix().compare(QLatin1String("csv"), Qt::CaseInsensitive) == 0) return saveText(path, csv());
  const QSize half(520, 440), whole(2 * half.width(), 2 * half.height());
  return savePicture(path, whole, [&](QPainter& painter, const QSize&) {
    auto& own = static_cast<QCPPainter&>(painter);
    own.setMode(QCPPainter::pmVectorized);
    own.setMode(QCPPainter::pmNoCaching);
    m_heatmap->paint(painter, half);
    painter.translate(half.width(), 0);
    m_layers->toPainter(&own, half.width(), half.height());
    painter.translate(-half.width(), half.height());
    m_history->toPainter(&own, whole.width(), half.height());
  });
}

}  // namespace lorkd::plot
