// Structures out of label images, named by a CSV.
#include <algorithm>
#include <charconv>
#include <map>
#include <sstream>

#include "core/base/File.h"
#include "core/io/Csv.h"
#include "core/io/FileKind.h"
#include "core/io/VolumeFile.h"

namespace lorkd::io {
namespace fs = std::filesystem;
namespace {

std::string trimmed(std::string text) {
  const auto notSpace = [](unsigned char c) { return !std::isspace(c) && c != '"'; };
  text.erase(text.begin(), std::find_if(text.begin(), text.end(), notSpace));
  text.erase(std::find_if(text.rbegin(), text.rend(), notSpace).base(), text.end());
  return text;
}

// Names of segments in the header of an NRRD file, as 3D Slicer writes them: Segment0_Name:=liver and so on. Such files
// may hold several layers; those are refused where voxels are read.
std::map<int, std::string> namesInNrrd(const fs::path& file) {
  std::map<int, std::string> names;
  std::string name = lowered(file.filename().string());
  if (!name.ends_with(".nrrd") && !name.ends_with(".nhdr")) return names;
  std::map<std::string, std::pair<std::string, std::string>> segments;  // by number: name, value
  std::istringstream in(readHead(file, 1 << 20));
  // The header ends with an empty line.
  for (std::string line; std::getline(in, line) && !trimmed(line).empty();) {
    const auto split = line.find(":=");
    if (!line.starts_with("Segment") || split == line.npos) continue;
    const auto key = line.substr(0, split), value = trimmed(line.substr(split + 2));
    const auto bar = key.find('_');
    if (bar == key.npos) continue;
    if (key.substr(bar) == "_Name") segments[key.substr(0, bar)].first = value;
    if (key.substr(bar) == "_LabelValue") segments[key.substr(0, bar)].second = value;
  }
  for (const auto& [number, segment] : segments) {
    int value = 0;
    const auto& text = segment.second;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error == std::errc() && value > 0 && value < 65536 && !segment.first.empty()) names[value] = segment.first;
  }
  return names;
}

Result<std::map<int, std::string>> readNames(const fs::path& file) {
  if (auto names = namesInNrrd(file); !names.empty()) return names;
  LORKD_TRY(bytes, readFile(file, std::uintmax_t(1) << 24));
  const auto table = parseCsv(bytes);
  const auto valueColumn = table.column({"value", "label", "index", "id"});
  const auto nameColumn = table.column({"name", "structure", "label_name"});
  if (valueColumn == table.header.size() || nameColumn == table.header.size())
    return fail(ErrorCode::Format, "the first line names no columns 'value' (or 'label') and 'name'",
                "start the file with a line such as: value,name", file.string());
  std::map<int, std::string> names;
  for (const auto& row : table.rows) {
    int value = 0;
    const std::string &text = row[valueColumn], &name = row[nameColumn];
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 0 || value > 65535 || name.empty())
      return fail(ErrorCode::Format, "line " + std::to_string(row.line) + " has no label value (0 to 65535) and name",
                  "", file.string());
    names[value] = name;
  }
  return names;
}

}  // namespace

bool namesItsLabels(const fs::path& file) { return !namesInNrrd(file).empty(); }

Result<image::SegmentSet> segmentsFromLabels(const image::LabelMap& labels, const fs::path& namesFile) {
  std::map<int, std::string> names;
  if (!namesFile.empty()) {
    LORKD_TRY(read, readNames(namesFile));
    names = std::move(read);
  }
  std::vector<std::size_t> counts(65536);
  for (const auto value : labels.voxels) ++counts[value];

  image::SegmentSet set;
  set.geometry = labels.geometry;
  std::vector<int> segmentOf(65536, -1);
  for (int value = 1; value < 65536; ++value) {
    if (counts[static_cast<std::size_t>(value)] == 0) continue;
    segmentOf[static_cast<std::size_t>(value)] = static_cast<int>(set.segments.size());
    auto& segment = set.segments.emplace_back();
    segment.name = names.contains(value) ? names[value] : std::to_string(value);
    segment.mask.assign(labels.voxels.size(), 0);
  }
  for (std::size_t n = 0; n < labels.voxels.size(); ++n)
    if (const int s = segmentOf[labels.voxels[n]]; s >= 0) set.segments[static_cast<std::size_t>(s)].mask[n] = 1;
  return set;
}

}  // namespace lorkd::io
