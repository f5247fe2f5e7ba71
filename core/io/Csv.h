// Tables as text: comma, semicolon or tab between cells, quotes as RFC 4180 says.
#pragma once

#include <filesystem>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/Error.h"

namespace lorkd::io {

/// The rows of a table, blank lines and empty cells at the end of lines left out. The separator is the one that the
/// first line uses first, or names ("sep=;"); a byte order mark, blanks around cells and all kinds of line end (CR, LF,
/// both) are taken away.
struct Csv {
  struct Row {
    std::size_t line = 0;  ///< where it begins in the file, from 1
    std::vector<std::string> cells;
    /// The cell of a column; empty where the row is shorter.
    const std::string& operator[](std::size_t column) const;
  };
  std::vector<std::string> header;
  std::vector<Row> rows;
  char separator = ',';

  /// The first column named so, whatever its letter case; header.size() where there is none. Earlier names come first.
  std::size_t column(std::initializer_list<std::string_view> names) const;
};

/// The table in a text of UTF-8, or of UTF-16 as spreadsheets save it. Errors, naming the line: Format (a quote that
/// begins a cell is not closed, or only far below, within another cell); Unsupported (more cells than Limits.h says);
/// those of utf8Of().
Result<Csv> parseCsv(std::string_view text);

/// The table of a file. Errors: those of readFile() and parseCsv(), naming the file.
Result<Csv> readCsv(const std::filesystem::path& file);

/// Whether the file is called as tables are, .csv or .tsv, and holds text.
bool isTable(const std::filesystem::path& file);

/// A path as a cell has it, with \ as Windows writes it made /.
std::filesystem::path pathOfCell(std::string cell);

/// Letters A to Z made small.
std::string lowered(std::string text);

}  // namespace lorkd::io
