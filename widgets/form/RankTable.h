// Ranks per task with what they cost, counted as one types.
#pragma once

#include <QTableWidget>
#include <vector>

#include "core/nn/FactorShape.h"
#include "widgets/form/PlanModel.h"

namespace lorkd::form {

/// What the engine says of a plan's networks (the answer of `lorkd plan`).
struct NetworkSizes {
  std::vector<nn::AdaptedLayer> layers;
  std::vector<std::int64_t> experts;  ///< fused parameters per task
  std::int64_t teacher = 0;
  static NetworkSizes fromJson(const Json& answer);
};

/// The task's factor parameters in a layer, by the plan: its rank there, or the rule's.
std::int64_t factorParameters(const nn::AdaptedLayer& layer, const plan::Task& task, std::int64_t decoderFactor);

/// One plain sentence each, empty if there is nothing to say: experts that are no smaller than the teacher, and ranks
/// whose factors have more parameters than the weights that they stand beside, of all adapted layers or of some.
QString studentWarning(const NetworkSizes& sizes);
QString rankWarning(const NetworkSizes& sizes, const plan::Named<plan::Task>& tasks, std::int64_t decoderFactor);

/// Rows: tasks; columns: task, rank, factor parameters, fused expert, share of the teacher.
class RankTable : public QTableWidget {
  Q_OBJECT
 public:
  enum Column { TaskColumn, RankColumn, FactorsColumn, ExpertColumn, ShareColumn };
  explicit RankTable(PlanModel* model, QWidget* parent = nullptr);
  void setSizes(NetworkSizes sizes);
  /// Forgets the sizes: those of the network that is asked for now are not known.
  void forgetSizes();
  /// Factor parameters of a task at its present ranks, all adapted layers.
  std::int64_t factorParameters(int task) const { return m_factors.value(task); }
  const NetworkSizes& sizes() const { return m_sizes; }

 Q_SIGNALS:
  /// A rank, or the sizes, changed: the counts are new.
  void countsChanged();

 private:
  void rebuild();
  void recount();
  PlanModel* m_model;
  NetworkSizes m_sizes;
  bool m_counting = true;
  QList<std::int64_t> m_factors;  ///< parameters by task
};

}  // namespace lorkd::form
