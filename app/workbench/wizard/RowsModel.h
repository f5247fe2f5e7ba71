// Thousands of rows for a tree view: made elsewhere, shown at once, without an object for each.
#pragma once

#include <QAbstractItemModel>
#include <QImage>
#include <QStringList>
#include <vector>

namespace lorkd::workbench {

/// A row, and the rows below it (which have none below them).
struct Row {
  QStringList cells;
  QStringList tips{};  ///< tooltips by column; may be shorter
  QImage picture{};    ///< in the first column
  bool open = false;   ///< to be expanded at the beginning
  std::vector<Row> below{};
};

/// How many rows a column's width is made of, or are looked at one by one: those of many thousand would be felt.
constexpr std::size_t kMeasuredRows = 100;

class RowsModel : public QAbstractItemModel {
  Q_OBJECT
 public:
  RowsModel(const QStringList& titles, QObject* parent) : QAbstractItemModel(parent), m_titles(titles) {}
  void setRows(std::vector<Row> rows);
  const std::vector<Row>& rows() const { return m_rows; }

  QModelIndex index(int row, int column, const QModelIndex& parent = {}) const override;
  QModelIndex parent(const QModelIndex& child) const override;
  int rowCount(const QModelIndex& parent = {}) const override;
  int columnCount(const QModelIndex& = {}) const override { return static_cast<int>(m_titles.size()); }
  QVariant data(const QModelIndex& index, int role = Qt::DisplayRole) const override;
  QVariant headerData(int section, Qt::Orientation orientation, int role = Qt::DisplayRole) const override;

 private:
  const Row& at(const QModelIndex& index) const;
  QStringList m_titles;
  std::vector<Row> m_rows;
};

}  // namespace lorkd::workbench
