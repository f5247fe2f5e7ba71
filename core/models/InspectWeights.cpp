#include <algorithm>
#include <map>

#include "core/base/Guard.h"
#include "core/base/Printable.h"
#include "core/models/Inspect.h"
#include "core/models/InspectParts.h"
#include "core/models/LoadTensor.h"

namespace lorkd::models {

namespace fs = std::filesystem;

namespace {

constexpr std::size_t shownLargest = 5, shownNames = 8;

std::string countOf(std::uint64_t number) {
  auto text = std::to_string(number);
  for (auto at = static_cast<std::ptrdiff_t>(text.size()) - 3; at > 0; at -= 3)
    text.insert(static_cast<std::size_t>(at), ",");
  return text;
}

std::string typesText(const std::map<std::string, std::size_t>& types) {
  std::string text;
  for (const auto& [type, count] : types)
    text += (text.empty() ? "" : ", ") + type + " (" + std::to_string(count) + ")";
  return text;
}

/// The weights with the most elements, each block of memory once.
std::vector<const Weight*> largestOf(const Weights& weights) {
  std::vector<const Weight*> sorted;
  for (const auto& weight : weights.all) sorted.push_back(&weight);
  const auto elements = [](const Weight* weight) { return elementsOf(weight->tensor.shape).value_or(0); };
  std::ranges::stable_sort(sorted, std::greater{}, elements);
  std::vector<const Weight*> out;
  for (const auto* weight : sorted) {
    const auto same = [&](const Weight* other) {
      return other->file == weight->file && other->tensor.storage == weight->tensor.storage &&
             other->tensor.offset == weight->tensor.offset && other->tensor.shape == weight->tensor.shape;
    };
    if (out.size() < shownLargest && std::ranges::none_of(out, same)) out.push_back(weight);
  }
  return out;
}

/// What all names begin with, up to a dot.
std::string commonBeginning(const Weights& weights) {
  auto common = weights.all.front().name;
  for (const auto& weight : weights.all) {
    const auto [end, other] = std::ranges::mismatch(common, weight.name);
    common.erase(end, common.end());
  }
  const auto dot = common.rfind('.');
  return weights.all.size() > 1 && dot != common.npos ? common.substr(0, dot + 1) : std::string();
}

std::string shortOf(const Json& value) {
  if (value.is_primitive())
    return printable(value.dump(-1, ' ', false, Json::error_handler_t::replace), false).substr(0, 80);
  return value.is_object() ? std::to_string(value.size()) + " entries" : "a list of " + std::to_string(value.size());
}

/// "epoch (7), optimizer_state (2 entries)".
std::string restText(const Json& rest) {
  std::string text;
  std::size_t shown = 0;
  if (!rest.is_object()) return text;
  for (const auto& [key, value] : rest.items()) {
    if (value.is_null()) continue;
    if (++shown > 20) return text + " and more";
    text += (text.empty() ? "" : ", ") + printable(key, false).substr(0, 80) + " (" + shortOf(value) + ")";
  }
  return text;
}

/// Names of weights that hold what is no number.
Result<std::vector<std::string>> notFinite(const Weights& weights) {
  std::vector<std::string> names;
  for (const auto& weight : weights.all) {
    auto tensor = loadTensor(weights, weight);
    if (!tensor) return fail(tensor.error(), weights.files[weight.file].string());
    LORKD_TRY(finite, guarded(weight.name, [&]() -> Result<bool> { return isFinite(*tensor); }));
    if (!finite) names.push_back(weight.name);
  }
  return names;
}

void tellPlaces(const Weights& weights, Inspection& out) {
  auto& say = out.sentences;
  const auto inside = weights.entry.empty() ? std::string() : " at '" + weights.entry + "'";
  if (!weights.module.empty())
    say.push_back("It holds a whole module of class " + weights.module + inside +
                  "; its parameters and buffers are read, its code is not.");
  else
    say.push_back("The weights lie " + (inside.empty() ? "at the top" : inside.substr(1)) + " of the file.");
  if (!weights.prefix.empty())
    say.push_back("A wrapper has put '" + weights.prefix + "' before every name; it was taken off.");
  if (const auto common = commonBeginning(weights); !common.empty()) {
    say.push_back("All names begin with '" + common + "'.");
    out.facts["common_beginning"] = common;
  }
  if (!weights.otherEntries.empty())
    say.push_back("There are further sets of weights (--entry): " + joinedNames(weights.otherEntries, shownNames) +
                  ".");
  if (!weights.notTensors.empty())
    say.push_back("Among the weights, these are no tensors: " + joinedNames(weights.notTensors, shownNames) + ".");
}

}  // namespace

std::string joinedNames(const std::vector<std::string>& names, std::size_t most) {
  std::string text;
  for (std::size_t n = 0; n < std::min(names.size(), most); ++n) text += (n ? ", " : "") + names[n];
  return names.size() > most ? text + " and " + std::to_string(names.size() - most) + " more" : text;
}

Result<void> tellWeights(const Weights& weights, Inspection& out) {
  std::map<std::string, std::size_t> types;
  for (const auto& weight : weights.all) ++types[weight.tensor.dtype];
  const auto distinct = weights.distinct();
  LORKD_TRY(digest, weights.digest());
  LORKD_TRY(broken, notFinite(weights));
  auto& facts = out.facts;
  facts["form"] = toString(weights.form);
  facts["entry"] = weights.entry;
  facts["prefix"] = weights.prefix;
  facts["module"] = weights.module;
  facts["other_entries"] = weights.otherEntries;
  facts["tensors"] = weights.all.size();
  facts["distinct_tensors"] = distinct;
  facts["parameters"] = weights.parameters();
  facts["types"] = types;
  facts["not_finite"] = broken;
  facts["digest"] = digest;
  facts["rest"] = weights.rest;
  facts["rest_whole"] = weights.restWhole;
  auto list = Json::array();
  std::string largest;
  for (const auto* weight : largestOf(weights)) {
    list.push_back({{"name", weight->name}, {"dtype", weight->tensor.dtype}, {"shape", weight->tensor.shape}});
    largest += (largest.empty() ? "" : ", ") + weight->name + " " + shapeText(weight->tensor.shape);
  }
  facts["largest"] = list;
  tellPlaces(weights, out);
  auto& say = out.sentences;
  say.push_back(countOf(weights.all.size()) + " tensors" +
                (distinct < weights.all.size() ? ", " + countOf(distinct) + " of them different," : "") + " with " +
                countOf(weights.parameters()) + " parameters of type " + typesText(types) + ".");
  say.push_back("The largest: " + largest + ".");
  if (!broken.empty())
    say.push_back("Values that are no finite numbers are in: " + joinedNames(broken, shownNames) + ".");
  if (const auto rest = restText(weights.rest); !rest.empty())
    say.push_back("The file also holds: " + rest + (weights.restWhole ? "." : "; too much to show all of it."));
  say.push_back("SHA-256: " + digest + ".");
  return {};
}

Result<Inspection> inspectWeights(const fs::path& path, const std::string& entry) {
  LORKD_TRY(weights, readWeights(path, entry));
  Inspection out;
  out.facts["model"] = "weights";
  out.facts["file"] = path.filename().string();
  const auto shards = weights.files.size() > 1 ? " in " + std::to_string(weights.files.size()) + " parts" : "";
  out.sentences.push_back(printable(path.filename().string(), false) + " is " + toString(weights.form) + shards + ".");
  LORKD_CHECK(tellWeights(weights, out));
  tellCheckpoint(weights, out);
  if (const auto licence = licenceBeside(path.parent_path()); !licence.empty()) {
    out.facts["licence"] = licence;
    out.sentences.push_back("Licence, as its folder says: " + licence + ".");
  }
  return out;
}

}  // namespace lorkd::models
