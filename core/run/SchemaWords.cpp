#include "core/run/SchemaWords.h"

#include <algorithm>
#include <cmath>
#include <numeric>

#include "core/run/Plan.h"

namespace lorkd::plan {
namespace {

/// Levenshtein's distance.
std::size_t editDistance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  std::iota(row.begin(), row.end(), 0);
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i);
    for (std::size_t j = 1; j <= b.size(); ++j)
      diagonal = std::exchange(
          row[j], std::min({row[j] + 1, row[j - 1] + 1, diagonal + (a[i - 1] == b[j - 1] ? std::size_t(0) : 1)}));
  }
  return row.back();
}

std::string rangeWords(const Json& field) {
  std::string out;
  if (field.contains("minimum")) out = field["minimum"].dump();
  if (field.contains("maximum")) out += (out.empty() ? "up to " : " to ") + field["maximum"].dump();
  return out;
}

std::string withUnit(const std::string& words, const Json& field) {
  return field.contains("unit") ? words + " " + field["unit"].get<std::string>() : words;
}

}  // namespace

Json resolve(const Json& field) {
  if (!field.contains("$ref")) return field;
  const auto ref = field["$ref"].get<std::string>();
  Json out = schema().at("$defs").at(ref.substr(ref.rfind('/') + 1));
  for (const char* key : {"title", "description"})
    if (field.contains(key)) out[key] = field[key];
  return out;
}

std::string joined(const std::vector<std::string>& words) {
  std::string out;
  for (const auto& word : words) out += (out.empty() ? "" : ", ") + word;
  return out;
}

std::vector<std::string> keysOf(const Json& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

std::string allowedWords(const Json& field, bool withType) {
  if (field.contains("enum")) return "one of: " + joined(field["enum"].get<std::vector<std::string>>());
  const auto type = field.at("type").get<std::string>();
  if (type == "boolean") return "true or false";
  if (type == "object") return "an object {...}";
  if (type == "string") return field.contains("pattern") ? "#rrggbb, or empty" : "text";
  if (type == "array") {
    const auto& item = field.at("items");
    const auto itemType = item.at("type").get<std::string>();
    std::string out = itemType == "string" ? "texts" : itemType == "integer" ? "whole numbers" : "numbers";
    if (field.contains("minItems")) out = field["minItems"].dump() + " " + out;
    if (const auto range = rangeWords(item); !range.empty()) out += ", each " + range;
    return withUnit("a list of " + out, field);
  }
  const auto range = withUnit(rangeWords(field), field);
  if (!withType && !range.empty()) return range;
  return std::string(type == "integer" ? "a whole number" : "a number") + (range.empty() ? "" : " from " + range);
}

std::string nearest(const std::string& wrong, const std::vector<std::string>& known) {
  std::string best;
  std::size_t bestDistance = std::max<std::size_t>(2, wrong.size() / 3) + 1;
  for (const auto& name : known)
    if (const auto d = editDistance(wrong.substr(0, 100), name); d < bestDistance) best = name, bestDistance = d;
  return best;
}

std::string knownHint(const std::string& wrong, const std::vector<std::string>& known) {
  const auto near = nearest(wrong, known);
  return near.empty() ? "known are: " + joined(known) : "did you mean '" + near + "'?";
}

bool hasType(const Json& field, const Json& value) {
  const auto type = field.at("type").get<std::string>();
  if (type == "string") return value.is_string();
  if (type == "boolean") return value.is_boolean();
  if (type == "array") return value.is_array();
  if (type == "object") return value.is_object();
  if (type == "number") return value.is_number();
  return value.is_number_integer() ||
         (value.is_number_float() && std::trunc(value.get<double>()) == value.get<double>());
}

}  // namespace lorkd::plan
