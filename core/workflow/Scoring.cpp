#include "core/workflow/Scoring.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include "core/base/Truth.h"
#include "core/eval/Metrics.h"
#include "core/workflow/Confusion.h"

namespace lorkd::workflow {

bool isExclusive(const plan::Plan& plan, int task) {
  return plan.tasks[static_cast<std::size_t>(task)].second.outputs == plan::TaskOutputs::Exclusive;
}

eval::WindowOptions windowOptions(const plan::Plan& plan, int task) {
  const auto p = plan::patchOf(plan);
  const auto classes = plan.tasks[static_cast<std::size_t>(task)].second.classes.size();
  return {{p[2], p[1], p[0]}, plan.evaluation.overlap, 4, isExclusive(plan, task), static_cast<std::int64_t>(classes)};
}

Result<void> eachPart(nn::Network& network, int task, const torch::Tensor& image, const plan::Plan& plan,
                      torch::Device device, const std::array<std::int64_t, 3>& margin,
                      const std::function<Result<void>(const eval::WindowPart&)>& use, const CancelToken& cancel,
                      const Tick& tick) {
  torch::NoGradGuard guard;
  const auto forward = [&](const torch::Tensor& windows) {
    if (tick) tick();
    // Windows of pictures have one slice, and networks for pictures no axis for it.
    if (plan::ofPictures(plan))
      return network->predict(windows.squeeze(2).to(device), task).unsqueeze(2).to(torch::kCPU);
    return network->predict(windows.to(device), task).to(torch::kCPU);
  };
  auto options = windowOptions(plan, task);
  options.margin = margin;
  return eval::slidingWindow(image, options, forward, use, cancel);
}

double RunningMean::mean() const {
  return count == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / static_cast<double>(count);
}

double meanOf(const std::vector<RunningMean>& classes) {
  RunningMean all;
  for (const auto& mean : classes)
    if (mean.count > 0) all.add(mean.mean());
  return all.mean();
}

double MaskScores::meanDice() const { return meanOf(m_dice); }
double MaskScores::meanSpecificity() const { return meanOf(m_specificity); }

std::pair<const char*, double> MaskScores::add(std::size_t c, const torch::Tensor& prediction,
                                               const torch::Tensor& truth, double volume) {
  const auto count = [](const torch::Tensor& mask) { return mask.count_nonzero().item<std::int64_t>(); };
  const auto found = prediction.to(torch::kBool), there = truth.to(torch::kBool);
  return add(c, {count(found), count(there), count(found & there)}, volume);
}

std::pair<const char*, double> MaskScores::add(std::size_t c, const MaskCounts& voxels, double volume) {
  if (voxels.there == 0) {
    m_falsePositive[c].add(static_cast<double>(voxels.found) * volume);
    m_specificity[c].add(voxels.found == 0);
    return {"specificity", voxels.found == 0};
  }
  const double value = 2.0 * static_cast<double>(voxels.both) / static_cast<double>(voxels.found + voxels.there);
  m_dice[c].add(value);
  return {"dice", value};
}

void SurfaceMeans::add(std::size_t c, const eval::SurfaceScores& scores) {
  if (scores.nsd) nsd[c].add(*scores.nsd);
  if (scores.hd95) hd95[c].add(*scores.hd95);
  volumeDifference[c].add(scores.volumeDifference);
  missed[c] += scores.missed;
}

void LesionMeans::add(std::size_t c, const eval::LesionScores& scores) {
  if (const auto v = scores.sensitivity()) sensitivity[c].add(*v);
  if (const auto v = scores.f1()) f1[c].add(*v);
  falsePositives[c].add(static_cast<double>(scores.falsePositives));
  lesions[c] += scores.lesions;
}

eval::LesionRule lesionRule(const plan::Evaluation& options, double voxelVolume) {
  return {options.lesionOverlap,
          options.lesionVolume / voxelVolume * (1 - 1e-9)};  // as many voxels as asked are enough
}

double Score::value(const std::string& metric) const {
  for (const auto& [name, value] : metrics)
    if (name == metric) return value;
  return std::numeric_limits<double>::quiet_NaN();
}

namespace {

/// Puts what is found in a part where it lies in the whole.
void keep(const eval::WindowPart& part, const plan::Plan& plan, int task, const torch::Tensor& found) {
  auto own = part.probabilities;
  auto place = found;
  for (std::size_t a = 0; a < 3; ++a) {
    const auto axis = static_cast<std::int64_t>(a) + 1, count = part.to[a] - part.from[a];
    own = own.narrow(axis, part.from[a] - part.low[a], count);
    place = place.narrow(axis, part.from[a], count);
  }
  if (!isExclusive(plan, task)) {
    place.copy_(own > plan.evaluation.threshold);
    return;
  }
  const auto which = torch::cat({1 - own.sum(0, true), own}).argmax(0, true);  // 0: the background
  place.copy_(which == torch::arange(1, own.size(0) + 1).view({-1, 1, 1, 1}));
}

Result<Score> scoreVolumes(nn::Network& network, int task, const std::string& split, const feed::Dataset& dataset,
                           const plan::Plan& plan, torch::Device device, const CancelToken& cancel, const Tick& tick,
                           bool surfaces) {
  Score out;
  const auto n = dataset.size(split, task);
  const auto& classes = plan.tasks[static_cast<std::size_t>(task)].second.classes;
  out.cases = static_cast<std::int64_t>(n);
  MaskScores scores(classes.size());
  SurfaceMeans means(classes.size());
  const auto& spacing = plan.data.spacing;
  for (std::size_t i = 0; i < n; ++i) {
    LORKD_TRY(example, dataset.example(split, task, i));
    Confusion confusion(example.labels, plan, task);
    torch::Tensor found;  // (C, D, H, W), where surfaces are asked for
    if (surfaces) {
      const auto& size = example.labels.size();
      found = torch::zeros({example.labels.classes(), size[0], size[1], size[2]}, torch::kBool);
    }
    LORKD_CHECK(eachPart(
        network, task, example.image, plan, device, {},
        [&](const eval::WindowPart& part) -> Result<void> {
          confusion.add(part, example.scored);
          if (surfaces) keep(part, plan, task, found);
          return {};
        },
        cancel, tick));
    const auto [first, end] = example.scored;
    for (std::size_t c = 0; c < classes.size(); ++c) {
      const auto counts = confusion.of(c);
      if (!counts) continue;  // not annotated
      scores.add(c, *counts, spacing[0] * spacing[1] * spacing[2] / 1000);
      if (!surfaces) continue;
      const auto at = static_cast<std::int64_t>(c);
      const auto target = example.labels.masks(first, end)[at];
      means.add(c, eval::surfaceScores(found[at].slice(0, first, end) & (target != std::int64_t(notKnown)), target == 1,
                                       spacing, classes[c].second.tolerance));
    }
  }
  out.metrics = {{"dice", scores.meanDice()}};
  if (surfaces) out.metrics.emplace_back("nsd", meanOf(means.nsd));
  if (std::isfinite(scores.meanSpecificity())) out.metrics.emplace_back("specificity", scores.meanSpecificity());
  for (std::size_t c = 0; c < classes.size(); ++c) {
    out.classes.emplace_back("dice/" + classes[c].first, scores.dice(c));
    if (surfaces) out.classes.emplace_back("nsd/" + classes[c].first, means.nsd[c].mean());
    if (scores.absent(c) == 0) continue;
    out.classes.emplace_back("specificity/" + classes[c].first, scores.specificity(c));
    if (!plan::ofPictures(plan))  // whose volumes nobody knows
      out.classes.emplace_back("false_positive_ml/" + classes[c].first, scores.falsePositive(c));
  }
  return out;
}

/// Nine digits, so that files and what was computed from numbers that are not in them say the same.
double rounded(double probability) {
  char text[32];
  std::snprintf(text, sizeof text, "%.9g", probability);
  return std::strtod(text, nullptr);
}

}  // namespace

torch::Tensor classProbabilities(nn::Network& network, int task, const torch::Tensor& images,
                                 plan::TaskOutputs outputs) {
  torch::NoGradGuard guard;
  const auto logits = network->predict(images, task).to(torch::kCPU, torch::kFloat64);
  return (outputs == plan::TaskOutputs::Overlapping ? torch::sigmoid(logits) : torch::softmax(logits, 1)).contiguous();
}

namespace {

Result<Score> scorePictures(nn::Network& network, int task, const std::string& split, const feed::Dataset& dataset,
                            const plan::Plan& plan, torch::Device device, const CancelToken& cancel, const Tick& tick) {
  Score out;
  const auto n = dataset.size(split, task);
  const auto& [name, options] = plan.tasks[static_cast<std::size_t>(task)];
  out.cases = static_cast<std::int64_t>(n);
  out.answers.task = name;
  for (const auto& [cls, unused] : options.classes) out.answers.classes.push_back(cls);
  out.answers.overlapping = options.outputs == plan::TaskOutputs::Overlapping;
  if (out.answers.overlapping) out.answers.threshold = plan.evaluation.threshold;
  const std::size_t chunk = plan::ofPictures(plan) ? 64 : 2;
  for (std::size_t i = 0; i < n; i += chunk) {
    if (tick) tick();
    if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "stopped while scoring");
    std::vector<torch::Tensor> images;
    for (std::size_t j = i; j < std::min(n, i + chunk); ++j) {
      LORKD_TRY(example, dataset.example(split, task, j));
      images.push_back(example.image);
      auto& picture = out.answers.pictures.emplace_back(eval::Picture{example.id, example.patient, -1, {}});
      const auto target = example.target.contiguous();
      if (out.answers.overlapping)
        picture.truths.assign(target.data_ptr<std::uint8_t>(), target.data_ptr<std::uint8_t>() + target.numel());
      else
        picture.truth = static_cast<int>(target.item<std::int64_t>());
    }
    const auto shares = classProbabilities(network, task, torch::stack(images).to(device), options.outputs);
    const auto* share = shares.data_ptr<double>();
    for (std::size_t j = i; j < std::min(n, i + chunk); ++j)
      for (std::size_t c = 0; c < out.answers.classes.size(); ++c)
        out.answers.pictures[j].probabilities.push_back(rounded(*share++));
  }
  if (n == 0) return out;
  const eval::AnswerScores scores(out.answers);
  for (const char* metric : {"accuracy", "balanced_accuracy", "auc", "f1"})
    if (const double value = scores.value(metric); std::isfinite(value)) out.metrics.emplace_back(metric, value);
  for (const auto& cls : out.answers.classes)
    out.classes.emplace_back("accuracy/" + cls, scores.value("accuracy/" + cls));
  return out;
}

}  // namespace

Result<Score> score(nn::Network& network, int task, const std::string& split, const feed::Dataset& dataset,
                    const plan::Plan& plan, torch::Device device, const CancelToken& cancel, const Tick& tick,
                    bool surfaces) {
  torch::NoGradGuard guard;
  if (network->heads()[static_cast<std::size_t>(task)].segmentation)
    return scoreVolumes(network, task, split, dataset, plan, device, cancel, tick, surfaces);
  return scorePictures(network, task, split, dataset, plan, device, cancel, tick);
}

}  // namespace lorkd::workflow
