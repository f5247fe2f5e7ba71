#include "core/data/layout/PictureColumns.h"

#include <algorithm>
#include <charconv>
#include <map>
#include <set>

#include "core/data/layout/Words.h"

namespace lorkd::data::layout {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kMostOfOther = 64, kFewRows = 10;

/// Position among names in order of preference; their number where it is none of them.
std::size_t rankOf(const std::string& plain, std::initializer_list<std::string_view> names) {
  return static_cast<std::size_t>(std::ranges::find(names, plain) - names.begin());
}

std::size_t fileRank(const std::string& plain) {
  return rankOf(plain, {"filename",      "file",      "filepath", "image",       "imagepath",     "imagefile",
                        "imagefilepath", "imagename", "path",     "img",         "imgpath",       "imgname",
                        "imageindex",    "imageid",   "imgid",    "imagefileid", "picture",       "picturename",
                        "photo",         "idcode",    "dicomid",  "dicompath",   "sopinstanceuid"});
}
constexpr std::size_t kFileNames = 23;

/// What the cells of a column are.
struct Cells {
  std::set<std::string> values;  // not many more than count
  std::size_t filled = 0;
  bool many = false, numbers = true, whole = true, dates = true, paths = true;
};

Cells cellsOf(const io::Csv& csv, std::size_t column) {
  Cells out;
  constexpr std::size_t kMostKept = 20000;
  for (const auto& row : csv.rows) {
    const auto value = normalised(row[column]);
    if (value.empty()) continue;
    ++out.filled;
    if (out.values.size() < kMostKept) out.values.insert(value);
    double number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    out.numbers = out.numbers && error == std::errc() && end == value.data() + value.size();
    out.whole = out.whole && value.find_first_not_of("+-0123456789") == value.npos;
    out.dates =
        out.dates && value.size() >= 8 &&
        std::ranges::count_if(value, [](char c) { return c == '-' || c == '/' || c == ':' || c == '.'; }) >= 2 &&
        std::isdigit(static_cast<unsigned char>(value.front()));
    out.paths = out.paths && value.find_first_of("/\\") != value.npos && value.find('.') != value.npos;
  }
  out.many = out.values.size() > 2 &&
             (out.filled >= kFewRows ? 2 * out.values.size() > out.filled : out.values.size() >= out.filled);
  return out;
}

/// Why the cells of a column are no labels, or empty.
std::string notByContent(const io::Csv& csv, std::size_t column, bool named) {
  const auto cells = cellsOf(csv, column);
  constexpr std::size_t kMostNumbers = 20, kMostFractions = 10;
  if (cells.values.empty()) return "nothing in it";
  if (named) return cells.values.size() > kMostOfOther && cells.many ? "nearly every picture has its own" : "";
  if (cells.values.size() < 2) return "the same everywhere";
  if (cells.dates) return "a time";
  if (cells.paths) return "a path";
  if (cells.many || cells.values.size() > kMostOfOther) return "too many different values";
  if (cells.numbers && cells.values.size() > (cells.whole ? kMostNumbers : kMostFractions)) return "a measure";
  return {};
}

/// How many pictures a column names, of as many rows as are enough to tell.
std::size_t picturesIn(const io::Csv& csv, std::size_t column, const PicturePlaces& places, PictureHints hints,
                       std::size_t& looked) {
  constexpr std::size_t kEnough = 1000;
  std::set<fs::path> found;
  looked = 0;
  const auto step = std::max<std::size_t>(1, csv.rows.size() / kEnough);
  for (std::size_t n = 0; n < csv.rows.size(); n += step) {
    const auto& cell = csv.rows[n][column];
    if (cell.empty()) continue;
    ++looked;
    hints.words = &csv.rows[n].cells;
    if (auto file = places.find(cell, hints); file && places.isPicture(*file)) found.insert(std::move(*file));
  }
  return found.size();
}

void findFiles(const io::Csv& csv, const PicturePlaces& places, const PictureHints& hints, PictureColumns& out) {
  const auto none = csv.header.size();
  std::size_t most = 0, bestRank = kFileNames + 1;
  std::vector<std::pair<std::size_t, std::size_t>> by;  // pictures, column: of those not called so
  for (std::size_t n = 0; n < none; ++n) {
    const auto& header = csv.header[n];
    // "ROI mask file path", "cropped image file path"
    if (folderWords(header).kind == Role::Labels || io::lowered(header).find("crop") != header.npos) continue;
    const auto rank = fileRank(plainName(header));
    if (rank < kFileNames) out.called = true;
    std::size_t looked = 0;
    const auto found = picturesIn(csv, n, places, hints, looked);
    if (found == 0) continue;
    if (rank < kFileNames) {
      if (found > most || (found == most && rank < bestRank)) out.file = n, most = found, bestRank = rank;
    } else if (2 * found >= looked || 2 * found >= places.pictures()) {
      by.emplace_back(found, n);
    }
  }
  if (out.file < none || by.empty()) return;
  std::ranges::sort(by, std::greater());
  out.file = by.front().second;
  // Ages and grades may be called as pictures are, "7": they are fewer.
  if (by.size() < 2 || 2 * by[1].first < by[0].first) return;
  const auto &a = csv.header[by[0].second], &b = csv.header[by[1].second];
  for (const auto& row : csv.rows) {
    auto own = hints;
    own.words = &row.cells;
    if (places.find(row[by[0].second], own) == places.find(row[by[1].second], own)) continue;
    out.others = "the columns '" + a + "' and '" + b + "' both name pictures that lie there";
    return;
  }
}

}  // namespace

std::string normalised(const std::string& cell) {
  const auto small = io::lowered(cell);
  if (small == "nan" || small == "na" || small == "n/a" || small == "null" || small == "?") return {};
  // Whole numbers of a column with gaps come as 1.0 from many programs.
  const auto point = cell.find('.');
  if (point == cell.npos || point == 0 || cell.find_first_not_of('0', point + 1) != cell.npos) return cell;
  long number = 0;
  const auto [end, error] = std::from_chars(cell.data(), cell.data() + point, number);
  return error == std::errc() && end == cell.data() + point ? std::to_string(number) : cell;
}

std::string splitOfCell(const std::string& word) {
  const auto small = io::lowered(word);
  for (const char* split : {"train", "val", "test"})
    if (small.starts_with(split)) return split;
  return small == "dev" ? "val" : "";
}

std::string splitOfTable(const fs::path& file) {
  const auto name = io::lowered(file.stem().string());
  for (const char* split : {"train", "val", "test"})
    if (const auto at = name.rfind(split);
        at != name.npos && (at == 0 || !std::isalpha(static_cast<unsigned char>(name[at - 1]))))
      return split;
  return {};
}

std::string PictureColumns::partOf(const io::Csv::Row& row) const {
  if (row[split].empty() && !flags.empty()) {
    std::optional<std::string> rest;
    for (const auto& [column, part] : flags) {
      const auto yes = yesOrNo(row[column]);
      if (yes && *yes) return part;
      if (yes) rest = part == "train" ? "test" : rest.value_or("train");
    }
    return rest.value_or("");
  }
  return splitOfCell(row[split]);
}

PictureColumns pictureColumns(const io::Csv& csv, const PicturePlaces& places, const PictureHints& hints) {
  static const std::set<std::string> kLabels{"label",   "labels",   "class",         "classes",      "classname",
                                             "target",  "targets",  "diagnosis",     "category",     "dx",
                                             "finding", "findings", "findinglabels", "findinglabel", "pathology",
                                             "disease", "diseases", "condition",     "groundtruth",  "diagnostic"};
  PictureColumns out;
  const auto none = csv.header.size();
  out.file = out.split = out.patient = none;
  for (const auto& header : csv.header) {
    const auto file = header.find_first_of("./\\") == header.npos ? std::nullopt : places.find(header, hints);
    out.headless |= file && places.isPicture(*file);
  }
  findFiles(csv, places, hints, out);
  std::size_t best = none;
  for (std::size_t n = 0; n < none; ++n) {
    const auto rank = patientRank(csv.header[n]);
    if (rank) out.keys.push_back(n);
    if (rank && (out.patient == none || *rank < best)) best = *rank, out.patient = n;
    if (out.split == none && isSplitName(csv.header[n]) &&
        std::ranges::any_of(csv.rows, [&](const auto& row) { return !splitOfCell(row[n]).empty(); }))
      out.split = n;
    if (const auto part = flaggedPart(csv.header[n]); part && std::ranges::all_of(csv.rows, [&](const auto& row) {
                                                        return row[n].empty() || yesOrNo(row[n]).has_value();
                                                      }))
      out.flags.emplace_back(n, *part);
  }
  const auto isFlag = [&](std::size_t n) {
    return std::ranges::any_of(out.flags, [&](const auto& flag) { return flag.first == n; });
  };
  for (std::size_t n = 0; n < none; ++n) {
    const auto& header = csv.header[n];
    if (n == out.file || n == out.split || n == out.patient || isFlag(n) || header.empty()) continue;
    const bool named = kLabels.contains(plainName(header));
    auto why = named ? std::string() : notByName(header);
    if (why.empty()) why = notByContent(csv, n, named);
    if (!why.empty())
      out.left.emplace_back(n, why);
    else
      (named ? out.named : out.labels).push_back(n);
  }
  // "Group" is the diagnosis in ADNI's tables and others, where nothing else is one: AD, MCI, CN.
  if (out.named.empty() && out.labels.empty())
    for (std::size_t n = 0; n < none; ++n) {
      if (!isGroupName(csv.header[n]) || cellsOf(csv, n).numbers || !notByContent(csv, n, false).empty()) continue;
      out.labels.push_back(n);
      std::erase_if(out.left, [&](const auto& left) { return left.first == n; });
      break;
    }
  return out;
}

}  // namespace lorkd::data::layout
