#include "core/data/layout/LabelTable.h"

#include <algorithm>
#include <charconv>
#include <set>
#include <sstream>

#include "core/base/Json.h"
#include "core/data/layout/Words.h"
#include "core/io/NamedValues.h"
#include "core/io/VolumeFile.h"

namespace lorkd::data::layout {
namespace fs = std::filesystem;
namespace {

bool isIgnore(const std::string& name) { return image::sameLabel(name, "ignore"); }

std::unexpected<Error> notThis(const std::string& what, const fs::path& file) {
  return fail(ErrorCode::Format, what, R"(write "labels" as {"background": 0, "liver": 1})", file.string());
}

/// A value of the file's "labels", or -1.
int valueOf(const Json& json) {
  if (json.is_number_integer()) {
    const auto value = json.get<std::int64_t>();
    return value >= 0 && value < 65536 ? static_cast<int>(value) : -1;
  }
  if (!json.is_string()) return -1;
  const auto& text = json.get_ref<const std::string&>();
  int value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  return error == std::errc() && end == text.data() + text.size() && value >= 0 && value < 65536 ? value : -1;
}

/// ["background", "liver"]: names in the order of the values from 0 on, if the first is that of no structure.
Result<LabelTable> inOrder(const Json& names, LabelTable table) {
  static const std::set<std::string> none{"background", "bg",   "unknown",    "unlabeled",
                                          "unlabelled", "none", "clear label"};
  for (std::size_t n = 0; n < names.size(); ++n) {
    if (!names[n].is_string() || names[n].get_ref<const std::string&>().empty() || names.size() > 65536)
      return notThis("\"labels\" is a list, but not of names", table.file);
    const auto name = names[n].get<std::string>();
    if (n == 0 && !none.contains(image::folded(name)))
      return notThis(
          "\"labels\" is a list that does not begin with the background, so that it is not clear which value "
          "is called '" +
              name + "'",
          table.file);
    if (n > 0) table.declared.emplace_back(name, std::vector{static_cast<int>(n)});
  }
  return table;
}

/// dataset.json: {"0": "background", "1": "liver"}, or {"background": 0, "liver": 1, "whole tumour": [1, 2, 3]}.
Result<LabelTable> described(const fs::path& file) {
  LORKD_TRY(json, readJson(file));
  LabelTable table{file, false, {}};
  if (!json.is_object() || !json.contains("labels")) return LabelTable{};  // of another kind
  for (const char* field : {"channel_names", "modality"}) {
    if (!json.contains(field) || !json[field].is_object() || !table.channels.empty()) continue;
    for (std::size_t n = 0; n < json[field].size(); ++n) {
      const auto at = json[field].find(std::to_string(n));
      if (at == json[field].end() || !at->is_string() || at->get_ref<const std::string&>().empty()) {
        table.channels.clear();  // not numbered 0, 1, ...
        break;
      }
      table.channels.push_back(at->get<std::string>());
    }
  }
  const auto& labels = json["labels"];
  if (labels.is_array()) return inOrder(labels, std::move(table));
  if (!labels.is_object()) return notThis("\"labels\" is no object", file);
  for (const auto& [key, entry] : labels.items()) {
    const bool older = valueOf(key) >= 0 && entry.is_string();
    const auto name = older ? entry.get<std::string>() : key;
    std::vector<int> values;
    if (older)
      values = {valueOf(key)};
    else if (entry.is_array())
      for (const auto& one : entry) values.push_back(valueOf(one));
    else
      values = {valueOf(entry)};
    if (name.empty() || values.empty() || std::ranges::count(values, -1) > 0)
      return notThis("the label \"" + key + "\" has no value from 0 to 65535: " + entry.dump(), file);
    if (values == std::vector{0}) continue;
    table.declared.emplace_back(name, std::move(values));
  }
  return table;
}

/// The list of names in a folder; of several that do not say the same, none is believed.
Result<LabelTable> listed(const fs::path& folder) {
  std::vector<fs::path> lists;
  std::error_code ec;
  for (fs::directory_iterator at(folder, ec), end; !ec && at != end; at.increment(ec)) {
    std::error_code none;
    if (at->is_regular_file(none) && io::namesValues(at->path())) lists.push_back(at->path());
  }
  std::ranges::sort(lists);
  if (lists.empty()) return LabelTable{};
  LORKD_TRY(first, io::namedValues(lists.front()));
  for (std::size_t n = 1; n < lists.size(); ++n) {
    LORKD_TRY(other, io::namedValues(lists[n]));
    for (const auto& [value, label] : other)
      if (const auto own = first.find(value); own == first.end() || own->second.name != label.name)
        return fail(ErrorCode::Format,
                    "two lists beside each other name the value " + std::to_string(value) + " differently",
                    "keep one of them, this or " + lists[n].filename().string(), lists.front().string());
  }
  LabelTable table{lists.front(), true, {}};
  table.besides.assign(lists.begin() + 1, lists.end());
  return table;
}

/// What is said in a folder.
Result<LabelTable> saidIn(const fs::path& folder) {
  std::error_code ignored;
  if (const auto file = folder / "dataset.json"; fs::is_regular_file(file, ignored)) {
    auto table = described(file);
    if (!table || !table->declared.empty() || !table->channels.empty()) return table;
  }
  return listed(folder);
}

/// The parts of a name of BIDS: "sub-01", "desc-aseg".
std::set<std::string> entitiesOf(const std::string& stem) {
  std::set<std::string> out;
  std::istringstream parts(stem);
  for (std::string part; std::getline(parts, part, '_');) out.insert(part);
  return out;
}

/// By BIDS (inheritance), the nearest table dseg.tsv whose name says nothing that the label file's does not; of several
/// in one folder, the one that says most.
fs::path segmentationTable(const fs::path& source, const fs::path& relative) {
  const auto own = entitiesOf(stemOf(relative));
  if (!own.contains("dseg")) return {};
  for (auto folder = relative.parent_path();; folder = folder.parent_path()) {
    std::pair<std::size_t, fs::path> best;
    std::error_code ec;
    for (fs::directory_iterator at(source / folder, ec), end; !ec && at != end; at.increment(ec)) {
      const auto name = at->path().filename().string();
      if (!name.ends_with("dseg.tsv")) continue;
      const auto said = entitiesOf(at->path().stem().string());
      if (said.size() > best.first && std::ranges::includes(own, said)) best = {said.size(), at->path()};
    }
    if (best.first > 0) return best.second;
    if (folder.empty() || folder == folder.parent_path()) return {};
  }
}

}  // namespace

const Result<LabelTable>& LabelTables::inFolder(const fs::path& folder) {
  auto known = m_described.find(folder);
  if (known == m_described.end()) known = m_described.emplace(folder, saidIn(m_source / folder)).first;
  return known->second;
}

std::vector<std::string> LabelTables::channelsOf(const fs::path& relative) {
  for (auto folder = relative.parent_path();; folder = folder.parent_path()) {
    if (const auto& known = inFolder(folder); known && !known->channels.empty()) return known->channels;
    if (folder.empty() || folder == folder.parent_path()) return {};
  }
}

Result<LabelTable> LabelTables::of(const fs::path& labels, const fs::path& relative) {
  std::error_code ignored;
  for (const auto& name : {stemOf(labels) + ".csv", std::string("labels.csv")})
    if (const auto file = labels.parent_path() / name; fs::is_regular_file(file, ignored))
      return LabelTable{file, false, {}};
  if (io::namesItsLabels(labels)) return LabelTable{labels, false, {}};
  if (auto table = segmentationTable(m_source, relative); !table.empty()) return LabelTable{table, true, {}};
  for (auto folder = relative.parent_path();; folder = folder.parent_path()) {
    const auto& known = inFolder(folder);
    if (!known || !known->declared.empty() || !known->file.empty()) return known;
    if (folder.empty() || folder == folder.parent_path()) return LabelTable{};
  }
}

Result<Structures> structuresOf(const LayerValues& values, const LabelTable& table, const std::string& structure) {
  Structures out;
  std::vector<int> named;
  for (const auto& [name, own] : table.declared) {
    std::vector<LabelPlace> places;
    for (const int value : own) places.push_back({0, 0, value}), named.push_back(value);
    if (isIgnore(name))
      std::ranges::move(places, std::back_inserter(out.ignored));
    else
      out.structures.push_back({{.name = name, .number = own.front()}, std::move(places), false});
  }
  const bool several = values.size() > 1 || (!values.empty() && values.front().size() > 1);
  if (!structure.empty() && (table.file.empty() || table.general) && !several) {
    out.structures.push_back({{.name = structure}, {{0, 0, 0}}, false});
    return out;
  }
  for (std::size_t layer = 0; layer < values.size(); ++layer) {
    LORKD_TRY(labels,
              io::labelsOf(values[layer], table.declared.empty() ? table.file : fs::path(), static_cast<int>(layer)));
    for (auto& label : labels) {
      const LabelPlace place{0, static_cast<int>(layer), label.number};
      if (std::ranges::count(named, label.number) > 0) continue;
      const bool unnamed = label.name == std::to_string(label.number);
      if (isIgnore(label.name) || (label.number == 255 && unnamed && labels.size() > 1)) {
        out.ignored.push_back(place);
        continue;
      }
      if (unnamed && !structure.empty()) label.name = structure + " " + label.name;
      // What one file calls the same twice may be one structure in two parts, or two answers: nobody has said.
      const auto same = std::ranges::find_if(out.structures, [&](const auto& s) { return s.label.name == label.name; });
      if (same == out.structures.end()) {
        out.structures.push_back({std::move(label), {place}, false});
        continue;
      }
      same->places.push_back(place);
      same->places.back().answer = static_cast<int>(same->places.size()) - 1;
      same->twice = true;
    }
  }
  return out;
}

}  // namespace lorkd::data::layout
