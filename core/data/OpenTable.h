// A table as it is looked at for pictures: its cells, and what its columns are. Inside this room only.
#pragma once

#include <string>
#include <utility>
#include <vector>

#include "core/data/layout/PictureColumns.h"
#include "core/io/Csv.h"

namespace lorkd::data {

struct OpenTable {
  std::filesystem::path file;
  io::Csv csv;
  layout::PictureColumns columns;
  layout::PictureHints hints;
  std::string unnamed;  ///< the names that were given to the columns of a table without any, in words; else empty
  /// Whether there is such a column.
  bool named(std::size_t column) const { return column < csv.header.size(); }
  bool hasLabels() const { return !columns.named.empty() || !columns.labels.empty(); }
};

/// Errors: those of io::readCsv() and nameColumns(); Format (too many columns).
Result<OpenTable> openTable(const std::filesystem::path& file, const layout::PicturePlaces& places);
/// Errors: Format, where it names pictures, but not so that it is clear which and how.
Result<void> checkTable(const OpenTable& table);
/// The columns that are no labels, each with the reason.
std::string leftText(const OpenTable& table);

/// The columns by which a table speaks of another's people or studies, as pairs: its own, the other's.
std::vector<std::pair<std::size_t, std::size_t>> sharedKeys(const OpenTable& table, const OpenTable& other);
/// What a row says in these columns; empty where it leaves one of them blank.
std::string rowKey(const io::Csv::Row& row, const std::vector<std::size_t>& columns);

}  // namespace lorkd::data
