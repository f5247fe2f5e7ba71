#include "core/data/UnnamedColumns.h"

#include <algorithm>
#include <charconv>
#include <set>

#include "core/data/layout/PictureColumns.h"

namespace lorkd::data {
namespace {

constexpr std::size_t kMostPictureRows = std::size_t(1) << 22, kMostUnnamedClasses = 64;

bool namesPlace(const std::string& cell, const layout::PicturePlaces& places, const layout::PictureHints& hints) {
  if (cell.find_first_of("./\\") == cell.npos) return false;
  if (const auto file = places.find(cell, hints); file && places.isPicture(*file)) return true;
  return !places.below(cell, hints).empty();
}

/// Whether values are codes of classes: 0 to n or 1 to n. Ages and measures leave gaps.
bool areCodes(const std::set<std::string>& values) {
  std::set<long> numbers;
  for (const auto& value : values) {
    long number = 0;
    const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
    if (error != std::errc() || end != value.data() + value.size()) return false;
    numbers.insert(number);
  }
  return (*numbers.begin() == 0 || *numbers.begin() == 1) &&
         *numbers.rbegin() - *numbers.begin() + 1 == std::ssize(numbers);
}

/// What a column is called by its cells; empty where they do not say it.
std::string nameOfColumn(const io::Csv& csv, std::size_t column) {
  std::set<std::string> values;
  bool splits = true, words = true;
  for (const auto& row : csv.rows) {
    const auto value = layout::normalised(row[column]);
    if (value.empty() || value.find_first_of("/\\") != value.npos) return {};
    if (values.size() <= kMostUnnamedClasses) values.insert(value);
    splits &= !layout::splitOfCell(value).empty();
    words &= value.find_first_of("0123456789") == value.npos;
  }
  if (splits) return "split";
  const bool shared = values.size() > 1 && values.size() <= kMostUnnamedClasses && 2 * values.size() <= csv.rows.size();
  return shared && (words || areCodes(values)) ? "label" : "";
}

/// Rows of folders as rows of their pictures.
Result<void> openFolders(io::Csv& csv, std::size_t column, const layout::PicturePlaces& places,
                         const layout::PictureHints& hints) {
  std::vector<io::Csv::Row> rows;
  for (auto& row : csv.rows) {
    auto pictures = places.below(row[column], hints);
    std::erase_if(pictures, [&](const auto& file) { return !places.isPicture(file); });
    if (rows.size() + std::max<std::size_t>(pictures.size(), 1) > kMostPictureRows)
      return fail(ErrorCode::Unsupported,
                  "the folders of the table hold too many pictures, one by one and in each other",
                  "name pictures, or each folder once");
    for (const auto& picture : pictures) {
      rows.push_back(row);
      rows.back().cells[column] = picture.lexically_relative(places.root()).generic_string();
    }
    if (pictures.empty()) rows.push_back(std::move(row));
  }
  csv.rows = std::move(rows);
  return {};
}

}  // namespace

Result<std::string> nameColumns(io::Csv& csv, const layout::PicturePlaces& places, const layout::PictureHints& hints) {
  const auto there = [&](const std::string& cell) { return namesPlace(cell, places, hints); };
  const auto first = std::ranges::find_if(csv.header, there);
  if (first == csv.header.end() || csv.header.size() > 2 || std::ranges::count_if(csv.header, there) > 1) return "";
  const auto files = static_cast<std::size_t>(first - csv.header.begin());
  auto named = csv;
  named.rows.insert(named.rows.begin(), {1, csv.header});
  named.header[files] = "filename";
  if (csv.header.size() == 2) {
    const auto other = nameOfColumn(named, 1 - files);
    if (other.empty()) return "";
    named.header[1 - files] = other;
  }
  LORKD_CHECK(openFolders(named, files, places, hints));
  csv = std::move(named);
  return csv.header.size() == 2 ? csv.header[0] + " and " + csv.header[1] : csv.header[0];
}

}  // namespace lorkd::data
