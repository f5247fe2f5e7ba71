#include <iomanip>
#include <sstream>

#include "app/cli/PlanArguments.h"
#include "core/nn/Fresh.h"
#include "core/nn/Separate.h"
#include "core/run/RunDirectory.h"
#include "core/workflow/Study.h"
#include "core/workflow/Workflow.h"

namespace lorkd::cli {
namespace {

/// Of the joint network that the plan learns from; 0 if it has none, or none that is there.
Result<std::int64_t> teacherParameters(const plan::Plan& plan) {
  const bool itself = plan.method == plan::PlanMethod::Teacher;
  if (!itself && (!workflow::takesTeacher(plan.method) || plan.teacher.source == plan::TeacherSource::None)) return 0;
  auto joint = plan;
  if (!itself && plan.teacher.source == plan::TeacherSource::Checkpoint) {
    const auto run = run::RunDirectory::open(plan.teacher.checkpoint);
    if (!run) return 0;
    joint = run->plan();
  }
  joint.method = plan::PlanMethod::Teacher;
  LORKD_TRY(teacher, workflow::makeNetwork(joint));
  return teacher->expertParameters(0);
}

/// What the wizard needs to count parameters as ranks are typed, and a table for people.
Result<void> describe(const PlanArguments& arguments, const Context& context) {
  LORKD_TRY(plan, arguments.load());
  const nn::CountingOnly counting;
  LORKD_TRY(network, workflow::makeNetwork(plan));
  Json layers = Json::array();
  for (const auto& layer : nn::ofTask(network, 0).network->adaptedLayers())
    layers.push_back({{"name", layer.name},
                      {"dims", layer.dims},
                      {"in", layer.in},
                      {"out", layer.out},
                      {"kernel", layer.kernel},
                      {"decoder", layer.decoder}});
  Json answer{{"name", plan.name}, {"digest", plan::digest(plan)}, {"layers", layers}, {"tasks", Json::array()}};
  std::ostringstream text;
  text << plan.name << ": " << layers.size() << " adapted layers, plan digest " << plan::digest(plan).substr(0, 12)
       << "\n"
       << std::left << std::setw(24) << "task" << std::right << std::setw(8) << "rank" << std::setw(16) << "factors"
       << std::setw(18) << "expert, fused"
       << "\n";
  for (std::size_t t = 0; t < plan.tasks.size(); ++t) {
    const auto& [name, task] = plan.tasks[t];
    const auto factors = network->factorParameters(static_cast<int>(t));
    const auto own = nn::ofTask(network, static_cast<int>(t));
    const auto expert = own.network->expertParameters(own.task);
    text << std::left << std::setw(24) << name << std::right << std::setw(8) << task.rank << std::setw(16) << factors
         << std::setw(18) << expert << "\n";
    answer["tasks"].push_back({{"name", name}, {"rank", task.rank}, {"factors", factors}, {"expert", expert}});
  }
  LORKD_TRY(size, teacherParameters(plan));
  answer["teacher"] = size;
  text << "teacher: " << (size > 0 ? std::to_string(size) + " parameters" : "none");
  context.answer(answer, text.str());
  return {};
}

}  // namespace

void addPlan(CLI::App& app, Context& context) {
  auto arguments = std::make_shared<PlanArguments>();
  auto* command = app.add_subcommand("plan", "Check a plan and count the parameters of its experts");
  arguments->addTo(*command);
  command->remove_option(command->get_option("--out"));
  command->callback(
      [arguments, &context] { context.action = [arguments, &context] { return describe(*arguments, context); }; });
}

}  // namespace lorkd::cli
