#include "core/io/Csv.h"

#include <algorithm>
#include <cctype>

#include "core/base/File.h"
#include "core/io/FileKind.h"
#include "core/io/Limits.h"

namespace lorkd::io {
namespace {

std::string trimmed(std::string_view text) {
  constexpr std::string_view kBlanks(" \t\r\n\v\f\0", 7);
  const auto first = text.find_first_not_of(kBlanks);
  return first == text.npos ? "" : std::string(text.substr(first, text.find_last_not_of(kBlanks) - first + 1));
}

// One row from `at` on, which is moved behind it; quoted cells may hold separators, line ends and doubled quotes.
std::vector<std::string> nextRow(std::string_view text, std::size_t& at, char separator) {
  std::vector<std::string> cells;
  std::string cell;
  bool quoted = false;
  for (; at < text.size(); ++at) {
    const char c = text[at];
    if (quoted) {
      if (c != '"')
        cell += c;
      else if (at + 1 < text.size() && text[at + 1] == '"')
        cell += text[++at];
      else
        quoted = false;
    } else if (c == '"' && trimmed(cell).empty()) {
      quoted = true;
    } else if (c == separator) {
      if (cells.size() > kMostCells) break;  // too many: the rest is of no interest
      cells.push_back(trimmed(cell));
      cell.clear();
    } else if (c == '\n' || (c == '\r' && text.substr(at, 2) != "\r\n")) {
      ++at;
      break;
    } else {
      cell += c;
    }
  }
  cells.push_back(trimmed(cell));
  return cells;
}

}  // namespace

const std::string& Csv::Row::operator[](std::size_t column) const {
  static const std::string none;
  return column < cells.size() ? cells[column] : none;
}

std::size_t Csv::column(std::initializer_list<std::string_view> names) const {
  for (const auto name : names)
    for (std::size_t n = 0; n < header.size(); ++n)
      if (lowered(header[n]) == name) return n;
  return header.size();
}

Result<Csv> parseCsv(std::string_view text) {
  if (text.starts_with("\xef\xbb\xbf")) text.remove_prefix(3);
  Csv csv;
  const auto first = text.substr(0, text.find_first_of("\r\n"));
  if (const auto found = first.find_first_of(",;\t"); found != first.npos) csv.separator = first[found];
  std::size_t line = 1, cellsLeft = kMostCells;
  for (std::size_t at = 0; at < text.size();) {
    const auto begin = at;
    auto cells = nextRow(text, at, csv.separator);
    if (cells.size() > cellsLeft)
      return fail(ErrorCode::Unsupported, "the table has more than " + grouped(kMostCells) + " cells",
                  "cut it into parts");
    cellsLeft -= cells.size();
    const bool blank = std::ranges::all_of(cells, &std::string::empty);
    if (begin == 0)
      csv.header = std::move(cells);
    else if (!blank)
      csv.rows.push_back({line, std::move(cells)});
    line += static_cast<std::size_t>(std::ranges::count(text.substr(begin, at - begin), '\n'));
  }
  return csv;
}

Result<Csv> readCsv(const std::filesystem::path& file) {
  LORKD_TRY(bytes, readFile(file, kMostTableBytes));
  auto parsed = parseCsv(bytes);
  if (!parsed) return fail(parsed.error(), file.string());
  return parsed;
}

bool isTable(const std::filesystem::path& file) {
  const auto name = lowered(file.filename().string());
  if (!name.ends_with(".csv") && !name.ends_with(".tsv")) return false;
  const auto head = readHead(file, 4096);
  return !head.empty() && head.find('\0') == head.npos;
}

std::string lowered(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace lorkd::io
