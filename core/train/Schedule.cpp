#include "core/train/Schedule.h"

#include <cmath>
#include <numbers>

namespace lorkd::train {

double learningRate(const plan::Training& options, std::int64_t step) {
  const auto warmup = options.warmup;
  if (step < warmup) return options.learningRate * static_cast<double>(step + 1) / static_cast<double>(warmup);
  if (options.schedule == plan::TrainingSchedule::Constant || step >= options.steps)
    return step >= options.steps && options.schedule == plan::TrainingSchedule::Cosine ? 0 : options.learningRate;
  const double part = static_cast<double>(step - warmup) / static_cast<double>(options.steps - warmup);
  return options.learningRate * 0.5 * (1 + std::cos(std::numbers::pi * part));
}

}  // namespace lorkd::train
