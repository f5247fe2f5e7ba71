// Structures out of label images, named by a CSV.
#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <map>
#include <sstream>

#include "core/base/File.h"
#include "core/io/Csv.h"
#include "core/io/FileKind.h"
#include "core/io/Limits.h"
#include "core/io/NamedValues.h"
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

// "SCT^10200004^Liver", as 3D Slicer writes codes.
plan::Code codeOf(const std::string& text) {
  const auto first = text.find('^'), second = text.find('^', first + 1);
  if (first == text.npos || second == text.npos) return {};
  const plan::Code code{text.substr(0, first), text.substr(first + 1, second - first - 1), text.substr(second + 1)};
  return image::coded(code) && code.scheme.size() <= 16 && code.value.size() <= 16 ? code : plan::Code();
}

// The codes among a segment's tags: "TerminologyEntry:context~category~type~modifier~…", tags parted by '|'.
void takeTerminology(const std::string& tags, image::Label& label) {
  constexpr std::string_view kEntry = "TerminologyEntry:";
  const auto at = tags.find(kEntry);
  if (at == tags.npos) return;
  std::istringstream parts(tags.substr(at + kEntry.size(), tags.find('|', at) - at - kEntry.size()));
  std::string context, category, type, modifier;
  std::getline(std::getline(std::getline(std::getline(parts, context, '~'), category, '~'), type, '~'), modifier, '~');
  label.category = codeOf(category);
  label.code = codeOf(type);
  label.modifier = codeOf(modifier);
}

// "0.5 0 1", shares of red, green and blue.
std::string colorOf(const std::string& shares) {
  std::istringstream in(shares);
  double rgb[3];
  char text[8];
  if (!(in >> rgb[0] >> rgb[1] >> rgb[2])) return {};
  const auto byte = [](double x) { return static_cast<unsigned>(std::lround(std::clamp(x, 0.0, 1.0) * 255)) & 255u; };
  std::snprintf(text, sizeof text, "#%02x%02x%02x", byte(rgb[0]), byte(rgb[1]), byte(rgb[2]));
  return text;
}

using Labels = std::map<int, image::Label>;  // by value

// Segments in the header of an NRRD file, as 3D Slicer writes them: Segment0_Name:=liver and so on, with the
// layers that they lie in.
std::vector<std::pair<int, image::Label>> labelsInNrrd(const fs::path& file) {
  std::string name = lowered(file.filename().string());
  if (!name.ends_with(".nrrd") && !name.ends_with(".nhdr")) return {};
  std::map<std::string, std::pair<int, image::Label>> segments;  // layer and label by "Segment0" and so on
  std::istringstream in(readHead(file, 1 << 20));
  // The header ends with an empty line.
  for (std::string line; std::getline(in, line) && !trimmed(line).empty();) {
    const auto split = line.find(":=");
    if (!line.starts_with("Segment") || split == line.npos) continue;
    const auto key = line.substr(0, split), value = trimmed(line.substr(split + 2));
    const auto bar = key.find('_');
    if (bar == key.npos) continue;
    auto& [layer, label] = segments[key.substr(0, bar)];
    const auto field = key.substr(bar);
    if (field == "_Name") label.name = value;
    if (field == "_Color") label.color = colorOf(value);
    if (field == "_Tags") takeTerminology(value, label);
    if (field == "_LabelValue") std::from_chars(value.data(), value.data() + value.size(), label.number);
    if (field == "_Layer") std::from_chars(value.data(), value.data() + value.size(), layer);
  }
  std::vector<std::pair<int, image::Label>> found;
  for (const auto& [key, segment] : segments)
    if (segment.second.number > 0 && segment.second.number < 65536 && !segment.second.name.empty())
      found.push_back(segment);
  return found;
}

Result<Labels> readNames(const fs::path& file, int wanted) {
  if (const auto segments = labelsInNrrd(file); !segments.empty()) {
    Labels labels;
    for (const auto& [layer, label] : segments)
      if (layer == wanted) labels[label.number] = label;
    return labels;
  }
  if (namesValues(file)) return namedValues(file);
  LORKD_TRY(bytes, readFile(file, std::uintmax_t(1) << 24));
  auto parsed = parseCsv(bytes);
  if (!parsed) return fail(parsed.error(), file.string());
  const auto& table = *parsed;
  const auto valueColumn = table.column({"value", "label", "index", "id", "labelvalue"});
  const auto nameColumn = table.column({"name", "structure", "label_name"});
  if (valueColumn == table.header.size() || nameColumn == table.header.size())
    return fail(ErrorCode::Format, "the first line names no columns 'value' (or 'label') and 'name'",
                "start the file with a line such as: value,name", file.string());
  Labels labels;
  for (const auto& row : table.rows) {
    int value = 0;
    const std::string &text = row[valueColumn], &name = row[nameColumn];
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
    if (error != std::errc() || end != text.data() + text.size() || value < 0 || value > 65535 || name.empty())
      return fail(ErrorCode::Format, "line " + std::to_string(row.line) + " has no label value (0 to 65535) and name",
                  "", file.string());
    labels[value].name = name;
  }
  return labels;
}

}  // namespace

bool namesItsLabels(const fs::path& file) { return !labelsInNrrd(file).empty(); }

Result<std::vector<image::Label>> labelsOf(const std::vector<std::uint16_t>& values, const fs::path& namesFile,
                                           int layer) {
  Labels names;
  if (!namesFile.empty()) {
    LORKD_TRY(read, readNames(namesFile, layer));
    names = std::move(read);
  }
  std::vector<image::Label> out;
  for (const auto value : values) {
    auto& label = out.emplace_back();
    if (const auto known = names.find(value); known != names.end()) label = known->second;
    if (label.name.empty())
      label.name = std::to_string(value) + (layer > 0 ? " in layer " + std::to_string(layer) : "");
    label.number = value;
  }
  return out;
}

Result<image::SegmentSet> segmentsFromLabels(const image::LabelMap& labels, const fs::path& namesFile, int layer,
                                             const std::function<bool(const std::string&)>& wants) {
  std::vector<bool> occurs(65536);
  for (const auto value : labels.voxels) occurs[value] = true;
  std::vector<std::uint16_t> values;
  for (std::size_t value = 1; value < occurs.size(); ++value)
    if (occurs[value]) values.push_back(static_cast<std::uint16_t>(value));
  LORKD_TRY(known, labelsOf(values, namesFile, layer));
  if (wants) std::erase_if(known, [&](const image::Label& label) { return !wants(label.name); });
  LORKD_CHECK(roomFor(static_cast<double>(known.size()) * static_cast<double>(labels.voxels.size()), namesFile));
  std::vector<int> segmentOf(65536, -1);
  for (std::size_t s = 0; s < known.size(); ++s)
    segmentOf[static_cast<std::size_t>(known[s].number)] = static_cast<int>(s);
  image::SegmentSet set;
  set.geometry = labels.geometry;
  for (auto& label : known) {
    auto& segment = set.segments.emplace_back();
    static_cast<image::Label&>(segment) = std::move(label);
    segment.mask.assign(labels.voxels.size(), 0);
  }
  for (std::size_t n = 0; n < labels.voxels.size(); ++n)
    if (const int s = segmentOf[labels.voxels[n]]; s >= 0) set.segments[static_cast<std::size_t>(s)].mask[n] = 1;
  return set;
}

}  // namespace lorkd::io
