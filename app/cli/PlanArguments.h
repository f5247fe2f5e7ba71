// The arguments that name a plan or a run, shared by commands.
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "app/cli/Context.h"
#include "core/run/Plan.h"
#include "core/run/RunDirectory.h"

namespace lorkd::cli {

/// That a page may be written there: a file that is no page is somebody's plan, weights or image. Errors:
/// InvalidArgument.
Result<void> checkIsPage(const std::filesystem::path& file);

struct PlanArguments {
  static const char* const setHelp;
  std::string plan;              ///< plan file
  std::vector<std::string> set;  ///< --set tasks.liver.rank=8
  std::string tasks;             ///< file whose tasks are taken instead
  std::string out;               ///< run directory
  void addTo(CLI::App& command);
  /// The plan with the tasks of --tasks and every --set applied, validated; relative paths made absolute against the
  /// plan's folder.
  Result<plan::Plan> load() const;
};

}  // namespace lorkd::cli
