#include "core/data/GivenFolds.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "core/base/Composed.h"
#include "core/base/Json.h"
#include "core/data/PictureCase.h"
#include "core/data/layout/Words.h"
#include "core/io/Csv.h"

namespace lorkd::data {

namespace fs = std::filesystem;

namespace {

using io::Finding;

constexpr const char* fileName = "splits_final.json";

constexpr std::size_t mostFolds = 1000;
constexpr auto largestFile = std::uintmax_t(64) << 20;

/// Of one fold the names on either side.
struct Fold {
  std::set<std::string> train, validation;
};

/// The data set that a volume belongs to: the folder above imagesTr and the like, else the source's.
fs::path dataSetOf(const Case& c, const fs::path& source) {
  const auto folder = c.imageFiles.front().parent_path();
  return io::lowered(folder.filename().string()).starts_with("images") ? folder.parent_path() : source;
}

bool mayHaveFolds(const Case& c) { return (c.kind == "volume" || c.kind == kPictureCase) && !c.imageFiles.empty(); }

std::vector<fs::path> placesFor(const fs::path& set) {
  std::vector<fs::path> out{set / fileName};
  auto above = set.parent_path();
  for (int n = 0; n < 3 && !above.empty(); ++n, above = above.parent_path()) {
    out.push_back(above / "nnUNet_preprocessed" / set.filename() / fileName);
    if (above == above.parent_path()) break;
  }
  return out;
}

/// Lists of a data set as MONAI has them (dataset_0.json, datalist.json, ...), in the folder of the set.
std::vector<fs::path> listsIn(const fs::path& set) {
  std::vector<fs::path> out;
  std::error_code ec;
  for (fs::directory_iterator at(set, ec), end; !ec && at != end; at.increment(ec)) {
    const auto name = io::lowered(at->path().filename().string());
    const bool list = name.starts_with("data") || name.find("fold") != std::string::npos;
    if (list && name.ends_with(".json") && name != fileName) out.push_back(at->path());
  }
  std::ranges::sort(out);
  return out;
}

/// A name as it is compared: without endings of files, and without folders.
std::string bareName(const fs::path& name) {
  static const std::set<std::string> pictures{".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff"};
  return composed(pictures.contains(io::lowered(name.extension().string())) ? name.stem().string()
                                                                            : layout::stemOf(name.filename()));
}

/// What a case may be called: after its labels, after its image, and after that without the number of a channel.
std::set<std::string> namesOf(const Case& c) {
  std::set<std::string> out;
  for (const auto& files : {c.labelFiles, c.imageFiles})
    for (const auto& file : files) out.insert(bareName(file));
  const auto image = bareName(c.imageFiles.front());
  const auto line = image.rfind('_');
  const auto isDigit = [](unsigned char d) { return std::isdigit(d) != 0; };
  if (line != std::string::npos && image.size() == line + 5 &&
      std::all_of(image.begin() + static_cast<std::ptrdiff_t>(line) + 1, image.end(), isDigit))
    out.insert(image.substr(0, line));
  return out;
}

std::unexpected<Error> noFolds(const std::string& what, const fs::path& file) {
  return fail(ErrorCode::Format, what, R"(write a list of {"train": [names], "val": [names]})", file.string());
}

/// nnU-Net's list of {"train": [names], "val": [names]}.
Result<std::vector<Fold>> readSplits(const Json& json, const fs::path& file) {
  if (!json.is_array() || json.empty() || json.size() > mostFolds) return noFolds("it is no list of folds", file);
  std::vector<Fold> out;
  for (const auto& entry : json) {
    auto& fold = out.emplace_back();
    const auto place = "fold " + std::to_string(out.size() - 1);
    for (const auto& [key, names] : {std::pair{"train", &fold.train}, {"val", &fold.validation}}) {
      if (!entry.is_object() || !entry.contains(key) || !entry[key].is_array())
        return noFolds(place + " has no list \"" + key + "\"", file);
      for (const auto& name : entry[key]) {
        if (!name.is_string()) return noFolds("a name in " + place + " is no text", file);
        names->insert(bareName(name.get<std::string>()));
      }
    }
    // Names in a list that is passed over would be trained on.
    for (const auto& [key, names] : entry.items())
      if (key != "train" && key != "val" && !names.empty())
        return noFolds(place + " has \"" + key + "\", of which it is not known what it is for", file);
    for (const auto& name : fold.validation)
      if (fold.train.contains(name)) return noFolds(place + " names '" + name + "' to train and to validate", file);
  }
  return out;
}

/// MONAI's {"training": [{"image": name or names, "fold": 0}, ...]}, where each image is validated in its fold; nothing
/// where no image has one.
std::vector<Fold> readList(const Json& json) {
  std::map<std::size_t, std::set<std::string>> parts;
  if (!json.is_object() || !json.contains("training") || !json["training"].is_array()) return {};
  for (const auto& entry : json["training"]) {
    if (!entry.is_object() || !entry.contains("fold") || !entry["fold"].is_number_unsigned()) continue;
    const auto fold = entry["fold"].get<std::size_t>();
    if (fold >= mostFolds) return {};
    for (const char* key : {"image", "label"}) {
      const auto names = entry.value(key, Json());
      for (const auto& name : names.is_array() ? names : Json::array({names}))
        if (name.is_string()) parts[fold].insert(bareName(name.get<std::string>()));
    }
  }
  if (parts.empty()) return {};
  std::vector<Fold> out(parts.rbegin()->first + 1);
  for (std::size_t n = 0; n < out.size(); ++n)
    for (const auto& [fold, names] : parts)
      (fold == n ? out[n].validation : out[n].train).insert(names.begin(), names.end());
  return out;
}

std::string imagesText(std::size_t n) { return std::to_string(n) + (n == 1 ? " image" : " images"); }

/// Names in quotes, the first three.
std::string quotedNames(const std::set<std::string>& names) {
  std::string out;
  std::size_t n = 0;
  for (const auto& name : names) {
    if (++n > 3) return out + ", and " + std::to_string(names.size() - 3) + " more";
    out += (n > 1 ? ", '" : "'") + name + "'";
  }
  return out;
}

/// Gives the folds to the cases of one data set, and says what fits not.
void giveFolds(const std::vector<Fold>& folds, const std::vector<Case*>& cases, const fs::path& file, Pairing& out) {
  std::set<std::string> wanted, found;
  for (const auto& fold : folds) {
    wanted.insert(fold.train.begin(), fold.train.end());
    wanted.insert(fold.validation.begin(), fold.validation.end());
  }
  std::size_t named = 0, unnamed = 0;
  std::vector<Case*> taken;
  for (auto* c : cases) {
    const auto own = namesOf(*c);
    const auto in = [&](const std::set<std::string>& names) {
      return std::ranges::any_of(own, [&](const auto& name) { return names.contains(name); });
    };
    for (const auto& name : own)
      if (wanted.contains(name)) found.insert(name);
    if (c->split == "test" || c->split == "validation") continue;
    for (const auto& fold : folds) c->folds.push_back(in(fold.validation) ? "validation" : "train");
    taken.push_back(c);
    named += in(wanted);
    unnamed += std::ranges::any_of(folds, [&](const auto& f) { return !in(f.train) && !in(f.validation); });
  }
  if (named == 0)
    for (auto* c : taken) c->folds.clear();  // it speaks of other images
  std::set<std::string> missing;
  std::ranges::set_difference(wanted, found, std::inserter(missing, missing.end()));
  const auto say = [&](Finding::Severity severity, const char* code, const std::string& message) {
    out.findings.emplace_back(file, Finding{severity, code, message});
  };
  if (!missing.empty())
    say(Finding::Severity::Warning, "splits-missing",
        "the folds name " + quotedNames(missing) + ", of which there is no image here" +
            (named == 0 ? ": they speak of other images, and count for nothing" : ""));
  if (named == 0) return;
  std::string empty;
  for (std::size_t n = 0; n < folds.size(); ++n)
    if (std::ranges::none_of(taken, [&](const auto* c) { return c->folds[n] == "validation"; }))
      empty += (empty.empty() ? "" : ", ") + std::to_string(n);
  if (!empty.empty())
    say(Finding::Severity::Warning, "splits-empty",
        "no image here is validated in fold " + empty + ", which therefore cannot be held out");
  if (unnamed > 0)
    say(Finding::Severity::Warning, "splits-unnamed",
        imagesText(unnamed) + " for training stand on neither side of some fold, which trains on them, too");
  say(Finding::Severity::Note, "splits-kept",
      "the data come with " + std::to_string(folds.size()) + (folds.size() == 1 ? " fold" : " folds") + " of " +
          imagesText(named) + ", which are kept: data.split.fold says which is held out, and with data.split.given " +
          "ignore they count for nothing");
}

/// Whether the set has a splits_final.json.
bool takeSplits(const fs::path& set, const std::vector<Case*>& cases, Pairing& out) {
  for (const auto& file : placesFor(set)) {
    std::error_code ignored;
    if (!fs::is_regular_file(file, ignored)) continue;
    out.understood.insert(file);
    const auto json = readJson(file, largestFile);
    const auto folds = json ? readSplits(*json, file) : std::unexpected(json.error());
    if (folds)
      giveFolds(*folds, cases, file, out);
    else
      out.findings.emplace_back(file, Finding{Finding::Severity::Warning, "splits-file",
                                              "the folds cannot be kept: " + folds.error().message});
    return true;
  }
  return false;
}

void takeList(const fs::path& set, const std::vector<Case*>& cases, Pairing& out) {
  for (const auto& file : listsIn(set)) {
    const auto json = readJson(file, largestFile);
    const auto folds = json ? readList(*json) : std::vector<Fold>();
    if (folds.empty()) continue;  // of another kind
    out.understood.insert(file);
    return giveFolds(folds, cases, file, out);
  }
}

}  // namespace

std::vector<fs::path> placesOfFolds(const std::vector<Case>& cases, const fs::path& folder) {
  std::set<fs::path> sets;
  for (const auto& c : cases)
    if (mayHaveFolds(c)) sets.insert(dataSetOf(c, folder));
  std::vector<fs::path> out;
  for (const auto& set : sets)
    for (auto& place : placesFor(set)) out.push_back(std::move(place));
  return out;
}

void takeGivenFolds(const fs::path& folder, Pairing& out) {
  std::map<fs::path, std::vector<Case*>> sets;
  for (auto& c : out.cases)
    if (mayHaveFolds(c)) sets[dataSetOf(c, folder)].push_back(&c);
  for (auto& [set, cases] : sets)
    if (!takeSplits(set, cases, out)) takeList(set, cases, out);
}

}  // namespace lorkd::data
