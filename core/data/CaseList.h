// Which case serves which task, and in which split: frozen into a run as cases.json.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "core/base/Error.h"
#include "core/data/ClassMasks.h"

namespace lorkd::data {

enum class Split { Train, Validation, Test };
std::string toString(Split split);

/// "train", "validation", "test". Errors: Format.
Result<Split> splitFromString(const std::string& text);

/// A case with its part in the run. A set of pictures is a case too (kind "picture"), listed once for each split: which
/// of its pictures belong to the split is what the set itself says, else drawn from the plan's seed (see Prepare.h).
struct AssignedCase {
  Case item;
  Split split = Split::Train;
  std::vector<int> tasks;  ///< indices into plan.tasks of the tasks it has labels for; empty: only to be predicted
  std::string digest;      ///< inputDigest() of the case once it was computed, else empty
};

struct CaseList {
  std::vector<AssignedCase> cases;
  /// What divided the patients and pictures, where it is not the seed of the plan that uses the list: a study divides
  /// once, for the runs of all its seeds.
  std::optional<std::int64_t> seed{};
  /// Patients of this data from whom an expert has learnt that the run begins with, or is compared with: they are not
  /// tested, unless there is nobody else.
  std::set<std::string> learnt{};
  /// Tasks, by index, whose classes exclude each other by the data: where the plan leaves it to them.
  std::set<int> exclusive{};
  /// Tasks that classify, by index, of whose classes an image may have several by the data: likewise.
  std::set<int> overlapping{};
  /// Those of one split and task; task -1 takes every one.
  std::vector<const AssignedCase*> of(Split split, int task = -1) const;
};
/// The plan with what it leaves to the data (tasks.NAME.outputs) decided as the list has it.
plan::Plan decided(plan::Plan plan, const CaseList& list);
/// cases.json. Errors: those of writeJson and readJson; Format naming the field.
Result<void> save(const CaseList& list, const std::filesystem::path& file);
Result<CaseList> loadCaseList(const std::filesystem::path& file);

/// Whether a case is what the plan says lies in its source.
bool accepts(plan::SourceKind source, const Case& item);

/// Assigns tasks by labels and splits by patient: shares of the plan, drawn from its seed, each task represented in
/// every split where it has enough patients (three; with two: train and test). Patients who serve the same set of tasks
/// are divided among themselves. With a slab split every case is listed once for each split that has a share, and
/// data::prepare cuts the slab. A case without any label comes in as a test case without tasks, so that it can be
/// predicted; a case whose labels serve no task is left out, and so it is of a task that asks for a damaged structure.
/// Where the data say what an image is for (Case::split) and the plan keeps to it, patients are divided so; what a
/// source leaves open is drawn from its training patients in the plan's shares. With folds (data.split.folds, or those
/// of the data, Case::folds) one part of all patients but those for testing is held out: see Folds.h.
/// Patients in `learnt` who serve a task are kept to training and validation: the test share is drawn from the others,
/// as far as they go; where all are in it, it changes nothing. Patients are drawn in the order of their files' paths,
/// so the same data laid out the same way is divided the same way on every machine. Errors: InvalidArgument when a task
/// finds no case (naming the labels it wants and those there are), a class of a task is found in none of its cases, or
/// a task has none to train on.
Result<CaseList> assign(const plan::Plan& plan, const std::vector<Case>& cases,
                        const std::set<std::string>& learnt = {});

}  // namespace lorkd::data
