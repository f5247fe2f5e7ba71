// report.html: one self-contained page of what happened in a run, with figures as inline SVG.
#pragma once

#include <filesystem>
#include <optional>

#include "core/base/Error.h"
#include "core/eval/Table.h"
#include "core/run/RunDirectory.h"

namespace lorkd::report {

/// Writes the report of one or several runs (the first is the main one) with the results table: plan, tasks and ranks,
/// losses per task, validation, conflict matrix and history, results side by side, versions and digests.
/// `status` stands for what the first run's status.json says: a run is finished once its report lies there.
Result<void> writeReport(const std::filesystem::path& file, const std::vector<run::RunDirectory>& runs,
                         const eval::Table& results, const std::optional<run::Status>& status = {});

}  // namespace lorkd::report
