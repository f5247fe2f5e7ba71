#include "app/cli/PlanArguments.h"
#include "core/base/File.h"
#include "core/eval/RunMetrics.h"
#include "core/eval/TableView.h"
#include "core/workflow/Workflow.h"

namespace lorkd::cli {
namespace {

namespace fs = std::filesystem;

Result<void> runToEnd(const run::RunDirectory& run, const Context& context) {
  LORKD_CHECK(workflow::train(run, *context.progress, context.cancel()));
  Json answer{{"run", run.path().string()}};
  std::string text = "finished: " + run.path().string();
  if (auto table = eval::readMetrics(run)) {
    answer["metrics"] = table->json();
    for (const char* metric : {"dice", "accuracy", "auc"})
      if (auto t = table->text(metric); !t.empty()) text += "\n" + eval::metricTitle(metric) + "\n" + t;
  }
  context.answer(answer, text);
  return {};
}

/// Trains a plan in a new run directory, or goes on with a run directory given instead of a plan.
Result<void> train(const PlanArguments& arguments, bool teacher, const Context& context) {
  if (run::RunDirectory::isRun(arguments.plan)) {
    if (!arguments.set.empty() || !arguments.tasks.empty())
      return fail(ErrorCode::InvalidArgument, "the plan of a run is frozen", "make a new run to change it",
                  arguments.set.empty() ? "--tasks" : "--set");
    LORKD_TRY(run, run::RunDirectory::open(arguments.plan));
    return runToEnd(run, context);
  }
  LORKD_TRY(plan, arguments.load());
  if (teacher) plan = workflow::teacherPlan(plan);
  fs::path out = arguments.out;
  if (out.empty()) out = fs::path("runs") / fileNameOf(teacher ? plan.name : fs::path(arguments.plan).stem().string());
  LORKD_TRY(run, run::RunDirectory::create(out, plan));
  return runToEnd(run, context);
}

}  // namespace

void addTrain(CLI::App& app, Context& context) {
  for (const bool teacher : {false, true}) {
    auto arguments = std::make_shared<PlanArguments>();
    auto* command =
        app.add_subcommand(teacher ? "pretrain" : "train", teacher ? "Train the joint teacher network of a plan"
                                                                   : "Train a plan, or go on with a run directory");
    arguments->addTo(*command);
    command->callback([arguments, teacher, &context] {
      context.action = [arguments, teacher, &context] { return train(*arguments, teacher, context); };
    });
  }
  auto path = std::make_shared<std::string>();
  auto* command = app.add_subcommand("resume", "Go on with an interrupted run from its last checkpoint");
  command->add_option("run", *path, "Run directory")->required();
  command->callback([path, &context] {
    context.action = [path, &context]() -> Result<void> {
      LORKD_TRY(run, run::RunDirectory::open(*path));
      return runToEnd(run, context);
    };
  });
}

}  // namespace lorkd::cli
