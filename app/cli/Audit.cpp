#include "app/cli/PlanArguments.h"
#include "core/data/AuditJson.h"
#include "core/workflow/AuditReport.h"
#include "core/workflow/TransferExpert.h"

namespace lorkd::cli {
namespace {

struct AuditOptions {
  std::string what, index, html;
  std::vector<std::string> set;
  bool headers = false;
};

Result<void> audit(const AuditOptions& options, const Context& context) {
  data::AuditRequest request;
  std::string file = options.index.empty() ? ":memory:" : options.index;
  std::optional<run::RunDirectory> run;
  if (run::RunDirectory::isRun(options.what)) {
    if (!options.set.empty())
      return fail(ErrorCode::InvalidArgument, "the plan of a run is frozen", "leave out --set, or audit a plan",
                  options.what);
    LORKD_TRY(opened, run::RunDirectory::open(options.what));
    run = std::move(opened);
    if (!options.index.empty())
      return fail(ErrorCode::InvalidArgument, "a run goes with the index of its own project, which has its pseudonyms",
                  "leave out --index", options.index);
    file = (run->project() / "index.sqlite").string();
    LORKD_TRY(learnt, workflow::learntBefore(*run));
    request.learnt = std::move(learnt);
    if (std::filesystem::exists(run->cases())) {
      LORKD_TRY(cases, data::loadCaseList(run->cases()));
      request.division = std::move(cases);
    }
  }
  LORKD_TRY(index, data::Catalogue::open(file));
  request.voxels = !options.headers;
  plan::Plan plan;
  if (!run && std::filesystem::path(options.what).extension() != ".json") {
    // A name of its own: the index may know a source of any other.
    const auto name = "folder " + std::filesystem::absolute(options.what).lexically_normal().string();
    LORKD_CHECK(index.scan(name, options.what, *context.progress, context.cancel));
    request.sources = {name};
  } else {
    if (run) {
      plan = run->plan();
    } else {
      LORKD_TRY(loaded, plan::load(options.what, options.set));
      plan = std::move(loaded);
    }
    request.plan = &plan;
    for (const auto& [name, source] : plan.data.sources) {
      LORKD_CHECK(index.scan(name, source.path, *context.progress, context.cancel));
      request.sources.push_back(name);
    }
  }
  LORKD_TRY(found, data::audit(index, request, *context.progress, context.cancel));
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
