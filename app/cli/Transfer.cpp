#include <cmath>
#include <map>
#include <sstream>

#include "app/cli/PlanArguments.h"
#include "core/base/Json.h"
#include "core/eval/RunMetrics.h"
#include "core/run/RunSeries.h"
#include "core/workflow/TransferExpert.h"
#include "core/workflow/Workflow.h"

namespace lorkd::cli {
namespace {

namespace fs = std::filesystem;

struct TransferOptions {
  workflow::TransferSource source;
  std::string task;
  PlanArguments plan;
  bool scratch = false;
};

/// Validation means by step, and the figures of the test cases.
Result<Json> outcome(const run::RunDirectory& run) {
  LORKD_TRY(events, run.readEvents());
  const auto series = run::RunSeries::of(events);
  const auto& mean = series.mean();
  Json validation = Json::array();
  for (std::size_t i = 0; i < mean.size(); ++i) validation.push_back({{"step", mean.step[i]}, {"mean", mean.value[i]}});
  const auto metrics = eval::readMetrics(run);
  return Json{
      {"run", run.path().string()}, {"validation", validation}, {"metrics", metrics ? metrics->json() : Json()}};
}

Json testMean(const Json& outcome) {
  if (outcome.at("metrics").is_array())
    for (const auto& row : outcome.at("metrics"))
      if (row.value("task", "") == "mean") return row.value("value", Json());
  return {};
}

std::string cell(const Json& value) {
  std::ostringstream out;
  out.precision(4);
  if (value.is_number())
    out << std::fixed << value.get<double>();
  else
    out << "-";
  return out.str();
}

/// One line a validation, the test cases last.
std::string comparison(const Json& transfer, const Json& scratch) {
  std::ostringstream out;
  out << "validation mean at step    from the expert    from scratch\n";
  const auto line = [&](const std::string& what, const Json& a, const Json& b) {
    out << what << std::string(what.size() < 27 ? 27 - what.size() : 1, ' ') << cell(a) << "             " << cell(b)
        << "\n";
  };
  const auto &a = transfer.at("validation"), &b = scratch.at("validation");
  for (std::size_t i = 0; i < std::min(a.size(), b.size()); ++i)
    line(std::to_string(std::llround(a[i].value("step", 0.0))), a[i].at("mean"), b[i].at("mean"));
  line("test cases", testMean(transfer), testMean(scratch));
  return out.str();
}

Result<void> transfer(const TransferOptions& options, const Context& context) {
  LORKD_TRY(whole, options.plan.load());
  LORKD_TRY(plan, workflow::transferPlan(whole, options.task));
  const fs::path out =
      options.plan.out.empty() ? fs::path("runs") / (options.task + "-transfer") : fs::path(options.plan.out);
  LORKD_TRY(run, workflow::makeTransferRun(out, plan, options.source, *context.progress));
  LORKD_CHECK(workflow::train(run, *context.progress, context.cancel()));
  LORKD_TRY(transferred, outcome(run));
  Json answer{{"transfer", std::move(transferred)}};
  std::string text = "finished: " + out.string() + "\n";
  if (options.scratch) {
    const auto beside = out.parent_path() / (out.filename().string() + "-scratch");
    LORKD_TRY(scratch, run::RunDirectory::create(beside, plan));
    // Divided as for the expert, or the two would be tried on other patients.
    LORKD_TRY(cases, readJson(run.cases()));
    if (!fs::exists(scratch.cases())) LORKD_CHECK(writeJson(scratch.cases(), cases));
    LORKD_TRY(divided, readJson(scratch.cases()));
    if (divided != cases)
      return fail(ErrorCode::Mismatch, "this folder holds a run on other patients than those of the transfer",
                  "delete it, or choose another --out", beside.string());
    LORKD_CHECK(workflow::train(scratch, *context.progress, context.cancel()));
    LORKD_TRY(fresh, outcome(scratch));
    answer["scratch"] = std::move(fresh);
    text += "finished: " + beside.string() + "\n" + comparison(answer["transfer"], answer["scratch"]);
  } else {
    text += "test cases: " + cell(testMean(answer["transfer"])) + "\n";
  }
  context.answer(answer, text);
  return {};
}

}  // namespace

void addTransfer(CLI::App& app, Context& context) {
  auto options = std::make_shared<TransferOptions>();
  auto* command = app.add_subcommand("transfer",
                                     "Fine-tune an expert on a new task: its fused backbone with a new head, trained "
                                     "as a run of its own that keeps the weights it began with");
  command
      ->add_option("source", options->source.path,
                   "An exported expert (folder or expert.safetensors), or a run directory")
      ->required();
  command->add_option("--expert", options->source.expert, "Which expert, where the source is a run of several");
  command->add_option("--task", options->task, "The new task, as the plan names it")->required();
  command->add_option("--plan", options->plan.plan, "Plan with that task, its data and the expert's backbone")
      ->required();
  command->add_option("--set", options->plan.set, PlanArguments::setHelp);
  command->add_option("--out", options->plan.out, "Run directory to make or continue; default: runs/TASK-transfer");
  command->add_flag("--scratch", options->scratch,
                    "Then train the same plan from scratch, in RUN-scratch, and compare at equal steps");
  command->callback(
      [options, &context] { context.action = [options, &context] { return transfer(*options, context); }; });
}

}  // namespace lorkd::cli
