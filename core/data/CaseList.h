// Which case serves which task, and in which split: frozen into a run as cases.json.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/Error.h"
#include "core/data/Catalogue.h"
#include "core/run/Plan.h"

namespace lorkd::data {

enum class Split { Train, Validation, Test };
std::string toString(Split split);

/// A case with its part in the run. Classification examples are cases too (kind "picture").
struct AssignedCase {
  Case item;
  Split split = Split::Train;
  std::vector<int> tasks;  ///< indices into plan.tasks of the tasks it has labels for
};

struct CaseList {
  std::vector<AssignedCase> cases;
  /// Those of one split and task; task -1 takes every one.
  std::vector<const AssignedCase*> of(Split split, int task = -1) const;
};
Result<void> save(const CaseList& list, const std::filesystem::path& file);
Result<CaseList> loadCaseList(const std::filesystem::path& file);

/// Label names of class `cls` of a task: the plan's list, or the class's own name.
std::vector<std::string> classLabels(const plan::Task& task, std::size_t cls);

/// Assigns tasks by labels and splits by patient: shares of the plan, drawn from its seed, each task represented in
/// every split where it has enough patients. With a slab split every case is in all three.
/// Errors: InvalidArgument when a task finds no case (naming the labels it wants and those there are) or none to train on.
Result<CaseList> assign(const plan::Plan& plan, const std::vector<Case>& cases);

}  // namespace lorkd::data
