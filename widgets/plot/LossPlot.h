// Losses or metrics of one or several runs: a panel a task or class, or all in one.
#pragma once

#include <QWidget>
#include <memory>
#include <vector>

#include "core/run/RunSeries.h"
#include "widgets/plot/CurveControls.h"

namespace lorkd::plot {

/// What a LossPlot draws of a run: training losses on mini-batches, or validation metrics on whole cases.
enum class Subject { Losses, Metrics };

/// A task's name and colour (plan::taskColor), in the plan's order, and those of its classes.
struct TaskLook {
  QString name;
  QColor color;
  std::vector<TaskLook> classes{};
};

/// Draws run::RunSeries; call refresh() after they grew. The series must outlive the plot or be removed.
class LossPlot : public QWidget {
  Q_OBJECT
 public:
  explicit LossPlot(Subject subject, QWidget* parent = nullptr);

  /// Adds a run. Colours tell tasks apart and dashes runs; the first one is solid. Of several runs only the smoothed
  /// lines are drawn.
  void addRun(const QString& name, const std::vector<TaskLook>& tasks, std::shared_ptr<const run::RunSeries> series);
  /// Removes every run.
  void clear();
  /// Draws what is new.
  void refresh();
  /// Whose values these are and how they were taken, in a few words.
  void setNote(const QString& whose);

  CurvePlot* plot() const { return m_plot; }
  CurveControls* controls() const { return m_controls; }

 private:
  struct Run {
    QString name;
    std::vector<TaskLook> tasks;
    std::shared_ptr<const run::RunSeries> series;
    std::uint64_t generation = 0;
  };
  /// What a colour stands for: a task, one of its classes, or (no task) the run's own sum or mean.
  struct Row {
    std::string task, cls;
    QString title;
    QColor color;
  };
  /// A drawn curve and where its numbers come from.
  struct Link {
    std::size_t run;
    std::string task, cls;
    std::size_t drawn = 0;
    int curve = -1;
  };
  const plan::Named<run::SeriesByName>& values(const Run& run) const;
  const run::Series* seriesOf(const Link& link) const;
  std::vector<TaskLook> allTasks() const;
  std::vector<Row> rows() const;
  void updateQuantities();
  void updateScopes();
  void rebuild();
  void addRow(const Row& row, int panel, std::vector<KeyEntry>& runs, std::vector<KeyEntry>& names);
  void drawNew();

  Subject m_subject;
  std::vector<Run> m_runs;
  std::vector<Link> m_links;
  CurvePlot* m_plot;
  CurveControls* m_controls;
};

}  // namespace lorkd::plot
