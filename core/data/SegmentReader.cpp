#include "core/data/SegmentReader.h"

#include <algorithm>

#include "core/data/ClassMasks.h"
#include "core/data/LabelGrid.h"
#include "core/io/Resample.h"
#include "core/io/VolumeFile.h"

namespace lorkd::data {
namespace {

bool liesElsewhere(const Case& c, std::size_t labelFile) {
  return std::ranges::count(c.resampled, static_cast<int>(labelFile)) > 0;
}

}  // namespace

Result<void> SegmentReader::readLayers() {
  if (m_layers) return {};
  std::vector<Layer> out;
  for (std::size_t n = 0; n < m_case.labelFiles.size(); ++n) {
    LORKD_TRY(layers, io::readLabelLayers(m_case.labelFiles[n]));
    for (std::size_t number = 0; number < layers.size(); ++number) {
      auto labels = std::exchange(layers[number], {});
      if (liesElsewhere(m_case, n)) labels = io::resampleNearest(labels, m_case.geometry);
      if (!sameLabelGrid(labels.geometry, m_case.geometry))
        return fail(ErrorCode::Mismatch, "the labels lie on another grid than their image",
                    "resample them onto the image, or remove the file", m_case.labelFiles[n].string());
      out.push_back({static_cast<int>(number), std::move(labels)});
    }
  }
  m_layers = std::move(out);
  return {};
}

Result<image::SegmentSet> SegmentReader::read(const std::vector<std::string>& wanted) {
  if (m_case.labelFiles.empty())
    return fail(ErrorCode::NotFound, "the case has no labels",
                "see what the scan rejected: labels may lie on another grid", m_case.id);
  image::SegmentSet out{m_case.geometry, {}};
  const auto take = [&](image::SegmentSet& set) { std::ranges::move(set.segments, std::back_inserter(out.segments)); };
  const auto wanting = [&](const std::string& name) {
    return wanted.empty() || std::ranges::any_of(wanted, [&](const auto& other) { return sameLabel(other, name); });
  };
  if (m_case.kind == "volume") {
    LORKD_CHECK(readLayers());
    for (const auto& [number, labels] : *m_layers) {
      LORKD_TRY(set, io::segmentsFromLabels(labels, m_case.labelNames, number, wanting));
      take(set);
    }
    return out;
  }
  const auto wants = [&](const std::string& name) {
    const auto same = [&](const std::string& other) { return sameLabel(other, name); };
    // What the scan left out stays out.
    return (m_case.labels.empty() || std::ranges::any_of(m_case.labels, same)) && wanting(name);
  };
  for (std::size_t n = 0; n < m_case.labelFiles.size(); ++n) {
    LORKD_TRY(set,
              io::readLabels(m_case.labelFiles[n], m_case.geometry, m_case.origins, liesElsewhere(m_case, n), wants));
    take(set);
  }
  return out;
}

Result<void> eachClassMask(SegmentReader& reader, const plan::Task& task, const CancelToken& cancel,
                           const std::function<Result<void>(std::size_t, std::optional<image::Mask>)>& use) {
  constexpr std::int64_t budget = std::int64_t(1) << 28;
  const auto voxels = std::max<std::int64_t>(1, reader.item().geometry.voxels());
  const auto atOnce = static_cast<std::size_t>(std::max<std::int64_t>(1, budget / voxels));
  for (std::size_t from = 0; from < task.classes.size(); from += atOnce) {
    const auto to = std::min(task.classes.size(), from + atOnce);
    std::vector<std::string> wanted;
    for (auto cls = from; cls < to; ++cls) std::ranges::move(classLabels(task, cls), std::back_inserter(wanted));
    LORKD_TRY(set, reader.read(wanted));
    for (auto cls = from; cls < to; ++cls) {
      if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "reading the structures was stopped");
      LORKD_CHECK(use(cls, classMask(set, task, cls)));
    }
  }
  return {};
}

}  // namespace lorkd::data
