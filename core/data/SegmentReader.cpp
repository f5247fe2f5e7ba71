#include "core/data/SegmentReader.h"

#include <algorithm>

#include "core/data/Answers.h"
#include "core/data/ClassMasks.h"
#include "core/data/LabelGrid.h"
#include "core/data/PictureCase.h"
#include "core/io/Resample.h"
#include "core/io/VolumeFile.h"

namespace lorkd::data {
namespace {

bool liesElsewhere(const Case& c, std::size_t labelFile) {
  return std::ranges::count(c.resampled, static_cast<int>(labelFile)) > 0;
}

/// Whether the labels are voxels, with values: a file of them, or a folder that is one mask.
bool holdsVoxels(const std::filesystem::path& labels) {
  std::error_code ignored;
  return io::isVolumeFile(labels) || std::filesystem::is_directory(labels, ignored);
}

Result<std::vector<image::LabelMap>> layersIn(const std::filesystem::path& labels, const Case& c) {
  if (io::isVolumeFile(labels))
    return io::readLabelLayers(labels, c.byRotation ? io::NiftiChoice::Rotation : io::NiftiChoice::Affine, c.frame);
  LORKD_TRY(mask, io::readMaskFolder(labels));
  return std::vector{std::move(mask)};
}

bool named(const std::vector<std::string>& names, const std::string& name) {
  return std::ranges::any_of(names, [&](const auto& other) { return sameLabel(other, name); });
}

}  // namespace

Result<const SegmentReader::Layers*> SegmentReader::layersOf(std::size_t file) {
  if (const auto kept = m_kept.find(file); kept != m_kept.end()) return &kept->second;
  if (m_last && m_last->first == file) return &m_last->second;
  m_last.reset();
  const bool picture = m_case.kind == kPictureCase;
  if (!picture && !holdsVoxels(m_case.labelFiles.at(file))) return nullptr;
  LORKD_TRY(layers, picture ? readMaskLayers(m_case.labelFiles.at(file), m_case.geometry)
                            : layersIn(m_case.labelFiles[file], m_case));
  for (auto& labels : layers) {
    const bool misplaced = std::ranges::count(m_case.misplaced, static_cast<int>(file)) > 0;
    if (misplaced && labels.geometry.size == m_case.geometry.size) labels.geometry = m_case.geometry;
    if (liesElsewhere(m_case, file)) labels = io::resampleNearest(labels, m_case.geometry);
    if (!sameLabelGrid(labels.geometry, m_case.geometry))
      return fail(ErrorCode::Mismatch, "the labels lie on another grid than their image",
                  "resample them onto the image, or remove the file", m_case.labelFiles[file].string());
  }
  std::size_t structures = m_case.places.empty() ? 2 : 0;
  for (const auto& places : m_case.places)
    structures += std::ranges::any_of(places, [&](const auto& at) { return at.file == static_cast<int>(file); });
  if (structures > 1) return &(m_kept[file] = std::move(layers));
  return &m_last.emplace(file, std::move(layers)).second;
}

Result<void> SegmentReader::mark(const LabelPlace& place, image::Grid<std::uint8_t>& mask) {
  const auto file = static_cast<std::size_t>(place.file), layer = static_cast<std::size_t>(place.layer);
  const Layers* layers = nullptr;
  if (file < m_case.labelFiles.size()) {
    LORKD_TRY(read, layersOf(file));
    layers = read;
  }
  if (!layers || layer >= layers->size())
    return fail(ErrorCode::Format, "a structure of the case lies in no label file of it", "scan its source again",
                m_case.id);
  const auto& labels = (*layers)[layer].voxels;
  for (std::size_t n = 0; n < labels.size(); ++n)
    mask.voxels[n] |= place.value == 0 ? labels[n] != 0 : labels[n] == place.value;
  return {};
}

Result<void> SegmentReader::readPlaces(const std::vector<std::string>& wanted, image::SegmentSet& out) {
  for (std::size_t n = 0; n < m_case.labels.size(); ++n) {
    if (!wanted.empty() && !named(wanted, m_case.labels[n])) continue;
    std::map<std::pair<int, int>, image::Mask> answers;  // by file and answer
    for (const auto& place : m_case.places[n])
      LORKD_CHECK(mark(place, answers.try_emplace({place.file, place.answer}, m_case.geometry).first->second));
    for (auto& [from, mask] : answers) {
      auto& segment = out.segments.emplace_back();
      if (n < m_case.labelInfo.size()) static_cast<image::Label&>(segment) = m_case.labelInfo[n];
      segment.name = m_case.labels[n];
      segment.mask = std::move(mask.voxels);
    }
  }
  return {};
}

Result<void> SegmentReader::join(image::SegmentSet& set) const {
  for (const auto& name : m_case.contested) {
    std::vector<std::vector<std::uint8_t>> answers;
    image::Segment one;
    for (auto& segment : set.segments) {
      if (!sameLabel(segment.name, name)) continue;
      static_cast<image::Label&>(one) = segment;
      answers.push_back(std::move(segment.mask));
      segment.name.clear();  // taken
    }
    if (answers.empty() || m_case.answers.empty()) continue;  // of what nobody has chosen nothing is known
    auto joined = joinAnswers(m_case.answers, m_case.geometry, answers);
    if (!joined) return fail(joined.error(), m_case.id + ", " + name);
    one.mask = std::move(*joined);
    set.segments.push_back(std::move(one));
  }
  std::erase_if(set.segments, [](const auto& segment) { return segment.name.empty(); });
  return {};
}

Result<image::SegmentSet> SegmentReader::read(const std::vector<std::string>& wanted) {
  if (m_case.labelFiles.empty())
    return fail(ErrorCode::NotFound, "the case has no labels",
                "see what the scan rejected: labels may lie on another grid", m_case.id);
  image::SegmentSet out{m_case.geometry, {}};
  const auto take = [&](image::SegmentSet& set) { std::ranges::move(set.segments, std::back_inserter(out.segments)); };
  const auto wanting = [&](const std::string& name) { return wanted.empty() || named(wanted, name); };
  const auto wants = [&](const std::string& name) {
    // What the scan left out stays out.
    return (m_case.labels.empty() || named(m_case.labels, name)) && wanting(name);
  };
  if (!m_case.places.empty()) LORKD_CHECK(readPlaces(wanted, out));
  for (std::size_t n = 0; n < m_case.labelFiles.size() && m_case.kind != kPictureCase; ++n) {
    if (!holdsVoxels(m_case.labelFiles[n])) {
      LORKD_TRY(set,
                io::readLabels(m_case.labelFiles[n], m_case.geometry, m_case.origins, liesElsewhere(m_case, n), wants));
      take(set);
    } else if (m_case.places.empty()) {
      LORKD_TRY(layers, layersOf(n));
      for (std::size_t layer = 0; layer < layers->size(); ++layer) {
        LORKD_TRY(set, io::segmentsFromLabels((*layers)[layer], m_case.labelNames, static_cast<int>(layer), wanting));
        take(set);
      }
    }
  }
  LORKD_CHECK(join(out));
  return out;
}

Result<std::optional<image::Mask>> SegmentReader::ignored() {
  if (m_case.ignored.empty()) return std::nullopt;
  image::Mask mask(m_case.geometry);
  for (const auto& place : m_case.ignored) LORKD_CHECK(mark(place, mask));
  return mask;
}

bool annotates(const Case& item, const plan::Task& task, std::size_t cls) {
  const auto made = classLabels(task, cls);
  const auto of = [&](const std::vector<std::string>& names) {
    return std::ranges::any_of(made, [&](const auto& label) { return named(names, label); });
  };
  return of(item.labels) && !of(item.unannotated) && !(item.answers.empty() && of(item.contested));
}

Result<void> eachClassMask(SegmentReader& reader, const plan::Task& task, const CancelToken& cancel,
                           const std::function<Result<void>(std::size_t, std::optional<image::Mask>)>& use) {
  constexpr std::int64_t budget = std::int64_t(1) << 28;
  const auto voxels = std::max<std::int64_t>(1, reader.item().geometry.voxels());
  const auto atOnce = static_cast<std::size_t>(std::max<std::int64_t>(1, budget / voxels));
  for (std::size_t from = 0; from < task.classes.size(); from += atOnce) {
    const auto to = std::min(task.classes.size(), from + atOnce);
    std::vector<std::string> wanted;
    for (auto cls = from; cls < to; ++cls)
      if (annotates(reader.item(), task, cls)) std::ranges::move(classLabels(task, cls), std::back_inserter(wanted));
    image::SegmentSet set{reader.item().geometry, {}};
    if (!wanted.empty()) {
      LORKD_TRY(read, reader.read(wanted));
      set = std::move(read);
    }
    for (auto cls = from; cls < to; ++cls) {
      if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "reading the structures was stopped");
      if (!annotates(reader.item(), task, cls)) {
        LORKD_CHECK(use(cls, std::nullopt));
        continue;
      }
      auto mask = classMask(set, task, cls);
      if (!mask) mask.emplace(set.geometry);  // annotated, and absent
      LORKD_CHECK(use(cls, std::move(mask)));
    }
  }
  return {};
}

}  // namespace lorkd::data
