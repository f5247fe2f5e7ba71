// Which cases serve which task of a plan, by their kind and labels. Inside this room only.
#pragma once

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "core/base/Truth.h"
#include "core/data/Case.h"
#include "core/data/ClassMasks.h"
#include "core/data/ImageLabels.h"
#include "core/data/PictureCase.h"
#include "core/data/SegmentReader.h"
#include "core/run/Plan.h"

namespace lorkd::data {

/// Whether one of the labels is among the wanted ones.
inline bool hasAny(const std::vector<std::string>& have, const std::vector<std::string>& wanted) {
  return std::any_of(wanted.begin(), wanted.end(), [&](const auto& w) {
    return std::any_of(have.begin(), have.end(), [&](const auto& h) { return sameLabel(h, w); });
  });
}

/// Whether a task takes cases of this kind, source and body part, whatever their labels.
inline bool mayUse(const plan::Task& task, const Case& c) {
  using enum plan::TaskKind;
  const bool set = c.kind == "picture", picture = c.kind == kPictureCase;
  if (task.kind == Classification ? !set : task.kind == Segmentation2d ? !picture : set || picture) return false;
  if (!task.bodyParts.empty() && !hasAny({c.bodyPart}, task.bodyParts)) return false;
  // A structure that is there and cannot be read would be taken for background.
  for (std::size_t cls = 0; plan::marks(task.kind) && cls < task.classes.size(); ++cls)
    if (const auto wanted = classLabels(task, cls); hasAny(c.damaged, wanted) && !hasAny(c.labels, wanted))
      return false;
  return task.sources.empty() || std::find(task.sources.begin(), task.sources.end(), c.source) != task.sources.end();
}

/// What the labels of cases say of the tasks of a plan.
class Uses {
 public:
  Uses(const plan::Plan& plan, const std::vector<Case>& cases) : m_tasks(plan.tasks.size()) {
    std::vector<const Case*> all;
    for (const auto& c : cases) all.push_back(&c);
    const auto known = imageLabelsOf(all);
    for (std::size_t t = 0; t < m_tasks.size(); ++t) {
      auto& own = m_tasks[t];
      own.task = &plan.tasks[t].second;
      if (own.task->kind == plan::TaskKind::Classification3d)
        for (const auto& [source, labels] : known) own.ofSource.emplace(source, ClassLabels(*own.task, labels));
      if (plan::marks(own.task->kind)) continue;
      own.overlapping = own.task->outputs == plan::TaskOutputs::Overlapping;
      if (own.task->outputs != plan::TaskOutputs::Auto) continue;
      std::vector<const Case*> usable;
      for (const auto& c : cases)
        if (mayUse(*own.task, c)) usable.push_back(&c);
      own.overlapping = overlapsByData(*own.task, usable);
    }
  }
  /// Whether a task that classifies has overlapping outputs, by the plan or by the data.
  bool overlapping(std::size_t t) const { return m_tasks[t].overlapping; }
  /// The case's labels speak of class `cls` of the task.
  bool hasClass(std::size_t t, std::size_t cls, const Case& c) const {
    const auto& task = *m_tasks[t].task;
    if (plan::marks(task.kind)) return annotates(c, task, cls);
    if (c.kind == "picture") return ClassLabels(task, c.labels).speaks(cls);
    const auto& classes = m_tasks[t].ofSource.at(c.source);
    return std::ranges::any_of(c.imageLabels, [&](const auto& label) { return classes.means(cls, label); });
  }
  /// The task learns from the case.
  bool serves(std::size_t t, const Case& c) const {
    const auto& task = *m_tasks[t].task;
    if (!mayUse(task, c)) return false;
    if (task.kind == plan::TaskKind::Classification3d) {
      const auto& classes = m_tasks[t].ofSource.at(c.source);
      if (!m_tasks[t].overlapping) return classes.exclusive(c.imageLabels) >= 0;
      return std::ranges::any_of(classes.overlapping(c.imageLabels), [](auto truth) { return truth != notKnown; });
    }
    for (std::size_t cls = 0; cls < task.classes.size(); ++cls)
      if (hasClass(t, cls, c)) return true;
    return false;
  }

 private:
  struct OfTask {
    const plan::Task* task = nullptr;
    bool overlapping = false;
    std::map<std::string, ClassLabels> ofSource;  ///< of volumes that are classified
  };
  std::vector<OfTask> m_tasks;
};

}  // namespace lorkd::data
