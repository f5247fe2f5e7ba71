// Image, truth and predictions of one case, read away from the window's thread.
#pragma once

#include <QString>
#include <memory>
#include <vector>

#include "core/data/OpenCases.h"
#include "core/run/RunDirectory.h"
#include "widgets/view/Overlay.h"

namespace lorkd::workbench {

/// Everything the inspector shows of a case.
struct LoadedCase {
  std::shared_ptr<const image::Volume> volume;
  std::vector<view::Overlay> overlays;  ///< truth, teacher, one per expert: those that exist
  bool predicted = false;               ///< every task's prediction is there
};

/// The plan's classes as the inspector shows them, by task: the value counts from 1 within the task. A name that stands
/// for different things in different tasks is followed by its task.
std::vector<std::vector<view::OverlayClass>> shownClasses(const plan::Plan& plan);

/// Runs on a worker. Experts of tasks that the case does not serve are loaded, but not visible. Errors: those of
/// reading; whatever is thrown, lack of memory among it, becomes an error too.
Result<LoadedCase> loadCase(const run::RunDirectory& run, const data::AssignedCase& assigned);

/// One of the case's channels, by its position among them, on the grid of the first. Runs on a worker. Errors: as
/// loadCase().
Result<std::shared_ptr<image::Volume>> loadChannel(const data::AssignedCase& assigned, std::size_t channel);

/// Where a task's prediction of a case lies, of a picture that of its last class; `prefix` is "" or "teacher.".
std::filesystem::path predictionFile(const run::RunDirectory& run, const std::string& caseId, const std::string& prefix,
                                     const std::string& task);

}  // namespace lorkd::workbench
