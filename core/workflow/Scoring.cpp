#include "core/workflow/Scoring.h"

#include <cmath>
#include <limits>

#include "core/eval/Metrics.h"
#include "core/workflow/Confusion.h"

namespace lorkd::workflow {

bool isExclusive(const plan::Plan& plan, int task) {
  return plan.tasks[static_cast<std::size_t>(task)].second.outputs == plan::TaskOutputs::Exclusive;
}

eval::WindowOptions windowOptions(const plan::Plan& plan, int task) {
  const auto& p = plan.data.patch;
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

Result<Score> score(nn::Network& network, int task, const std::string& split, const feed::Dataset& dataset,
                    const plan::Plan& plan, torch::Device device, const CancelToken& cancel, const Tick& tick) {
  torch::NoGradGuard guard;
  Score out;
  const auto n = dataset.size(split, task);
  const auto& classes = plan.tasks[static_cast<std::size_t>(task)].second.classes;
  out.cases = static_cast<std::int64_t>(n);
  if (network->heads()[static_cast<std::size_t>(task)].segmentation) {
    MaskScores scores(classes.size());
    const auto& spacing = plan.data.spacing;
    for (std::size_t i = 0; i < n; ++i) {
      LORKD_TRY(example, dataset.example(split, task, i));
      Confusion confusion(example.labels, plan, task);
      LORKD_CHECK(eachPart(
          network, task, example.image, plan, device, {},
          [&](const eval::WindowPart& part) -> Result<void> {
            confusion.add(part, example.scored);
            return {};
          },
          cancel, tick));
      for (std::size_t c = 0; c < classes.size(); ++c)
        if (const auto counts = confusion.of(c))  // annotated
          scores.add(c, *counts, spacing[0] * spacing[1] * spacing[2] / 1000);
    }
    out.metrics = {{"dice", scores.meanDice()}};
    if (std::isfinite(scores.meanSpecificity())) out.metrics.emplace_back("specificity", scores.meanSpecificity());
    for (std::size_t c = 0; c < classes.size(); ++c) {
      out.classes.emplace_back("dice/" + classes[c].first, scores.dice(c));
      if (scores.absent(c) == 0) continue;
      out.classes.emplace_back("specificity/" + classes[c].first, scores.specificity(c));
      out.classes.emplace_back("false_positive_ml/" + classes[c].first, scores.falsePositive(c));
    }
    return out;
  }
  std::vector<torch::Tensor> logits, labels;
  constexpr std::size_t chunk = 64;
  for (std::size_t i = 0; i < n; i += chunk) {
    if (tick) tick();
    if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "stopped while scoring");
    std::vector<torch::Tensor> images;
    for (std::size_t j = i; j < std::min(n, i + chunk); ++j) {
      LORKD_TRY(example, dataset.example(split, task, j));
      images.push_back(example.image);
      labels.push_back(example.target.reshape({}));
    }
    logits.push_back(network->predict(torch::stack(images).to(device), task).to(torch::kCPU));
  }
  if (n == 0) return out;
  const auto all = torch::cat(logits), truth = torch::stack(labels);
  out.metrics = {{"accuracy", eval::accuracy(all, truth)}};
  const auto right = (all.argmax(1) == truth).to(torch::kFloat64).contiguous();
  out.correct.assign(right.data_ptr<double>(), right.data_ptr<double>() + right.numel());
  if (auto a = eval::auc(all, truth)) out.metrics.emplace_back("auc", *a);
  for (std::size_t c = 0; c < classes.size(); ++c) {
    const auto own = right.masked_select(truth == static_cast<std::int64_t>(c));
    out.classes.emplace_back("accuracy/" + classes[c].first, own.mean().item<double>());  // of none: not a number
  }
  return out;
}

}  // namespace lorkd::workflow
