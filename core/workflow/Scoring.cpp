#include "core/workflow/Scoring.h"

#include <cmath>
#include <limits>

#include "core/base/Truth.h"
#include "core/eval/Metrics.h"

namespace lorkd::workflow {

eval::WindowOptions windowOptions(const plan::Plan& plan) {
  const auto& p = plan.data.patch;
  return {{p[2], p[1], p[0]}, plan.evaluation.overlap, 4};
}

Result<torch::Tensor> probabilities(nn::Network& network, int task, const torch::Tensor& image, const plan::Plan& plan,
                                    torch::Device device, const CancelToken& cancel, const Tick& tick) {
  torch::NoGradGuard guard;
  const auto forward = [&](const torch::Tensor& windows) {
    if (tick) tick();
    return network->predict(windows.to(device), task).to(torch::kCPU);
  };
  return eval::slidingWindow(image, windowOptions(plan), forward, cancel);
}

std::optional<double> DiceMean::add(std::size_t c, const torch::Tensor& prediction, const torch::Tensor& truth) {
  if (!truth.any().item<bool>()) return {};
  const double value = *eval::dice(prediction, truth);
  m_sum[c] += value, ++m_count[c];
  return value;
}

double DiceMean::of(std::size_t c) const {
  return m_count[c] == 0 ? std::numeric_limits<double>::quiet_NaN() : m_sum[c] / static_cast<double>(m_count[c]);
}

double DiceMean::mean() const {
  double sum = 0;
  int n = 0;
  for (std::size_t c = 0; c < m_sum.size(); ++c)
    if (m_count[c] > 0) sum += of(c), ++n;
  return n == 0 ? std::numeric_limits<double>::quiet_NaN() : sum / n;
}

Result<Score> score(nn::Network& network, int task, const std::string& split, const feed::Dataset& dataset,
                    const plan::Plan& plan, torch::Device device, const CancelToken& cancel, const Tick& tick) {
  torch::NoGradGuard guard;
  Score out;
  const auto n = dataset.size(split, task);
  const auto& classes = plan.tasks[static_cast<std::size_t>(task)].second.classes;
  out.cases = static_cast<std::int64_t>(n);
  if (network->heads()[static_cast<std::size_t>(task)].segmentation) {
    DiceMean dice(classes.size());
    for (std::size_t i = 0; i < n; ++i) {
      LORKD_TRY(example, dataset.example(split, task, i));
      LORKD_TRY(p, probabilities(network, task, example.image, plan, device, cancel, tick));
      const auto [first, end] = example.scored;
      for (std::int64_t c = 0; c < p.size(0); ++c) {
        const auto target = example.target[c].slice(0, first, end);
        const auto known = target != static_cast<std::int64_t>(notKnown);
        dice.add(static_cast<std::size_t>(c), (p[c].slice(0, first, end) > plan.evaluation.threshold) & known,
                 target == 1);
      }
    }
    out.metrics = {{"dice", dice.mean()}};
    for (std::size_t c = 0; c < classes.size(); ++c) out.classes.emplace_back("dice/" + classes[c].first, dice.of(c));
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
