#include "core/data/ClassMasks.h"

#include <algorithm>

namespace lorkd::data {

std::vector<std::string> classLabels(const plan::Task& task, std::size_t cls) {
  const auto& [name, options] = task.classes.at(cls);
  return options.labels.empty() ? std::vector<std::string>{name} : options.labels;
}

image::Label classLabel(const plan::Plan& plan, std::size_t task, std::size_t cls) {
  const auto& [name, options] = plan.tasks.at(task).second.classes.at(cls);
  return {name,
          plan::classColor(plan, task, cls),
          options.code,
          options.category,
          options.modifier,
          static_cast<int>(cls) + 1};
}

bool followsOrder(const std::vector<std::string>& classes, const plan::Task& task) {
  for (std::size_t n = 0; n < classes.size(); ++n)
    if (classes[n] != std::to_string(n)) return false;
  return classes.size() == task.classes.size();
}

std::vector<std::string> wantedLabels(const std::vector<const plan::Task*>& tasks) {
  std::vector<std::string> out;
  for (const auto* task : tasks)
    for (std::size_t cls = 0; cls < task->classes.size(); ++cls)
      for (auto& label : classLabels(*task, cls)) out.push_back(std::move(label));
  return out;
}

std::optional<image::Mask> classMask(const image::SegmentSet& set, const plan::Task& task, std::size_t cls) {
  std::optional<image::Mask> out;
  for (const auto& label : classLabels(task, cls))
    for (const auto& segment : set.segments) {
      if (!sameLabel(segment.name, label)) continue;
      if (!out) out.emplace(set.geometry);
      std::ranges::transform(out->voxels, segment.mask, out->voxels.begin(), std::bit_or<>());
    }
  return out;
}

std::vector<std::optional<image::Mask>> classMasks(const image::SegmentSet& set, const plan::Task& task) {
  std::vector<std::optional<image::Mask>> out;
  for (std::size_t cls = 0; cls < task.classes.size(); ++cls) out.push_back(classMask(set, task, cls));
  return out;
}

}  // namespace lorkd::data
