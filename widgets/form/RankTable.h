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

/// Rows: tasks; columns: task, rank, factor parameters, fused expert, share of the teacher.
class RankTable : public QTableWidget {
  Q_OBJECT
 public:
  enum Column { TaskColumn, RankColumn, FactorsColumn, ExpertColumn, ShareColumn };
  explicit RankTable(PlanModel* model, QWidget* parent = nullptr);
  void setSizes(NetworkSizes sizes);
  /// Factor parameters of a task at its present rank, all adapted layers.
  std::int64_t factorParameters(int task) const;

 Q_SIGNALS:
  /// A rank, or the sizes, changed: the counts are new.
  void countsChanged();

 private:
  void rebuild();
  void recount();
  PlanModel* m_model;
  NetworkSizes m_sizes;
};

}  // namespace lorkd::form
