#include "app/cli/PlanArguments.h"

namespace lorkd::cli {

const char* const PlanArguments::setHelp =
    "Change a field of the plan, for example tasks.liver.rank=8 (repeatable). A name with dots, such as a layer's, "
    "stands in quotes: 'tasks.liver.layers.\"backbone.encoder.0.conv1\".rank=4'";

Result<void> checkIsPage(const std::filesystem::path& file) {
  const auto ending = file.extension();
  if (ending == ".html" || ending == ".htm") return {};
  return fail(ErrorCode::InvalidArgument, "a page is written to a file whose name ends in .html", "name such a file",
              file.string());
}

void PlanArguments::addTo(CLI::App& command) {
  command.add_option("plan", plan, "Plan file (JSON)")->required();
  command.add_option("--tasks", tasks,
                     "Take the tasks of this file, a template or another plan, instead of the plan's");
  command.add_option("--set", set, setHelp);
  command.add_option("--out", out, "Run directory to make or continue");
}

Result<plan::Plan> PlanArguments::load() const { return plan::load(plan, set, tasks); }

}  // namespace lorkd::cli
