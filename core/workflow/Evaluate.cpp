#include <array>
#include <cmath>
#include <limits>

#include "core/data/Channels.h"
#include "core/data/Digests.h"
#include "core/data/Prepare.h"
#include "core/data/SegmentReader.h"
#include "core/eval/Flops.h"
#include "core/eval/RunMetrics.h"
#include "core/nn/Separate.h"
#include "core/run/RunSeries.h"
#include "core/workflow/Scoring.h"
#include "core/workflow/SourceGrid.h"
#include "core/workflow/Workflow.h"

namespace lorkd::workflow {
namespace {

std::string methodName(const plan::Plan& plan) {
  return plan.method == plan::PlanMethod::Lorkd ? "expert" : toString(plan.method);
}

/// Adds the surface scores of a class that is present in a case; masks (D, H, W).
void addSurfaces(eval::Table& table, SurfaceMeans& means, std::size_t c, const eval::CaseRow& dice,
                 const std::string& cls, const torch::Tensor& prediction, const torch::Tensor& truth,
                 const std::array<double, 3>& spacing, double tolerance) {
  const auto scores = eval::surfaceScores(prediction, truth, spacing, tolerance);
  means.add(c, scores);
  auto row = dice;
  const auto add = [&](const char* metric, double value) {
    row.metric = metric + ("/" + cls);
    row.value = value;
    table.addCase(row);
  };
  if (scores.nsd) add("nsd", *scores.nsd);
  if (scores.hd95) add("hd95_mm", *scores.hd95);
  add("volume_difference_ml", scores.volumeDifference);
}

/// Adds the intersection over union of a class that is present in a picture: J = D / (2 - D).
void addOverlap(eval::Table& table, std::vector<RunningMean>& means, std::size_t c, eval::CaseRow row,
                const std::string& cls) {
  row.metric = "iou/" + cls;
  row.value = row.value / (2 - row.value);
  means[c].add(row.value);
  table.addCase(row);
}

/// Adds which lesions of a class were found in a case.
void addLesions(eval::Table& table, LesionMeans& means, std::size_t c, eval::CaseRow row, const std::string& cls,
                const eval::LesionScores& scores) {
  means.add(c, scores);
  const auto add = [&](const char* metric, double value) {
    row.metric = metric + ("/" + cls);
    row.value = value;
    table.addCase(row);
  };
  if (const auto v = scores.sensitivity()) add("lesion_sensitivity", *v);
  if (const auto v = scores.f1()) add("lesion_f1", *v);
  add("lesion_false_positives", static_cast<double>(scores.falsePositives));
}

/// Adds the rows of lesions of a task; none where no class of it is one, or none was annotated.
void addLesionRows(eval::Table& table, const LesionMeans& means, const std::string& name, const plan::Task& options,
                   const std::string& method, std::int64_t cases) {
  if (std::isnan(meanOf(means.falsePositives))) return;
  std::int64_t lesions = 0;
  for (const auto n : means.lesions) lesions += n;
  table.add({name, method, "lesion_sensitivity", meanOf(means.sensitivity), cases});
  table.add({name, method, "lesion_f1", meanOf(means.f1), cases});
  table.add({name, method, "lesion_false_positives", meanOf(means.falsePositives), cases});
  table.add({name, method, "lesions", static_cast<double>(lesions), cases});
  for (std::size_t c = 0; c < options.classes.size(); ++c) {
    const auto& [cls, unused] = options.classes[c];
    if (means.falsePositives[c].count == 0) continue;
    const auto add = [&](const char* metric, const RunningMean& mean) {
      table.add({name, method, metric + ("/" + cls), mean.mean(), mean.count});
    };
    add("lesion_sensitivity", means.sensitivity[c]);
    add("lesion_f1", means.f1[c]);
    add("lesion_false_positives", means.falsePositives[c]);
    table.add({name, method, "lesions/" + cls, static_cast<double>(means.lesions[c]), means.falsePositives[c].count});
  }
}

/// Adds the rows of one segmentation task: Dice and surface scores per class and their mean, on the source grid of
/// every test case, what is found where a class is absent, and the scores of each case.
Result<void> addSegmentation(eval::Table& table, nn::Network& network, int task, const data::CaseList& cases,
                             data::Digests& digests, const plan::Plan& plan, torch::Device device, Progress& progress,
                             const CancelToken& cancel) {
  const auto& [name, options] = plan.tasks[static_cast<std::size_t>(task)];
  const auto method = methodName(plan);
  MaskScores scores(options.classes.size());
  SurfaceMeans surfaces(options.classes.size());
  std::vector<RunningMean> overlaps(options.classes.size());  // of pictures: intersection over union
  LesionMeans lesions(options.classes.size());
  const auto test = cases.of(data::Split::Test, task);
  for (std::size_t i = 0; i < test.size(); ++i) {
    const auto tick = [&] {
      progress.report("scoring " + name, static_cast<std::int64_t>(i), static_cast<std::int64_t>(test.size()));
    };
    tick();
    LORKD_CHECK(digests.of(*test[i]));
    LORKD_TRY(inputs, data::readInputs(plan.data, test[i]->item));
    LORKD_TRY(predicted, predictOnSource(network, task, inputs, test[i]->item.geometry, plan, device, cancel, tick));
    const auto& spacing = test[i]->item.geometry.spacing;
    const double voxelVolume = spacing[0] * spacing[1] * spacing[2] / 1000;  // ml
    inputs.clear();                                                          // what follows needs the memory
    data::SegmentReader truth(test[i]->item);
    auto keep = heldOut(predicted.source(), plan.data);
    LORKD_TRY(ignored, truth.ignored());
    for (std::size_t v = 0; ignored && v < keep.size(); ++v) keep[v] = keep[v] && ignored->voxels[v] == 0;
    ignored.reset();
    const auto unseen = [&](const std::vector<std::uint8_t>& voxels) {
      auto out = torch::empty({static_cast<std::int64_t>(voxels.size())}, torch::kBool);
      auto* p = out.data_ptr<bool>();
      for (std::size_t v = 0; v < voxels.size(); ++v) p[v] = keep[v] && voxels[v] != 0;
      return out;
    };
    LORKD_CHECK(data::eachClassMask(
        truth, options, cancel, [&](std::size_t c, std::optional<image::Mask> mask) -> Result<void> {
          if (!mask) return {};  // not annotated here
          const auto found = unseen(predicted.mask(c).voxels), there = unseen(mask->voxels);
          mask.reset();
          const auto& cls = options.classes[c].first;
          const auto [metric, value] = scores.add(c, found, there, voxelVolume);
          const eval::CaseRow row{name, method, metric + ("/" + cls), test[i]->item.id, test[i]->item.patient, value};
          table.addCase(row);
          const auto [width, height, depth] = predicted.source().size;
          const auto volume = found.view({depth, height, width}), truthVolume = there.view({depth, height, width});
          const auto& wanted = options.classes[c].second;
          if (metric == std::string_view("dice") && predicted.source().pixels)
            addOverlap(table, overlaps, c, row, cls);
          else if (metric == std::string_view("dice"))
            addSurfaces(table, surfaces, c, row, cls, volume, truthVolume, spacing, wanted.tolerance);
          // Nobody knows how large what is in a picture is: there the smallest lesion is a pixel.
          const double unit = predicted.source().pixels ? std::numeric_limits<double>::infinity() : voxelVolume;
          if (wanted.lesions)
            addLesions(table, lesions, c, row, cls,
                       eval::lesionScores(volume, truthVolume, lesionRule(plan.evaluation, unit)));
          return {};
        }));
    LORKD_CHECK(digests.of(*test[i]));  // that it did not change as it was read
  }
  const auto n = static_cast<std::int64_t>(test.size());
  table.add({name, method, "dice", scores.meanDice(), n});
  std::int64_t missed = 0, present = 0;
  for (std::size_t c = 0; c < options.classes.size(); ++c) missed += surfaces.missed[c], present += scores.present(c);
  // Of pictures nobody knows lengths and volumes.
  const bool measured = !plan::ofPictures(plan);
  if (present > 0 && !measured) table.add({name, method, "iou", meanOf(overlaps), n});
  if (present > 0 && measured) {
    table.add({name, method, "nsd", meanOf(surfaces.nsd), n});
    table.add({name, method, "hd95_mm", meanOf(surfaces.hd95), n});
    table.add({name, method, "volume_difference_ml", meanOf(surfaces.volumeDifference), n});
    table.add({name, method, "missed", static_cast<double>(missed), present});
  }
  if (std::isfinite(scores.meanSpecificity())) table.add({name, method, "specificity", scores.meanSpecificity(), n});
  for (std::size_t c = 0; c < options.classes.size(); ++c) {
    const auto& cls = options.classes[c].first;
    table.add({name, method, "dice/" + cls, scores.dice(c), scores.present(c)});
    if (scores.present(c) > 0 && !measured)
      table.add({name, method, "iou/" + cls, overlaps[c].mean(), scores.present(c)});
    if (scores.present(c) > 0 && measured) {
      table.add({name, method, "nsd/" + cls, surfaces.nsd[c].mean(), surfaces.nsd[c].count});
      table.add({name, method, "hd95_mm/" + cls, surfaces.hd95[c].mean(), surfaces.hd95[c].count});
      table.add({name, method, "volume_difference_ml/" + cls, surfaces.volumeDifference[c].mean(), scores.present(c)});
      table.add({name, method, "missed/" + cls, static_cast<double>(surfaces.missed[c]), scores.present(c)});
    }
    if (scores.absent(c) == 0) continue;
    table.add({name, method, "specificity/" + cls, scores.specificity(c), scores.absent(c)});
    if (measured) table.add({name, method, "false_positive_ml/" + cls, scores.falsePositive(c), scores.absent(c)});
  }
  addLesionRows(table, lesions, name, options, method, n);
  return {};
}

/// Adds the rows of one classification task: its scores, those of each class that has test pictures, how often each
/// class was taken for which, and the answers themselves.
void addClassification(eval::Table& table, eval::Answers answers, const std::string& method) {
  answers.method = method;
  const eval::AnswerScores scores(answers);
  const auto& name = answers.task;
  const auto n = static_cast<std::int64_t>(scores.pictures());
  for (const auto& metric : eval::classificationMetrics()) table.add({name, method, metric, scores.value(metric), n});
  for (std::size_t c = 0; c < answers.classes.size(); ++c) {
    const auto& cls = answers.classes[c];
    for (const char* metric : {"accuracy/", "auc/", "average_precision/", "f1/"})
      table.add({name, method, metric + cls, scores.value(metric + cls), scores.picturesOf(c)});
    if (answers.overlapping) {
      for (const char* metric : {"balanced_accuracy/", "calibration_error/"})
        table.add({name, method, metric + cls, scores.value(metric + cls), scores.picturesOf(c)});
      continue;
    }
    for (std::size_t answer = 0; answer < answers.classes.size(); ++answer)
      table.add({name, method, "confusion/" + cls + "/" + answers.classes[answer],
                 static_cast<double>(scores.confused(c, answer)), scores.picturesOf(c)});
  }
  table.addAnswers(std::move(answers));
}

/// Adds the mean over the tasks that have a value of it.
void addMean(eval::Table& table, const plan::Plan& plan, const std::string& method, const std::string& metric) {
  RunningMean mean;
  for (const auto& [name, options] : plan.tasks)
    if (const double value = table.value(name, method, metric); std::isfinite(value)) mean.add(value);
  table.add({"mean", method, metric, mean.mean(), 0});
}

/// Adds what each task's deployed network costs (parameters; multiply-adds for one patch) and all of them together:
/// every parameter of the run, and one patch answered for every task, where a trunk that tasks share runs once.
void addCosts(eval::Table& table, nn::Network& network, const plan::Plan& plan, torch::Device device) {
  torch::NoGradGuard guard;
  const auto method = methodName(plan);
  const auto patch = plan::patchOf(plan);
  std::vector<std::int64_t> size{1, network->backbone().inputChannels(), patch[1], patch[0]};
  if (network->backbone().dims() == 3) size.insert(size.begin() + 2, patch[2]);
  const auto x = torch::zeros(size, device);
  const bool shared = !nn::isSeparate(network) && !network->ownParts();
  const auto trunk =
      shared ? eval::multiplyAdds([&] { network->backbone().forward(x, nn::Routing::single(0, 1)); }) : 0;
  auto together = trunk;
  for (int t = 0; t < static_cast<int>(plan.tasks.size()); ++t) {
    const auto& name = plan.tasks[static_cast<std::size_t>(t)].first;
    auto own = nn::ofTask(network, t);
    own.network->fuse(own.task);
    const auto products = eval::multiplyAdds([&] { own.network->predict(x, own.task); });
    own.network->unfuse();
    together += products - trunk;
    table.add({name, method, "parameters", static_cast<double>(own.network->expertParameters(own.task)), 0});
    table.add({name, method, "multiply_adds", static_cast<double>(products), 0});
  }
  std::int64_t parameters = 0;
  for (const auto& p : network->parameters()) parameters += p.numel();
  table.add({"all", method, "parameters", static_cast<double>(parameters), 0});
  table.add({"all", method, "multiply_adds", static_cast<double>(together), 0});
}

/// Adds the time in training steps and the largest memory of a training process, as the log tells.
Result<void> addTraining(eval::Table& table, const run::RunDirectory& run) {
  LORKD_TRY(events, run.readEvents());
  const auto method = methodName(run.plan());
  double memory = 0;
  for (const auto& event : events)
    if (event.value("kind", Json()) == "resources" && event.value("peak_memory", Json()).is_number())
      memory = std::max(memory, event.at("peak_memory").get<double>());
  table.add({"all", method, "training_seconds", run::RunSeries::of(events).trainingSeconds(), 0});
  if (memory > 0) table.add({"all", method, "peak_memory", memory, 0});
  return {};
}

}  // namespace

Result<eval::Table> evaluate(const run::RunDirectory& run, Progress& progress, const CancelToken& cancel) {
  LORKD_TRY(device, setUpDevice(run.plan()));
  LORKD_TRY(network, loadTrained(run));
  network->to(device);
  LORKD_TRY(cases, freezeCases(run, progress, cancel));
  const auto plan = data::decided(run.plan(), cases);
  eval::Table table;
  data::Digests digests;
  const auto method = methodName(plan);
  for (int t = 0; t < static_cast<int>(plan.tasks.size()); ++t) {
    const Deployed deployed(network, t);
    if (plan::marks(plan.tasks[static_cast<std::size_t>(t)].second.kind)) {
      LORKD_CHECK(addSegmentation(table, network, t, cases, digests, plan, device, progress, cancel));
    } else {
      LORKD_TRY(prepared, data::prepare(plan, cases, preparedFolder(run), progress, cancel));
      LORKD_TRY(dataset, feed::Dataset::open(prepared, plan));
      LORKD_TRY(found, score(network, t, "test", dataset, plan, device, cancel));
      addClassification(table, std::move(found.answers), method);
    }
  }
  // A task may have nothing to score: no test case, or none of its structures in the held-out slab.
  if (plan::marks(plan.tasks.front().second.kind))
    addMean(table, plan, method, "dice");
  else
    for (const auto& metric : eval::classificationMetrics()) addMean(table, plan, method, metric);
  addCosts(table, network, plan, device);
  LORKD_CHECK(addTraining(table, run));
  LORKD_CHECK(eval::writeMetrics(run, table));
  return table;
}

}  // namespace lorkd::workflow
