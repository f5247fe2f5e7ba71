// Every fault of a plan, against the schema and against the rules between fields.
#include <algorithm>
#include <regex>

#include "core/base/Expression.h"
#include "core/base/PathPattern.h"
#include "core/run/Plan.h"
#include "core/run/SchemaWords.h"

namespace lorkd::plan {
namespace {

std::string valueText(const Json& value) {
  auto text = value.dump(-1, ' ', false, Json::error_handler_t::replace);
  constexpr std::size_t longest = 80;
  return text.size() > longest ? text.substr(0, longest) + "..." : text;
}

std::string below(const std::string& path, const std::string& key) { return path.empty() ? key : path + "." + key; }

/// Names become folder names and parts of dotted paths. Bytes of non-ASCII letters (UTF-8) are fine.
bool goodName(const std::string& name) {
  const auto good = [](unsigned char c) { return std::isalnum(c) || c >= 0x80 || c == '-' || c == '_' || c == ' '; };
  return !name.empty() && name.size() <= 100 && name.front() != ' ' && name.back() != ' ' &&
         std::ranges::all_of(name, good);
}

/// Layers are named by their module paths; no folder is named after them.
std::string withoutDots(std::string name) {
  std::erase(name, '.');
  return name;
}

/// Walks a value beside its schema.
class Walk {
 public:
  std::vector<Fault> faults;

  /// Returns what is sound of `value`: faulty fields are left out, so that defaults may stand in for them and the
  /// rules between the other fields can still be checked. Null if the value itself is faulty.
  Json sound(const Json& field, const Json& value, const std::string& path) {
    const auto schema = resolve(field);
    const auto hint = schema.value("description", "");
    const auto fault = [&](bool withType) {
      faults.push_back({path.empty() ? "plan" : path, valueText(value), allowedWords(schema, withType), hint});
      return Json();
    };
    if (!hasType(schema, value)) return fault(true);
    if (value.is_object()) return soundObject(schema, value, path);
    if (value.is_array()) return soundArray(schema, value, path) ? value : Json();
    if (schema.contains("enum")) {
      const auto choices = schema["enum"].get<std::vector<std::string>>();
      if (std::ranges::find(choices, value.get<std::string>()) != choices.end()) return value;
      const auto near = nearest(value.get<std::string>(), choices);
      faults.push_back(
          {path, valueText(value), allowedWords(schema, false), near.empty() ? hint : knownHint(value, choices)});
      return Json();
    }
    if (value.is_number()) {
      const auto number = value.get<double>();
      // "not (inside)" rather than "outside", so that a NaN is refused too.
      if (schema.contains("minimum") && !(number >= schema["minimum"].get<double>())) return fault(false);
      if (schema.contains("maximum") && !(number <= schema["maximum"].get<double>())) return fault(false);
      if (schema["type"] == "integer" && !value.is_number_integer()) return value.get<std::int64_t>();
    }
    if (value.is_string()) {
      const auto& text = value.get_ref<const std::string&>();
      if (text.find('\0') != std::string::npos) return fault(true);
      // Short patterns only (colours): std::regex recurses over its input.
      if (schema.contains("pattern") &&
          (text.size() > 1000 || !std::regex_search(text, std::regex(schema["pattern"].get<std::string>()))))
        return fault(true);
    }
    return value;
  }

 private:
  Json soundObject(const Json& schema, const Json& value, const std::string& path) {
    Json out = Json::object();
    const auto known = schema.contains("properties") ? schema["properties"] : Json::object();
    for (const auto& [key, child] : value.items()) {
      const auto here = below(path, key);
      if (known.contains(key)) {
        if (auto part = sound(known[key], child, here); !part.is_null()) out[key] = std::move(part);
      } else if (!schema.contains("additionalProperties")) {
        faults.push_back({here, valueText(child), "no field of this name", knownHint(key, keysOf(known))});
      } else if (!goodName(path.ends_with(".layers") ? withoutDots(key) : key)) {
        faults.push_back({here, valueText(Json(key)), "a name of letters, digits, '-', '_' and ' '",
                          "at most 100 characters, no space at either end; the name becomes that of a folder"});
      } else if (auto part = sound(schema["additionalProperties"], child, here); !part.is_null()) {
        out[key] = std::move(part);
      }
    }
    for (const auto& key : schema.value("required", Json::array()))
      if (!value.contains(key.get<std::string>())) {
        const auto field = resolve(known.at(key.get<std::string>()));
        faults.push_back({below(path, key), "missing", allowedWords(field, true), field.value("description", "")});
      }
    if (schema.contains("minProperties") && value.size() < schema["minProperties"].get<std::size_t>())
      faults.push_back({path, valueText(value), "at least " + schema["minProperties"].dump() + " entry",
                        schema.value("description", "")});
    return out;
  }

  bool soundArray(const Json& schema, const Json& value, const std::string& path) {
    const auto before = faults.size();
    if ((schema.contains("minItems") && value.size() < schema["minItems"].get<std::size_t>()) ||
        (schema.contains("maxItems") && value.size() > schema["maxItems"].get<std::size_t>()))
      faults.push_back({path, valueText(value), allowedWords(schema, true), schema.value("description", "")});
    for (std::size_t i = 0; i < value.size(); ++i) sound(schema["items"], value[i], below(path, std::to_string(i)));
    return faults.size() == before;
  }
};

std::string number(double value) { return Json(value).dump(); }

/// What a source says of its files' names.
void checkLayout(const Layout& layout, const std::string& field, std::vector<Fault>& faults) {
  for (const auto& [name, patterns] : {std::pair("images", &layout.images), std::pair("labels", &layout.labels)})
    for (std::size_t n = 0; n < patterns->size(); ++n)
      if (const auto good = PathPattern::compile((*patterns)[n]); !good)
        faults.push_back({field + "." + name + "." + std::to_string(n), valueText(Json((*patterns)[n])),
                          "a pattern of paths", good.error().message + "; " + good.error().hint});
  if (const auto good = Expression::compile(layout.patients.pattern); !good)
    faults.push_back({field + ".patients.pattern", valueText(Json(layout.patients.pattern)), "a regular expression",
                      good.error().message + "; " + good.error().hint});
  const bool patterns = !layout.images.empty() || !layout.labels.empty();
  if (patterns && !layout.table.empty())
    faults.push_back({field + ".table", valueText(Json(layout.table)), "patterns or a table",
                      "a source is read by one of them; empty the other"});
  if ((patterns || !layout.table.empty()) && layout.reader != "auto")
    faults.push_back({field + ".reader", valueText(Json(layout.reader)), "auto, where patterns or a table are given",
                      "a source is read by one of them"});
}

void checkFolds(const Plan& plan, std::vector<Fault>& faults) {
  const auto& split = plan.data.split;
  const bool several = split.folds >= 2;
  if (several && split.fold >= split.folds)
    faults.push_back({"data.split.fold", std::to_string(split.fold), "0 to " + std::to_string(split.folds - 1),
                      "there are data.split.folds of them"});
  if (several && split.slab != SplitSlab::None)
    faults.push_back({"data.split.folds", std::to_string(split.folds), "0",
                      "with a held-out slab every patient is in every part; set data.split.slab to none for folds"});
  if (!plan.study.folds) return;
  if (!several)
    faults.push_back({"study.folds", "true", "false",
                      "set data.split.folds to the number of folds, or leave the study one division"});
  if (split.heldOut == SplitHeldOut::Validation)
    faults.push_back({"data.split.held_out", "\"validation\"", "auto or test",
                      "study.folds tests every patient once, in the fold that is held out"});
  if (!plan.tasks.empty() && !marks(plan.tasks.front().second.kind))
    faults.push_back({"study.folds", "true", "false", "it pools the scores of marked structures, and no classes"});
}

/// The rules that span several fields.
void crossCheck(const Plan& plan, std::vector<Fault>& faults) {
  for (const auto& [name, task] : plan.tasks) {
    const auto field = "tasks." + name;
    for (const auto& source : task.sources)
      if (!plan.data.sources.find(source)) {
        std::vector<std::string> known;
        for (const auto& [sourceName, unused] : plan.data.sources) known.push_back(sourceName);
        faults.push_back({field + ".sources", valueText(Json(source)), "names of data.sources",
                          known.empty() ? "the plan has no data.sources" : knownHint(source, known)});
      }
    if (!marks(task.kind) && task.classes.size() == 1 && task.outputs != TaskOutputs::Overlapping)
      faults.push_back({field + ".classes", valueText(Json::array({task.classes.front().first})), "at least 2 classes",
                        "a classification chooses between classes; with outputs set to overlapping it tells whether "
                        "one is there"});
    if (task.kind != plan.tasks.front().second.kind)
      faults.push_back({field + ".kind", valueText(Json(task.kind)), toString(plan.tasks.front().second.kind),
                        "all tasks share one network, so segmentation and classification, of volumes and of 2D "
                        "pictures, cannot be mixed; make a plan for each"});
  }
  for (const auto& [name, source] : plan.data.sources)
    checkLayout(source.layout, "data.sources." + name + ".layout", faults);
  using enum TrainingBest;
  if (const auto best = plan.training.best; best != Auto && !plan.tasks.empty()) {
    const bool masks = best == Dice || best == Nsd;
    if (masks != marks(plan.tasks.front().second.kind) || (best == Nsd && ofPictures(plan)))
      faults.push_back({"training.best", valueText(Json(best)),
                        masks ? "auto, accuracy, balanced_accuracy, auc or f1" : "auto, dice or nsd",
                        "the tasks have no such score"});
  }
  const auto& split = plan.data.split;
  if (split.validation + split.test >= 1)
    faults.push_back({"data.split", number(split.validation) + " + " + number(split.test), "validation + test below 1",
                      "some patients must be left to train on"});
  checkFolds(plan, faults);
  if (plan.data.channels == DataChannels::Rgb && !plan.tasks.empty() && !ofPictures(plan))
    faults.push_back({"data.channels", "\"rgb\"", "grey", "the channels of volumes are data.inputs"});
  if (split.slab != SplitSlab::None && !plan.tasks.empty() &&
      plan.tasks.front().second.kind == TaskKind::Segmentation2d)
    faults.push_back({"data.split.slab", valueText(Json(split.slab)), "none", "pictures have one slice"});
  if (split.slab != SplitSlab::None && !plan.tasks.empty() && !marks(plan.tasks.front().second.kind) &&
      !ofPictures(plan))
    faults.push_back({"data.split.slab", valueText(Json(split.slab)), "none", "volumes are classified whole"});
  if (!plan.data.inputs.empty() && !plan.tasks.empty() && plan.tasks.front().second.kind == TaskKind::Classification)
    faults.push_back({"data.inputs", valueText(Json(plan.data.inputs)), "none", "pictures have data.channels"});
  if (!plan.data.inputs.empty() && plan.data.channels == DataChannels::Rgb && ofPictures(plan))
    faults.push_back({"data.channels", "\"rgb\"", "grey", "each of data.inputs is a grey picture"});
  for (const auto& [name, input] : plan.data.inputs)
    if (input.clip[0] >= input.clip[1])
      faults.push_back(
          {"data.inputs." + name + ".clip", valueText(Json(input.clip)), "the lower clip below the upper", ""});
  if (plan.data.clip[0] >= plan.data.clip[1])
    faults.push_back({"data.clip", valueText(Json(plan.data.clip)), "the lower clip below the upper", ""});
  const bool taught = plan.method == PlanMethod::MtlKd || plan.method == PlanMethod::StlKd;
  if (taught && plan.teacher.source == TeacherSource::None)
    faults.push_back({"teacher.source", "\"none\"", "train or checkpoint",
                      "the method " + toString(plan.method) + " learns from a teacher"});
  if (taught && plan.losses.transfer == 0 && plan.losses.transferLogits == 0)
    faults.push_back({"losses.transfer", "0", "above 0, or losses.transfer_logits above 0",
                      "the method " + toString(plan.method) + " learns from a teacher through these"});
  if (plan.teacher.source == TeacherSource::Checkpoint && plan.teacher.checkpoint.empty())
    faults.push_back({"teacher.checkpoint", "\"\"", "the run directory of an earlier teacher",
                      "teacher.source is checkpoint; name the run, or set teacher.source to train or none"});
}

}  // namespace

std::string Fault::text() const {
  std::string out = field + ": ";
  out += value == "missing" ? "is missing" : value + " is not allowed";
  out += "; allowed: " + allowed;
  if (!hint.empty()) out += " (" + hint + ")";
  return out;
}

std::vector<Fault> validate(const Json& plan) {
  Walk walk;
  const auto rest = walk.sound(schema(), plan, "");
  if (rest.is_object()) crossCheck(rest.get<Plan>(), walk.faults);
  return std::move(walk.faults);
}

}  // namespace lorkd::plan
