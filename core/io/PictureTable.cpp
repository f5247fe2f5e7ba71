// Tables that name pictures and their labels.
#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "core/base/File.h"
#include "core/io/Csv.h"
#include "core/io/FileKind.h"
#include "core/io/Images2D.h"
#include "core/io/Limits.h"
#include "core/io/PicturePlaces.h"

namespace lorkd::io {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMostColumns = 1000, kMostClasses = 10000, kMostOfOther = 64;

struct Columns {
  std::size_t file = 0, split = 0, patient = 0;
  std::vector<std::size_t> named, others;  // that are called labels; that may be labels
};

Columns columnsOf(const Csv& csv) {
  Columns out;
  out.file =
      csv.column({"filename", "file", "file_name", "filepath", "file_path", "image", "image_path", "image_file",
                  "image_name", "imagename", "path", "img", "img_path", "image index", "image_index", "image_id"});
  out.split = csv.column({"split", "set", "subset", "fold", "partition"});
  out.patient = csv.column({"patient", "patient_id", "patientid", "patient id", "subject", "subject_id", "subjectid"});
  static const std::set<std::string> kLabels{"label",   "labels",         "class",          "classes",  "class_name",
                                             "target",  "targets",        "diagnosis",      "category", "dx",
                                             "finding", "finding labels", "finding_labels", "findings"};
  for (std::size_t n = 0; n < csv.header.size(); ++n) {
    if (n == out.file || n == out.split || n == out.patient || csv.header[n].empty()) continue;
    (kLabels.contains(lowered(csv.header[n])) ? out.named : out.others).push_back(n);
  }
  return out;
}

// As the set's other writers would have written it; empty where nothing is known.
std::string normalised(const std::string& cell) {
  const auto small = lowered(cell);
  if (small == "nan" || small == "na" || small == "n/a" || small == "null" || small == "?") return {};
  // Whole numbers of a column with gaps come as 1.0 from many programs.
  const auto point = cell.find('.');
  if (point == cell.npos || point == 0 || cell.find_first_not_of('0', point + 1) != cell.npos) return cell;
  long number = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + point, number);
  return error == std::errc() && end == cell.data() + point ? std::to_string(number) : cell;
}

std::string splitOf(const std::string& word) {
  const auto small = lowered(word);
  for (const char* split : {"train", "val", "test"})
    if (small.starts_with(split)) return split;
  return small == "dev" ? "val" : "";
}

// The split that the name of a table says, as in "RadImageNet_train.csv".
std::string splitOfName(const fs::path& file) {
  const auto name = lowered(file.stem().string());
  for (const char* split : {"train", "val", "test"})
    if (const auto at = name.rfind(split);
        at != name.npos && (at == 0 || !std::isalpha(static_cast<unsigned char>(name[at - 1]))))
      return split;
  return {};
}

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

class TableReader {
 public:
  explicit TableReader(const fs::path& folder) : m_folder(folder), m_places(folder) {}

  Result<void> take(const fs::path& file) {
    LORKD_TRY(bytes, readFile(file, kMostTableBytes));
    auto parsed = parseCsv(bytes);
    if (!parsed) return fail(parsed.error(), file.string());
    const auto& csv = *parsed;
    const auto columns = columnsOf(csv);
    if (columns.file == csv.header.size() || csv.header.size() > kMostColumns)
      return fail(ErrorCode::Format, "the first line names no column of files, or too many columns",
                  "start the file with a line such as: filename,label", file.string());
    std::vector<std::pair<std::size_t, Group*>> labels;
    for (const auto* list : {&columns.named, &columns.others})
      for (const auto n : *list)
        if (list == &columns.named || mayBeLabels(csv, n))
          labels.emplace_back(n, &group(csv.header[n], list == &columns.named));
    for (const auto& row : csv.rows) {
      const auto picture = pictureOf(row[columns.file]);
      if (!picture) continue;
      auto& example = m_set.examples[*picture];
      if (example.patient.empty()) example.patient = normalised(row[columns.patient]);
      const auto& said = row[columns.split];
      const auto split = said.empty() ? splitOfName(file) : splitOf(said);
      if (!said.empty() && split.empty()) m_unknownSplit.add(said);
      if (example.split.empty()) example.split = split;
      for (const auto& [n, column] : labels) takeCell(*column, *picture, normalised(row[n]));
    }
    return {};
  }

  Result<PictureSet> finish() {
    LORKD_CHECK(makeClasses());
    std::map<std::string, std::set<std::string>> splits;
    Count unlabelled, torn;
    for (const auto& example : m_set.examples) {
      if (example.labels.empty()) unlabelled.add(example.id);
      if (!example.patient.empty() && !example.split.empty()) splits[example.patient].insert(example.split);
    }
    for (const auto& example : m_set.examples)
      if (auto& in = splits[example.patient]; in.size() > 1) torn.add(example.id), in.clear();
    std::erase_if(m_set.examples, [](const auto& example) { return example.labels.empty(); });
    using enum Finding::Severity;
    m_missing.tell(m_set, Warning, "picture-missing", "file(s) of the table are not there, or more than once");
    m_outside.tell(m_set, Warning, "picture-outside", "file(s) of the table lie outside its folder");
    m_wrongKind.tell(m_set, Warning, "picture-kind", "file(s) of the table are of no kind that can be read");
    m_duplicate.tell(m_set, Note, "duplicate-picture", "file(s) stand in several rows, and are used once");
    m_conflict.tell(m_set, Warning, "label-conflict", "label(s) are left out, because rows contradict each other");
    m_unknownSplit.tell(m_set, Warning, "unknown-split", "row(s) name a split that is not train, val or test");
    unlabelled.tell(m_set, Note, "unlabelled-picture", "picture(s) have no label in any column");
    torn.tell(m_set, Warning, "patient-in-splits", "patient(s) have pictures in several splits, for example");
    return std::move(m_set);
  }

 private:
  // The number of the picture that a row names.
  std::optional<std::size_t> pictureOf(const std::string& name) {
    const auto nothing = [&](Count& why) {
      why.add(name.empty() ? "(blank)" : name);
      return std::nullopt;
    };
    if (PicturePlaces::leadsOut(name)) return nothing(m_outside);
    const auto file = m_places.find(name);
    if (!file) return nothing(m_missing);
    const auto [known, added] = m_numbers.emplace(*file, m_set.examples.size());
    if (!added) {
      m_duplicate.add(name);
      return known->second;
    }
    if (!isPicture(*file)) {
      m_numbers.erase(known);
      return nothing(m_wrongKind);
    }
    auto& example = m_set.examples.emplace_back();
    example.file = *file;
    example.id = file->lexically_relative(m_folder).string();
    return known->second;
  }

  void takeCell(Group& column, std::size_t picture, const std::string& value) {
    if (value.empty()) return;
    column.several |= value.find('|') != value.npos;
    const auto [known, added] = column.cells.emplace(picture, value);
    if (added || known->second == value) return;
    if (!known->second.empty()) m_conflict.add(m_set.examples[picture].id + " (" + column.name + ")");
    known->second.clear();
  }

  // Ages, dates and names do not repeat themselves as classes do.
  static bool mayBeLabels(const Csv& csv, std::size_t column) {
    std::set<std::string> values;
    std::size_t filled = 0;
    for (const auto& row : csv.rows) {
      const auto value = normalised(row[column]);
      if (value.empty()) continue;
      ++filled;
      values.insert(value);
      if (values.size() > kMostOfOther) return false;
    }
    return values.size() > 1 && values.size() < filled;
  }

  Group& group(const std::string& name, bool named) {
    for (auto& known : m_groups)
      if (lowered(known->name) == lowered(name)) return *known;
    m_groups.push_back(std::make_unique<Group>());
    m_groups.back()->name = name;
    m_groups.back()->named = named;
    return *m_groups.back();
  }

  Result<void> makeClasses() {
    const auto called = std::ranges::count_if(m_groups, [](const auto& g) { return g->named; });
    for (const auto& column : m_groups) {
      const bool plain = m_groups.size() == 1 || (called == 1 && column->named);
      std::set<std::string> values;
      for (const auto& [picture, cell] : column->cells) {
        if (column->several)
          for (auto& finding : findingsIn(cell)) values.insert(std::move(finding));
        else if (!cell.empty())
          values.insert(cell);
      }
      if (values.size() > (column->several ? kMostColumns : kMostClasses))
        return fail(ErrorCode::InvalidArgument,
                    "the column '" + column->name + "' has " + std::to_string(values.size()) + " different labels",
                    "is it one? call it otherwise if it is none", m_folder.string());
      addClasses(*column, plain ? "" : column->name + "=", {values.begin(), values.end()});
    }
    return {};
  }

  void addClasses(const Group& column, const std::string& prefix, std::vector<std::string> values) {
    const auto number = [](const std::string& text) {
      long value = 0;
      const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
      return error == std::errc() && end == text.data() + text.size() ? std::optional(value) : std::nullopt;
    };
    if (std::ranges::all_of(values, [&](const auto& value) { return number(value).has_value(); }))
      std::ranges::sort(values, {}, number);
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

  fs::path m_folder;
  PicturePlaces m_places;
  PictureSet m_set;
  std::map<fs::path, std::size_t> m_numbers;
  std::vector<std::unique_ptr<Group>> m_groups;
  Count m_missing, m_outside, m_wrongKind, m_duplicate, m_conflict, m_unknownSplit;
};

}  // namespace

bool isPictureTable(const fs::path& file) {
  const auto name = lowered(file.filename().string());
  if (!name.ends_with(".csv") && !name.ends_with(".tsv")) return false;
  const auto csv = parseCsv(readHead(file, 1 << 16));
  if (!csv) return false;
  const auto columns = columnsOf(*csv);
  return columns.file < csv->header.size() && !(columns.named.empty() && columns.others.empty());
}

Result<PictureSet> readPictureTables(const std::vector<fs::path>& files) {
  if (files.empty()) return fail(ErrorCode::InvalidArgument, "no table is named");
  TableReader reader(files.front().parent_path());
  for (const auto& file : files) LORKD_CHECK(reader.take(file));
  LORKD_TRY(set, reader.finish());
  if (!set.examples.empty()) return std::move(set);
  return fail(ErrorCode::InvalidArgument, "no picture of the table is there with a label",
              "file names are looked for beside the table, and labels in columns such as label, class or target",
              files.front().string() + (set.findings.empty() ? "" : " (" + set.findings.front().message + ")"));
}

}  // namespace lorkd::io
