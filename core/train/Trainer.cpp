#include "core/train/Trainer.h"

#include <chrono>
#include <cmath>
#include <cstdio>
#include <map>
#include <optional>

#include "core/base/Guard.h"
#include "core/nn/kernels/LibraryCheck.h"
#include "core/train/Checkpoint.h"
#include "core/train/ConflictLog.h"
#include "core/train/Kernels.h"
#include "core/train/Learner.h"
#include "core/train/Memory.h"
#include "core/train/NotFinite.h"
#include "core/train/WeightAverage.h"

namespace lorkd::train {
namespace {

using Clock = std::chrono::steady_clock;

double seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

std::vector<std::string> layerNames(const nn::Network& network) {
  std::vector<std::string> out;
  for (const auto& layer : network->adaptedLayers()) out.push_back(layer.name);
  return out;
}

}  // namespace

struct Trainer::Impl {
  Impl(const plan::Plan& p, nn::Network student, nn::Network teacher, torch::Device d)
      : plan(p),
        device(d),
        learner(p, std::move(student), std::move(teacher), d),
        conflict(p, layerNames(learner.student())) {
    if (plan.training.ema > 0) average.emplace(plan.training.ema, learner.student());
  }

  Result<Outcome> run(feed::BatchSource& batches, const CheckpointPaths& paths, const Hooks& hooks);
  Result<bool> resume(const CheckpointPaths& paths);
  Result<void> trainStep(feed::BatchSource& batches, const Hooks& hooks);
  Result<void> validate(const CheckpointPaths& paths, const Hooks& hooks);
  Result<void> save(const CheckpointPaths& paths, bool validationDue = false);
  /// Weights that are not finite must reach no file: the last checkpoint is then the last good one.
  Result<void> checkWeights() const;
  CheckpointInfo info(bool validationDue = false) const {
    return {step, best, stale, {origin.plan, origin.cases, "last"}, validationDue, by};
  }
  /// Validations that come after `done` steps: every so many, and after the last one.
  std::int64_t validationsAfter(std::int64_t done) const {
    const auto every = plan.training.validateEvery, all = plan.training.steps;
    return all / every - done / every + (all % every == 0 ? 0 : 1);
  }
  bool patienceEnded() const { return plan.training.patience > 0 && stale >= plan.training.patience; }
  Result<void> tellOfWaiting(const Hooks& hooks) const;
  Result<void> switchWrongKernelsOff(const Hooks& hooks) const;
  Result<void> tellOfStrategies(const Hooks& hooks) const;

  const plan::Plan plan;
  Origin origin = plan::digest(plan);
  torch::Device device;
  Learner learner;
  ConflictLog conflict;
  std::optional<WeightAverage> average;
  std::int64_t step = 0, savedStep = -1;
  bool savedDue = false;  ///< the checkpoint of savedStep asks for a validation
  double best = -std::numeric_limits<double>::infinity();
  std::string by;          ///< which score `best` is; empty before the first validation
  std::int64_t stale = 0;  ///< validations since one was better than all before
  std::int64_t stepsHere = 0;
  double secondsHere = 0, waitedHere = 0;  ///< in the steps of this process
  double paused = 0;                       ///< in its validations
};

Result<void> Trainer::Impl::trainStep(feed::BatchSource& batches, const Hooks& hooks) {
  const auto start = Clock::now();
  const auto where = "training step " + std::to_string(step + 1);
  std::optional<Result<StepFigures>> done;
  try {
    done = learner.step(batches, step, conflict);
  } catch (const std::exception& e) {
    auto error = thrown(e, where);
    if (!wantsMemory(error.error())) return error;
    return std::unexpected(memoryError(plan, memoryOf(e.what(), learner.fixedBytes()),
                                       learner.student()->backbone().sizeMultiple(), where));
  }
  if (!*done) {
    // The loader's memory is not the network's where that lies on a GPU.
    if (const auto& error = done->error(); wantsMemory(error))
      return std::unexpected(memoryError(plan, memoryOf(error.message, device.is_cpu() ? learner.fixedBytes() : 0),
                                         learner.student()->backbone().sizeMultiple(), where + ", " + error.context));
    return std::unexpected(done->error());
  }
  auto& figures = **done;
  ++step;
  if (average) average->update(step);
  const auto all = seconds(Clock::now() - start);
  ++stepsHere;
  secondsHere += all;
  waitedHere += figures.waited;
  const auto measured = conflict.endStep(step);
  if (!hooks.event) return {};
  LORKD_CHECK(hooks.event("step", {{"step", step},
                                   {"lr", figures.rate},
                                   {"seconds", all},
                                   {"wait", figures.waited / all},
                                   {"total", figures.total},
                                   {"gradient_norm", figures.gradientNorm},
                                   {"losses", std::move(figures.losses)}}));
  if (measured) LORKD_CHECK(hooks.event("conflict", *measured));
  return step == 1 ? tellOfStrategies(hooks) : Result<void>();
}

Result<void> Trainer::Impl::tellOfStrategies(const Hooks& hooks) const {
  std::map<std::string, int> counts;
  Json layers = Json::object();
  for (const auto& [layer, strategy] : learner.student()->strategies()) {
    ++counts[strategy];
    layers[layer] = strategy;
  }
  if (counts.empty()) return {};
  std::string text;
  for (const auto& [strategy, count] : counts)
    text += (text.empty() ? "" : ", ") + std::to_string(count) + " " + strategy;
  return hooks.event("log", {{"level", "info"},
                             {"message", "separated convolutions in the first step: " + text},
                             {"step", step},
                             {"strategies", std::move(layers)}});
}

Result<void> Trainer::Impl::checkWeights() const {
  const auto found = weightNotFinite(learner.student());
  if (found.empty()) return {};
  const auto where = "step " + std::to_string(step);
  return fail(ErrorCode::Numeric, found + " are not finite numbers after " + where,
              "lower training.learning_rate or lengthen training.warmup; the last checkpoint is kept", where);
}

Result<void> Trainer::Impl::validate(const CheckpointPaths& paths, const Hooks& hooks) {
  LORKD_CHECK(checkWeights());
  // The average takes the weights' place while it is looked at, and gives it back whatever happens.
  const auto back = [&](WeightAverage* held) { held->swap(); };
  if (average) average->swap();
  const std::unique_ptr<WeightAverage, decltype(back)> swapped(average ? &*average : nullptr, back);
  auto& student = learner.student();
  const auto saveNow = [&]() -> Result<void> {
    if (average) average->swap();
    auto saved = save(paths, /*validationDue=*/true);
    if (average) average->swap();
    return saved;
  };
  LORKD_TRY(found, hooks.validate(student, step, saveNow));
  paused += found.paused;
  student->train();
  // Figures of two scores cannot be compared: a checkpoint of an earlier version may have been chosen by another.
  const bool masks = plan::marks(plan.tasks.front().second.kind);
  const std::string before = by.empty() && std::isfinite(best) ? (masks ? "dice" : "accuracy") : by;
  if (!found.by.empty() && found.by != before) {
    best = -std::numeric_limits<double>::infinity();
    stale = 0;
  }
  by = found.by;
  if (found.judged) stale = found.mean > best || (!std::isfinite(best) && std::isfinite(found.mean)) ? 0 : stale + 1;
  const bool better = found.mean >= best || !std::isfinite(best);
  if (better) {
    best = found.mean;
    nn::NamedTensors weights;
    append(weights, "student.", nn::stateOf(*student));
    LORKD_CHECK(saveCheckpoint(paths.best, {step, best, 0, {origin.plan, origin.cases, "best"}, false, by}, weights));
  }
  if (hooks.event) {
    LORKD_CHECK(hooks.event(
        "validation",
        {{"step", step}, {"best", better}, {"mean", found.mean}, {"by", found.by}, {"metrics", found.metrics}}));
    if (patienceEnded() && step < plan.training.steps)
      LORKD_CHECK(
          hooks.event("log", {{"level", "info"},
                              {"message", "training ends early at step " + std::to_string(step) + " of " +
                                              std::to_string(plan.training.steps) + ": " + std::to_string(stale) +
                                              " validations in a row without a better mean (training.patience)"},
                              {"step", step}}));
  }
  return {};
}

Result<void> Trainer::Impl::save(const CheckpointPaths& paths, bool validationDue) {
  if (savedStep == step && savedDue == validationDue) return {};
  LORKD_CHECK(checkWeights());
  auto tensors = learner.state();
  if (average) append(tensors, "", average->state());
  append(tensors, "", conflict.state());
  LORKD_CHECK(saveCheckpoint(paths.last, info(validationDue), tensors));
  savedStep = step;
  savedDue = validationDue;
  return {};
}

/// Whether a validation is due that was stopped.
Result<bool> Trainer::Impl::resume(const CheckpointPaths& paths) {
  if (!std::filesystem::exists(paths.last)) return false;
  LORKD_TRY(opened, openCheckpoint(paths.last, {origin.plan, origin.cases, "last"}));
  const auto& [file, found] = opened;
  LORKD_CHECK(learner.restore(file));
  LORKD_CHECK(conflict.restore(file));
  if (average) LORKD_CHECK(average->restore(file));
  step = savedStep = found.step;
  best = found.best;
  by = found.by;
  stale = found.stale;
  return savedDue = found.validationDue;
}

Result<void> Trainer::Impl::tellOfWaiting(const Hooks& hooks) const {
  if (!hooks.event || stepsHere == 0) return {};
  const double share = waitedHere / secondsHere;
  char percent[16];
  std::snprintf(percent, sizeof percent, "%.1f %%", 100 * share);
  return hooks.event("log", {{"level", "info"},
                             {"message", std::string(percent) + " of the time of " + std::to_string(stepsHere) +
                                             " steps was spent waiting for data"},
                             {"wait", share},
                             {"steps", stepsHere}});
}

Result<void> Trainer::Impl::switchWrongKernelsOff(const Hooks& hooks) const {
  LORKD_TRY(wrong, nn::switchWrongKernelsOff());
  if (wrong.empty() || !hooks.event) return {};
  return hooks.event("log", {{"level", "warn"},
                             {"message", "this LibTorch's oneDNN computes wrong values on this machine (" + wrong +
                                             "); it is switched off, and training is slower"},
                             {"step", step}});
}

Result<Outcome> Trainer::Impl::run(feed::BatchSource& batches, const CheckpointPaths& paths, const Hooks& hooks) {
  LORKD_CHECK(learner.check());
  if (!paths.origin.plan.empty()) origin = paths.origin;
  LORKD_TRY(due, resume(paths));
  const DeterministicKernels deterministic(device);
  if (device.is_cpu()) LORKD_CHECK(switchWrongKernelsOff(hooks));
  learner.student()->train();
  if (due && hooks.validate) {
    if (const auto done = validate(paths, hooks); !done) {
      if (done.error().code == ErrorCode::Cancelled) return Outcome::Stopped;
      return std::unexpected(done.error());
    }
    LORKD_CHECK(save(paths));  // the checkpoint must no longer ask for it
  }
  const auto& options = plan.training;
  const auto first = step;
  double stepping = 0, validating = 0;  // seconds, without pauses
  std::int64_t validated = 0;
  while (step < options.steps && !patienceEnded()) {
    double left = -1;
    if (step > first) {
      left = stepping / static_cast<double>(step - first) * static_cast<double>(options.steps - step);
      // Shared out over the steps, the long validation at the end would seem to take a step's share of the time.
      if (validated > 0)
        left += validating / static_cast<double>(validated) * static_cast<double>(validationsAfter(step));
    }
    const auto control = hooks.control ? hooks.control(step, left) : Control::Continue;
    if (control != Control::Continue) LORKD_CHECK(save(paths));
    if (control == Control::Stop) {
      LORKD_CHECK(tellOfWaiting(hooks));
      return Outcome::Stopped;
    }
    const auto start = Clock::now();
    const double stoodStill = paused;
    LORKD_CHECK(trainStep(batches, hooks));
    double inValidation = 0;
    // The checkpoint comes last: a run killed before it repeats the validation too.
    if (hooks.validate && (step == options.steps || step % options.validateEvery == 0)) {
      const auto began = Clock::now();
      if (const auto done = validate(paths, hooks); !done) {
        if (done.error().code != ErrorCode::Cancelled) return std::unexpected(done.error());
        LORKD_CHECK(save(paths, /*validationDue=*/true));
        return Outcome::Stopped;
      }
      inValidation = seconds(Clock::now() - began) - (paused - stoodStill);
      validating += inValidation;
      ++validated;
    }
    if (step == options.steps || patienceEnded() || step % options.checkpointEvery == 0 || savedStep == step)
      LORKD_CHECK(save(paths));
    stepping += seconds(Clock::now() - start) - (paused - stoodStill) - inValidation;
  }
  LORKD_CHECK(tellOfWaiting(hooks));
  return Outcome::Done;
}

Trainer::Trainer(const plan::Plan& plan, nn::Network student, nn::Network teacher, torch::Device device)
    : m_impl(std::make_unique<Impl>(plan, std::move(student), std::move(teacher), device)) {}
Trainer::~Trainer() = default;

std::int64_t Trainer::step() const { return m_impl->step; }

Result<Outcome> Trainer::run(feed::BatchSource& batches, const CheckpointPaths& paths, const Hooks& hooks) {
  try {
    return m_impl->run(batches, paths, hooks);
  } catch (const std::exception& e) {
    return thrown(e, "training step " + std::to_string(m_impl->step + 1));
  }
}

}  // namespace lorkd::train
