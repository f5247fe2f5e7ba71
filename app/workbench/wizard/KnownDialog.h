// What the labels of each source speak of, which of several answers counts, and which channels the network sees.
#pragma once

#include <QDialog>

#include "core/data/Case.h"
#include "widgets/form/PlanModel.h"

class QComboBox;
class QTableWidget;
class QVBoxLayout;

namespace lorkd::workbench {

/// Writes data.sources.NAME.annotates and .answers, and data.inputs, when it is accepted.
class KnownDialog : public QDialog {
  Q_OBJECT
 public:
  KnownDialog(form::PlanModel* model, const std::vector<data::Case>& cases, QWidget* parent = nullptr);
  void accept() override;

 private:
  void addMatrix(QVBoxLayout* layout, const std::vector<data::Case>& cases);
  void addAnswers(QVBoxLayout* layout);
  void addChannels(QVBoxLayout* layout, const std::vector<data::Case>& cases);
  form::PlanModel* m_model;
  std::vector<std::string> m_sources, m_structures;
  std::vector<int> m_contested;  ///< structures of each source that have several answers
  QTableWidget* m_matrix = nullptr;
  std::vector<std::pair<std::string, QComboBox*>> m_answers;  ///< by source
  QTableWidget* m_channels = nullptr;
};

/// The channels of the images, by name, each with how many images have it; in the order in which images have them.
std::vector<std::pair<std::string, int>> channelsOf(const std::vector<data::Case>& cases);

}  // namespace lorkd::workbench
