// Operations on run directories, made of the rooms below: what the command line calls.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "core/base/Error.h"
#include "core/base/Progress.h"
#include "core/eval/Table.h"
#include "core/nn/Network.h"
#include "core/run/RunDirectory.h"

namespace lorkd::workflow {

/// The student (or, for method teacher, the teacher) network of a plan, freshly initialised from its seed.
/// Errors: NotFound (backbone), InvalidArgument (preset, 2D data for a 3D network).
Result<nn::Network> makeNetwork(const plan::Plan& plan, std::int64_t inputChannels = 1);

/// Trains or continues a run to its end in this process: prepares data, trains the teacher first where the plan says
/// so, obeys control.json, writes status and events. Errors: those of the rooms, also written into status.json.
Result<void> train(const run::RunDirectory& run, Progress& progress, const CancelToken& cancel);

/// Scores the best checkpoint on the test cases and writes metrics.json. `method` names the rows.
Result<eval::Table> evaluate(const run::RunDirectory& run, const std::string& method, Progress& progress,
                             const CancelToken& cancel);

/// Writes predictions/<case>/<task>.nii.gz in the source geometry for the cases named (all test cases if none are):
/// label values 1..C in class order. Errors: NotFound (case or task), those of the rooms.
Result<void> predict(const run::RunDirectory& run, const std::vector<std::string>& cases,
                     const std::vector<std::string>& tasks, Progress& progress, const CancelToken& cancel);

/// Exports the experts named (all if none are) into experts/<task> or `folder`/<task>.
Result<void> exportExperts(const run::RunDirectory& run, const std::vector<std::string>& tasks,
                           const std::filesystem::path& folder, Progress& progress, const CancelToken& cancel);

}  // namespace lorkd::workflow
