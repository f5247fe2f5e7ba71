#include <algorithm>
#include <array>
#include <sstream>

#include "core/base/File.h"
#include "core/base/Printable.h"
#include "core/models/Inspect.h"
#include "core/models/InspectParts.h"
#include "core/models/TotalSegmentator.h"

namespace lorkd::models {

namespace fs = std::filesystem;

namespace {

template <class Number>
std::string numbersText(const std::vector<Number>& numbers, const char* between = " × ") {
  std::ostringstream out;
  for (std::size_t n = 0; n < numbers.size(); ++n) out << (n ? between : "") << numbers[n];
  return out.str();
}

std::string labelsText(const NnUnetPlans& plans) {
  std::vector<std::string> names;
  for (const auto& label : plans.labels) names.push_back(label.name + " (" + numbersText(label.values, " + ") + ")");
  return joinedNames(names, 150);
}

Json factsOf(const NnUnetPlans& plans) {
  const auto& network = plans.network;
  auto labels = Json::object();
  for (const auto& label : plans.labels) labels[label.name] = label.values;
  auto intensities = Json::array();
  for (const auto& i : plans.intensities)
    intensities.push_back(i ? Json{{"low", i->low}, {"high", i->high}, {"mean", i->mean}, {"deviation", i->deviation}}
                            : Json());
  return {{"dataset", plans.dataset},
          {"plans", plans.plans},
          {"configuration", plans.configuration},
          {"network",
           {{"class", network.className},
            {"known", network.known},
            {"old_form", network.oldForm},
            {"dims", network.dims},
            {"features", network.features},
            {"kernels", network.kernels},
            {"strides", network.strides},
            {"encoder", network.convsEncoder},
            {"decoder", network.convsDecoder}}},
          {"patch", plans.patch},
          {"spacing", plans.spacing},
          {"transpose_forward", plans.transposeForward},
          {"reader", plans.reader},
          {"normalisation", plans.normalisation},
          {"intensities", intensities},
          {"cascade", plans.cascade},
          {"channels", plans.channels},
          {"labels", labels},
          {"regions", plans.regions},
          {"regions_class_order", plans.regionsClassOrder},
          {"ignore", plans.ignore ? Json(*plans.ignore) : Json()},
          {"outputs", plans.outputs},
          {"not_understood", plans.notUnderstood}};
}

void tellModel(const NnUnetFolder& folder, Inspection& out) {
  auto& say = out.sentences;
  say.push_back("This is a model of nnU-Net v2: data set " + folder.dataset +
                (folder.trainer.empty() ? "" : ", trainer " + folder.trainer) + ".");
  out.facts["trainer"] = folder.trainer;
  out.facts["dataset_folder"] = folder.dataset;
  std::vector<std::string> folds;
  for (const auto& [fold, checkpoint] : folder.folds)
    folds.push_back(fold + " (" + checkpoint.filename().string() + ")");
  out.facts["folds"] = folds;
  say.push_back(folds.empty() ? "It has no fold with a checkpoint, so there are no weights."
                              : "Folds with weights: " + joinedNames(folds, 20) + ".");
  auto licence = licenceBeside(folder.folder);
  if (const auto known = folder.number ? totalSegmentatorModel(*folder.number, folder.dataset) : std::nullopt) {
    out.facts["totalsegmentator"] = {
        {"task", known->task}, {"part", known->part}, {"licence", known->licence}, {"certain", known->certain}};
    const auto part = known->part.empty() ? "" : " (" + known->part + ")";
    if (known->certain) {
      say.push_back("It is TotalSegmentator's task " + known->task + part + ".");
      licence = licence.empty() ? known->licence : licence;
    } else {
      say.push_back("Its number is that of TotalSegmentator's task " + known->task + part +
                    ", but its name is another: whether it is that model, its authors must say.");
    }
  }
  out.facts["licence"] = licence.empty() ? Json() : Json(licence);
  say.push_back(licence.empty() ? "Under what licence it stands is not said." : "Licence: " + licence + ".");
}

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

}  // namespace

void tellPlans(const NnUnetPlans& plans, Inspection& out) {
  const auto& network = plans.network;
  auto& say = out.sentences;
  out.facts["nnunet"] = factsOf(plans);
  if (network.dims > 0)
    say.push_back("Network: " + network.className + " in " + std::to_string(network.dims) + "D with " +
                  std::to_string(network.features.size()) + " stages of " + numbersText(network.features, ", ") +
                  " features" + (network.oldForm ? " (plans of the form before nnU-Net 2.3.1)" : "") + ".");
  else
    say.push_back("Network: " + network.className + ".");
  say.push_back("Configuration " + plans.configuration + ": patches of " + numbersText(plans.patch) + " voxels at " +
                numbersText(plans.spacing) + " mm" + (plans.reader.empty() ? "" : ", images by " + plans.reader) + ".");
  std::vector<std::string> channels;
  for (std::size_t n = 0; n < plans.channels.size(); ++n)
    channels.push_back(plans.channels[n] + " (" + plans.normalisation[n] + ")");
  say.push_back("Inputs: " + joinedNames(channels, 20) + ".");
  say.push_back((plans.regions ? "Regions, which may overlap: " : "Labels, which exclude each other: ") +
                labelsText(plans) + "; " + std::to_string(plans.outputs) + " outputs" +
                (plans.ignore ? "; value " + std::to_string(*plans.ignore) + " is ignored" : "") + ".");
  if (!plans.notUnderstood.empty())
    say.push_back("Not understood, so that this network cannot be rebuilt for certain: " +
                  joinedNames(plans.notUnderstood, 20) + ".");
}

void compareWithPlans(const Weights& weights, const NnUnetPlans& plans, Inspection& out) {
  if (!plans.network.known) return;
  std::vector<std::string> differences;
  const auto compare = [&](const std::string& name, std::size_t axis, std::int64_t wanted, const char* what) {
    const auto* weight = weights.find(name);
    if (!weight)
      differences.push_back("there is no " + name);
    else if (weight->tensor.shape.size() <= axis || weight->tensor.shape[axis] != wanted)
      differences.push_back(name + " " + shapeText(weight->tensor.shape) + " has not " + std::to_string(wanted) + " " +
                            what);
  };
  compare(plans.network.residual ? "encoder.stem.convs.0.conv.weight" : "encoder.stages.0.0.convs.0.conv.weight", 1,
          static_cast<std::int64_t>(plans.channels.size()), "inputs");
  compare("decoder.seg_layers." + std::to_string(plans.network.features.size() - 2) + ".weight", 0, plans.outputs,
          "outputs");
  out.facts["differs_from_plans"] = differences;
  if (!differences.empty())
    out.sentences.push_back("The weights are not those that the plans describe: " + joinedNames(differences, 5) + ".");
}

void tellCheckpoint(const Weights& weights, Inspection& out) {
  const auto& rest = weights.rest;
  if (!rest.is_object() || !rest.contains("trainer_name") || !rest.contains("init_args")) return;
  const auto arguments = rest.value("init_args", Json::object());
  const auto text = [](const Json& object, const char* key) {
    const auto value = object.is_object() ? object.value(key, Json()) : Json();
    return value.is_string() ? value.get<std::string>() : std::string();
  };
  out.sentences.push_back("It is a checkpoint of nnU-Net v2, trainer " + text(rest, "trainer_name") +
                          ", configuration " + text(arguments, "configuration") + ".");
  if (!arguments.is_object() || !arguments.contains("plans") || !arguments.contains("dataset_json")) return;
  const auto plans = readNnUnetPlans(arguments["plans"], arguments["dataset_json"], text(arguments, "configuration"));
  if (!plans) {
    out.sentences.push_back("The plans in it cannot be used: " + plans.error().text() + ".");
    out.facts["plans_fault"] = plans.error().text();
    return;
  }
  tellPlans(*plans, out);
  compareWithPlans(weights, *plans, out);
}

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
    LORKD_TRY(weights, onlyWeights(folder));
    return inspectWeights(weights, entry);
  }
  Inspection out;
  out.facts["kind"] = "nnunet";
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
