#include "core/workflow/PredictInput.h"

#include "core/data/Channels.h"
#include "core/data/PictureCase.h"

namespace lorkd::workflow {
namespace {

/// What counts for files of another folder.
plan::Source partOf(const plan::Source& source) {
  plan::Source out;
  out.layout = source.layout;
  out.layout.patients = {};
  out.niftiPlace = source.niftiPlace;
  return out;
}

std::string sourcesOf(const plan::Plan& plan) {
  std::string out;
  for (const auto& [name, source] : plan.data.sources) out += (out.empty() ? "" : ", ") + name;
  return out;
}

}  // namespace

Result<plan::Source> namedLike(const plan::Plan& plan, const PredictRequest& request, Progress& progress) {
  std::error_code ignored;
  if (plan::ofPictures(plan) || !is_directory(request.input, ignored)) {
    if (request.layout.empty()) return plan::Source();
    return fail(ErrorCode::InvalidArgument, "the names of files count for nothing in a single file, or among pictures",
                "leave out --layout", "--layout");
  }
  if (!request.layout.empty()) {
    if (const auto* chosen = plan.data.sources.find(request.layout)) return partOf(*chosen);
    if (request.layout == "auto") return plan::Source();
    return fail(ErrorCode::NotFound, "the plan has no source called '" + request.layout + "'",
                "it has: " + sourcesOf(plan) + "; auto reads files by their names", "--layout");
  }
  if (plan.data.sources.empty()) return plan::Source();
  auto out = partOf(plan.data.sources.begin()->second);
  for (const auto& [name, source] : plan.data.sources)
    if (const auto other = partOf(source); other.layout != out.layout || other.niftiPlace != out.niftiPlace)
      return fail(ErrorCode::InvalidArgument, "the plan's sources do not agree how files are called",
                  "choose with --layout as which of them the input is read: " + sourcesOf(plan) + ", or auto",
                  "data.sources");
  const std::filesystem::path table = out.layout.table;
  if (!table.empty() && (table.is_absolute() || !exists(request.input / table, ignored))) {
    progress.note("The table of the plan names the images of its own source: the input is read by its names alone.");
    out.layout = {};
  }
  return out;
}

std::vector<std::string> channelsLearnt(const run::RunDirectory& run) {
  std::vector<std::string> out;
  if (run.plan().data.inputs.empty()) return out;
  const auto cases = data::loadCaseList(run.cases());
  if (!cases) return out;
  for (const auto& entry : cases->cases) {
    if (entry.item.kind != data::kPictureCase || entry.item.channels.empty()) continue;
    const auto names = data::channelNames(entry.item);
    if (!out.empty() && names != out) return {};
    out = names;
  }
  return out;
}

}  // namespace lorkd::workflow
