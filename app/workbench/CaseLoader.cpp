#include "app/workbench/CaseLoader.h"

#include <QObject>
#include <algorithm>
#include <map>
#include <set>

#include "app/workbench/Text.h"
#include "core/base/File.h"
#include "core/base/Guard.h"
#include "core/data/Digests.h"
#include "core/data/LabelGrid.h"
#include "core/data/PictureCase.h"
#include "core/data/SegmentReader.h"
#include "core/io/Resample.h"
#include "core/io/VolumeFile.h"
#include "core/run/Looks.h"

namespace lorkd::workbench {
namespace {

using Shown = std::vector<std::vector<view::OverlayClass>>;

view::OverlayClass valued(view::OverlayClass cls, int value) {
  cls.value = value;
  return cls;
}

/// The structures that the plan's classes are made of, one segment a class.
Result<view::Overlay> truthOverlay(const plan::Plan& plan, const Shown& shown, const data::Case& item) {
  std::vector<const plan::Task*> tasks;
  for (const auto& [name, task] : plan.tasks) tasks.push_back(&task);
  LORKD_TRY(source, data::readSegments(item, data::wantedLabels(tasks)));
  auto set = std::make_shared<image::SegmentSet>();
  set->geometry = source.geometry;
  view::Overlay overlay{"truth", QObject::tr("Truth"), view::OverlayRole::Truth, nullptr, nullptr, {}};
  const plan::Looks looks(plan);
  std::set<std::size_t> taken;
  for (std::size_t t = 0; t < plan.tasks.size(); ++t) {
    auto masks = data::classMasks(source, plan.tasks[t].second);
    for (std::size_t c = 0; c < masks.size(); ++c) {
      // What stands in several tasks is one structure.
      // Of a class that the labels do not speak of, or give several answers of, nobody knows the truth.
      if (!masks[c] || !data::annotates(item, plan.tasks[t].second, c) || !taken.insert(looks.identity(t, c)).second)
        continue;
      auto& segment = set->segments.emplace_back();
      segment.name = plan.tasks[t].second.classes[c].first;
      segment.mask = std::move(masks[c]->voxels);
      overlay.classes.push_back(valued(shown[t][c], static_cast<int>(set->segments.size())));
    }
  }
  overlay.segments = set;
  return overlay;
}

/// What `lorkd predict` has found of a task in a picture: a PNG a class, each one segment.
Result<void> addFoundMasks(const plan::Plan& plan, const run::RunDirectory& run, const std::string& caseId,
                           const std::string& prefix, std::size_t task, const image::Geometry& grid,
                           image::SegmentSet& set) {
  set.geometry = grid;
  for (const auto& [name, unused] : plan.tasks[task].second.classes) {
    const auto file =
        run.predictions() / fileNameOf(caseId) / data::predictedMaskName(prefix, plan.tasks[task].first, name);
    LORKD_TRY(layers, data::readMaskLayers(file, grid));
    if (layers[1].geometry.size != grid.size)
      return fail(ErrorCode::Mismatch, "the prediction has another size than its picture", "predict again",
                  file.string());
    auto& segment = set.segments.emplace_back();
    segment.name = name;
    segment.mask.assign(layers[1].voxels.begin(), layers[1].voxels.end());
  }
  return {};
}

/// One task's labels as written by `lorkd predict`.
Result<view::Overlay> expertOverlay(const plan::Plan& plan, const Shown& shown, std::size_t task,
                                    const std::filesystem::path& file) {
  LORKD_TRY(labels, io::readLabelMap(file));
  const auto& name = plan.tasks[task].first;
  view::Overlay overlay{text("expert:" + name),
                        QObject::tr("Expert: %1").arg(text(name)),
                        view::OverlayRole::Expert,
                        std::make_shared<image::LabelMap>(std::move(labels)),
                        nullptr,
                        shown[task]};
  return overlay;
}

/// The same of a picture.
Result<view::Overlay> pictureOverlay(const plan::Plan& plan, const Shown& shown, std::size_t task,
                                     const run::RunDirectory& run, const data::Case& item) {
  auto set = std::make_shared<image::SegmentSet>();
  LORKD_CHECK(addFoundMasks(plan, run, item.id, "", task, item.geometry, *set));
  const auto& name = plan.tasks[task].first;
  view::Overlay overlay{text("expert:" + name),
                        QObject::tr("Expert: %1").arg(text(name)),
                        view::OverlayRole::Expert,
                        nullptr,
                        nullptr,
                        shown[task]};
  overlay.segments = set;
  return overlay;
}

/// The teacher's answers to all tasks as one overlay.
Result<view::Overlay> teacherOverlay(const plan::Plan& plan, const Shown& shown, const run::RunDirectory& run,
                                     const std::string& caseId, const image::Geometry& grid) {
  auto set = std::make_shared<image::SegmentSet>();
  view::Overlay overlay{"teacher", QObject::tr("Teacher"), view::OverlayRole::Teacher, nullptr, nullptr, {}, false};
  for (std::size_t t = 0; t < plan.tasks.size(); ++t) {
    const auto file = predictionFile(run, caseId, "teacher.", plan.tasks[t].first);
    if (!std::filesystem::exists(file)) continue;
    if (grid.pixels) {
      LORKD_CHECK(addFoundMasks(plan, run, caseId, "teacher.", t, grid, *set));
      for (auto cls : shown[t]) overlay.classes.push_back(valued(cls, static_cast<int>(overlay.classes.size()) + 1));
      continue;
    }
    LORKD_TRY(labels, io::readLabelMap(file));
    set->geometry = labels.geometry;
    for (std::size_t c = 0; c < plan.tasks[t].second.classes.size(); ++c) {
      image::Segment segment;
      segment.name = plan.tasks[t].second.classes[c].first;
      segment.mask.resize(labels.voxels.size());
      for (std::size_t v = 0; v < labels.voxels.size(); ++v) segment.mask[v] = labels.voxels[v] == c + 1;
      set->segments.push_back(std::move(segment));
      overlay.classes.push_back(valued(shown[t][c], static_cast<int>(set->segments.size())));
    }
  }
  overlay.segments = set;
  return overlay;
}

}  // namespace

Shown shownClasses(const plan::Plan& plan) {
  const plan::Looks looks(plan);
  std::map<std::string, std::set<std::size_t>> meanings;
  for (std::size_t t = 0; t < plan.tasks.size(); ++t)
    for (std::size_t c = 0; c < plan.tasks[t].second.classes.size(); ++c)
      meanings[plan.tasks[t].second.classes[c].first].insert(looks.identity(t, c));
  Shown out;
  for (std::size_t t = 0; t < plan.tasks.size(); ++t) {
    auto& list = out.emplace_back();
    for (std::size_t c = 0; c < plan.tasks[t].second.classes.size(); ++c) {
      const auto& name = plan.tasks[t].second.classes[c].first;
      const auto& look = looks.of(t, c);
      list.push_back({static_cast<int>(c) + 1,
                      meanings[name].size() == 1 ? text(name) : text(name + " (" + plan.tasks[t].first + ")"),
                      QColor(text(look.color)), true, look.pattern});
    }
  }
  return out;
}

std::filesystem::path predictionFile(const run::RunDirectory& run, const std::string& caseId, const std::string& prefix,
                                     const std::string& task) {
  const auto& plan = run.plan();
  if (const auto* known = plan.tasks.find(task); known && plan::ofPictures(plan))
    return run.predictions() / fileNameOf(caseId) / data::predictedMaskName(prefix, task, known->classes.back().first);
  return run.predictions() / fileNameOf(caseId) / (prefix + task + ".nii.gz");
}

namespace {

Result<LoadedCase> read(const run::RunDirectory& run, const data::AssignedCase& assigned) {
  const auto& item = assigned.item;
  LoadedCase out;
  // Predictions beside an image that is another by now would tell something false.
  LORKD_CHECK(data::Digests().of(assigned));
  LORKD_TRY(volume, data::readImage(item));
  out.volume = std::make_shared<image::Volume>(std::move(volume));
  const auto& plan = run.plan();
  const auto shown = shownClasses(plan);
  if (!item.labelFiles.empty()) {
    LORKD_TRY(truth, truthOverlay(plan, shown, item));
    if (!truth.classes.empty()) out.overlays.push_back(std::move(truth));
  }
  LORKD_TRY(teacher, teacherOverlay(plan, shown, run, item.id, item.geometry));
  if (!teacher.classes.empty()) out.overlays.push_back(std::move(teacher));
  out.predicted = true;
  for (std::size_t t = 0; t < plan.tasks.size(); ++t) {
    const auto file = predictionFile(run, item.id, "", plan.tasks[t].first);
    if (!std::filesystem::exists(file)) {
      out.predicted = false;
      continue;
    }
    LORKD_TRY(expert,
              item.geometry.pixels ? pictureOverlay(plan, shown, t, run, item) : expertOverlay(plan, shown, t, file));
    expert.visible = assigned.tasks.empty() || std::count(assigned.tasks.begin(), assigned.tasks.end(), int(t)) > 0;
    out.overlays.push_back(std::move(expert));
  }
  return out;
}

}  // namespace

Result<LoadedCase> loadCase(const run::RunDirectory& run, const data::AssignedCase& assigned) {
  return guarded(assigned.item.id, [&] { return read(run, assigned); });
}

Result<std::shared_ptr<image::Volume>> loadChannel(const data::AssignedCase& assigned, std::size_t channel) {
  return guarded(assigned.item.id, [&]() -> Result<std::shared_ptr<image::Volume>> {
    const auto& item = assigned.item;
    LORKD_CHECK(data::Digests().of(assigned));
    LORKD_TRY(volume,
              item.channels.empty() ? data::readImage(item) : data::readChannel(item, item.channels.at(channel)));
    if (!data::sameLabelGrid(volume.geometry, item.geometry)) volume = io::resampleLinear(volume, item.geometry);
    return std::make_shared<image::Volume>(std::move(volume));
  });
}

}  // namespace lorkd::workbench
