// The plan: the only source of choices. Structs come from resources/schema/plan.schema.json (generated/PlanStructs.h);
// here they are read, validated, changed by path and digested.
#pragma once

#include <array>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "PlanStructs.h"
#include "core/base/Error.h"

namespace lorkd::plan {

/// The parsed schema document.
const Json& schema();

/// The schema of the field at a dotted path ("training.learning_rate", "tasks.liver.rank"), references resolved.
/// Errors: NotFound, naming the path and the nearest known field.
Result<Json> fieldSchema(const std::string& path);

/// One fault of a plan: which field, what it holds, what is allowed, what to do.
struct Fault {
  std::string field;    ///< dotted path
  std::string value;    ///< the value found, as JSON text; "missing" if absent
  std::string allowed;  ///< type, range or choices in words
  std::string hint;
  std::string text() const;
};

/// Every fault of a JSON plan against the schema and the rules between fields; empty if the plan is good.
std::vector<Fault> validate(const Json& plan);

/// Validates and reads; defaults fill what is absent. Errors: InvalidArgument listing every fault.
Result<Plan> fromJson(const Json& plan, const std::string& name = "plan");

/// Reads a plan file and applies `assignments` (see set()). Relative source and teacher paths are made absolute against
/// the file's folder. `tasks`, if it is not empty, is a file whose "tasks" (all that a template has, or those of
/// another plan) stand in for the plan's own. Errors: NotFound, Format, InvalidArgument.
Result<Plan> load(const std::filesystem::path& path, const std::vector<std::string>& assignments = {},
                  const std::filesystem::path& tasks = {});

/// Complete JSON of a plan, every default written out.
Json toJson(const Plan& plan);

/// Applies "tasks.liver.rank=8"; a name with dots in it stands in quotes, as in
/// `tasks.liver.layers."backbone.encoder.0.conv1".rank=4`. The value is JSON if it parses as the field's type, else
/// text. Errors: InvalidArgument naming field and form; the result is validated by fromJson afterwards.
Result<void> set(Json& plan, const std::string& assignment);

/// SHA-256 over the complete JSON: two plans with the same digest describe the same run.
std::string digest(const Plan& plan);
/// The same of a plan as it was frozen, which a later version with more fields must still know by its digest.
std::string digest(const Json& frozen);

/// The colour of one task / class, as Looks says for the whole plan.
std::string taskColor(const Plan& plan, std::size_t task);
std::string classColor(const Plan& plan, std::size_t task, std::size_t cls);

/// Whether tasks of this kind mark structures, in volumes or in pictures; the others classify whole images.
bool marks(TaskKind kind);

/// Whether tasks of this kind are of 2D pictures.
bool ofPictures(TaskKind kind);

/// Whether the plan's tasks are of 2D pictures: all share one network, so they are of one kind.
bool ofPictures(const Plan& plan);

/// Voxels of a training patch along x, y, z: data.patch, and one along z for pictures.
std::array<std::int64_t, 3> patchOf(const Plan& plan);
/// What the separate networks of a study (methods stl and stl_kd) are trained with: its own values where it has them.
Training ofSeparate(Training joint, const Study& study);

/// Channels of the network's input: the inputs of volumes, one where the plan names none; those of pictures else.
std::int64_t inputChannels(const Plan& plan);

/// The scale s of a task's factors in a layer: of the task's rank, and of its rank in that layer.
double lowRankScale(const LowRank& options, std::int64_t taskRank, std::int64_t layerRank);

}  // namespace lorkd::plan
