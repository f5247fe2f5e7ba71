#include "app/cli/PlanArguments.h"

namespace lorkd::cli {

void PlanArguments::addTo(CLI::App& command) {
  command.add_option("plan", plan, "Plan file (JSON)")->required();
  command.add_option("--set", set, "Change a field of the plan, for example tasks.liver.rank=8 (repeatable)");
  command.add_option("--out", out, "Run directory to make or continue");
}

Result<plan::Plan> PlanArguments::load() const { return plan::load(plan, set); }

}  // namespace lorkd::cli
