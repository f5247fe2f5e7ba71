// Shows proposed tasks before anything is changed: what would be made, and what fits nowhere.
#pragma once

#include <QDialog>

#include "widgets/form/Proposal.h"

class QCheckBox;
class QComboBox;
class QLabel;
class QPushButton;
class QRadioButton;
class QTreeWidget;

namespace lorkd::form {

class ProposalDialog : public QDialog {
  Q_OBJECT
 public:
  /// With `others`, tasks that are there already, it asks whether these are to stay.
  ProposalDialog(std::vector<Proposal> proposals, const DataLabels* data, bool others, QWidget* parent = nullptr);

  /// The tasks that were left ticked.
  Json tasks() const;
  bool replaces() const;

 private:
  void showProposal();
  const Json& shown() const;

  std::vector<Proposal> m_proposals;
  const DataLabels* m_data;
  QComboBox* m_basis;
  QTreeWidget* m_tree;
  QLabel *m_left, *m_missing;
  QCheckBox* m_keep;
  QRadioButton* m_replace;
  QPushButton* m_use;
};

}  // namespace lorkd::form
