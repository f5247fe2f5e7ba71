#include "core/data/ClassMasks.h"

#include <algorithm>
#include <cctype>

namespace lorkd::data {

namespace {

std::string folded(const std::string& text) {
  const auto blank = [](unsigned char c) { return std::isspace(c) != 0; };
  const auto first = std::find_if_not(text.begin(), text.end(), blank);
  const auto last = std::find_if_not(text.rbegin(), text.rend(), blank).base();
  std::string out;
  for (auto at = first; at < last; ++at) out += static_cast<char>(std::tolower(static_cast<unsigned char>(*at)));
  return out;
}

}  // namespace

std::vector<std::string> classLabels(const plan::Task& task, std::size_t cls) {
  const auto& [name, options] = task.classes.at(cls);
  return options.labels.empty() ? std::vector<std::string>{name} : options.labels;
}

bool sameLabel(const std::string& a, const std::string& b) { return folded(a) == folded(b); }

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

std::vector<std::optional<image::Mask>> classMasks(const image::SegmentSet& set, const plan::Task& task) {
  std::vector<std::optional<image::Mask>> out(task.classes.size());
  for (std::size_t cls = 0; cls < out.size(); ++cls)
    for (const auto& label : classLabels(task, cls))
      for (const auto& segment : set.segments) {
        if (!sameLabel(segment.name, label)) continue;
        if (!out[cls]) out[cls].emplace(set.geometry);
        std::ranges::transform(out[cls]->voxels, segment.mask, out[cls]->voxels.begin(), std::bit_or<>());
      }
  return out;
}

}  // namespace lorkd::data
