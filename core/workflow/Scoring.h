// Whole-volume predictions and scores of one task, shared by validation, evaluation, prediction and export.
#pragma once

#include <torch/torch.h>

#include <functional>
#include <optional>

#include "core/base/Progress.h"
#include "core/eval/SlidingWindow.h"
#include "core/feed/Dataset.h"
#include "core/nn/Network.h"
#include "core/run/Plan.h"

namespace lorkd::workflow {

/// Patch (D, H, W), overlap and batch of a plan's sliding windows.
eval::WindowOptions windowOptions(const plan::Plan& plan);

/// Called between the forward passes of long work, which may last minutes a case: it may block, and cancel the work.
using Tick = std::function<void()>;

/// Probabilities (C, D, H, W) of a task on a prepared image (1, D, H, W). Errors: those of slidingWindow().
Result<torch::Tensor> probabilities(nn::Network& network, int task, const torch::Tensor& image, const plan::Plan& plan,
                                    torch::Device device, const CancelToken& cancel, const Tick& tick = {});

/// Mean figures of one task over a split of prepared examples: {"dice": v} (mean over classes of the mean over cases
/// where the class or its prediction is present) or {"accuracy": v, "auc": v}. `primary` names the first.
struct Score {
  std::vector<std::pair<std::string, double>> metrics;  ///< first one is primary
  /// "dice/<class>", or "accuracy/<class>": the share of the class's pictures that were recognised; not-a-number for a
  /// class that no example has.
  std::vector<std::pair<std::string, double>> classes;
  std::int64_t cases = 0;
  std::vector<double> correct;  ///< of pictures, in the dataset's order: 1 where the largest logit is the label, else 0
};
Result<Score> score(nn::Network& network, int task, const std::string& split, const feed::Dataset& dataset,
                    const plan::Plan& plan, torch::Device device, const CancelToken& cancel, const Tick& tick = {});

/// Running mean per class of Dice values.
class DiceMean {
 public:
  explicit DiceMean(std::size_t classes) : m_sum(classes, 0.0), m_count(classes, 0) {}
  /// Boolean or 0/1 masks of class `c`. A case whose truth has nothing of the class does not count: it may not have
  /// been annotated, or lie outside what was held out. Returns the case's Dice if it counts.
  std::optional<double> add(std::size_t c, const torch::Tensor& prediction, const torch::Tensor& truth);
  double of(std::size_t c) const;  ///< NaN if the class never occurred
  double mean() const;             ///< over classes that occurred
  std::int64_t count(std::size_t c) const { return m_count[c]; }

 private:
  std::vector<double> m_sum;
  std::vector<std::int64_t> m_count;
};

}  // namespace lorkd::workflow
