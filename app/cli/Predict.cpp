#include "app/cli/PlanArguments.h"
#include "core/workflow/Workflow.h"

namespace lorkd::cli {
namespace {

struct PredictOptions {
  std::string run, input, out, seg, layout;
  std::vector<std::string> tasks, cases;
  bool teacher = false, identified = false;
};

Result<void> predict(const PredictOptions& options, const Context& context) {
  LORKD_TRY(run, run::RunDirectory::open(options.run));
  workflow::PredictRequest request{options.cases,   options.tasks, options.input,      options.out,
                                   options.teacher, options.seg,   options.identified, options.layout};
  if (!options.input.empty() && options.out.empty())
    return fail(ErrorCode::InvalidArgument, "--input needs --out", "name the folder to write the predictions into",
                "--out");
  LORKD_TRY(files, workflow::predict(run, request, *context.progress, context.cancel()));
  Json list = Json::array();
  std::string text;
  for (const auto& file : files) {
    list.push_back(file.string());
    text += file.string() + "\n";
  }
  context.answer({{"files", list}}, text);
  return {};
}

}  // namespace

void addPredict(CLI::App& app, Context& context) {
  auto options = std::make_shared<PredictOptions>();
  auto* command =
      app.add_subcommand("predict",
                         "Write every expert's prediction: NIfTI in the source geometry, or of classes a CSV of "
                         "probabilities");
  command->add_option("run", options->run, "Run directory")->required();
  command->add_option("--task", options->tasks, "Only this task (repeatable)");
  command->add_option("--case", options->cases, "Only this case of the run (repeatable); default: every test case");
  auto* input =
      command->add_option("--input", options->input, "A DICOM folder or NIfTI file that the run does not know");
  command
      ->add_option(
          "--layout", options->layout,
          "The source of the plan as which the files below --input are called (its patterns, reader or table), "
          "or auto: by their names; default: as the plan's sources, if they agree")
      ->needs(input);
  command->add_option("--out", options->out, "Folder to write into; default: RUN/predictions");
  command->add_option("--seg", options->seg,
                      "Folder for DICOM segmentations of DICOM series as well, with the codes and colours of the plan; "
                      "patient and UIDs are pseudonyms under the project's key");
  command->add_flag(
      "--identified", options->identified,
      "Let --seg carry patient, study and UIDs as the series does, to be stored at a PACS; the folder must "
      "lie outside of the run");
  command->add_flag("--teacher", options->teacher, "The teacher's predictions as well");
  command->callback(
      [options, &context] { context.action = [options, &context] { return predict(*options, context); }; });
}

}  // namespace lorkd::cli
