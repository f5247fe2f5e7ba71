// What is found in a prepared volume against what is there, counted part by part.
#pragma once

#include <optional>
#include <vector>

#include "core/eval/SlidingWindow.h"
#include "core/feed/Labels.h"
#include "core/run/Plan.h"
#include "core/workflow/Scoring.h"

namespace lorkd::workflow {

/// Counts, for each set of classes that voxels truly belong to, in how many of them each class is found: of exclusive
/// classes where it is the most probable, background included (of equal ones the first), else where it is above the
/// plan's threshold.
class Confusion {
 public:
  Confusion(const feed::Labels& labels, const plan::Plan& plan, int task);
  /// Of the part's own voxels those in slices `scored` (first, end).
  void add(const eval::WindowPart& part, const std::pair<std::int64_t, std::int64_t>& scored);
  /// Over the voxels where the class is known; nothing where that is none.
  std::optional<MaskCounts> of(std::size_t cls) const;

 private:
  const feed::Labels& m_labels;
  const float m_threshold;
  const bool m_exclusive;
  std::vector<std::int64_t> m_sets;   ///< voxels of each set
  std::vector<std::int64_t> m_found;  ///< by class and set
};

}  // namespace lorkd::workflow
