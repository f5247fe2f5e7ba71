// Labels of whole volumes, from tables and folders.
#include <algorithm>
#include <map>
#include <optional>
#include <unordered_map>

#include "core/data/OpenTable.h"
#include "core/data/Pairing.h"
#include "core/data/PictureTable.h"
#include "core/data/layout/PictureFolders.h"
#include "core/data/layout/Words.h"
#include "core/io/VolumeFile.h"

namespace lorkd::data {
namespace fs = std::filesystem;
namespace {

using Severity = io::Finding::Severity;

/// What a table may call an image by: the more certain first, of equal ones the longer.
struct CalledBy {
  int certainty = 0;  ///< 0: nothing else can be meant
  std::string name;   ///< small letters
};

bool hasNumber(const std::string& text) {
  return std::ranges::any_of(text, [](unsigned char c) { return std::isdigit(c); });
}

/// Parts of a name between its separators, alone and joined, that hold a number: "sub-01", "01", "01_ses-2", ...
void addParts(const std::string& text, int certainty, std::vector<CalledBy>& out) {
  constexpr std::size_t most = 12;
  std::vector<std::size_t> from{0}, to;
  for (std::size_t n = 0; n < text.size(); ++n)
    if (std::string_view("_-. ").contains(text[n])) to.push_back(n), from.push_back(n + 1);
  to.push_back(text.size());
  if (from.size() > most) return;
  for (std::size_t a = 0; a < from.size(); ++a)
    for (std::size_t b = a; b < to.size(); ++b)
      if (auto part = text.substr(from[a], to[b] - from[a]); part.size() > 1 && hasNumber(part))
        out.push_back({certainty, std::move(part)});
}

std::vector<CalledBy> calledBy(const Case& c, const fs::path& folder, const io::Series* series) {
  std::vector<CalledBy> out;
  const auto add = [&](int certainty, const std::string& name) {
    if (!name.empty()) out.push_back({certainty, io::lowered(name)});
  };
  if (series) {
    add(0, series->seriesUid);
    add(1, series->studyUid);
    add(1, series->patientId);
  }
  const auto relative = c.imageFiles.front().lexically_relative(folder);
  for (const auto& file : c.kind == "volume" ? c.imageFiles : std::vector<fs::path>()) {
    const auto place = file.lexically_relative(folder);
    add(0, place.generic_string());
    add(0, place.filename().string());
    add(0, layout::stemOf(place));
  }
  add(0, relative.parent_path().generic_string());
  for (const auto& part : relative.parent_path())
    if (hasNumber(part.string())) add(1, part.string());
  if (c.kind == "volume") addParts(io::lowered(layout::stemOf(relative)), 2, out);
  for (const auto& part : relative.parent_path()) addParts(io::lowered(part.string()), 3, out);
  std::ranges::stable_sort(out, [](const auto& a, const auto& b) {
    return a.certainty != b.certainty ? a.certainty < b.certainty : a.name.size() > b.name.size();
  });
  return out;
}

using RowsByName = std::unordered_map<std::string, std::vector<std::size_t>>;

/// The rows of each image, by the column that names most of them.
struct Matched {
  std::size_t column = 0, images = 0;
  int certainty = 0;          ///< the sum of what the images are called by: less is better
  std::size_t different = 0;  ///< values that name some
  std::vector<const std::vector<std::size_t>*> rows;
  RowsByName byName{};
};

Matched matchColumn(const io::Csv& csv, std::size_t column, const std::vector<std::vector<CalledBy>>& names) {
  Matched out{column, 0, 0, 0, {}};
  for (std::size_t n = 0; n < csv.rows.size(); ++n)
    if (auto value = io::lowered(layout::normalised(csv.rows[n][column])); !value.empty())
      out.byName[std::move(value)].push_back(n);
  std::set<const std::vector<std::size_t>*> different;
  for (const auto& own : names) {
    const std::vector<std::size_t>* rows = nullptr;
    for (const auto& [certainty, name] : own)
      if (const auto at = out.byName.find(name); at != out.byName.end()) {
        rows = &at->second;
        ++out.images, out.certainty += certainty;
        different.insert(rows);
        break;
      }
    out.rows.push_back(rows);
  }
  out.different = different.size();
  const bool enough = 2 * out.images >= names.size() || 2 * different.size() >= out.byName.size();
  if (!enough || (different.size() < 2 && names.size() > 1)) out.images = 0;
  return out;
}

std::string imageNumber(std::size_t image) { return "image#" + std::to_string(image); }

/// Whether the cells of a column are files.
bool namesFiles(const io::Csv& csv, std::size_t column) {
  return std::ranges::any_of(csv.rows, [&](const auto& row) { return io::isVolumeFile(row[column]); });
}

/// The table with a row for each image that it speaks of; nothing where it speaks of none, or has no labels.
std::optional<OpenTable> speaksOf(const fs::path& file, const std::vector<std::vector<CalledBy>>& names,
                                  const layout::PicturePlaces& places) {
  constexpr std::size_t mostColumns = 1000;
  const auto csv = io::readCsv(file);
  if (!csv || csv->header.size() > mostColumns) return std::nullopt;
  std::optional<Matched> best;
  for (std::size_t n = 0; n < csv->header.size(); ++n) {
    auto own = matchColumn(*csv, n, names);
    if (own.images == 0) continue;
    // Of a column of images and one of their patients the former tells more.
    const auto better = [&] {
      if (own.images != best->images) return own.images > best->images;
      if (own.different != best->different) return own.different > best->different;
      return own.certainty < best->certainty;
    };
    if (!best || better()) best = std::move(own);
  }
  if (!best) return std::nullopt;
  OpenTable out;
  out.file = file;
  out.csv.header = csv->header;
  out.csv.header.insert(out.csv.header.begin(), "filename");
  for (std::size_t image = 0; image < names.size(); ++image)
    for (const auto row : best->rows[image] ? *best->rows[image] : std::vector<std::size_t>()) {
      auto& own = out.csv.rows.emplace_back(csv->rows[row]);
      own.cells.resize(csv->header.size());
      own.cells.insert(own.cells.begin(), imageNumber(image));
    }
  out.hints = {file.parent_path(), nullptr, layout::splitOfTable(file)};
  out.columns = layout::pictureColumns(out.csv, places, out.hints);
  out.columns.file = 0;
  for (auto* list : {&out.columns.named, &out.columns.labels})
    std::erase_if(*list, [&](auto n) { return n == best->column + 1 || n == 0 || namesFiles(out.csv, n); });
  return out.hasLabels() ? std::optional(std::move(out)) : std::nullopt;
}

/// Makes images that a table gives one patient one patient's; what is one's by its name stays so.
void joinPatients(const std::vector<std::pair<Case*, std::string>>& said, const std::vector<Case*>& all) {
  std::map<std::string, std::string> ofWord, joined;  // patients by the table's word, and what they are now
  const auto now = [&](std::string patient) {
    for (auto at = joined.find(patient); at != joined.end(); at = joined.find(patient)) patient = at->second;
    return patient;
  };
  for (const auto& [c, word] : said) {
    if (word.empty()) continue;
    const auto own = now(c->patient);
    const auto [at, added] = ofWord.emplace(word, own);
    if (const auto other = now(at->second); !added && other != own) joined[own] = other;
  }
  for (auto* c : all) c->patient = now(c->patient);  // those of whom the table says nothing, too
}

void takeFolders(const std::vector<Case*>& images, const fs::path& folder) {
  constexpr std::size_t fewest = 2;
  std::vector<fs::path> relative;
  for (const auto* c : images) relative.push_back(c->imageFiles.front().lexically_relative(folder));
  const auto said = layout::pictureFolders(relative);
  if (said.classes.empty() || !said.question.empty() || images.size() < fewest * said.classes.size()) return;
  for (std::size_t n = 0; n < images.size(); ++n)
    for (const int cls : said.pictures[n].classes)
      images[n]->imageLabels.push_back(said.classes[static_cast<std::size_t>(cls)]);
}

}  // namespace

Result<void> takeImageLabels(const io::Scan& scan, const fs::path& folder, const std::set<fs::path>& used,
                             const Pseudonym& pseudonym, Pairing& out) {
  std::unordered_map<std::string, const io::Series*> series;
  for (const auto& s : scan.series)
    if (!s.instances.empty()) series[s.instances.front().file.native()] = &s;
  std::vector<Case*> images;
  for (auto& c : out.cases)
    if ((c.kind == "dicom" || c.kind == "volume") && !c.imageFiles.empty()) images.push_back(&c);
  if (images.empty()) return {};
  std::vector<std::vector<CalledBy>> names;
  std::vector<std::string> numbers;
  std::vector<OpenTable> tables;
  std::optional<layout::PicturePlaces> places;
  for (const auto& loose : scan.loose) {
    if (loose.kind != "table" || used.contains(loose.file)) continue;
    for (std::size_t n = names.size(); n < images.size(); ++n) {
      const auto own = series.find(images[n]->imageFiles.front().native());
      names.push_back(calledBy(*images[n], folder, own == series.end() ? nullptr : own->second));
      numbers.push_back(imageNumber(n));
    }
    if (!places) places = layout::PicturePlaces::of(folder, numbers);
    if (auto table = speaksOf(loose.file, names, *places)) tables.push_back(std::move(*table));
  }
  if (tables.empty()) {
    takeFolders(images, folder);
    return {};
  }
  auto set = readOpenTables(tables, *places);
  if (!set) {
    out.findings.emplace_back(tables.front().file, io::Finding{Severity::Warning, "image-labels", set.error().text()});
    return {};
  }
  for (const auto& table : tables) {
    out.understood.insert(table.file);
    // It was looked at for pictures before.
    std::erase_if(out.findings, [&](const auto& f) {
      return f.first == table.file && (f.second.code == "picture-table" || f.second.code == "label-columns");
    });
  }
  std::vector<std::pair<Case*, std::string>> patients;
  for (const auto& example : set->examples) {
    auto& c = *images.at(std::stoul(example.file.filename().string().substr(imageNumber(0).size() - 1)));
    for (const int label : example.labels) c.imageLabels.push_back(set->classes.at(static_cast<std::size_t>(label)));
    if (c.split.empty()) c.split = example.split == "val" ? "validation" : example.split;
    patients.emplace_back(&c, pseudonym(example.patient));
    if (example.patient.empty() || c.kind == "dicom") patients.back().second.clear();
  }
  joinPatients(patients, images);
  for (auto& finding : set->findings)
    if (finding.code == "label-conflict" || finding.code == "unknown-split" || finding.code == "label-columns") {
      for (auto at = finding.message.find("picture"); at != std::string::npos; at = finding.message.find("picture", at))
        finding.message.replace(at, 7, "volume");
      out.findings.emplace_back(tables.front().file, finding);
    }
  out.findings.emplace_back(tables.front().file,
                            io::Finding{Severity::Note, "image-labels",
                                        std::to_string(set->examples.size()) + " of " + std::to_string(images.size()) +
                                            " volumes have labels of the whole image by a table"});
  return {};
}

}  // namespace lorkd::data
