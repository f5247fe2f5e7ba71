
#include "core/data/PictureTable.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <memory>
#include <set>
#include <unordered_map>

#include "core/base/Composed.h"
#include "core/data/OpenTable.h"
#include "core/image/Label.h"

namespace lorkd::data {
namespace fs = std::filesystem;
namespace {

using io::Finding, io::PictureSet;
using layout::normalised;

constexpr std::size_t kMostColumns = 1000, kMostTableClasses = 10000;

// Something counted, with the first that it happened to.
struct Count {
  std::size_t number = 0;
  std::string first;
  void add(const std::string& name) {
    if (++number <= 3) first += (first.empty() ? "" : ", ") + name.substr(0, 100);
  }
  void tell(PictureSet& set, Finding::Severity severity, const char* code, const std::string& what) const {
    if (number == 0) return;
    set.findings.push_back(
        {severity, code, std::to_string(number) + " " + what + ": " + first + (number > 3 ? ", ..." : "")});
  }
};

// A column of labels: what it says of each picture, by the picture's number.
struct Group {
  std::string name;
  bool named = false, several = false;  // cells hold several findings
  std::map<std::size_t, std::string> cells;
  Count conflicts;
};

std::vector<std::string> findingsIn(const std::string& cell) {
  std::vector<std::string> out;
  for (std::size_t at = 0; at <= cell.size();) {
    const auto end = std::min(cell.find('|', at), cell.size());
    const auto first = cell.find_first_not_of(' ', at), last = cell.find_last_not_of(' ', end - (end > 0));
    if (first < end && last != cell.npos) out.push_back(cell.substr(first, last - first + 1));
    at = end + 1;
  }
  return out;
}

std::optional<long> wholeNumber(const std::string& text) {
  long value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
}

class TableReader {
 public:
  explicit TableReader(const layout::PicturePlaces& places) : m_places(places) {}

  void take(const OpenTable& table) {
    const auto& columns = table.columns;
    const auto labels = groupsOf(table);
    auto& pictures = m_pictures[&table];
    pictures.resize(table.csv.rows.size());
    for (std::size_t n = 0; n < table.csv.rows.size(); ++n) {
      const auto& row = table.csv.rows[n];
      const auto picture = pictureOf(row, table);
      pictures[n] = picture;
      if (!picture) continue;
      auto& example = m_set.examples[*picture];
      if (example.patient.empty() && table.named(columns.patient))
        example.patient = io::lowered(composed(normalised(row[columns.patient])));
      const auto said = table.named(columns.split) ? row[columns.split] : std::string();
      auto split = columns.partOf(row);
      if (said.empty() && split.empty()) split = layout::splitOfTable(table.file);
      if (!said.empty() && split.empty()) m_unknownSplit.add(said);
      if (example.split.empty()) example.split = split;
      for (const auto& [column, group] : labels) takeCell(*group, *picture, normalised(row[column]));
    }
  }

  /// What a table says of people or studies goes to all of their pictures.
  void join(const OpenTable& table, const OpenTable& files) {
    std::vector<std::size_t> own, there;
    for (const auto& [a, b] : sharedKeys(table, files)) own.push_back(a), there.push_back(b);
    std::unordered_map<std::string, std::vector<std::size_t>> known;
    for (std::size_t n = 0; n < files.csv.rows.size(); ++n)
      if (const auto picture = m_pictures[&files][n])
        if (auto key = rowKey(files.csv.rows[n], there); !key.empty()) known[std::move(key)].push_back(*picture);
    const auto labels = groupsOf(table);
    for (const auto& row : table.csv.rows)
      if (const auto found = known.find(rowKey(row, own)); found != known.end())
        for (const auto picture : found->second)
          for (const auto& [column, group] : labels) takeCell(*group, picture, normalised(row[column]));
  }

  Result<PictureSet> finish(const fs::path& file) {
    LORKD_CHECK(makeClasses(file));
    Count unlabelled;
    for (const auto& example : m_set.examples)
      if (example.labels.empty()) unlabelled.add(example.id);
    std::erase_if(m_set.examples, [](const auto& example) { return example.labels.empty(); });
    using enum Finding::Severity;
    m_missing.tell(m_set, Warning, "picture-missing", "file(s) of the table are not there, or more than once");
    m_outside.tell(m_set, Warning, "picture-outside", "file(s) of the table lie outside its folder");
    m_wrongKind.tell(m_set, Warning, "picture-kind", "file(s) of the table are of no kind that can be read");
    m_duplicate.tell(m_set, Note, "duplicate-picture", "picture(s) stand in several rows, and are used once");
    for (const auto& group : m_groups)
      group->conflicts.tell(m_set, Warning, "label-conflict",
                            "picture(s) have rows with different values in the column '" + group->name +
                                "', and are left out of it, since a picture has one label a column");
    m_unknownSplit.tell(m_set, Warning, "unknown-split", "row(s) name a split that is not train, val or test");
    m_alike.tell(m_set, Warning, "class-names-alike",
                 "name(s) of classes differ from others in letter case alone, and are taken for the same");
    unlabelled.tell(m_set, Note, "unlabelled-picture", "picture(s) have no label in any column");
    return std::move(m_set);
  }

 private:
  // The number of the picture that a row names.
  std::optional<std::size_t> pictureOf(const io::Csv::Row& row, const OpenTable& table) {
    const auto& name = row[table.columns.file];
    const auto nothing = [&](Count& why) {
      why.add(name.empty() ? "(blank)" : name);
      return std::nullopt;
    };
    if (layout::PicturePlaces::leadsOut(name)) return nothing(m_outside);
    auto hints = table.hints;
    hints.words = &row.cells;
    const auto file = m_places.find(name, hints);
    if (!file) return nothing(m_missing);
    const auto [known, added] = m_numbers.emplace(*file, m_set.examples.size());
    if (!added) {
      // Several tables of a set may speak of one picture.
      if (m_of[known->second] == &table && m_twice.insert(known->second).second) m_duplicate.add(name);
      return known->second;
    }
    if (!m_places.isPicture(*file)) {
      m_numbers.erase(known);
      return nothing(m_wrongKind);
    }
    auto& example = m_set.examples.emplace_back();
    example.file = *file;
    example.id = file->lexically_relative(m_places.root()).generic_string();
    m_of.push_back(&table);
    return known->second;
  }

  void takeCell(Group& column, std::size_t picture, const std::string& value) {
    if (value.empty()) return;
    column.several |= value.find('|') != value.npos;
    const auto [known, added] = column.cells.emplace(picture, value);
    if (added || image::sameLabel(known->second, value)) return;
    if (!known->second.empty()) column.conflicts.add(m_set.examples[picture].id);
    known->second.clear();
  }

  std::vector<std::pair<std::size_t, Group*>> groupsOf(const OpenTable& table) {
    std::vector<std::pair<std::size_t, Group*>> out;
    for (const auto n : table.columns.named) out.emplace_back(n, &group(table.csv.header[n], true));
    for (const auto n : table.columns.labels) out.emplace_back(n, &group(table.csv.header[n], false));
    return out;
  }

  Group& group(const std::string& name, bool named) {
    for (auto& known : m_groups)
      if (io::lowered(known->name) == io::lowered(name)) return *known;
    m_groups.push_back(std::make_unique<Group>());
    m_groups.back()->name = name;
    m_groups.back()->named = named;
    return *m_groups.back();
  }

  /// Values that differ in letter case alone are one, as everywhere (image::sameLabel()): as the first is written.
  void respell(Group& column) {
    std::map<std::string, std::string> spelled;
    std::set<std::string> others;
    const auto known = [&](const std::string& value) {
      const auto& first = spelled.try_emplace(image::folded(value), value).first->second;
      if (first != value && others.insert(value).second) m_alike.add(value + " and " + first);
      return first;
    };
    for (auto& [picture, cell] : column.cells) {
      if (!column.several) {
        if (!cell.empty()) cell = known(cell);
        continue;
      }
      std::string again;
      for (const auto& finding : findingsIn(cell)) again += (again.empty() ? "" : "|") + known(finding);
      cell = std::move(again);
    }
  }

  Result<void> makeClasses(const fs::path& file) {
    const auto called = std::ranges::count_if(m_groups, [](const auto& g) { return g->named; });
    for (const auto& column : m_groups) {
      respell(*column);
      std::set<std::string> values;
      for (const auto& [picture, cell] : column->cells) {
        if (column->several)
          for (auto& finding : findingsIn(cell)) values.insert(std::move(finding));
        else if (!cell.empty())
          values.insert(cell);
      }
      if (values.size() > (column->several ? kMostColumns : kMostTableClasses))
        return fail(ErrorCode::InvalidArgument,
                    "the column '" + column->name + "' has " + std::to_string(values.size()) + " different labels",
                    "is it one? call it otherwise if it is none", file.string());
      // "1" alone says nothing of a column that is not called a label.
      const bool words = !std::ranges::all_of(values, [](const auto& value) { return wholeNumber(value).has_value(); });
      const bool plain = column->named ? called == 1 : m_groups.size() == 1 && words;
      addClasses(*column, plain ? "" : column->name + "=", {values.begin(), values.end()});
    }
    return {};
  }

  void addClasses(const Group& column, const std::string& prefix, std::vector<std::string> values) {
    if (std::ranges::all_of(values, [](const auto& value) { return wholeNumber(value).has_value(); }))
      std::ranges::sort(values, {}, wholeNumber);
    const auto first = m_set.classes.size();
    std::map<std::string, int> places;
    for (const auto& value : values) {
      places[value] = static_cast<int>(m_set.classes.size());
      if (column.several) m_set.classes.push_back(value + "=0");
      m_set.classes.push_back(column.several ? value + "=1" : prefix + value);
    }
    if (first == m_set.classes.size()) return;
    for (const auto& [picture, cell] : column.cells) {
      if (cell.empty()) continue;
      auto& labels = m_set.examples[picture].labels;
      if (!column.several) {
        labels.push_back(places.at(cell));
        continue;
      }
      const auto there = findingsIn(cell);
      for (const auto& [finding, place] : places)
        labels.push_back(place + (std::ranges::find(there, finding) != there.end()));
    }
  }

  const layout::PicturePlaces& m_places;
  PictureSet m_set;
  std::map<fs::path, std::size_t> m_numbers;
  std::vector<const OpenTable*> m_of;  // that named each picture first
  std::set<std::size_t> m_twice;
  std::map<const OpenTable*, std::vector<std::optional<std::size_t>>> m_pictures;  // of each row
  std::vector<std::unique_ptr<Group>> m_groups;
  Count m_missing, m_outside, m_wrongKind, m_duplicate, m_unknownSplit, m_alike;
};

/// Which columns give labels, and which do not.
std::string columnsText(const std::vector<OpenTable>& tables) {
  std::set<std::string> labels;
  std::string left;
  for (const auto& table : tables) {
    for (const auto* list : {&table.columns.named, &table.columns.labels})
      for (const auto n : *list) labels.insert(table.csv.header[n].substr(0, 60));
    if (const auto own = leftText(table); !own.empty() && left.find(own) == left.npos)
      left += (left.empty() ? "" : ", ") + own;
  }
  std::string out;
  for (const auto& label : labels) out += (out.empty() ? "labels come from the columns " : ", ") + label;
  return out +
         (left.empty() ? "" : "; no labels are taken from: " + left + "; a column called 'label' always gives some");
}

}  // namespace

Result<PictureSet> readPictureTables(const std::vector<fs::path>& files, const layout::PicturePlaces& places) {
  if (files.empty()) return fail(ErrorCode::InvalidArgument, "no table is named");
  std::vector<OpenTable> tables;
  for (const auto& file : files) {
    LORKD_TRY(table, openTable(file, places));
    LORKD_CHECK(checkTable(table));
    tables.push_back(std::move(table));
  }
  return readOpenTables(tables, places);
}

Result<PictureSet> readOpenTables(const std::vector<OpenTable>& tables, const layout::PicturePlaces& places) {
  TableReader reader(places);
  const OpenTable* first = nullptr;
  for (const auto& table : tables)
    if (table.named(table.columns.file)) {
      reader.take(table);
      if (!first) first = &table;
    }
  if (!first)
    return fail(ErrorCode::Format, "no column names pictures that are in the folder",
                "start the file with a line such as: filename,label", tables.front().file.string());
  for (const auto& table : tables) {
    if (table.named(table.columns.file)) continue;
    const auto* with = first;
    for (const auto& other : tables)
      if (other.named(other.columns.file) && sharedKeys(table, other).size() > sharedKeys(table, *with).size())
        with = &other;
    reader.join(table, *with);
  }
  LORKD_TRY(set, reader.finish(first->file));
  if (set.examples.empty())
    return fail(ErrorCode::InvalidArgument, "no picture of the table is there with a label",
                "file names are looked for in the scanned folder, and labels in columns such as label, class or target",
                first->file.string() + (set.findings.empty() ? "" : " (" + set.findings.front().message + ")"));
  if (auto text = columnsText(tables); !text.empty())
    set.findings.push_back({Finding::Severity::Note, "label-columns", std::move(text)});
  for (const auto& table : tables)
    if (!table.unnamed.empty())
      set.findings.push_back({Finding::Severity::Note, "no-header",
                              table.file.filename().string() +
                                  " has no first line of names: its columns are taken as " + table.unnamed +
                                  "; a first line says otherwise"});
  return std::move(set);
}

}  // namespace lorkd::data
