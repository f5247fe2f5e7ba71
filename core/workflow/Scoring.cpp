#include "core/workflow/Scoring.h"

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>

#include "core/base/Truth.h"
#include "core/eval/Metrics.h"

namespace lorkd::workflow {

bool isExclusive(const plan::Plan& plan, int task) {
  return plan.tasks[static_cast<std::size_t>(task)].second.outputs == plan::TaskOutputs::Exclusive;
}

eval::WindowOptions windowOptions(const plan::Plan& plan, int task) {
  const auto p = plan::patchOf(plan);
  return {{p[2], p[1], p[0]}, plan.evaluation.overlap, 4, isExclusive(plan, task)};
}

torch::Tensor chosen(const torch::Tensor& probabilities, std::int64_t cls, const plan::Plan& plan, int task) {
  if (!isExclusive(plan, task)) return probabilities[cls] > plan.evaluation.threshold;
  const auto own = probabilities[cls];
  auto out = own > 1 - probabilities.sum(0);
  // Of equal ones the first, as the largest is taken elsewhere.
  for (std::int64_t c = 0; c < probabilities.size(0); ++c)
    if (c != cls) out = out & (c < cls ? own > probabilities[c] : own >= probabilities[c]);
  return out;
}

Result<torch::Tensor> probabilities(nn::Network& network, int task, const torch::Tensor& image, const plan::Plan& plan,
                                    torch::Device device, const CancelToken& cancel, const Tick& tick) {
  torch::NoGradGuard guard;
  const auto forward = [&](const torch::Tensor& windows) {
    if (tick) tick();
    // Windows of pictures have one slice, and networks for pictures no axis for it.
    if (plan::ofPictures(plan))
      return network->predict(windows.squeeze(2).to(device), task).unsqueeze(2).to(torch::kCPU);
    return network->predict(windows.to(device), task).to(torch::kCPU);
  };
  return eval::slidingWindow(image, windowOptions(plan, task), forward, cancel);
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
  if (!truth.any().item<bool>()) {
    const auto found = static_cast<double>(torch::count_nonzero(prediction).item<std::int64_t>());
    m_falsePositive[c].add(found * volume);
    m_specificity[c].add(found == 0);
    return {"specificity", found == 0};
  }
  const double value = *eval::dice(prediction, truth);
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
    LORKD_TRY(p, probabilities(network, task, example.image, plan, device, cancel, tick));
    const auto [first, end] = example.scored;
    for (std::int64_t c = 0; c < p.size(0); ++c) {
      const auto target = example.target[c].slice(0, first, end);
      const auto known = target != static_cast<std::int64_t>(notKnown);
      if (!known.any().item<bool>()) continue;  // not annotated
      const auto cls = static_cast<std::size_t>(c);
      const auto found = chosen(p, c, plan, task).slice(0, first, end) & known, there = target == 1;
      scores.add(cls, found, there, spacing[0] * spacing[1] * spacing[2] / 1000);
      if (surfaces) means.add(cls, eval::surfaceScores(found, there, spacing, classes[cls].second.tolerance));
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

Result<Score> scorePictures(nn::Network& network, int task, const std::string& split, const feed::Dataset& dataset,
                            const plan::Plan& plan, torch::Device device, const CancelToken& cancel, const Tick& tick) {
  Score out;
  const auto n = dataset.size(split, task);
  const auto& [name, options] = plan.tasks[static_cast<std::size_t>(task)];
  out.cases = static_cast<std::int64_t>(n);
  out.answers.task = name;
  for (const auto& [cls, unused] : options.classes) out.answers.classes.push_back(cls);
  constexpr std::size_t chunk = 64;
  for (std::size_t i = 0; i < n; i += chunk) {
    if (tick) tick();
    if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "stopped while scoring");
    std::vector<torch::Tensor> images;
    for (std::size_t j = i; j < std::min(n, i + chunk); ++j) {
      LORKD_TRY(example, dataset.example(split, task, j));
      images.push_back(example.image);
      const auto truth = static_cast<int>(example.target.item<std::int64_t>());
      out.answers.pictures.push_back({example.id, example.patient, truth, {}});
    }
    const auto logits = network->predict(torch::stack(images).to(device), task).to(torch::kCPU, torch::kFloat64);
    const auto shares = torch::softmax(logits, 1).contiguous();
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
