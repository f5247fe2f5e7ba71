// How the files of an input are called that is no source of the plan. Inside this room only.
#pragma once

#include <string>
#include <vector>

#include "core/workflow/Workflow.h"

namespace lorkd::workflow {

/// A source with the layout and nifti_place that the request chooses; what a plan says of patients is left out, since it
/// may name a table of other people. A plan's table, which names images of its own source, counts where it was chosen
/// or there is such a one below the input; else that is noted, and names say. Errors: NotFound (no such source),
/// InvalidArgument (none is chosen, and the sources do not agree; one is chosen for a single file or for pictures,
/// where names count for nothing).
Result<plan::Source> namedLike(const plan::Plan& plan, const PredictRequest& request, Progress& progress);

/// What the channels are called, by their number, that the run's pictures have in files of their own; empty where they
/// have none, or not all the same.
std::vector<std::string> channelsLearnt(const run::RunDirectory& run);

}  // namespace lorkd::workflow
