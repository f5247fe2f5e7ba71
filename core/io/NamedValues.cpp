#include "core/io/NamedValues.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdio>
#include <optional>
#include <sstream>
#include <vector>

#include "core/base/File.h"
#include "core/base/Json.h"
#include "core/io/Csv.h"
#include "core/io/FileKind.h"

namespace lorkd::io {
namespace fs = std::filesystem;
namespace {

using Labels = std::map<int, image::Label>;

constexpr std::uintmax_t kLargest = std::uintmax_t(1) << 22;  // bytes of a list of names

/// Lists of this name are looked into; dataset.json says more than names, and is read elsewhere.
constexpr std::array<std::string_view, 7> kLists{"labels.json",    "label_names.json", "label_map.json", "classes.json",
                                                 "class_map.json", "class_names.json", "metadata.json"};

std::optional<int> numberIn(std::string_view text, int last) {
  int value = -1;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 0 || value > last) return std::nullopt;
  return value;
}

/// The words of a line; what stands in quotes is one.
std::vector<std::string> wordsOf(const std::string& line) {
  std::vector<std::string> words;
  for (std::size_t at = 0; at < line.size();) {
    at = line.find_first_not_of(" \t\r", at);
    if (at == line.npos) break;
    const bool quoted = line[at] == '"';
    const auto begin = at + (quoted ? 1 : 0),
               end = std::min(line.size(), line.find_first_of(quoted ? "\"" : " \t\r", begin));
    words.push_back(line.substr(begin, end - begin));
    at = quoted ? end + 1 : end;
  }
  return words;
}

/// "#rrggbb" of three words from 0 to 255; nothing if they are none.
std::optional<std::string> colourOf(const std::vector<std::string>& words, std::size_t from) {
  if (from + 3 > words.size()) return std::nullopt;
  std::array<unsigned, 3> rgb{};
  for (std::size_t n = 0; n < 3; ++n) {
    const auto byte = numberIn(words[from + n], 255);
    if (!byte) return std::nullopt;
    rgb[n] = static_cast<unsigned>(*byte);
  }
  char text[8];
  std::snprintf(text, sizeof text, "#%02x%02x%02x", rgb[0] & 255u, rgb[1] & 255u, rgb[2] & 255u);
  return text;
}

/// A line of ITK-SNAP, `value R G B A visible mesh "name"`, or of a colour table, `value name R G B A`.
std::optional<image::Label> labelOf(const std::string& line) {
  const auto words = wordsOf(line);
  if (words.size() < 5) return std::nullopt;
  const auto value = numberIn(words[0], 65535);
  if (!value) return std::nullopt;
  image::Label label;
  label.number = *value;
  if (const auto colour = colourOf(words, 1); colour && words.size() == 8) {
    label.name = words[7];
    label.color = *colour;
    return label;
  }
  // A name may be of several words: the colour is what stands last, with or without its opacity.
  for (const std::size_t behind : {std::size_t(4), std::size_t(3)}) {
    if (words.size() < behind + 2) continue;
    const auto colour = colourOf(words, words.size() - behind);
    if (!colour) continue;
    for (std::size_t n = 1; n + behind < words.size(); ++n) label.name += (n > 1 ? " " : "") + words[n];
    label.color = *colour;
    return label;
  }
  return std::nullopt;
}

bool says(const image::Label& label) {
  const auto value = std::to_string(label.number);
  const auto folded = lowered(label.name);
  return !label.name.empty() && folded != value && folded != "label " + value && folded != "label_" + value;
}

std::unexpected<Error> noNames(const fs::path& file, const std::string& where) {
  return fail(ErrorCode::Format, where + " gives no label value (0 to 65535) with a name",
              "correct it, or move the file", file.string());
}

Result<Labels> inLines(const std::string& text, const fs::path& file) {
  Labels labels;
  std::istringstream in(text);
  int number = 0;
  for (std::string line; std::getline(in, line);) {
    ++number;
    const auto begin = line.find_first_not_of(" \t\r");
    if (begin == line.npos || line[begin] == '#') continue;
    auto label = labelOf(line);
    if (!label) return noNames(file, "line " + std::to_string(number));
    if (says(*label)) labels.emplace(label->number, std::move(*label));
  }
  return labels;
}

/// {"1": "spleen"}, {"spleen": 1}, or either below "labels" or a bundle's channel_def.
const Json* listIn(const Json& json) {
  const auto isList = [](const Json& list) {
    return list.is_object() && !list.empty() && std::ranges::all_of(list.items(), [](const auto& entry) {
             return entry.value().is_number_integer() || (entry.value().is_string() && numberIn(entry.key(), 65535));
           });
  };
  if (isList(json)) return &json;
  if (!json.is_object()) return nullptr;
  if (const auto labels = json.find("labels"); labels != json.end() && isList(*labels)) return &*labels;
  const Json* at = &json;
  for (const char* key : {"network_data_format", "outputs"}) {
    const auto next = at->find(key);
    if (next == at->end() || !next->is_object()) return nullptr;
    at = &*next;
  }
  for (const auto& output : *at)
    if (output.is_object())
      if (const auto channels = output.find("channel_def"); channels != output.end() && isList(*channels))
        return &*channels;
  return nullptr;
}

Result<Labels> inJson(const Json& json, const fs::path& file) {
  Labels labels;
  const auto* list = listIn(json);
  if (!list) return noNames(file, "no object");
  for (const auto& [key, entry] : list->items()) {
    image::Label label;
    const auto value = entry.is_string() ? numberIn(key, 65535) : numberIn(entry.dump(), 65535);
    if (!value) return noNames(file, '"' + key + '"');
    label.number = *value;
    label.name = entry.is_string() ? entry.get<std::string>() : key;
    if (says(label)) labels.emplace(label.number, std::move(label));
  }
  return labels;
}

}  // namespace

bool namesValues(const fs::path& file) {
  const auto name = lowered(file.filename().string());
  if (name.ends_with(".ctbl") || name.ends_with(".label")) return true;
  if (name.ends_with(".txt")) {
    const auto head = lowered(readHead(file, 512));
    return head.starts_with("#") &&
           (head.contains("itk-snap") || head.contains("color table") || head.contains("label name"));
  }
  // Not any JSON: what describes an image may be of numbers alone, too.
  if (std::ranges::find(kLists, name) == kLists.end()) return false;
  const auto json = readJson(file);
  return json && listIn(*json) != nullptr;
}

Result<Labels> namedValues(const fs::path& file) {
  LORKD_TRY(text, readFile(file, kLargest));
  if (!lowered(file.filename().string()).ends_with(".json")) return inLines(text, file);
  LORKD_TRY(json, parseJson(text, file.string()));
  return inJson(json, file);
}

}  // namespace lorkd::io
