#include <algorithm>

#include "app/cli/PlanArguments.h"
#include "core/base/File.h"
#include "core/eval/RunMetrics.h"
#include "core/eval/StudyTable.h"
#include "core/eval/TableView.h"
#include "core/report/Report.h"
#include "core/workflow/Workflow.h"

namespace lorkd::cli {
namespace {

Result<void> evaluate(const std::string& path, const Context& context) {
  LORKD_TRY(run, run::RunDirectory::open(path));
  LORKD_TRY(table, workflow::evaluate(run, *context.progress, context.cancel()));
  std::string text;
  const eval::StudyTable study({{run.plan().seed, table}});
  for (const char* metric : {"dice", "iou", "nsd", "hd95_mm", "missed", "specificity", "lesion_sensitivity",
                             "lesion_f1", "lesion_false_positives", "accuracy", "balanced_accuracy", "auc",
                             "average_precision", "f1", "calibration_error"}) {
    const auto rows = study.text(metric);
    if (!rows.empty()) text += eval::metricTitle(metric) + "\n" + rows;
  }
  text += eval::withoutScores(table);
  context.answer({{"metrics", table.json()}}, text);
  return {};
}

Result<void> report(const std::vector<std::string>& paths, const std::string& out, const Context& context) {
  std::vector<run::RunDirectory> runs;
  for (const auto& path : paths) {
    LORKD_TRY(run, run::RunDirectory::open(path));
    runs.push_back(run);
  }
  eval::Table results;
  for (const auto& run : runs) {
    LORKD_TRY(table, eval::readMetrics(run));
    // Runs of one method are told apart by their folders.
    const auto same = [&](const auto& other) { return other.plan().method == run.plan().method; };
    const bool alone = std::ranges::count_if(runs, same) == 1;
    const auto named = [&](auto row) {
      if (!alone) row.method = run.path().filename().string();
      return row;
    };
    for (const auto& row : table.rows()) results.add(named(row));
    for (const auto& row : table.cases()) results.addCase(named(row));
    for (const auto& answers : table.answers()) results.addAnswers(named(answers));
  }
  const std::filesystem::path file = out.empty() ? runs.front().path() / "report.html" : std::filesystem::path(out);
  LORKD_CHECK(checkIsPage(file));
  LORKD_CHECK(report::writeReport(file, runs, results));
  LORKD_CHECK(writeFileAtomically(file.parent_path() / "results.csv", results.csv()));
  context.answer({{"report", file.string()}}, "wrote " + file.string());
  return {};
}

}  // namespace

void addEvaluate(CLI::App& app, Context& context) {
  auto path = std::make_shared<std::string>();
  auto* command = app.add_subcommand("evaluate", "Score the best checkpoint of a run on its test cases");
  command->add_option("run", *path, "Run directory")->required();
  command->callback([path, &context] { context.action = [path, &context] { return evaluate(*path, context); }; });
}

void addReport(CLI::App& app, Context& context) {
  auto paths = std::make_shared<std::vector<std::string>>();
  auto out = std::make_shared<std::string>();
  auto* command =
      app.add_subcommand("report", "Write one page (and results.csv) about one run or several side by side");
  command->add_option("runs", *paths, "Run directories, the main one first")->required();
  command->add_option("--out", *out, "HTML file; by default report.html in the first run");
  command->callback([=, &context] { context.action = [=, &context] { return report(*paths, *out, context); }; });
}

}  // namespace lorkd::cli
