#include "core/io/Csv.h"

#include <algorithm>
#include <cctype>

#include "core/base/File.h"
#include "core/io/FileKind.h"
#include "core/io/Limits.h"
#include "core/io/Utf16.h"

namespace lorkd::io {
namespace {

std::string trimmed(std::string_view text) {
  constexpr std::string_view kBlanks(" \t\r\n\v\f\0", 7);
  const auto first = text.find_first_not_of(kBlanks);
  return first == text.npos ? "" : std::string(text.substr(first, text.find_last_not_of(kBlanks) - first + 1));
}

/// Ends of lines of all kinds: \n, \r\n, and \r alone.
std::size_t lineEnds(std::string_view text) {
  std::size_t ends = 0;
  for (std::size_t n = 0; n < text.size(); ++n)
    ends += text[n] == '\n' || (text[n] == '\r' && text.substr(n, 2) != "\r\n");
  return ends;
}

/// Takes rows from the front of a text; quoted cells may hold separators, line ends and doubled quotes.
class Rows {
 public:
  Rows(std::string_view text, char separator, std::size_t line) : m_text(text), m_separator(separator), m_line(line) {}

  bool end() const { return m_at >= m_text.size(); }
  /// The line that the next row begins in.
  std::size_t line() const { return m_line; }

  Result<std::vector<std::string>> next() {
    const auto begin = m_at;
    std::vector<std::string> cells;
    std::string cell;
    for (; !end(); ++m_at) {
      const char c = m_text[m_at];
      if (c == '"' && trimmed(cell).empty()) {
        LORKD_CHECK(takeQuoted(begin, cell));
      } else if (c == m_separator) {
        if (cells.size() > kMostCells) break;  // too many: the rest is of no interest
        cells.push_back(trimmed(cell));
        cell.clear();
      } else if (c == '\n' || (c == '\r' && m_text.substr(m_at, 2) != "\r\n")) {
        ++m_at;
        break;
      } else {
        cell += c;
      }
    }
    cells.push_back(trimmed(cell));
    m_line += lineEnds(m_text.substr(begin, m_at - begin));
    return cells;
  }

 private:
  /// From an opening quote to its closing one.
  Result<void> takeQuoted(std::size_t begin, std::string& cell) {
    const auto open = m_at++;
    for (; !end(); ++m_at) {
      if (m_text[m_at] != '"')
        cell += m_text[m_at];
      else if (m_text.substr(m_at, 2) == "\"\"")
        cell += m_text[++m_at];
      else
        break;
    }
    const auto quoted = m_text.substr(open, m_at - open);
    const auto after = m_text.substr(std::min(m_at + 1, m_text.size()));
    const auto follows = after.find_first_not_of(m_separator == '\t' ? " " : " \t");
    // Over the end of a line two single quotes, such as signs of inches, would swallow all rows between them.
    const bool ends = !end() && (lineEnds(quoted) == 0 || follows == after.npos || after[follows] == m_separator ||
                                 after[follows] == '\r' || after[follows] == '\n');
    if (ends) return {};
    const auto line = m_line + lineEnds(m_text.substr(begin, open - begin));
    return fail(ErrorCode::Format, "a quote (\") that begins a cell is not closed",
                "close it behind the cell; a quote that belongs to the text is written twice, within quotes",
                "line " + std::to_string(line));
  }

  std::string_view m_text;
  char m_separator;
  std::size_t m_line, m_at = 0;
};

std::string_view firstLine(std::string_view text) { return text.substr(0, text.find_first_of("\r\n")); }

/// The separator that the line of names uses first, outside of quotes.
char separatorOf(std::string_view names) {
  bool quoted = false;
  for (const char c : names) {
    if (c == '"') quoted = !quoted;
    if (!quoted && (c == ',' || c == ';' || c == '\t')) return c;
  }
  return ',';
}

bool isEmpty(const std::string& cell) { return cell.empty(); }

void dropEmptyEnd(std::vector<std::string>& cells) {
  while (!cells.empty() && cells.back().empty()) cells.pop_back();
}

Result<Csv> parseUtf8(std::string_view text) {
  Csv csv;
  std::size_t line = 1, cellsLeft = kMostCells;
  csv.separator = separatorOf(firstLine(text));
  // What spreadsheets are told the separator by.
  if (const auto said = firstLine(text); said.size() == 5 && lowered(std::string(said)).starts_with("sep=")) {
    csv.separator = said[4];
    text.remove_prefix(said.size());
    text.remove_prefix(std::min<std::size_t>(text.size(), text.starts_with("\r\n") ? 2 : 1));
    ++line;
  }
  std::size_t longest = 0;
  bool first = true;
  for (Rows rows(text, csv.separator, line); !rows.end(); first = false) {
    line = rows.line();
    LORKD_TRY(cells, rows.next());
    if (cells.size() > cellsLeft)
      return fail(ErrorCode::Unsupported, "the table has more than " + grouped(kMostCells) + " cells",
                  "cut it into parts");
    cellsLeft -= cells.size();
    if (first) {
      csv.header = std::move(cells);
    } else if (!std::ranges::all_of(cells, isEmpty)) {
      dropEmptyEnd(cells);
      longest = std::max(longest, cells.size());
      csv.rows.push_back({line, std::move(cells)});
    }
  }
  // Spreadsheets write a thousand columns of nothing.
  while (csv.header.size() > longest && csv.header.back().empty()) csv.header.pop_back();
  return csv;
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
  if (!isUtf16(text)) return parseUtf8(text.starts_with("\xef\xbb\xbf") ? text.substr(3) : text);
  LORKD_TRY(converted, utf8Of(text));
  return parseUtf8(converted);
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
  return !head.empty() && (isUtf16(head) || head.find('\0') == head.npos);
}

std::filesystem::path pathOfCell(std::string cell) {
  std::ranges::replace(cell, '\\', '/');
  return cell;
}

std::string lowered(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

}  // namespace lorkd::io
