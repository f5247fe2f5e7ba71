// The labels of the data as a table to filter and choose from.
#pragma once

#include <QIcon>
#include <QTreeWidget>
#include <set>

#include "widgets/form/DataLabels.h"

class QCheckBox;
class QLabel;
class QLineEdit;
class QToolButton;

namespace lorkd::form {

/// What a label of the data is used for.
struct LabelUse {
  QStringList places;  ///< of its classes: "thorax › lungs"
  QIcon look;          ///< of the first of them, as it is drawn everywhere
};

class LabelTable : public QWidget {
  Q_OBJECT
 public:
  explicit LabelTable(QWidget* parent = nullptr);
  void setData(const DataLabels* data);
  /// Which labels a class is made of already, by folded name.
  void setUsed(std::map<std::string, LabelUse> used);

  /// Those chosen, in the order of the table.
  std::vector<const LabelInfo*> chosen() const;
  QTreeWidget* list() const { return m_list; }

 Q_SIGNALS:
  /// A double click, or Enter.
  void activated();

 protected:
  bool eventFilter(QObject* watched, QEvent* event) override;

 private:
  void fill();
  void filter();
  void showUse();
  void showCount();
  const LabelInfo* infoOf(const QTreeWidgetItem* item) const;

  const DataLabels* m_data = nullptr;
  std::map<std::string, LabelUse> m_used;
  QLineEdit* m_text;
  QToolButton* m_regular;
  QCheckBox* m_unused;
  QTreeWidget* m_list;
  QLabel *m_fault, *m_count;
};

}  // namespace lorkd::form
