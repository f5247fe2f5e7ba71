#include "app/cli/PlanArguments.h"
#include "core/data/AuditJson.h"
#include "core/workflow/AuditReport.h"
#include "core/workflow/TransferExpert.h"
#include "core/workflow/Workflow.h"

namespace lorkd::cli {
namespace {

struct AuditOptions {
  std::string what, index, html;
  std::vector<std::string> set;
  bool headers = false;
};

Result<void> audit(const AuditOptions& options, const Context& context) {
  data::AuditRequest request;
  request.voxels = !options.headers;
  std::string file = options.index.empty() ? ":memory:" : options.index;
  std::optional<plan::Plan> plan;  // none of a folder
  if (run::RunDirectory::isRun(options.what)) {
    if (!options.set.empty())
      return fail(ErrorCode::InvalidArgument, "the plan of a run is frozen", "leave out --set, or audit a plan",
                  options.what);
    if (!options.index.empty())
      return fail(ErrorCode::InvalidArgument, "a run goes with the index of its own project, which has its pseudonyms",
                  "leave out --index", options.index);
    LORKD_TRY(run, run::RunDirectory::open(options.what));
    file = (run.project() / "index.sqlite").string();
    plan = run.plan();
    LORKD_TRY(learnt, workflow::learntBefore(run));
    request.learnt = std::move(learnt);
    if (std::filesystem::exists(run.cases())) {
      LORKD_TRY(cases, data::loadCaseList(run.cases()));
      request.division = std::move(cases);
    }
  } else if (std::filesystem::path(options.what).extension() == ".json") {
    LORKD_TRY(loaded, plan::load(options.what, options.set));
    plan = std::move(loaded);
  }
  LORKD_TRY(index, data::Catalogue::open(file));
  if (!plan) {
    // A name of its own: the index may know a source of any other.
    const auto name = "folder " + std::filesystem::absolute(options.what).lexically_normal().string();
    LORKD_CHECK(index.scan(name, options.what, *context.progress, context.cancel(), workflow::chosenFor({})));
    request.sources = {name};
  } else {
    request.plan = &*plan;
    for (const auto& [name, source] : plan->data.sources) {
      LORKD_CHECK(
          index.scan(name, source.path, *context.progress, context.cancel(), workflow::chosenFor(source.layout)));
      request.sources.push_back(name);
    }
  }
  LORKD_TRY(found, data::audit(index, request, *context.progress, context.cancel()));
  if (!options.html.empty()) LORKD_CHECK(checkIsPage(options.html));
  if (!options.html.empty()) LORKD_CHECK(workflow::writeAuditReport(options.html, found));
  auto answer = data::auditToJson(found);
  context.answer(std::move(answer), workflow::auditText(found));
  return {};
}

}  // namespace

void addAudit(CLI::App& app, Context& context) {
  auto options = std::make_shared<AuditOptions>();
  auto* command = app.add_subcommand(
      "audit", "Look at data before training: grids, values, labels, doubles, leaks between splits, what suits them");
  command
      ->add_option("what", options->what,
                   "A plan (JSON): its sources, tasks and splits; a run, as it divides them; or a folder")
      ->required();
  command->add_option("--set", options->set, PlanArguments::setHelp);
  command->add_option("--index", options->index,
                      "Index to use and bring up to date (SQLite), as a project has it: nothing is read twice");
  command->add_option("--html", options->html, "Write a page with thumbnails, by pseudonyms alone");
  command->add_flag("--headers", options->headers, "Do not read voxels");
  command->callback([options, &context] { context.action = [options, &context] { return audit(*options, context); }; });
}

}  // namespace lorkd::cli
