#include <algorithm>
#include <sstream>

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

}  // namespace lorkd::models
