#include "core/run/Plan.h"

#include "core/base/Digest.h"
#include "core/base/File.h"
#include "core/run/Looks.h"
#include "core/run/SchemaWords.h"

namespace lorkd::plan {
namespace {

/// Names along a dotted path; quotes hold one that has dots of its own.
std::vector<std::string> parts(const std::string& path) {
  std::vector<std::string> out(1);
  bool quoted = false;
  for (char c : path) {
    if (c == '"')
      quoted = !quoted;
    else if (c == '.' && !quoted)
      out.emplace_back();
    else
      out.back() += c;
  }
  return out;
}

/// Layers are named by the network, which is not here: any may be given ranks of its own. They have dotted names.
bool namesLayers(const std::string& path) { return path.starts_with("tasks.") && path.ends_with(".layers"); }

/// One step down the schema: the field `key` of an object, or the value type of a named list.
Result<Json> schemaBelow(const Json& object, const std::string& key, const std::string& path) {
  const auto known = object.value("properties", Json::object());
  if (known.contains(key)) return resolve(known[key]);
  if (object.contains("additionalProperties")) return resolve(object["additionalProperties"]);
  return fail(ErrorCode::NotFound, "the plan has no field '" + path + "'",
              known.empty() ? "'" + key + "' stands below a plain value" : knownHint(key, keysOf(known)), path);
}

}  // namespace

const Json& schema() {
  static const Json document = Json::parse(schemaText);
  return document;
}

Result<Json> fieldSchema(const std::string& path) {
  auto field = resolve(schema());
  for (const auto& key : parts(path)) {
    LORKD_TRY(next, schemaBelow(field, key, path));
    field = Json(std::move(next));
  }
  return field;
}

Result<Plan> fromJson(const Json& plan, const std::string& name) {
  const auto faults = validate(plan);
  if (faults.empty()) return plan.get<Plan>();
  std::string list = faults.size() == 1 ? "" : std::to_string(faults.size()) + " faults";
  for (const auto& fault : faults) list += (list.empty() ? "" : "\n  ") + fault.text();
  return fail(ErrorCode::InvalidArgument, list, "", name);
}

namespace {

Result<Json> document(const std::filesystem::path& path) {
  LORKD_TRY(text, readFile(path, std::uintmax_t(16) << 20));
  return parseJson(text, path.string());
}

}  // namespace

Result<Plan> load(const std::filesystem::path& path, const std::vector<std::string>& assignments,
                  const std::filesystem::path& tasks) {
  LORKD_TRY(json, document(path));
  if (!tasks.empty()) {
    LORKD_TRY(other, document(tasks));
    if (!other.is_object() || !other.contains("tasks"))
      return fail(ErrorCode::Format, "there are no \"tasks\" in it", "name a template or a plan", tasks.string());
    if (json.is_object()) json["tasks"] = other["tasks"];
  }
  for (const auto& assignment : assignments) LORKD_CHECK(set(json, assignment));
  LORKD_TRY(plan, fromJson(json, path.string()));
  const auto folder = std::filesystem::absolute(path).parent_path();
  const auto anchor = [&](std::string& place) {
    if (!place.empty()) place = (folder / place).lexically_normal().string();
  };
  for (auto& [name, source] : plan.data.sources) anchor(source.path);
  anchor(plan.teacher.checkpoint);
  return plan;
}

Json toJson(const Plan& plan) { return plan; }

Result<void> set(Json& plan, const std::string& assignment) {
  const auto equals = assignment.find('=');
  if (equals == std::string::npos || equals == 0)
    return fail(ErrorCode::InvalidArgument, "'" + assignment + "' is not of the form FIELD=VALUE",
                "for example tasks.liver.rank=8");
  const auto path = assignment.substr(0, equals);
  const auto text = assignment.substr(equals + 1);
  auto field = fieldSchema(path);
  if (!field) {
    field.error().code = ErrorCode::InvalidArgument;
    if (path.find(".layers.") != std::string::npos && path.find('"') == std::string::npos)
      field.error().hint = "put the name of a layer in quotes: tasks.liver.layers.\"backbone.encoder.0.conv1\".rank=4";
    return std::unexpected(field.error());
  }

  // Along the way a named entry must exist already: a misspelt task would otherwise be born here.
  if (!plan.is_object()) return fail(ErrorCode::InvalidArgument, "the plan is not an object", "", path);
  Json changed = plan;
  Json* place = &changed;
  auto at = resolve(schema());
  std::string walked;
  for (const auto& key : parts(path)) {
    if (place->is_null()) *place = Json::object();
    const bool named = !at.value("properties", Json::object()).contains(key);
    if (!place->is_object() || (named && !place->contains(key) && !namesLayers(walked)))
      return fail(ErrorCode::InvalidArgument, "the plan has no '" + key + "' in " + walked,
                  place->is_object() && !place->empty() ? "there are: " + joined(keysOf(*place)) : "there are none yet",
                  path);
    LORKD_TRY(next, schemaBelow(at, key, path));
    at = Json(std::move(next));
    place = &(*place)[key];
    walked += (walked.empty() ? "" : ".") + key;
  }
  const auto parsed = parseJson(text, path);
  const bool typed = parsed && hasType(*field, *parsed);
  if (!typed && field->at("type") != "string")
    return fail(ErrorCode::InvalidArgument, text + " is not allowed; allowed: " + allowedWords(*field, true),
                field->value("description", ""), path);
  *place = typed ? *parsed : Json(text);
  plan = std::move(changed);
  return {};
}

std::string digest(const Json& frozen) { return sha256(frozen.dump(-1, ' ', false, Json::error_handler_t::replace)); }

std::string digest(const Plan& plan) { return digest(toJson(plan)); }

std::string taskColor(const Plan& plan, std::size_t task) {
  // As Looks, without the classes and whatever does not matter to this task: it is asked for task by task.
  if (!plan.tasks.at(task).second.color.empty()) return plan.tasks[task].second.color;
  std::vector<std::string> given;
  std::size_t before = 0;
  for (std::size_t i = 0; i < plan.tasks.size(); ++i) {
    const auto& own = plan.tasks[i].second.color;
    if (!own.empty())
      given.push_back(own);
    else if (i < task)
      ++before;
  }
  given.resize(given.size() + before + 1);
  return distinctLooks(given).back().color;
}

std::string classColor(const Plan& plan, std::size_t task, std::size_t cls) { return Looks(plan).of(task, cls).color; }

bool marks(TaskKind kind) { return kind == TaskKind::Segmentation || kind == TaskKind::Segmentation2d; }

bool ofPictures(TaskKind kind) { return kind == TaskKind::Segmentation2d || kind == TaskKind::Classification; }

bool ofPictures(const Plan& plan) { return !plan.tasks.empty() && ofPictures(plan.tasks.front().second.kind); }

std::array<std::int64_t, 3> patchOf(const Plan& plan) {
  const auto& patch = plan.data.patch;
  return {patch[0], patch[1], ofPictures(plan) ? 1 : patch[2]};
}

Training ofSeparate(Training joint, const Study& study) {
  if (study.stl.learningRate > 0) joint.learningRate = study.stl.learningRate;
  if (study.stl.gradientClip >= 0) joint.gradientClip = study.stl.gradientClip;
  return joint;
}

std::int64_t inputChannels(const Plan& plan) {
  if (!plan.data.inputs.empty()) return static_cast<std::int64_t>(plan.data.inputs.size());
  return plan.data.channels == DataChannels::Rgb ? 3 : 1;
}

double lowRankScale(const LowRank& options, std::int64_t taskRank, std::int64_t layerRank) {
  if (options.scaling == LowRankScaling::Fixed) return options.scale;
  return options.alpha / static_cast<double>(options.scaling == LowRankScaling::AlphaOverRank ? taskRank : layerRank);
}

}  // namespace lorkd::plan
