// The whole path on synthetic patients: data, scan, teacher, baseline, experts, scores, report, export.
#include <cstdlib>
#include <sstream>

#include "app/cli/PlanArguments.h"
#include "core/base/File.h"
#include "core/data/Phantom.h"
#include "core/eval/RunMetrics.h"
#include "core/report/Report.h"
#include "core/workflow/Workflow.h"

extern const char demoPlanText[];  // resources/demo/plan.json, embedded by the build

namespace lorkd::cli {
namespace {

namespace fs = std::filesystem;

struct DemoOptions {
  std::string out;
  int patients = 24;
  std::vector<std::string> set;
  bool dataOnly = false;
};

/// Trains a plan in PROJECT/runs/<name> unless that run is finished, and returns it.
Result<run::RunDirectory> trained(const fs::path& path, const plan::Plan& plan, const Context& context) {
  LORKD_TRY(run, run::RunDirectory::create(path, plan));
  LORKD_TRY(status, run.status());
  if (status.state == run::State::Finished) {
    context.progress->note(path.filename().string() + " is trained already");
    return run;
  }
  LORKD_CHECK(workflow::train(run, *context.progress, context.cancel()));
  return run;
}

Result<plan::Plan> demoPlan(const DemoOptions& options, const fs::path& out) {
  LORKD_TRY(json, parseJson(demoPlanText, "demo plan"));
  json["data"]["sources"]["phantoms"]["path"] = (out / "data").string();
  for (const auto& assignment : options.set) LORKD_CHECK(plan::set(json, assignment));
  return plan::fromJson(json, "demo plan");
}

/// Data and index of the demo project; an existing set is kept.
Result<void> demoData(const DemoOptions& options, const fs::path& out, const Context& context) {
  LORKD_CHECK(makeWritableFolder(out));
  if (!fs::exists(out / "data.complete")) {
    data::PhantomOptions phantom;
    phantom.seed = 7;
    LORKD_CHECK(data::writePhantomSet(out / "data", options.patients, phantom, *context.progress, context.cancel()));
    LORKD_CHECK(writeFileAtomically(out / "data.complete", ""));
  }
  LORKD_TRY(index, data::Catalogue::open(out / "index.sqlite"));
  LORKD_TRY(sources, index.sources());
  if (sources.empty()) LORKD_CHECK(index.scan("phantoms", out / "data", *context.progress, context.cancel()));
  return {};
}

Result<void> demo(const DemoOptions& options, const Context& context) {
  const fs::path out = fs::absolute(options.out);
  LORKD_TRY(plan, demoPlan(options, out));
  LORKD_CHECK(demoData(options, out, context));
  LORKD_CHECK(writeJson(out / "plan.json", plan::toJson(plan)));
  if (options.dataOnly) {
    context.answer({{"project", out.string()}}, "the demo project is ready: " + out.string());
    return {};
  }
  LORKD_TRY(teacher, trained(out / "runs" / "teacher", workflow::teacherPlan(plan), context));
  auto mtlPlan = plan;
  mtlPlan.method = plan::PlanMethod::Mtl;
  mtlPlan.name = "phantom demo, shared network without experts";
  LORKD_TRY(mtl, trained(out / "runs" / "mtl", mtlPlan, context));
  auto lorkdPlan = plan;
  lorkdPlan.teacher.source = plan::TeacherSource::Checkpoint;
  lorkdPlan.teacher.checkpoint = teacher.path().string();
  LORKD_TRY(main, trained(out / "runs" / "lorkd", lorkdPlan, context));

  eval::Table results;
  for (const auto* run : {&main, &mtl, &teacher}) {
    LORKD_TRY(table, eval::readMetrics(*run));
    results.append(table);
  }
  LORKD_TRY(experts, workflow::exportExperts(main, {}, out / "experts", {}, *context.progress, context.cancel()));
  LORKD_CHECK(report::writeReport(out / "report.html", {main, mtl, teacher}, results));
  LORKD_CHECK(writeFileAtomically(out / "results.csv", results.csv()));
  std::ostringstream text;
  text << "\nDice on unseen patients\n"
       << results.text("dice") << "\nreport   " << (out / "report.html").string() << "\nresults  "
       << (out / "results.csv").string() << "\n";
  Json paths = Json::array();
  for (const auto& path : experts) {
    text << "expert   " << path.string() << "\n";
    paths.push_back(path.string());
  }
  context.answer({{"report", (out / "report.html").string()}, {"experts", paths}, {"metrics", results.json()}},
                 text.str());
  return {};
}

}  // namespace

void addDemo(CLI::App& app, Context& context) {
  auto options = std::make_shared<DemoOptions>();
  auto* command =
      app.add_subcommand("demo", "Go the whole path on synthetic patients: data, teacher, experts, report, export");
  command->add_option("--out", options->out, "Project folder")->required();
  command->add_option("--patients", options->patients, "Synthetic patients")
      ->check(CLI::Range(9, 10000))
      ->capture_default_str();
  command->add_option("--set", options->set, PlanArguments::setHelp);
  command->add_flag("--data-only", options->dataOnly, "Only make the project: data, index and plan");
  command->callback([options, &context] { context.action = [options, &context] { return demo(*options, context); }; });
}

}  // namespace lorkd::cli
