#include "core/train/Trainer.h"

#include <chrono>
#include <cmath>
#include <sstream>

#include "core/base/Guard.h"
#include "core/base/Random.h"
#include "core/nn/Gram.h"
#include "core/train/Checkpoint.h"
#include "core/train/Objective.h"
#include "core/train/Optimiser.h"
#include "core/train/Schedule.h"

namespace lorkd::train {
namespace {

using Clock = std::chrono::steady_clock;

double seconds(Clock::duration time) { return std::chrono::duration<double>(time).count(); }

/// Keeps kernels to those that give the same bits in every run while it lives.
class DeterministicKernels {
 public:
  explicit DeterministicKernels(torch::Device device) : m_cuda(device.is_cuda()) {
    auto& context = at::globalContext();
    m_algorithms = context.deterministicAlgorithms();
    m_warnOnly = context.deterministicAlgorithmsWarnOnly();
    m_cudnn = context.deterministicCuDNN();
    // CUDA would warn at every kernel without a deterministic form; its convolutions are what matters there.
    if (m_cuda)
      context.setDeterministicCuDNN(true);
    else
      context.setDeterministicAlgorithms(true, true);
  }
  ~DeterministicKernels() {
    at::globalContext().setDeterministicCuDNN(m_cudnn);
    at::globalContext().setDeterministicAlgorithms(m_algorithms, m_warnOnly);
  }
  DeterministicKernels(const DeterministicKernels&) = delete;
  DeterministicKernels& operator=(const DeterministicKernels&) = delete;

 private:
  bool m_cuda, m_algorithms, m_warnOnly, m_cudnn;
};

Json rows(const torch::Tensor& matrix) {
  Json out = Json::array();
  const auto m = matrix.to(torch::kCPU, torch::kFloat64).contiguous();
  for (std::int64_t i = 0; i < m.size(0); ++i) {
    const auto* row = m.data_ptr<double>() + i * m.size(1);
    out.push_back(std::vector<double>(row, row + m.size(1)));
  }
  return out;
}

Result<void> checkHeads(const plan::Plan& plan, const nn::Network& network, const std::string& who) {
  const auto& heads = network->heads();
  bool fits = heads.size() == plan.tasks.size();
  for (std::size_t t = 0; fits && t < heads.size(); ++t)
    fits = heads[t].classes == static_cast<std::int64_t>(plan.tasks[t].second.classes.size()) &&
           heads[t].segmentation == (plan.tasks[t].second.kind == plan::TaskKind::Segmentation);
  if (!fits)
    return fail(ErrorCode::Mismatch, "the heads of the " + who + " are not those of the plan's tasks",
                who == "teacher" ? "choose a teacher with the same tasks and classes" : "");
  return {};
}

Result<void> checkImages(const torch::Tensor& images, const nn::Backbone& backbone) {
  const auto multiple = backbone.sizeMultiple();
  bool fits = images.dim() == backbone.dims() + 2 && images.size(1) == backbone.inputChannels();
  for (std::int64_t d = 2; fits && d < images.dim(); ++d) fits = images.size(d) % multiple == 0;
  if (fits) return {};
  std::ostringstream sizes;
  sizes << images.sizes();
  return fail(ErrorCode::InvalidArgument,
              "a batch of " + sizes.str() + " does not fit the network: it wants " + std::to_string(backbone.dims()) +
                  " dimensions of multiples of " + std::to_string(multiple) + " and " +
                  std::to_string(backbone.inputChannels()) + " channels",
              "change data.patch or the backbone", "data.patch");
}

}  // namespace

struct Trainer::Impl {
  Impl(const plan::Plan& p, nn::Network s, nn::Network t, torch::Device d)
      : plan(p), student(std::move(s)), teacher(std::move(t)), device(d), optimiser(plan.training, parameters()) {}

  /// Moves the networks, makes the projector, and names everything that trains.
  nn::NamedTensors parameters();
  Result<Outcome> run(feed::BatchSource& batches, const CheckpointPaths& paths, const Hooks& hooks);
  Result<void> trainStep(feed::BatchSource& batches, const Hooks& hooks);
  Result<void> checkFinite(const Objective& loss, const feed::Batch& batch, const std::vector<double>& values,
                           double gradientNorm) const;
  void reportConflict(const feed::Batch& batch, const Hooks& hooks);
  Result<void> validate(const CheckpointPaths& paths, const Hooks& hooks);
  Result<void> save(const CheckpointPaths& paths, bool validationDue = false);

  const plan::Plan plan;
  const std::string digest = plan::digest(plan);
  nn::Network student, teacher;
  torch::Device device;
  Projector projector{nullptr};
  Optimiser optimiser;
  nn::GramRecorder gram{static_cast<int>(plan.tasks.size())};
  std::int64_t step = 0, savedStep = -1;
  double best = -std::numeric_limits<double>::infinity();
};

nn::NamedTensors Trainer::Impl::parameters() {
  student->to(device);
  nn::NamedTensors out;
  for (const auto& item : student->named_parameters()) out.emplace_back("student." + item.key(), item.value());
  if (teacher.is_empty()) return out;
  teacher->to(device);
  teacher->eval();
  if (plan.losses.transfer == 0) return out;
  torch::manual_seed(static_cast<std::uint64_t>(plan.seed));
  projector = Projector(teacher->backbone().featureChannels(), student->backbone().featureChannels());
  projector->to(device);
  for (const auto& item : projector->named_parameters()) out.emplace_back("projector." + item.key(), item.value());
  return out;
}

Result<void> Trainer::Impl::trainStep(feed::BatchSource& batches, const Hooks& hooks) {
  const auto start = Clock::now();
  LORKD_TRY(batch, batches.batch(step));
  const auto waited = Clock::now() - start;
  LORKD_CHECK(checkImages(batch.images, student->backbone()));
  // For networks of plugins that draw: the draws depend on the step alone, so that a resumed run repeats them.
  torch::manual_seed(Random(static_cast<std::uint64_t>(plan.seed), {static_cast<std::uint64_t>(step)}).bits());
  if (!device.is_cpu()) {
    batch.images = batch.images.to(device, /*non_blocking=*/true);
    for (auto& target : batch.targets) target = target.to(device, /*non_blocking=*/true);
  }

  const bool measured = plan.conflict.enabled && (step + 1) % plan.conflict.every == 0;
  auto routing = batch.routing;
  if (measured) routing.gram = &gram;
  nn::Outputs taught;
  if (!teacher.is_empty()) {
    torch::NoGradGuard guard;
    taught = teacher->forward(batch.images, batch.routing);
  }
  optimiser.clearGradients();
  const auto outputs = student->forward(batch.images, routing);
  if (!projector.is_empty() && (taught.features.dim() != outputs.features.dim() ||
                                taught.features.sizes().slice(2) != outputs.features.sizes().slice(2)))
    return fail(ErrorCode::Mismatch, "features of teacher and student differ in more than their channels",
                "choose a teacher network of the same kind as the student's, or set losses.transfer to 0");
  auto loss = objective(plan, batch, outputs, teacher.is_empty() ? nullptr : &taught, projector);
  loss.total.backward();

  // All figures in one transfer from the device.
  std::vector<torch::Tensor> figures{loss.total.detach()};
  for (const auto& term : loss.terms) figures.push_back(term.value);
  const auto packed = torch::stack(figures).to(torch::kCPU, torch::kFloat64);
  const std::vector<double> values(packed.data_ptr<double>(), packed.data_ptr<double>() + packed.numel());
  const double norm = optimiser.gradientNorm();
  LORKD_CHECK(checkFinite(loss, batch, values, norm));

  const double clip = plan.training.gradientClip;
  if (clip > 0 && norm > clip) optimiser.scaleGradients(clip / norm);
  const double rate = learningRate(plan.training, step);
  optimiser.step(rate);
  ++step;

  if (hooks.event) {
    Json losses = Json::object();
    for (std::size_t i = 0; i < loss.terms.size(); ++i) {
      const auto task = static_cast<std::size_t>(batch.routing.slices[loss.terms[i].slice].task);
      losses[plan.tasks[task].first][loss.terms[i].name] = values[i + 1];
    }
    const auto all = seconds(Clock::now() - start);
    hooks.event("step", {{"step", step},
                         {"lr", rate},
                         {"seconds", all},
                         {"wait", seconds(waited) / all},
                         {"total", values[0]},
                         {"gradient_norm", norm},
                         {"losses", std::move(losses)}});
    if (measured) reportConflict(batch, hooks);
  }
  gram.clear();
  return {};
}

Result<void> Trainer::Impl::checkFinite(const Objective& loss, const feed::Batch& batch,
                                        const std::vector<double>& values, double gradientNorm) const {
  std::string what;
  for (std::size_t i = 0; i < loss.terms.size() && what.empty(); ++i)
    if (!std::isfinite(values[i + 1])) {
      const auto task = static_cast<std::size_t>(batch.routing.slices[loss.terms[i].slice].task);
      what = "loss '" + loss.terms[i].name + "' of task '" + plan.tasks[task].first + "'";
    }
  if (what.empty() && !std::isfinite(gradientNorm)) what = "the gradient";
  if (what.empty()) return {};
  return fail(
      ErrorCode::Numeric, what + " is not a finite number in step " + std::to_string(step + 1),
      "lower training.learning_rate, lengthen training.warmup, or look for damaged images of this task; the last "
      "checkpoint is kept",
      "step " + std::to_string(step + 1));
}

void Trainer::Impl::reportConflict(const feed::Batch& batch, const Hooks& hooks) {
  Json layers = Json::object(), tasks = Json::array();
  const auto adapted = student->adaptedLayers();
  const auto shared = student->sharedWeights();
  for (std::size_t i = 0; i < adapted.size(); ++i)
    if (const auto matrix = gram.gram(shared[i]); matrix.defined()) layers[adapted[i].name] = rows(matrix);
  if (layers.empty()) return;
  std::vector<double> weights(plan.tasks.size(), 0);
  for (const auto& slice : batch.routing.slices)
    weights[static_cast<std::size_t>(slice.task)] =
        static_cast<double>(slice.size()) / static_cast<double>(batch.routing.batch());
  for (const auto& [name, task] : plan.tasks) tasks.push_back(name);
  hooks.event("conflict",
              {{"step", step}, {"tasks", std::move(tasks)}, {"weights", weights}, {"layers", std::move(layers)}});
}

Result<void> Trainer::Impl::validate(const CheckpointPaths& paths, const Hooks& hooks) {
  LORKD_TRY(found, hooks.validate(student, step));
  student->train();
  const bool better = found.mean >= best || !std::isfinite(best);
  if (better) {
    best = found.mean;
    LORKD_CHECK(saveCheckpoint(paths.best, {step, best, digest, false}, student, projector, nullptr));
  }
  if (hooks.event)
    hooks.event("validation", {{"step", step}, {"best", better}, {"mean", found.mean}, {"metrics", found.metrics}});
  return {};
}

Result<void> Trainer::Impl::save(const CheckpointPaths& paths, bool validationDue) {
  if (savedStep == step) return {};
  LORKD_CHECK(saveCheckpoint(paths.last, {step, best, digest, validationDue}, student, projector, &optimiser));
  savedStep = step;
  return {};
}

Result<Outcome> Trainer::Impl::run(feed::BatchSource& batches, const CheckpointPaths& paths, const Hooks& hooks) {
  LORKD_CHECK(checkHeads(plan, student, "student"));
  if (!teacher.is_empty()) LORKD_CHECK(checkHeads(plan, teacher, "teacher"));
  bool due = false;
  if (std::filesystem::exists(paths.last)) {
    LORKD_TRY(info, loadCheckpoint(paths.last, digest, student, projector, optimiser));
    step = savedStep = info.step;
    best = info.best;
    due = info.validationDue && hooks.validate;
  }
  const DeterministicKernels deterministic(device);
  student->train();
  if (due) {
    if (const auto done = validate(paths, hooks); !done) {
      if (done.error().code == ErrorCode::Cancelled) return Outcome::Stopped;
      return std::unexpected(done.error());
    }
    savedStep = -1;  // the checkpoint must no longer ask for it
    LORKD_CHECK(save(paths));
  }
  const auto& options = plan.training;
  const auto first = step;
  double spent = 0;  // without pauses
  while (step < options.steps) {
    const double left =
        step == first ? -1 : spent / static_cast<double>(step - first) * static_cast<double>(options.steps - step);
    const auto control = hooks.control ? hooks.control(step, left) : Control::Continue;
    if (control != Control::Continue) LORKD_CHECK(save(paths));
    if (control == Control::Stop) return Outcome::Stopped;
    const auto start = Clock::now();
    LORKD_CHECK(trainStep(batches, hooks));
    const bool end = step == options.steps;
    // The checkpoint comes last: a run killed before it repeats the validation too.
    if (hooks.validate && (end || step % options.validateEvery == 0)) {
      if (const auto done = validate(paths, hooks); !done) {
        if (done.error().code != ErrorCode::Cancelled) return std::unexpected(done.error());
        LORKD_CHECK(save(paths, /*validationDue=*/true));
        return Outcome::Stopped;
      }
    }
    if (end || step % options.checkpointEvery == 0) LORKD_CHECK(save(paths));
    spent += seconds(Clock::now() - start);
  }
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
