#include "core/workflow/Confusion.h"

#include <algorithm>

#include "core/base/Truth.h"

namespace lorkd::workflow {

Confusion::Confusion(const feed::Labels& labels, const plan::Plan& plan, int task)
    : m_labels(labels),
      m_threshold(static_cast<float>(plan.evaluation.threshold)),
      m_exclusive(isExclusive(plan, task)),
      m_sets(labels.sets().size()),
      m_found(labels.sets().size() * static_cast<std::size_t>(labels.classes())) {}

void Confusion::add(const eval::WindowPart& part, const std::pair<std::int64_t, std::int64_t>& scored) {
  Extent3 from = part.from, size{};
  from[0] = std::max(from[0], scored.first);
  auto own = part.probabilities;
  for (std::size_t a = 0; a < 3; ++a) {
    size[a] = (a == 0 ? std::min(part.to[0], scored.second) : part.to[a]) - from[a];
    if (size[a] <= 0) return;
    own = own.narrow(static_cast<std::int64_t>(a) + 1, from[a] - part.low[a], size[a]);
  }
  std::vector<std::uint32_t> sets(static_cast<std::size_t>(size[0] * size[1] * size[2]));
  m_labels.read(from, size, sets.data());
  for (const auto set : sets) ++m_sets[set];
  const auto count = [&](std::size_t cls, std::size_t voxel) { ++m_found[cls * m_sets.size() + sets[voxel]]; };
  const auto classes = own.unbind(0);
  if (!m_exclusive) {
    for (std::size_t c = 0; c < classes.size(); ++c) {
      const auto values = classes[c].contiguous();
      const auto* value = values.data_ptr<float>();
      for (std::size_t n = 0; n < sets.size(); ++n)
        if (value[n] > m_threshold) count(c, n);
    }
    return;
  }
  const auto rest = (1 - own.sum(0)).contiguous();
  std::vector<float> best(rest.data_ptr<float>(), rest.data_ptr<float>() + sets.size());
  std::vector<std::uint32_t> which(sets.size());  // 0: the background
  for (std::size_t c = 0; c < classes.size(); ++c) {
    const auto values = classes[c].contiguous();
    const auto* value = values.data_ptr<float>();
    for (std::size_t n = 0; n < sets.size(); ++n)
      if (value[n] > best[n]) best[n] = value[n], which[n] = static_cast<std::uint32_t>(c + 1);
  }
  for (std::size_t n = 0; n < sets.size(); ++n)
    if (which[n] > 0) count(which[n] - 1, n);
}

std::optional<MaskCounts> Confusion::of(std::size_t cls) const {
  MaskCounts out;
  std::int64_t known = 0;
  for (std::size_t set = 0; set < m_sets.size(); ++set) {
    const auto value = m_labels.value(static_cast<std::uint32_t>(set), static_cast<std::uint32_t>(cls));
    if (value == notKnown) continue;
    const auto found = m_found[cls * m_sets.size() + set];
    known += m_sets[set];
    out.found += found;
    if (value == 1) out.there += m_sets[set], out.both += found;
  }
  return known > 0 ? std::optional(out) : std::nullopt;
}

}  // namespace lorkd::workflow
