#include <iomanip>
#include <sstream>

#include "app/cli/Context.h"
#include "core/expert/Manifest.h"
#include "core/workflow/Truncate.h"

namespace lorkd::cli {
namespace {

struct ExportOptions {
  std::string run;
  workflow::ExportRequest request;
};

/// What truncating cost, a line an expert.
std::string truncationLine(const Json& t) {
  std::ostringstream out;
  out << std::fixed << std::setprecision(1) << "  " << 100 * t.value("energy_kept", 1.0) << " % of the energy, "
      << t.value("factor_parameters", std::int64_t(0)) << " of " << t.value("factor_parameters_before", std::int64_t(0))
      << " factor parameters";
  const auto before = t.value("before", Json()), after = t.value("after", Json());
  if (before.is_number() && after.is_number())
    out << std::setprecision(4) << "; " << t.value("metric", "score") << " on " << t.value("cases", std::int64_t(0))
        << " validation cases: " << before.get<double>() << " before, " << after.get<double>() << " after";
  else
    out << "; no validation case to score";
  return out.str() + "\n";
}

Result<void> exportRun(const ExportOptions& options, const Context& context) {
  LORKD_TRY(run, run::RunDirectory::open(options.run));
  LORKD_TRY(folders, workflow::exportExperts(run, options.request, *context.progress, context.cancel()));
  Json list = Json::array(), truncations = Json::object();
  std::string text;
  for (const auto& folder : folders) {
    list.push_back(folder.string());
    text += folder.string() + "\n";
    LORKD_TRY(manifest, expert::readManifest(folder));
    if (manifest.truncation.is_null()) continue;
    truncations[manifest.task] = manifest.truncation;
    text += truncationLine(manifest.truncation);
  }
  Json answer{{"experts", list}};
  if (!truncations.empty()) answer["truncation"] = truncations;
  context.answer(answer, text);
  return {};
}

}  // namespace

void addExport(CLI::App& app, Context& context) {
  auto options = std::make_shared<ExportOptions>();
  auto* command = app.add_subcommand(
      "export",
      "Write fused experts, read them back and compare them with the network. --rank and --energy first cut the "
      "factors and score the validation cases before and after, never the test cases: a rank that they chose would "
      "make "
      "their scores too good. A fused expert stays as large as it was, only the factor file (--format factors) becomes "
      "smaller");
  auto& request = options->request;
  command->add_option("run", options->run, "Run directory")->required();
  command->add_option("--task", request.tasks, "Only this expert (repeatable)");
  command->add_option("--out", request.folder, "Folder to write into; default: RUN/experts");
  command->add_option("--format", request.formats,
                      "Only this format (repeatable): safetensors, torchscript; factors: the low-rank update and head "
                      "alone, to be added to the run's shared weights");
  auto* rank = command
                   ->add_option("--rank", request.truncation.rank,
                                "Cut the factors to this rank (times the decoder factor in the decoder)")
                   ->check(CLI::Range(1, 256));
  command
      ->add_option("--energy", request.truncation.energy,
                   "Cut the factors in each layer to the smallest rank that keeps this share of the update's energy")
      ->check(CLI::Range(0.01, 1.0))
      ->excludes(rank);
  command->callback(
      [options, &context] { context.action = [options, &context] { return exportRun(*options, context); }; });
}

}  // namespace lorkd::cli
