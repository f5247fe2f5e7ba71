// What predictions of masks and of classes have in common. Inside this room only.
#pragma once

#include <filesystem>
#include <vector>

#include "core/data/CaseList.h"
#include "core/data/Digests.h"
#include "core/workflow/Workflow.h"

namespace lorkd::workflow {

/// The cases to be predicted, each with the digest of its files.
Result<std::vector<data::AssignedCase>> wantedCases(const run::RunDirectory& run, const PredictRequest& request,
                                                    data::Digests& digests, Progress& progress,
                                                    const CancelToken& cancel);

/// Says in `root` which image each case is. Errors: InvalidArgument where predictions of other images lie there, which
/// would be taken for those of these.
Result<void> nameSources(const std::vector<data::AssignedCase>& cases, const std::filesystem::path& root);

/// predict() of tasks that classify; `tasks` by index.
Result<std::vector<std::filesystem::path>> predictClasses(const run::RunDirectory& run, const PredictRequest& request,
                                                          const std::vector<int>& tasks, Progress& progress,
                                                          const CancelToken& cancel);

}  // namespace lorkd::workflow
