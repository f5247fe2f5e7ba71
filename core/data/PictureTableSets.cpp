// Which tables of pictures make one set, and which cannot be used.
#include <algorithm>
#include <map>
#include <set>

#include "core/data/OpenTable.h"
#include "core/data/PictureTable.h"

namespace lorkd::data {
namespace fs = std::filesystem;
namespace {

/// Whether a table without files speaks of what another has in its columns.
bool joins(const OpenTable& table, const OpenTable& files) {
  std::vector<std::size_t> own, there;
  for (const auto& [a, b] : sharedKeys(table, files)) own.push_back(a), there.push_back(b);
  if (own.empty()) return false;
  std::set<std::string> known;
  for (const auto& row : files.csv.rows) known.insert(rowKey(row, there));
  known.erase("");
  const auto hits =
      std::ranges::count_if(table.csv.rows, [&](const auto& r) { return known.contains(rowKey(r, own)); });
  return hits > 0 && (2 * hits >= std::ssize(table.csv.rows) || 2 * hits >= std::ssize(known));
}

}  // namespace

TableSets setsOfTables(const std::vector<fs::path>& files, const layout::PicturePlaces& places, bool byContent) {
  TableSets out;
  struct Entry {
    OpenTable table;
    std::set<fs::path> pictures;
    std::size_t set;
  };
  std::vector<Entry> entries;
  std::vector<OpenTable> others;
  for (const auto& file : files) {
    auto table = openTable(file, places);
    if (!table) {
      out.faults.emplace_back(file, table.error());  // it may well speak of the pictures
      continue;
    }
    if (const auto fit = checkTable(*table); !fit)
      out.faults.emplace_back(file, fit.error());
    else if (table->named(table->columns.file) && (byContent || table->columns.called))
      entries.push_back({std::move(*table), {}, entries.size()});
    else
      others.push_back(std::move(*table));
  }
  for (auto& entry : entries)
    for (const auto& row : entry.table.csv.rows) {
      auto hints = entry.table.hints;
      hints.words = &row.cells;
      if (auto file = places.find(row[entry.table.columns.file], hints)) entry.pictures.insert(std::move(*file));
    }
  const auto sameSet = [&](const Entry& a, const Entry& b) {
    if (std::ranges::any_of(a.pictures, [&](const auto& picture) { return b.pictures.contains(picture); })) return true;
    if (layout::splitOfTable(a.table.file).empty() || layout::splitOfTable(b.table.file).empty()) return false;
    const auto low = [](std::vector<std::string> header) {
      for (auto& name : header) name = layout::plainName(name);
      return header;
    };
    return a.table.file.parent_path() == b.table.file.parent_path() ||
           low(a.table.csv.header) == low(b.table.csv.header);
  };
  for (std::size_t b = 0; b < entries.size(); ++b)
    for (std::size_t a = 0; a < b; ++a)
      if (entries[a].set != entries[b].set && sameSet(entries[a], entries[b]))
        for (auto& entry : entries)
          if (entry.set == entries[b].set) entry.set = entries[a].set;
  std::map<std::size_t, std::vector<const OpenTable*>> sets;
  for (const auto& entry : entries) sets[entry.set].push_back(&entry.table);
  for (const auto& other : others) {
    bool joined = false;
    for (auto& [number, tables] : sets)
      if (!joined && other.hasLabels() &&
          std::ranges::any_of(tables, [&](const auto* table) { return joins(other, *table); }))
        tables.push_back(&other), joined = true;
    if (joined) continue;
    if (other.columns.called && other.hasLabels() && places.pictures() > 0)
      out.faults.emplace_back(
          other.file, fail(ErrorCode::NotFound, "none of the pictures that the table names is in the scanned folder",
                           "choose the folder that holds both, correct the names, or take the table away",
                           other.file.string() + (other.csv.rows.empty() ? "" : " (" + other.csv.rows.front()[0] + ")"))
                          .error());
    else
      out.strangers.push_back(other.file);
  }
  for (const auto& [number, tables] : sets) {
    std::vector<fs::path> own;
    for (const auto* table : tables) own.push_back(table->file);
    std::ranges::sort(own);
    if (std::ranges::any_of(tables, [](const auto* table) { return table->hasLabels(); })) {
      out.sets.push_back(std::move(own));
      continue;
    }
    const auto& columns = tables.front()->columns;
    const auto left = leftText(*tables.front());
    const std::string what =
        "the table names pictures, but none of its columns holds labels" + (left.empty() ? "" : ": " + left);
    const bool meant = std::ranges::any_of(
        columns.left, [&](const auto& one) { return one.second == "nearly every picture has its own"; });
    if (meant)
      out.faults.emplace_back(own.front(), fail(ErrorCode::InvalidArgument, what,
                                                "give it a column of labels that pictures share", own.front().string())
                                               .error());
    else
      out.told.emplace_back(own.front(), io::Finding{io::Finding::Severity::Note, "picture-table",
                                                     what + "; a column called 'label' always gives some"});
  }
  return out;
}

}  // namespace lorkd::data
