#include <algorithm>
#include <array>
#include <sstream>

#include "core/base/File.h"
#include "core/base/Printable.h"
#include "core/models/Inspect.h"
#include "core/models/InspectParts.h"
#include "core/models/MonaiBundle.h"

namespace lorkd::models {

namespace fs = std::filesystem;

namespace {

/// The only file of weights in a folder, which may be a list of shards.
Result<fs::path> onlyWeights(const fs::path& folder) {
  std::vector<fs::path> found, lists;
  std::error_code ec;
  std::size_t left = 10'000;
  for (fs::directory_iterator it(folder, ec), end; !ec && it != end && left > 0; it.increment(ec), --left) {
    const auto name = it->path().filename().string();
    static constexpr std::array endings{".pth", ".pt", ".bin", ".ckpt", ".safetensors"};
    if (name.ends_with(".safetensors.index.json") || name.ends_with(".bin.index.json")) lists.push_back(it->path());
    if (std::ranges::any_of(endings, [&](const char* ending) { return name.ends_with(ending); }))
      found.push_back(it->path());
  }
  if (lists.size() == 1) return lists.front();
  if (found.size() == 1) return found.front();
  if (found.empty())
    return fail(ErrorCode::NotFound, "nothing in this folder is known as a model",
                "known are folders of nnU-Net v2 (plans.json, dataset.json, fold_0) and files of weights",
                folder.string());
  std::ranges::sort(found);
  std::vector<std::string> names;
  for (const auto& path : found) names.push_back(printable(path.filename().string(), false));
  return fail(ErrorCode::InvalidArgument, "the folder holds " + std::to_string(found.size()) + " files of weights",
              "name one of them: " + joinedNames(names, 10), folder.string());
}

Result<Inspection> inspectBundle(const MonaiBundle& bundle, const std::string& entry) {
  Inspection out;
  auto labels = Json::object();
  std::vector<std::string> names;
  for (const auto& [value, name] : bundle.labels) {
    labels[value] = name;
    names.push_back(name + " (" + value + ")");
  }
  const auto licence = licenceBeside(bundle.folder);
  out.facts = {{"model", "monai"},
               {"version", bundle.version},
               {"task", bundle.task},
               {"description", bundle.description},
               {"monai_version", bundle.monaiVersion},
               {"network", bundle.network},
               {"arguments", bundle.arguments},
               {"inputs", bundle.inputs},
               {"labels", labels},
               {"licence", licence.empty() ? Json() : Json(licence)},
               {"not_understood", bundle.notUnderstood}};
  auto& say = out.sentences;
  say.push_back("This is a MONAI bundle" + (bundle.task.empty() ? "" : ": " + bundle.task) + ", version " +
                bundle.version + ", made with MONAI " + bundle.monaiVersion + ".");
  if (!bundle.network.empty()) say.push_back("Network: " + bundle.network + ".");
  if (!bundle.inputs.empty()) say.push_back("Inputs: " + joinedNames(bundle.inputs, 20) + ".");
  if (!names.empty()) say.push_back("Channels of the prediction: " + joinedNames(names, 150) + ".");
  say.push_back(licence.empty() ? "Under what licence it stands is not said." : "Licence: " + licence + ".");
  if (!bundle.notUnderstood.empty()) say.push_back("Not understood: " + joinedNames(bundle.notUnderstood, 20) + ".");
  if (bundle.weights.empty()) {
    say.push_back("It has no weights: models/model.pt is missing; large_files.yml may say where they are.");
    return out;
  }
  LORKD_TRY(weights, readWeights(bundle.weights, entry));
  say.push_back("Of models/" + bundle.weights.filename().string() + ", " + toString(weights.form) + ":");
  LORKD_CHECK(tellWeights(weights, out));
  return out;
}

}  // namespace

std::string licenceBeside(const fs::path& folder) {
  const auto firstLine = [](const std::string& text) {
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);)
      if (const auto from = line.find_first_not_of(" \t\r#"); from != line.npos)
        return printable(line.substr(from, line.find_last_not_of(" \t\r") - from + 1), false).substr(0, 200);
    return std::string();
  };
  for (const char* name : {"LICENSE", "LICENSE.txt", "LICENSE.md", "LICENCE"})
    if (const auto text = readFile(folder / name, 1 << 20); text && !firstLine(*text).empty()) return firstLine(*text);
  // The front matter of a model card, between two lines of dashes.
  const auto card = readFile(folder / "README.md", 1 << 22);
  if (!card || !card->starts_with("---\n")) return {};
  const auto matter = card->substr(0, card->find("\n---", 4));
  const auto at = matter.find("\nlicense:");
  return at == matter.npos ? std::string() : firstLine(matter.substr(at + 9, matter.find('\n', at + 1) - at - 9));
}

Result<Inspection> inspectFolder(const fs::path& folder, const std::string& entry) {
  LORKD_TRY(model, readNnUnetFolder(folder));
  if (!model) {
    LORKD_TRY(bundle, readMonaiBundle(folder));
    if (bundle) return inspectBundle(*bundle, entry);
    LORKD_TRY(weights, onlyWeights(folder));
    return inspectWeights(weights, entry);
  }
  Inspection out;
  out.facts["model"] = "nnunet";
  tellModel(*model, out);
  tellPlans(model->plans, out);
  if (model->folds.empty()) return out;
  const auto& checkpoint = model->folds.front().second;
  LORKD_TRY(weights, readWeights(checkpoint, entry));
  out.sentences.push_back("Of fold " + model->folds.front().first + ":");
  LORKD_CHECK(tellWeights(weights, out));
  compareWithPlans(weights, model->plans, out);
  return out;
}

}  // namespace lorkd::models
