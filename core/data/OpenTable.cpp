#include "core/data/OpenTable.h"

#include "core/data/UnnamedColumns.h"

namespace lorkd::data {
namespace fs = std::filesystem;

using layout::normalised, layout::plainName;

Result<OpenTable> openTable(const fs::path& file, const layout::PicturePlaces& places) {
  OpenTable out;
  out.file = file;
  LORKD_TRY(csv, io::readCsv(file));
  out.csv = std::move(csv);
  constexpr std::size_t kMostColumns = 1000;
  if (out.csv.header.size() > kMostColumns)
    return fail(ErrorCode::Format, "the table has more than " + std::to_string(kMostColumns) + " columns",
                "leave those that are not needed out", file.string());
  out.hints = {file.parent_path(), nullptr, layout::splitOfTable(file)};
  if (out.hints.split == "val") out.hints.split = "validation";
  auto unnamed = nameColumns(out.csv, places, out.hints);
  if (!unnamed) return fail(unnamed.error(), file.string());
  out.unnamed = std::move(*unnamed);
  out.columns = layout::pictureColumns(out.csv, places, out.hints);
  return out;
}

std::string leftText(const OpenTable& table) {
  std::string out;
  for (std::size_t n = 0; n < table.columns.left.size() && n < 12; ++n) {
    const auto& [column, why] = table.columns.left[n];
    out += (n ? ", " : "") + table.csv.header[column].substr(0, 60) + " (" + why + ")";
  }
  return out + (table.columns.left.size() > 12 ? ", ..." : "");
}

Result<void> checkTable(const OpenTable& table) {
  const std::string hint = "begin the table with a line such as: filename,label";
  if (table.columns.headless)
    return fail(ErrorCode::Format, "the first line of the table is no line of names: it names a picture", hint,
                table.file.string());
  if (!table.columns.others.empty())
    return fail(ErrorCode::Format, table.columns.others, "call the one that counts 'filename'", table.file.string());
  return {};
}

std::vector<std::pair<std::size_t, std::size_t>> sharedKeys(const OpenTable& table, const OpenTable& other) {
  std::vector<std::pair<std::size_t, std::size_t>> out;
  for (const auto own : table.columns.keys)
    for (const auto there : other.columns.keys)
      if (plainName(table.csv.header[own]) == plainName(other.csv.header[there])) out.emplace_back(own, there);
  return out;
}

std::string rowKey(const io::Csv::Row& row, const std::vector<std::size_t>& columns) {
  std::string out;
  for (const auto column : columns) {
    const auto value = normalised(row[column]);
    if (value.empty()) return {};
    out += value + "\n";
  }
  return out;
}

}  // namespace lorkd::data
