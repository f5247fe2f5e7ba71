#include "core/feed/BatchSource.h"

#include <cmath>
#include <condition_variable>
#include <deque>
#include <map>
#include <mutex>
#include <numbers>
#include <optional>
#include <thread>

#include "core/base/Guard.h"
#include "core/base/Random.h"
#include "core/feed/Foreground.h"
#include "core/feed/Targets.h"
#include "core/feed/TaskShares.h"
#include "core/feed/Warp.h"

namespace lorkd::feed {
namespace {

/// What is found out about a training volume once, by whichever thread needs it first.
struct Knowledge {
  std::once_flag foregroundOnce, minimumOnce;
  Foreground foreground;
  std::vector<float> minimum;  ///< of each channel
};

Size3 sizeOf(const torch::Tensor& image) { return {image.size(-3), image.size(-2), image.size(-1)}; }

/// Start of a patch around `centre` (or anywhere, if negative): inside the volume where it is larger than the patch, as
/// sliding windows are at prediction; where it is smaller, the whole volume lies somewhere in the patch.
std::int64_t patchStart(std::int64_t size, std::int64_t patch, std::int64_t centre, Random& random) {
  const auto low = std::min<std::int64_t>(0, size - patch), high = std::max<std::int64_t>(0, size - patch);
  const auto anywhere = low + random.below(high - low + 1);
  return centre < 0 || size <= patch ? anywhere : std::clamp(centre - patch / 2, low, high);
}

std::size_t bytesOf(const Batch& batch) {
  std::size_t bytes = batch.images.nbytes();
  for (const auto& targets : batch.targets) bytes += targets.nbytes();
  return bytes;
}

}  // namespace

struct BatchSource::Impl {
  Impl(const Dataset& data, const plan::Plan& p) : dataset(data), plan(p) {
    for (int t = 0; t < dataset.tasks(); ++t) {
      cases.push_back(static_cast<std::int64_t>(dataset.size("train", t)));
      const auto& task = plan.tasks[static_cast<std::size_t>(t)].second;
      knowledge.emplace_back(plan::marks(task.kind) ? cases.back() : 0);
    }
    for (std::int64_t i = 0; i < plan.training.loaderThreads; ++i)
      workers.emplace_back([this](std::stop_token stop) { work(stop); });
  }

  Result<Batch> make(std::int64_t step) const;
  Result<void> fillVolume(const Example& example, Knowledge& known, int task, std::size_t index, Random random,
                          torch::Tensor& images, std::int64_t row, torch::Tensor& targets,
                          std::int64_t targetRow) const;
  Result<void> fillWhole(const Example& example, Random random, torch::Tensor& images, std::int64_t row,
                         torch::Tensor& targets, std::int64_t targetRow) const;
  Augmentation augmentation(Random& random, bool volume) const;
  void drawIntensity(Random& random, Augmentation& out) const;
  void addNoise(Random& random, float* values, std::int64_t count) const;

  void work(const std::stop_token& stop);
  std::optional<std::int64_t> nextStep() const;
  std::int64_t depth() const;
  Result<Batch> fetch(std::int64_t step);

  const Dataset dataset;
  const plan::Plan plan;
  std::vector<std::int64_t> cases;  ///< training cases per task
  mutable std::vector<std::deque<Knowledge>> knowledge;

  std::mutex mutex;
  std::condition_variable_any wanted, ready;
  std::int64_t base = 0;        ///< first step somebody may still ask for
  std::int64_t requested = -1;  ///< last step asked for; nothing is prepared before the first request
  std::size_t largest = 0;      ///< bytes of the largest batch so far
  std::map<std::int64_t, std::optional<Result<Batch>>> slots;  ///< empty while being made
  std::vector<std::jthread> workers;                           ///< last: joined before the rest goes
};

void BatchSource::Impl::drawIntensity(Random& random, Augmentation& out) const {
  out.scale = static_cast<float>(random.normal(1, plan.data.intensity));
  out.shift = static_cast<float>(random.normal(0, plan.data.intensity));
}

Augmentation BatchSource::Impl::augmentation(Random& random, bool volume) const {
  const auto& data = plan.data;
  Augmentation out;
  out.mirror = random.uniform() < 0.5 && data.mirror;
  drawIntensity(random, out);
  if (data.rotate > 0) out.angle = random.uniform(-data.rotate, data.rotate) * std::numbers::pi / 180;
  if (data.zoom > 0) out.zoom = random.uniform(1 - data.zoom, 1 + data.zoom);
  if (volume && !plan::ofPictures(plan)) out.spacingX = data.spacing[0], out.spacingY = data.spacing[1];
  return out;
}

/// Box and Muller, both values of a draw.
void BatchSource::Impl::addNoise(Random& random, float* values, std::int64_t count) const {
  if (plan.data.noise == 0) return;
  const auto deviation = static_cast<float>(random.uniform(0, plan.data.noise));
  for (std::int64_t i = 0; i < count; i += 2) {
    const float radius = deviation * std::sqrt(-2 * std::log(static_cast<float>(1 - random.uniform())));
    const float angle = 2 * std::numbers::pi_v<float> * static_cast<float>(random.uniform());
    values[i] += radius * std::cos(angle);
    if (i + 1 < count) values[i + 1] += radius * std::sin(angle);
  }
}

Result<void> BatchSource::Impl::fillVolume(const Example& example, Knowledge& known, int task, std::size_t index,
                                           Random random, torch::Tensor& images, std::int64_t row,
                                           torch::Tensor& targets, std::int64_t targetRow) const {
  const auto size = sizeOf(example.image);
  const auto sides = plan::patchOf(plan);
  const Size3 patch{sides[2], sides[1], sides[0]};
  const auto channels = example.image.size(0);
  const auto voxels = size[0] * size[1] * size[2], patchVoxels = patch[0] * patch[1] * patch[2];
  const auto* source = example.image.data_ptr<float>();

  Size3 centre{-1, -1, -1};
  if (random.uniform() < plan.data.foreground) {
    std::call_once(known.foregroundOnce, [&] {
      const auto seed = Random(static_cast<std::uint64_t>(plan.seed), {static_cast<std::uint64_t>(task), index}).bits();
      known.foreground = findForeground(example.labels, seed);
    });
    if (const auto n = static_cast<std::int64_t>(known.foreground.size()); n > 0) {
      const auto& list = known.foreground[static_cast<std::size_t>(random.below(n))];
      const std::int64_t v = list[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(list.size())))];
      centre = {v / (size[1] * size[2]), v / size[2] % size[1], v % size[2]};
    }
  }
  Size3 start;
  bool padded = false;
  for (std::size_t a = 0; a < 3; ++a) {
    start[a] = patchStart(size[a], patch[a], centre[a], random);
    padded = padded || size[a] < patch[a];
  }
  auto augment = augmentation(random, true);
  if (padded || augment.moves())
    std::call_once(known.minimumOnce, [&] {
      for (std::int64_t c = 0; c < channels; ++c)
        known.minimum.push_back(*std::min_element(source + c * voxels, source + (c + 1) * voxels));
    });

  for (std::int64_t c = 0; c < channels; ++c) {
    // Each channel has a brightness of its own, and all move together.
    if (c > 0) drawIntensity(random, augment);
    auto* image = images.data_ptr<float>() + (row * channels + c) * patchVoxels;
    const float fill = known.minimum.empty() ? 0 : known.minimum[static_cast<std::size_t>(c)];
    if (augment.moves())
      warpPatch(source + c * voxels, size, start, patch, fill, augment, image);
    else
      cutPatch(source + c * voxels, size, start, patch, fill, augment, image);
    addNoise(random, image, patchVoxels);
  }
  cutTargets(example.labels, start, patch, augment, targets[targetRow].data_ptr<std::uint8_t>());
  return {};
}

Result<void> BatchSource::Impl::fillWhole(const Example& example, Random random, torch::Tensor& images,
                                          std::int64_t row, torch::Tensor& targets, std::int64_t targetRow) const {
  if (example.image.sizes() != images.sizes().slice(1))
    return fail(ErrorCode::Mismatch, "images of one run must have the same size and channels",
                "prepare all tasks with the same patch size", example.id);
  const bool volume = example.image.dim() == 4;
  auto whole = sizeOf(example.image);
  if (!volume) whole[0] = 1;  // where pictures have their channels
  const auto voxels = whole[0] * whole[1] * whole[2], channels = example.image.size(0);
  const auto* source = example.image.data_ptr<float>();
  auto* out = images.data_ptr<float>() + row * example.image.numel();
  auto augment = augmentation(random, volume);
  for (std::int64_t c = 0; c < channels; ++c) {
    if (volume && c > 0) drawIntensity(random, augment);
    const auto* channel = source + c * voxels;
    if (augment.moves())
      warpPatch(channel, whole, {0, 0, 0}, whole, *std::min_element(channel, channel + voxels), augment,
                out + c * voxels);
    else
      cutPatch(channel, whole, {0, 0, 0}, whole, 0, augment, out + c * voxels);
  }
  addNoise(random, out, channels * voxels);
  targets[targetRow].copy_(example.target);
  return {};
}

Result<Batch> BatchSource::Impl::make(std::int64_t step) const {
  const auto counts = taskShares(plan.training, cases, step);
  Batch batch;
  std::int64_t row = 0;
  for (int t = 0; t < dataset.tasks(); ++t) {
    const auto index = static_cast<std::size_t>(t);
    const auto n = counts[index];
    if (n == 0) continue;
    const auto& [name, task] = plan.tasks[index];
    if (cases[index] == 0)
      return fail(ErrorCode::NotFound, "task '" + name + "' has no case to train on",
                  "check its sources and labels, or take the task out of the plan", "tasks." + name);
    const bool segmentation = plan::marks(task.kind);
    const auto [x, y, z] = plan::patchOf(plan);
    torch::Tensor targets;
    for (std::int64_t i = 0; i < n; ++i, ++row) {
      Random random(static_cast<std::uint64_t>(plan.seed),
                    {static_cast<std::uint64_t>(step), static_cast<std::uint64_t>(row)});
      const auto chosen = static_cast<std::size_t>(random.below(cases[index]));
      LORKD_TRY(example, dataset.example("train", t, chosen));
      if (!batch.images.defined()) {
        auto size =
            segmentation ? std::vector<std::int64_t>{example.image.size(0), z, y, x} : example.image.sizes().vec();
        size.insert(size.begin(), plan.training.batch);
        batch.images = torch::empty(size);
      }
      if (batch.images.dim() != (segmentation ? 5 : example.image.dim() + 1))
        return fail(ErrorCode::Unsupported, "volumes and pictures cannot share one network",
                    "put segmentation and classification tasks into two plans", "tasks." + name);
      if (!targets.defined())
        targets = segmentation                ? torch::empty({n, example.labels.classes(), z, y, x}, torch::kUInt8)
                  : example.target.dim() == 0 ? torch::empty({n}, torch::kInt64)
                                              : torch::empty({n, example.target.size(0)}, torch::kUInt8);
      if (segmentation)
        LORKD_CHECK(fillVolume(example, knowledge[index][chosen], t, chosen, random, batch.images, row, targets, i));
      else
        LORKD_CHECK(fillWhole(example, random, batch.images, row, targets, i));
    }
    batch.routing.slices.push_back({t, row - n, row});
    // Networks for pictures have no axis for the one slice.
    batch.targets.push_back(segmentation && plan::ofPictures(plan) ? targets.squeeze(2) : std::move(targets));
  }
  if (batch.images.dim() == 5 && plan::ofPictures(plan)) batch.images = batch.images.squeeze(2);
  return batch;
}

/// How many batches may wait or be in the making: two a thread, fewer where they would take more than their half of
/// training.memory, one at least.
std::int64_t BatchSource::Impl::depth() const {
  const auto wanted = static_cast<std::int64_t>(2 * workers.size());
  if (plan.training.memory == 0) return wanted;
  const double fitting = plan.training.memory / 2 * (1 << 30) / static_cast<double>(std::max<std::size_t>(largest, 1));
  return static_cast<std::int64_t>(std::clamp(std::floor(fitting), 1.0, static_cast<double>(wanted)));
}

/// The next step worth preparing, if the queue has room.
std::optional<std::int64_t> BatchSource::Impl::nextStep() const {
  if (requested < 0) return {};
  // The first batch tells how large they are.
  const auto ahead = plan.training.memory > 0 && largest == 0 ? 1 : depth();
  const auto planned = plan.training.steps * plan.training.accumulate;
  for (auto s = base; s < base + ahead && (s <= requested || s < planned); ++s)
    if (!slots.contains(s)) return s;
  return {};
}

void BatchSource::Impl::work(const std::stop_token& stop) {
  std::unique_lock lock(mutex);
  while (wanted.wait(lock, stop, [&] { return nextStep().has_value(); })) {
    const auto step = *nextStep();
    slots[step] = std::nullopt;
    lock.unlock();
    std::optional<Result<Batch>> made;
    try {
      made = make(step);
    } catch (const std::exception& e) {
      made = thrown(e, "cutting patches");
    }
    lock.lock();
    if (*made) largest = std::max(largest, bytesOf(**made));
    // The slot is gone if somebody jumped to another step meanwhile.
    if (const auto it = slots.find(step); it != slots.end()) it->second = std::move(made);
    ready.notify_all();
  }
}

Result<Batch> BatchSource::Impl::fetch(std::int64_t step) {
  std::unique_lock lock(mutex);
  base = requested = step;
  const auto end = step + static_cast<std::int64_t>(2 * workers.size());
  std::erase_if(slots, [&](const auto& slot) { return slot.first < step || slot.first >= end; });
  wanted.notify_all();
  ready.wait(lock, [&] {
    const auto it = slots.find(step);
    return it != slots.end() && it->second.has_value();
  });
  auto batch = std::move(*slots.at(step));
  slots.erase(step);
  base = step + 1;
  wanted.notify_all();
  return batch;
}

BatchSource::BatchSource(const Dataset& dataset, const plan::Plan& plan)
    : m_impl(std::make_unique<Impl>(dataset, plan)) {}
BatchSource::~BatchSource() = default;

Result<Batch> BatchSource::batch(std::int64_t step) {
  if (!m_impl->workers.empty()) return m_impl->fetch(step);
  return guarded("cutting patches", [&] { return m_impl->make(step); });
}

std::vector<std::int64_t> BatchSource::taskCounts(std::int64_t step) const {
  return taskShares(m_impl->plan.training, m_impl->cases, step);
}

}  // namespace lorkd::feed
