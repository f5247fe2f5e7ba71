#include "app/workbench/wizard/RowsModel.h"

namespace lorkd::workbench {
namespace {

// What an index remembers: nothing for a row at the top, else one more than its parent's number.
constexpr quintptr kTop = 0;

}  // namespace

void RowsModel::setRows(std::vector<Row> rows) {
  beginResetModel();
  m_rows = std::move(rows);
  endResetModel();
}

const Row& RowsModel::at(const QModelIndex& index) const {
  const auto row = static_cast<std::size_t>(index.row());
  return index.internalId() == kTop ? m_rows[row] : m_rows[index.internalId() - 1].below[row];
}

QModelIndex RowsModel::index(int row, int column, const QModelIndex& parent) const {
  if (!hasIndex(row, column, parent)) return {};
  return createIndex(row, column, parent.isValid() ? static_cast<quintptr>(parent.row()) + 1 : kTop);
}

QModelIndex RowsModel::parent(const QModelIndex& child) const {
  if (!child.isValid() || child.internalId() == kTop) return {};
  return createIndex(static_cast<int>(child.internalId() - 1), 0, kTop);
}

int RowsModel::rowCount(const QModelIndex& parent) const {
  if (!parent.isValid()) return static_cast<int>(m_rows.size());
  return parent.column() == 0 && parent.internalId() == kTop ? static_cast<int>(at(parent).below.size()) : 0;
}

QVariant RowsModel::data(const QModelIndex& index, int role) const {
  if (!index.isValid()) return {};
  const auto& row = at(index);
  if (role == Qt::DisplayRole) return row.cells.value(index.column());
  if (role == Qt::DecorationRole && index.column() == 0 && !row.picture.isNull()) return row.picture;
  if (role == Qt::ToolTipRole) {
    const auto tip = row.tips.value(index.column());
    return tip.isEmpty() ? QVariant() : tip;
  }
  return {};
}

QVariant RowsModel::headerData(int section, Qt::Orientation orientation, int role) const {
  return orientation == Qt::Horizontal && role == Qt::DisplayRole ? m_titles.value(section) : QVariant();
}

}  // namespace lorkd::workbench
