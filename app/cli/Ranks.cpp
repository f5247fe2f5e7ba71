#include "core/workflow/Ranks.h"

#include <iostream>

#include "app/cli/Context.h"

namespace lorkd::cli {
namespace {

struct RanksOptions {
  std::string run, plan;
  workflow::RanksRequest request;
  bool json = false;
};

Result<void> ranks(const RanksOptions& options, const Context& context) {
  LORKD_TRY(run, run::RunDirectory::open(options.run));
  LORKD_TRY(report, workflow::adviseRanks(run, options.request));
  std::string text = report.text();
  if (!options.plan.empty()) {
    LORKD_CHECK(writeJson(options.plan, plan::toJson(report.plan)));
    text += "wrote " + options.plan + "\n";
  }
  auto answer = report.json();
  answer["run"] = run.path().string();
  context.answer(answer, options.json ? answer.dump(2, ' ', false, Json::error_handler_t::replace) : text);
  return {};
}

}  // namespace

void addRanks(CLI::App& app, Context& context) {
  auto options = std::make_shared<RanksOptions>();
  auto* command = app.add_subcommand(
      "ranks", "Advise ranks for a budget of factor parameters, from a trained run's spectra and gradient conflict");
  command->add_option("run", options->run, "Run directory of method lorkd")->required();
  command
      ->add_option("--budget", options->request.budget,
                   "Up to 10: a multiple of today's factor parameters; above: their number, all tasks together")
      ->capture_default_str();
  command->add_flag("--per-layer", options->request.perLayer, "A rank for every layer of every task");
  command->add_option("--threshold", options->request.threshold, "Gradients conflict where their cosine is below this")
      ->check(CLI::Range(-1.0, 1.0))
      ->capture_default_str();
  command->add_option("--plan", options->plan, "Write the run's plan with the advised ranks into this file");
  command->add_flag("--json", options->json, "Print JSON instead of a table");
  command->callback([options, &context] { context.action = [options, &context] { return ranks(*options, context); }; });
}

}  // namespace lorkd::cli
