#include "app/cli/PlanArguments.h"
#include "core/workflow/Workflow.h"

namespace lorkd::cli {
namespace {

struct Options {
  std::string run, input, out;
  std::vector<std::string> tasks, cases, formats;
  bool teacher = false;
};

Result<void> answerPaths(const char* key, const std::vector<std::filesystem::path>& paths, const Context& context) {
  Json list = Json::array();
  std::string text;
  for (const auto& path : paths) {
    list.push_back(path.string());
    text += path.string() + "\n";
  }
  context.answer({{key, list}}, text);
  return {};
}

Result<void> predict(const Options& options, const Context& context) {
  LORKD_TRY(run, run::RunDirectory::open(options.run));
  workflow::PredictRequest request{options.cases, options.tasks, options.input, options.out, options.teacher};
  if (!options.input.empty() && options.out.empty())
    return fail(ErrorCode::InvalidArgument, "--input needs --out", "name the folder to write the predictions into",
                "--out");
  LORKD_TRY(files, workflow::predict(run, request, *context.progress, context.cancel));
  return answerPaths("files", files, context);
}

Result<void> exportRun(const Options& options, const Context& context) {
  LORKD_TRY(run, run::RunDirectory::open(options.run));
  LORKD_TRY(folders, workflow::exportExperts(run, options.tasks, options.out, options.formats, *context.progress,
                                             context.cancel));
  return answerPaths("experts", folders, context);
}

}  // namespace

void addPredict(CLI::App& app, Context& context) {
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("predict", "Write every expert's prediction as NIfTI in the source geometry");
  command->add_option("run", options->run, "Run directory")->required();
  command->add_option("--task", options->tasks, "Only this task (repeatable)");
  command->add_option("--case", options->cases, "Only this case of the run (repeatable); default: every test case");
  command->add_option("--input", options->input, "A DICOM folder or NIfTI file that the run does not know");
  command->add_option("--out", options->out, "Folder to write into; default: RUN/predictions");
  command->add_flag("--teacher", options->teacher, "The teacher's predictions as well");
  command->callback(
      [options, &context] { context.action = [options, &context] { return predict(*options, context); }; });
}

void addExport(CLI::App& app, Context& context) {
  auto options = std::make_shared<Options>();
  auto* command = app.add_subcommand("export", "Write fused experts, read them back and compare them with the network");
  command->add_option("run", options->run, "Run directory")->required();
  command->add_option("--task", options->tasks, "Only this expert (repeatable)");
  command->add_option("--out", options->out, "Folder to write into; default: RUN/experts");
  command->add_option("--format", options->formats, "Only this format: safetensors, torchscript (repeatable)");
  command->callback(
      [options, &context] { context.action = [options, &context] { return exportRun(*options, context); }; });
}

}  // namespace lorkd::cli
