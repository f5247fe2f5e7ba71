#include "core/train/Learner.h"

#include <chrono>
#include <cmath>
#include <map>
#include <set>
#include <sstream>

#include "core/base/Random.h"
#include "core/nn/Separate.h"
#include "core/train/Checkpoint.h"
#include "core/train/Kernels.h"
#include "core/train/NotFinite.h"
#include "core/train/Schedule.h"

namespace lorkd::train {
namespace {

Result<void> checkHeads(const plan::Plan& plan, const nn::Network& network, const std::string& who) {
  const auto& heads = network->heads();
  bool fits = heads.size() == plan.tasks.size();
  for (std::size_t t = 0; fits && t < heads.size(); ++t)
    fits = heads[t].classes == static_cast<std::int64_t>(plan.tasks[t].second.classes.size()) &&
           heads[t].segmentation == plan::marks(plan.tasks[t].second.kind);
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

/// Losses are computed in float32 whatever the networks computed in.
void inFloat(nn::Outputs& outputs) {
  outputs.features = outputs.features.to(torch::kFloat32);
  for (auto& logits : outputs.logits) logits = logits.to(torch::kFloat32);
  for (auto& levels : outputs.coarser)
    for (auto& logits : levels) logits = logits.to(torch::kFloat32);
}

}  // namespace

/// A loss term of one batch.
struct Learner::Figure {
  std::size_t task;
  std::string name;
  std::int64_t samples;
  double value;
};

Learner::Learner(const plan::Plan& plan, nn::Network student, nn::Network teacher, torch::Device device)
    : m_plan(plan),
      m_student(std::move(student)),
      m_teacher(std::move(teacher)),
      m_device(device),
      m_parameters(moveAndName()),
      m_optimiser(plan.training, m_parameters),
      m_gram(static_cast<int>(plan.tasks.size())) {
  if (nn::isSeparate(m_student)) m_separateClip.emplace(m_student, m_parameters);
  if (!Surgery::performs(plan.method)) return;
  nn::NamedTensors shared;
  std::map<const void*, std::size_t> places;
  std::set<const void*> reachedByAll;
  for (const auto& [name, tensor] : m_student->sharedParameters()) reachedByAll.insert(tensor.unsafeGetTensorImpl());
  for (std::size_t i = 0; i < m_parameters.size(); ++i) {
    if (!reachedByAll.contains(m_parameters[i].second.unsafeGetTensorImpl())) continue;
    places[m_parameters[i].second.unsafeGetTensorImpl()] = m_shared.size();
    m_shared.push_back(i);
    shared.push_back(m_parameters[i]);
  }
  for (const auto& weight : m_student->sharedWeights()) m_layers.push_back(places.at(weight.unsafeGetTensorImpl()));
  m_surgery = std::make_unique<Surgery>(plan, shared);
}

std::string Learner::projectorName(std::size_t i) const {
  return nn::isSeparate(m_student) ? "projector." + std::to_string(i) + "." : "projector.";
}

/// Makes the projectors, too.
nn::NamedTensors Learner::moveAndName() {
  m_student->to(m_device);
  nn::NamedTensors out;
  for (const auto& item : m_student->named_parameters()) out.emplace_back("student." + item.key(), item.value());
  if (m_teacher.is_empty()) return out;
  m_teacher->to(m_device);
  m_teacher->eval();
  if (m_plan.losses.transfer == 0) return out;
  torch::manual_seed(static_cast<std::uint64_t>(m_plan.seed));
  const auto count = nn::isSeparate(m_student) ? m_plan.tasks.size() : 1;
  for (std::size_t i = 0; i < count; ++i) {
    auto& projector =
        m_projectors.emplace_back(m_teacher->backbone().featureChannels(), m_student->backbone().featureChannels());
    projector->to(m_device);
    for (const auto& item : projector->named_parameters())
      out.emplace_back(projectorName(i) + item.key(), item.value());
  }
  return out;
}

Result<void> Learner::check() const {
  LORKD_CHECK(checkHeads(m_plan, m_student, "student"));
  if (m_teacher.is_empty()) return {};
  if (m_surgery)
    return fail(ErrorCode::InvalidArgument, "gradient surgery (" + plan::toString(m_plan.method) + ") takes no teacher",
                "set teacher.source to none", "method");
  return checkHeads(m_plan, m_teacher, "teacher");
}

Result<StepFigures> Learner::step(feed::BatchSource& batches, std::int64_t step, ConflictLog& conflict) {
  using Clock = std::chrono::steady_clock;
  const auto number = m_plan.training.accumulate;
  StepFigures out;
  std::vector<Figure> figures;
  m_optimiser.clearGradients();
  m_separate.assign(m_plan.tasks.size(), {});
  for (std::int64_t k = 0; k < number; ++k) {
    const auto start = Clock::now();
    LORKD_TRY(batch, batches.batch(step * number + k));
    out.waited += std::chrono::duration<double>(Clock::now() - start).count();
    double total = 0;
    LORKD_CHECK(learn(batch, step * number + k, conflict.wants(step + 1) ? &conflict : nullptr, figures, total));
    out.total += total / static_cast<double>(number);
  }
  if (m_surgery) combine(step);

  out.gradientNorm = m_optimiser.gradientNorm();
  if (!std::isfinite(out.gradientNorm)) {
    const auto origin = gradientNotFinite(m_student);
    const auto where = "step " + std::to_string(step + 1);
    return fail(
        ErrorCode::Numeric,
        "the gradient is not a finite number in " + where + "; first: " + (origin.empty() ? "its norm" : origin),
        "lower training.learning_rate or lengthen training.warmup; the last checkpoint is kept", where);
  }
  const double clip = m_plan.training.gradientClip;
  if (clip > 0 && m_separateClip)
    m_separateClip->clip(clip);
  else if (clip > 0 && out.gradientNorm > clip)
    m_optimiser.scaleGradients(clip / out.gradientNorm);
  out.rate = learningRate(m_plan.training, step);
  m_optimiser.step(out.rate);

  std::map<std::size_t, std::map<std::string, std::int64_t>> samples;
  for (const auto& f : figures) samples[f.task][f.name] += f.samples;
  for (const auto& f : figures) {
    auto& mean = out.losses[m_plan.tasks[f.task].first][f.name];
    const double share = static_cast<double>(f.samples) / static_cast<double>(samples[f.task][f.name]);
    mean = (mean.is_null() ? 0 : mean.get<double>()) + share * f.value;
  }
  return out;
}

void Learner::forward(const feed::Batch& batch, const nn::Routing& routing, nn::Outputs& outputs, nn::Outputs* taught) {
  const Bfloat16Kernels kernels(m_device, m_plan.training.precision == plan::TrainingPrecision::Bfloat16);
  if (taught) {
    const torch::NoGradGuard guard;
    *taught = m_teacher->forward(batch.images, batch.routing);
    inFloat(*taught);
  }
  outputs = m_student->forward(batch.images, routing);
  inFloat(outputs);
}

Result<void> Learner::learn(feed::Batch& batch, std::int64_t number, ConflictLog* conflict,
                            std::vector<Figure>& figures, double& total) {
  LORKD_CHECK(checkImages(batch.images, m_student->backbone()));
  // For networks of plugins that draw: the draws depend on the batch alone, so that a resumed run repeats them.
  const auto seed = Random(static_cast<std::uint64_t>(m_plan.seed), {static_cast<std::uint64_t>(number)}).bits();
  torch::manual_seed(seed);
  if (!m_device.is_cpu()) {
    batch.images = batch.images.to(m_device, /*non_blocking=*/true);
    for (auto& target : batch.targets) target = target.to(m_device, /*non_blocking=*/true);
  }
  auto routing = batch.routing;
  if (conflict && !m_surgery) routing.gram = &m_gram;
  nn::Outputs outputs, taught;
  const bool taughtBy = !m_teacher.is_empty();
  forward(batch, routing, outputs, taughtBy ? &taught : nullptr);
  if (!m_projectors.empty() && (taught.features.dim() != outputs.features.dim() ||
                                taught.features.sizes().slice(2) != outputs.features.sizes().slice(2)))
    return fail(ErrorCode::Mismatch, "features of teacher and student differ in more than their channels",
                "choose a teacher network of the same kind as the student's, or set losses.transfer to 0");
  const auto loss = objective(m_plan, batch, outputs, taughtBy ? &taught : nullptr, m_projectors);
  const auto parts = m_plan.training.accumulate;
  if (m_surgery)
    separate(batch, outputs, conflict);
  else
    (parts == 1 ? loss.total : loss.total / static_cast<double>(parts)).backward();

  // All figures in one transfer from the device.
  std::vector<torch::Tensor> values{loss.total.detach()};
  for (const auto& term : loss.terms) values.push_back(term.value);
  const auto packed = torch::stack(values).to(torch::kCPU, torch::kFloat64);
  const auto* value = packed.data_ptr<double>();
  total = *value;
  for (const auto& term : loss.terms) {
    const auto& slice = batch.routing.slices[term.slice];
    const auto task = static_cast<std::size_t>(slice.task);
    figures.push_back({task, term.name, slice.size(), *++value});
    if (std::isfinite(*value)) continue;
    torch::manual_seed(seed);
    const auto origin = originOf(batch);
    const auto where = "step " + std::to_string(number / parts + 1);
    return fail(ErrorCode::Numeric,
                "loss '" + term.name + "' of task '" + m_plan.tasks[task].first + "' is not a finite number in " +
                    where + (origin.empty() ? "" : "; first: " + origin),
                "lower training.learning_rate, lengthen training.warmup, or look for damaged images of this task; the "
                "last checkpoint is kept",
                where);
  }
  if (conflict && !m_surgery) {
    const auto weights = m_student->sharedWeights();
    conflict->add(batch.routing, [&](std::size_t l) {
      const auto matrix = m_gram.gram(weights[l]);
      return matrix.defined() && parts > 1 ? matrix * (parts * parts) : matrix;
    });
  }
  m_gram.clear();
  return {};
}

/// One backward pass a task: the shared parameters' gradients apart, the others' where the optimiser looks for them.
void Learner::separate(const feed::Batch& batch, const nn::Outputs& outputs, ConflictLog* conflict) {
  const auto& slices = batch.routing.slices;
  const double parts = static_cast<double>(m_plan.training.accumulate);
  std::vector<torch::Tensor> all;
  for (const auto& [name, tensor] : m_parameters) all.push_back(tensor);
  std::vector<TaskGradient> own(m_plan.tasks.size());
  std::vector<Projector> none;
  for (std::size_t j = 0; j < slices.size(); ++j) {
    // The share of this task alone: the others count with no samples.
    auto alone = batch;
    for (std::size_t other = 0; other < slices.size(); ++other)
      if (other != j) alone.routing.slices[other].begin = alone.routing.slices[other].end = batch.routing.batch();
    const auto share = objective(m_plan, alone, outputs, nullptr, none).total / parts;
    const auto gradients = torch::autograd::grad({share}, all, {}, /*retain_graph=*/j + 1 < slices.size(),
                                                 /*create_graph=*/false, /*allow_unused=*/true);
    auto& mine = own[static_cast<std::size_t>(slices[j].task)];
    std::size_t next = 0;
    for (std::size_t p = 0; p < all.size(); ++p) {
      if (next < m_shared.size() && m_shared[next] == p) {
        mine.push_back(gradients[p]);
        ++next;
      } else if (auto& sum = all[p].mutable_grad(); gradients[p].defined()) {
        sum = sum.defined() ? sum + gradients[p] : gradients[p];
      }
    }
  }
  if (conflict) conflict->add(batch.routing, [&](std::size_t l) { return gramOf(own, m_layers[l]) * (parts * parts); });
  for (std::size_t t = 0; t < own.size(); ++t) {
    auto& sum = m_separate[t];
    if (sum.empty()) {
      sum = std::move(own[t]);
      continue;
    }
    for (std::size_t p = 0; p < own[t].size(); ++p)
      if (const auto& g = own[t][p]; g.defined()) sum[p] = sum[p].defined() ? sum[p] + g : g;
  }
}

void Learner::combine(std::int64_t step) {
  const auto gradient = m_surgery->combine(m_separate, step);
  for (std::size_t p = 0; p < gradient.size(); ++p)
    if (gradient[p].defined()) m_parameters[m_shared[p]].second.mutable_grad() = gradient[p];
  m_separate.clear();
}

/// Where a loss that is not finite comes from, in words.
std::string Learner::originOf(const feed::Batch& batch) {
  for (const auto& slice : batch.routing.slices)
    if (!batch.images.narrow(0, slice.begin, slice.size()).isfinite().all().item<bool>())
      return "the images of task '" + m_plan.tasks[static_cast<std::size_t>(slice.task)].first + "'";
  if (const auto weights = weightNotFinite(m_student); !weights.empty()) return weights;
  const auto activations = activationNotFinite(m_student, [&] {
    nn::Outputs outputs;
    forward(batch, batch.routing, outputs, nullptr);
  });
  return activations.empty() ? gradientNotFinite(m_student) : activations;
}

nn::NamedTensors Learner::state() const {
  nn::NamedTensors out;
  append(out, "student.", nn::stateOf(*m_student));
  for (std::size_t i = 0; i < m_projectors.size(); ++i) append(out, projectorName(i), nn::stateOf(*m_projectors[i]));
  append(out, "", m_optimiser.state());
  if (m_surgery) append(out, "", m_surgery->state());
  return out;
}

Result<void> Learner::restore(const safetensors::File& file) {
  LORKD_CHECK(nn::loadState(*m_student, file, "student."));
  for (std::size_t i = 0; i < m_projectors.size(); ++i)
    LORKD_CHECK(nn::loadState(*m_projectors[i], file, projectorName(i)));
  LORKD_CHECK(m_optimiser.restore(file));
  return m_surgery ? m_surgery->restore(file) : Result<void>{};
}

double Learner::fixedBytes() const {
  double out = 0;
  const bool adam = m_plan.training.optimiser == plan::TrainingOptimiser::Adamw;
  for (const auto& [name, tensor] : m_parameters)  // value, gradient, moments
    out += static_cast<double>(tensor.nbytes()) * (adam ? 4 : 3);
  if (!m_teacher.is_empty())
    for (const auto& tensor : m_teacher->parameters()) out += static_cast<double>(tensor.nbytes());
  return out;
}

}  // namespace lorkd::train
