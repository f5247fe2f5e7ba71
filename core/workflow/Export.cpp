#include <torch/version.h>

#include <algorithm>

#include "core/base/Digest.h"
#include "core/data/Prepare.h"
#include "core/feed/Dataset.h"
#include "core/feed/Patch.h"
#include "core/nn/Separate.h"
#include "core/plugin/Registry.h"
#include "core/workflow/Truncate.h"
#include "core/workflow/Workflow.h"

namespace lorkd::workflow {
namespace fs = std::filesystem;
namespace {

/// Real inputs of one task, the middle of up to two examples: for the parity check.
Result<std::vector<torch::Tensor>> realInputs(const feed::Dataset& dataset, const plan::Plan& plan, int task) {
  constexpr std::size_t wanted = 2;
  std::vector<torch::Tensor> out;
  for (const char* split : {"train", "validation", "test"})
    for (std::size_t i = 0; i < dataset.size(split, task) && out.size() < wanted; ++i) {
      LORKD_TRY(example, dataset.example(split, task, i));
      if (!plan::marks(plan.tasks[static_cast<std::size_t>(task)].second.kind)) {
        out.push_back(example.image.unsqueeze(0).clone());
        continue;
      }
      const auto sides = plan::patchOf(plan);
      const feed::Size3 patch{sides[2], sides[1], sides[0]};
      feed::Size3 size{}, start{};
      for (std::size_t a = 0; a < 3; ++a) {
        size[a] = example.image.size(static_cast<std::int64_t>(a) + 1);
        start[a] = (size[a] - patch[a]) / 2;
      }
      const auto channels = example.image.size(0);
      auto input = torch::empty({1, channels, patch[0], patch[1], patch[2]});
      for (std::int64_t c = 0; c < channels; ++c)
        feed::cutPatch(example.image[c].data_ptr<float>(), size, start, patch, example.image[c].min().item<float>(), {},
                       input[0][c].data_ptr<float>());
      out.push_back(plan::ofPictures(plan) ? input.squeeze(2) : std::move(input));
    }
  if (out.empty())
    return fail(ErrorCode::NotFound, "no example of this task to check the export with", "",
                plan.tasks[static_cast<std::size_t>(task)].first);
  return out;
}

/// The network in words: its name, and its preset or the widths that replace it.
std::string backboneText(const plan::Backbone& backbone) {
  return backbone.name + " " + (backbone.widths.empty() ? backbone.preset : Json(backbone.widths).dump());
}

Result<expert::Manifest> manifestOf(const run::RunDirectory& run, const plan::Plan& plan, int task) {
  const auto index = static_cast<std::size_t>(task);
  const auto& [name, options] = plan.tasks[index];
  expert::Manifest m;
  m.task = name;
  m.kind = toString(options.kind);
  m.channels = plan::inputChannels(plan);
  for (std::size_t c = 0; c < options.classes.size(); ++c) {
    m.classes.push_back(options.classes[c].first);
    m.colors.push_back(plan::classColor(plan, index, c));
    const auto& [cls, known] = options.classes[c];
    for (const auto& [key, code] : {std::pair{"code", &known.code}, std::pair{"category", &known.category},
                                    std::pair{"modifier", &known.modifier}})
      if (image::coded(*code)) m.codes[cls][key] = *code;
  }
  m.backbone = backboneText(plan.method == plan::PlanMethod::Teacher ? plan.teacher.backbone : plan.backbone);
  if (options.kind == plan::TaskKind::Segmentation) {
    m.spacing.assign(plan.data.spacing.begin(), plan.data.spacing.end());
    m.patch.assign(plan.data.patch.begin(), plan.data.patch.end());
    m.input =
        "float32 (N, channels, z, y, x) at the spacing below; x, y, z run closest to L, P, S; whole volumes in windows "
        "of the patch size";
    m.exclusive = options.outputs == plan::TaskOutputs::Exclusive;
    m.output = std::string("logits (N, classes, z, y, x); a voxel belongs to ") +
               (m.exclusive ? "the class of the largest logit, or to the background where none is above 0"
                            : "every class whose sigmoid is above the threshold");
  } else if (options.kind == plan::TaskKind::Segmentation2d) {
    m.patch.assign(plan.data.patch.begin(), plan.data.patch.begin() + 2);
    m.input = "float32 (N, channels, y, x), " +
              (plan.data.longerSide > 0
                   ? "scaled until the longer side has " + std::to_string(plan.data.longerSide) + " pixels"
                   : std::string("in the picture's own size")) +
              "; whole pictures in windows of the patch size";
    m.exclusive = options.outputs == plan::TaskOutputs::Exclusive;
    m.output = std::string("logits (N, classes, y, x); a pixel belongs to ") +
               (m.exclusive ? "the class of the largest logit, or to the background where none is above 0"
                            : "every class whose sigmoid is above the threshold");
  } else {
    const bool pictures = plan::ofPictures(options.kind);
    m.patch.assign(plan.data.patch.begin(), plan.data.patch.begin() + (pictures ? 2 : 3));
    if (!pictures) m.spacing.assign(plan.data.spacing.begin(), plan.data.spacing.end());
    m.input = pictures ? "float32 (N, channels, y, x), resized to the patch size"
                       : "float32 (N, channels, z, y, x) at the spacing below; x, y, z run closest to L, P, S; cut or "
                         "padded with the least value to the patch size around the middle of the " +
                             toString(plan.data.centre);
    m.output = options.outputs == plan::TaskOutputs::Overlapping
                   ? "logits (N, classes); sigmoid gives the probability that a class is there"
                   : "logits (N, classes); softmax gives the probabilities";
  }
  if (!plan::ofPictures(options.kind))
    m.normalisation = {{"kind", plan.data.normalisation}, {"clip", plan.data.clip}, {"inputs", plan.data.inputs}};
  else
    m.normalisation = {{"kind", data::pictureNormalisation(plan.data)}};
  m.threshold = plan.evaluation.threshold;
  m.planDigest = run.planDigest();
  LORKD_TRY(checkpoint, sha256File(run.checkpoint("best")));
  m.checkpointDigest = checkpoint;
  m.versions = {{"lorkd", LORKD_VERSION}, {"libtorch", TORCH_VERSION}};
  return m;
}

/// States the factors as they are exported, truncated or not.
void describeFactors(expert::Manifest& m, const nn::Network& network, int task) {
  const auto factors = network->layerFactors(task);
  const bool decoderOnly = std::ranges::all_of(factors, [](const auto& f) { return f.layer.decoder; });
  for (const auto& [layer, rank, scale] : factors) {
    m.factors[layer.name] = {{"rank", rank}, {"scale", scale}};
    if ((decoderOnly || !layer.decoder) && rank > m.rank) m.rank = rank, m.scale = scale;
  }
}

/// The formats asked for; all that are registered if none is.
Result<std::vector<std::shared_ptr<expert::Exporter>>> exportersOf(const std::vector<std::string>& formats,
                                                                   const plan::Plan& plan) {
  std::vector<std::shared_ptr<expert::Exporter>> out;
  const auto asked = [&](const std::string& format) { return std::ranges::find(formats, format) != formats.end(); };
  if (asked("factors")) {
    if (plan.method != plan::PlanMethod::Lorkd || plan.backbone.norm == plan::BackboneNorm::PerTask)
      return fail(ErrorCode::Unsupported,
                  "the format factors is for runs of method lorkd whose tasks share their batch norms",
                  "export another format", "--format");
    out.push_back(expert::factorsExporter());
  }
  std::string known = "factors";
  for (const auto& exporter : plugin::registry().exporters()) {
    known += ", " + exporter->name();
    if (formats.empty() || asked(exporter->name())) out.push_back(exporter);
  }
  if (out.size() < std::max<std::size_t>(1, formats.size()))
    return fail(ErrorCode::NotFound, "unknown export format", "there are: " + known);
  return out;
}

}  // namespace

Result<std::vector<fs::path>> exportExperts(const run::RunDirectory& run, const std::vector<std::string>& tasks,
                                            const fs::path& folder, const std::vector<std::string>& formats,
                                            Progress& progress, const CancelToken& cancel) {
  return exportExperts(run, ExportRequest{tasks, folder, formats, {}}, progress, cancel);
}

Result<std::vector<fs::path>> exportExperts(const run::RunDirectory& run, const ExportRequest& request,
                                            Progress& progress, const CancelToken& cancel) {
  auto plan = run.plan();
  LORKD_TRY(exporters, exportersOf(request.formats, plan));
  std::vector<int> wanted;
  for (const auto& name : request.tasks) {
    wanted.push_back(plan.tasks.indexOf(name));
    if (wanted.back() < 0)
      return fail(ErrorCode::NotFound, "there is no task '" + name + "' in this run", "", run.path().string());
  }
  for (std::size_t i = 0; request.tasks.empty() && i < plan.tasks.size(); ++i) wanted.push_back(static_cast<int>(i));

  LORKD_TRY(network, loadTrained(run));
  LORKD_TRY(cases, freezeCases(run, progress, cancel));
  plan = data::decided(std::move(plan), cases);
  LORKD_TRY(prepared, data::prepare(plan, cases, preparedFolder(run), progress, cancel));
  LORKD_TRY(dataset, feed::Dataset::open(prepared, plan));
  std::vector<fs::path> out;
  for (int t : wanted) {
    if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "export stopped");
    const auto& name = plan.tasks[static_cast<std::size_t>(t)].first;
    progress.report("exporting " + name, static_cast<std::int64_t>(out.size()),
                    static_cast<std::int64_t>(wanted.size()));
    LORKD_TRY(inputs, realInputs(dataset, plan, t));
    LORKD_TRY(manifest, manifestOf(run, plan, t));
    if (request.truncation.any()) {
      LORKD_TRY(done, truncateExpert(network, t, request.truncation, dataset, plan, cancel));
      manifest.truncation = done;
    }
    describeFactors(manifest, network, t);
    out.push_back(request.folder.empty() ? run.expert(name) : request.folder / name);
    auto own = nn::ofTask(network, t);
    LORKD_CHECK(expert::exportExpert(out.back(), own.network, own.task, inputs, manifest, exporters, progress));
  }
  progress.report("exporting", static_cast<std::int64_t>(out.size()), static_cast<std::int64_t>(out.size()));
  return out;
}

}  // namespace lorkd::workflow
