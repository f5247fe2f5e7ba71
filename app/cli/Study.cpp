// lorkd study: every method and seed of a plan, and one table.
#include "core/workflow/Study.h"

#include <ATen/Parallel.h>

#include <algorithm>
#include <set>

#include "app/cli/PlanArguments.h"
#include "core/eval/TableView.h"

namespace lorkd::cli {
namespace {

namespace fs = std::filesystem;

struct StudyOptions {
  PlanArguments plan;
  std::vector<std::string> methods;
  std::vector<std::int64_t> seeds;
  int jobs = 1;
};

Result<void> study(const StudyOptions& given, const Context& context) {
  LORKD_TRY(plan, given.plan.load());
  workflow::StudyOptions options;
  if (!given.plan.out.empty()) options.folder = given.plan.out;
  for (const auto& name : given.methods) options.methods.push_back(Json(name).get<plan::PlanMethod>());
  options.seeds = given.seeds;
  options.jobs = given.jobs;
  options.threads = std::max(1, at::get_num_threads() / given.jobs);
  std::error_code ec;
  options.program = fs::read_symlink("/proc/self/exe", ec);
  if (ec) return fail(ErrorCode::Io, "the program cannot find itself: " + ec.message(), "", "/proc/self/exe");
  LORKD_TRY(done, workflow::study(plan, options, *context.progress, context.cancel()));

  std::string text = "mean over test cases and seeds [95 % interval over patients]\n";
  if (!done.notes.empty()) text += done.notes + "\n";
  std::set<std::string> notes;  // each once, whatever it holds for
  for (const char* metric : {"dice", "accuracy", "auc"}) {
    const auto rows = done.table.text(metric);
    if (!rows.empty()) text += eval::metricTitle(metric) + "\n" + rows;
    for (const auto& note : done.table.notes(metric)) notes.insert("no interval   " + note + "\n");
  }
  for (const auto& note : notes) text += note;
  std::string differences;
  for (const char* metric : {"dice", "accuracy", "auc"})
    if (const auto rows = done.paired.text(metric); !rows.empty())
      differences += eval::metricTitle(metric) + "\n" + rows;
  if (!differences.empty())
    text += "difference from " + done.paired.reference() +
            " on the same patients [95 % interval over patients], Wilcoxon's signed-rank test\n" + differences;
  text += "report       " + done.report.string() + "\nresults      " + done.csv.string() + "\ndifferences  " +
          done.differences.string() + "\n";
  for (const auto& line : done.failed) text += "failed       " + line + "\n";
  context.answer({{"report", done.report.string()},
                  {"csv", done.csv.string()},
                  {"results", done.table.json()},
                  {"differences_csv", done.differences.string()},
                  {"differences", done.paired.json()},
                  {"notes", done.notes},
                  {"failed", done.failed}},
                 text);
  if (done.failed.empty()) return {};
  return fail(ErrorCode::Internal, std::to_string(done.failed.size()) + " runs of the study failed",
              "the same command tries them again");
}

}  // namespace

void addStudy(CLI::App& app, Context& context) {
  auto options = std::make_shared<StudyOptions>();
  auto* command = app.add_subcommand("study", "Train and compare methods over seeds; called again, it goes on");
  options->plan.addTo(*command);
  command->get_option("--out")->description("Folder of the run directories; by default runs");
  std::vector<std::string> known;
  for (const auto& name : plan::schema()["$defs"]["Plan"]["properties"]["method"]["enum"])
    known.push_back(name.get<std::string>());
  command
      ->add_option("--methods", options->methods,
                   "Methods, separated by commas; by default the plan's. lorkd, mtl_kd and "
                   "stl_kd learn from the teacher, mtl and the others from none")
      ->delimiter(',')
      ->check(CLI::IsMember(known));
  command->add_option("--seeds", options->seeds, "Seeds, separated by commas; by default the plan's")
      ->delimiter(',')
      ->check(CLI::NonNegativeNumber);
  command->add_option("--jobs", options->jobs, "Trainings at once; the threads are shared out")
      ->check(CLI::Range(1, 64))
      ->capture_default_str();
  command->callback([options, &context] { context.action = [options, &context] { return study(*options, context); }; });
}

}  // namespace lorkd::cli
