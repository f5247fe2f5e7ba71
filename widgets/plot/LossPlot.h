// Losses or metrics of one or several runs: a panel a task, or all tasks in one.
#pragma once

#include <QWidget>
#include <memory>
#include <vector>

#include "widgets/plot/CurveControls.h"
#include "widgets/plot/RunSeries.h"

namespace lorkd::plot {

/// What a LossPlot draws of a run: training losses on mini-batches, or validation metrics on whole cases.
enum class Subject { Losses, Metrics };

/// A task's name and colour (plan::taskColor), in the plan's order.
struct TaskLook {
  QString name;
  QColor color;
};

/// Draws RunSeries; call refresh() after they grew. The series must outlive the plot or be removed.
class LossPlot : public QWidget {
  Q_OBJECT
 public:
  explicit LossPlot(Subject subject, QWidget* parent = nullptr);

  /// Adds a run; the first one is the main one and is drawn in the tasks' own colours, later ones in shades of them.
  void addRun(const QString& name, const std::vector<TaskLook>& tasks, std::shared_ptr<const RunSeries> series);
  /// Removes every run.
  void clear();
  /// Draws what is new.
  void refresh();

  CurvePlot* plot() const { return m_plot; }
  CurveControls* controls() const { return m_controls; }

 private:
  struct Run {
    QString name;
    std::vector<TaskLook> tasks;
    std::shared_ptr<const RunSeries> series;
    std::uint64_t generation = 0;
  };
  /// A drawn curve and where its numbers come from.
  struct Link {
    std::size_t run;
    std::string task;  ///< empty: the run's own sum or mean
    std::size_t drawn = 0;
    int curve = -1;
  };
  const plan::Named<SeriesByName>& values(const Run& run) const;
  const Series* seriesOf(const Link& link) const;
  std::vector<TaskLook> allTasks() const;
  void updateQuantities();
  void rebuild();
  void drawNew();
  QColor shade(const QColor& color, std::size_t run) const;

  Subject m_subject;
  std::vector<Run> m_runs;
  std::vector<Link> m_links;
  std::vector<double> m_origins;
  CurvePlot* m_plot;
  CurveControls* m_controls;
};

}  // namespace lorkd::plot
