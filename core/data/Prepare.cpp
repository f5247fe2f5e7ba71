#include "core/data/Prepare.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "core/base/ClassSets.h"
#include "core/base/Digest.h"
#include "core/base/File.h"
#include "core/base/SafeTensors.h"
#include "core/base/Truth.h"
#include "core/data/Channels.h"
#include "core/data/Orient.h"
#include "core/data/PreparedFile.h"
#include "core/data/SegmentReader.h"
#include "core/image/GeometryJson.h"
#include "core/io/Resample.h"

namespace lorkd::data {

namespace fs = std::filesystem;

namespace {

constexpr std::uintmax_t largestIndex = std::uintmax_t(256) << 20;
constexpr int formatVersion = 7;  // to be raised when the same key would give other numbers

/// A case on the working grid: the whole volume, before any slab is cut.
struct Working {
  std::string id;
  std::vector<image::Volume> inputs;  ///< of one grid
  const image::Geometry& grid() const { return inputs.front().geometry; }
  std::vector<std::pair<int, ClassSets>> labels;  ///< by task index
};

Json keyOf(const plan::Plan& plan, const AssignedCase& c, const std::string& digest) {
  const auto& d = plan.data;
  Json tasks = Json::object();
  for (const int t : c.tasks) {
    const auto& task = plan.tasks.at(static_cast<std::size_t>(t)).second;
    Json classes = Json::array();
    for (std::size_t cls = 0; cls < task.classes.size(); ++cls)
      classes.push_back({classLabels(task, cls), annotates(c.item, task, cls)});
    tasks[std::to_string(t)] = classes;
  }
  Json key{{"format", formatVersion},          {"input", digest}, {"spacing", d.spacing},
           {"normalisation", d.normalisation}, {"clip", d.clip},  {"case", c.item.id},
           {"split", toString(c.split)},       {"tasks", tasks}};
  if (!c.item.places.empty()) key["places"] = {c.item.labels, c.item.places};
  if (!c.item.ignored.empty()) key["ignored"] = c.item.ignored;
  if (!d.inputs.empty()) key["inputs"] = d.inputs;
  if (!c.item.contested.empty()) key["answers"] = {c.item.contested, c.item.answers};
  if (!c.item.channels.empty()) key["channels"] = c.item.channels;
  if (c.item.geometry.pixels) key["pictures"] = {d.longerSide, d.channels};
  if (c.item.byRotation) key["nifti_place"] = "qform";
  if (d.split.slab != plan::SplitSlab::None) key["slab"] = {d.split, d.patch[2]};
  return key;
}

/// That classes which are to exclude each other do not overlap by more than edges do once they are moved.
Result<void> checkExclusive(const std::pair<std::string, plan::Task>& task, const ClassSets& labels,
                            const std::string& id) {
  if (task.second.outputs != plan::TaskOutputs::Exclusive) return {};
  const auto [inside, both] = labels.marked();
  if (both * 50 <= inside) return {};
  return fail(ErrorCode::Mismatch,
              "classes of task '" + task.first + "' overlap in " + std::to_string(both) + " of " +
                  std::to_string(inside) + " voxels of " + id + ", but are to exclude each other",
              "set tasks." + task.first + ".outputs to overlapping", "tasks." + task.first + ".outputs");
}

Result<Working> readWorking(const plan::Plan& plan, const AssignedCase& c, const CancelToken& cancel) {
  Working out{c.item.source + "\n" + c.item.id, {}, {}};
  {
    LORKD_TRY(sources, readInputs(plan.data, c.item));
    if (sources.size() == 1 && c.item.channels.size() < 2 && c.item.geometry.size != sources.front().geometry.size)
      return fail(ErrorCode::Mismatch, "the labels lie on another grid than the image", "", c.item.id);
    LORKD_TRY(inputs, prepareInputs(sources, c.item.geometry, plan.data));
    out.inputs = std::move(inputs);
  }
  const auto orientation = closestToLps(c.item.geometry);
  SegmentReader reader(c.item);
  const auto moved = [&](const image::Mask& mask) {
    image::Mask oriented;
    static_cast<image::Grid<std::uint8_t>&>(oriented) = reoriented(mask, orientation);
    return io::resampleMask(oriented, out.grid());
  };
  LORKD_TRY(found, reader.ignored());
  const auto ignored = found ? std::optional(moved(*found)) : std::nullopt;
  found.reset();
  for (const int t : c.tasks) {
    const auto& task = plan.tasks.at(static_cast<std::size_t>(t));
    auto& labels = out.labels.emplace_back(t, static_cast<std::size_t>(out.grid().voxels())).second;
    LORKD_CHECK(
        eachClassMask(reader, task.second, cancel, [&](std::size_t, std::optional<image::Mask> mask) -> Result<void> {
          auto own = mask ? moved(*mask) : image::Mask(out.grid(), notKnown);
          for (std::size_t n = 0; mask && ignored && n < own.voxels.size(); ++n)
            if (ignored->voxels[n] != 0) own.voxels[n] = notKnown;
          return labels.add(own.voxels);
        }));
    LORKD_CHECK(checkExclusive(task, labels, c.item.id));
  }
  return out;
}

/// The slices of a split that are written, and those of them (counted from the first written) that are scored.
struct Slices {
  std::pair<std::int64_t, std::int64_t> kept, scored;
};

/// What is scored keeps its surroundings, as it has them when whole volumes are predicted: a patch to either side.
Slices slicesOf(std::int64_t depth, const plan::Plan& plan, Split split) {
  const auto slab = slabOf(depth, plan.data.split, split);
  if (split == Split::Train) return {slab, {0, slab.second - slab.first}};
  const auto margin = plan.data.patch[2];
  const auto low = std::max<std::int64_t>(0, slab.first - margin), high = std::min(depth, slab.second + margin);
  return {{low, high}, {slab.first - low, slab.second - low}};
}

Result<void> writeCase(const plan::Plan& plan, const AssignedCase& c, const Working& working, const std::string& digest,
                       const std::string& key, const fs::path& file) {
  image::Geometry g = working.grid();
  const auto [first, end] = slicesOf(g.size[2], plan, c.split).kept;
  const std::int64_t slice = g.size[0] * g.size[1];
  g.origin = g.indexToLps({0, 0, static_cast<double>(first)});
  g.size[2] = end - first;
  const auto at = static_cast<std::size_t>(first * slice), count = static_cast<std::size_t>(g.voxels());

  std::vector<safetensors::Entry> entries;
  std::vector<float> together;
  std::span<const float> voxels = std::span(working.inputs.front().voxels).subspan(at, count);
  if (working.inputs.size() > 1) {
    for (const auto& input : working.inputs) {
      const auto own = std::span(input.voxels).subspan(at, count);
      together.insert(together.end(), own.begin(), own.end());
    }
    voxels = together;
  }
  entries.push_back({"image",
                     "F32",
                     {static_cast<std::int64_t>(working.inputs.size()), g.size[2], g.size[1], g.size[0]},
                     std::as_bytes(voxels)});
  std::vector<PackedSets> packed;
  packed.reserve(working.labels.size());
  for (const auto& [task, labels] : working.labels) {
    const auto& own = packed.emplace_back(labels.pack(at, {g.size[2], g.size[1], g.size[0]}));
    const auto name = "task." + std::to_string(task);
    entries.push_back({name + ".sets",
                       "U8",
                       {static_cast<std::int64_t>(own.sets), static_cast<std::int64_t>(labels.classes())},
                       std::as_bytes(std::span(own.table))});
    entries.push_back(
        {name + ".blocks", "I32", {static_cast<std::int64_t>(own.words.size())}, std::as_bytes(std::span(own.words))});
  }
  return safetensors::write(file, entries,
                            {{"case", c.item.id},
                             {"patient", c.item.patient},
                             {"split", toString(c.split)},
                             {"geometry", geometryToJson(g).dump()},
                             {"source_geometry", geometryToJson(c.item.geometry).dump()},
                             {"input", digest},
                             {"key", key}});
}

}  // namespace

bool isPrepared(const fs::path& file, const std::string& key) {
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return false;
  const auto opened = safetensors::File::open(file, safetensors::Digest::Required);
  return opened && opened->metadata().contains("key") && opened->metadata().at("key") == key;
}

image::Geometry workingGrid(const image::Geometry& source, const plan::Data& options) {
  if (source.pixels) {
    if (options.longerSide == 0) return source;
    const double side = static_cast<double>(std::max(source.size[0], source.size[1]));
    const double spacing = side / static_cast<double>(options.longerSide);
    return io::gridAtSpacing(source, {spacing, spacing, source.spacing[2]});
  }
  return io::gridAtSpacing(reoriented(source, closestToLps(source)), options.spacing);
}

namespace {

/// The image on `target`, normalised.
Result<image::Volume> prepareOn(const image::Geometry& target, const image::Volume& source, const plan::Data& options) {
  if (source.geometry.voxels() <= 0 || source.voxels.size() != static_cast<std::size_t>(source.geometry.voxels()))
    return fail(ErrorCode::InvalidArgument, "the volume is empty");
  if (!std::all_of(source.voxels.begin(), source.voxels.end(), [](float v) { return std::isfinite(v); }))
    return fail(ErrorCode::Numeric, "the volume holds values that are not finite", "check the source file");
  image::Volume oriented;
  static_cast<image::Grid<float>&>(oriented) = reoriented(source, closestToLps(source.geometry));
  auto out = io::resampleLinear(oriented, target);
  out.modality = source.modality;
  if (source.geometry.pixels) {
    // Smoothing may leave a hair below 0, and the range of the type is told by the values.
    for (auto& v : out.voxels) v = std::clamp(v, 0.0f, 255.0f);
    auto how = options;
    how.normalisation = pictureNormalisation(options);
    normalise(out, how);
  } else {
    normalise(out, options);
  }
  return out;
}

}  // namespace

Result<image::Volume> prepareImage(const image::Volume& source, const plan::Data& options) {
  return prepareOn(workingGrid(source.geometry, options), source, options);
}

Result<std::vector<image::Volume>> prepareInputs(const std::vector<image::Volume>& inputs,
                                                 const image::Geometry& source, const plan::Data& options) {
  const auto grid = workingGrid(source, options);
  std::vector<image::Volume> out;
  for (std::size_t n = 0; n < inputs.size(); ++n) {
    if (inputs[n].voxels.empty()) {
      out.emplace_back(grid);
      continue;
    }
    LORKD_TRY(prepared, prepareOn(grid, inputs[n], normalisationOf(options, n)));
    out.push_back(std::move(prepared));
  }
  return out;
}

std::pair<std::int64_t, std::int64_t> slabOf(std::int64_t depth, const plan::Split& options, Split split) {
  if (options.slab == plan::SplitSlab::None) return {0, depth};
  const auto share = [&](double part, std::int64_t left) {
    const auto slices = std::llround(part * static_cast<double>(depth));
    return std::clamp<std::int64_t>(slices, part > 0 ? 1 : 0, std::max<std::int64_t>(left, 0));
  };
  const auto test = share(options.test, depth - 1);
  const auto validation = share(options.validation, depth - 1 - test);
  // Counted from the held-out end.
  std::pair<std::int64_t, std::int64_t> range{0, test};
  if (split == Split::Validation) range = {test, test + validation};
  if (split == Split::Train) range = {test + validation, depth};
  if (options.slab == plan::SplitSlab::Superior) range = {depth - range.second, depth - range.first};
  return range;
}

Result<fs::path> prepare(const plan::Plan& plan, const CaseList& cases, const fs::path& cache, Progress& progress,
                         const CancelToken& cancel) {
  LORKD_CHECK(makeWritableFolder(cache));
  Json index = Json::array();
  Digests digests;
  std::optional<Working> working;  // the slabs of a case follow each other in the list
  std::int64_t done = 0;
  for (const auto& c : cases.cases) {
    if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "preparing was stopped");
    progress.report("preparing", done++, static_cast<std::int64_t>(cases.cases.size()));
    if (c.item.kind == "picture" || c.tasks.empty() || !plan::marks(plan.tasks.front().second.kind)) continue;
    LORKD_TRY(digest, digests.of(c));
    const std::string key = sha256(keyOf(plan, c, digest).dump());
    const fs::path file = fileOfKey(key);
    if (!isPrepared(cache / file, key)) {
      if (!working || working->id != c.item.source + "\n" + c.item.id) {
        auto read = readWorking(plan, c, cancel);
        if (!read) return fail(read.error(), c.item.id);
        LORKD_CHECK(digests.of(c));  // that it did not change as it was read
        working = std::move(*read);
      }
      const auto [first, end] = slabOf(working->grid().size[2], plan.data.split, c.split);
      if (first >= end)
        return fail(ErrorCode::InvalidArgument, "too few slices to hold out a slab",
                    "lower the shares of validation and test, or the spacing", c.item.id);
      LORKD_CHECK(writeCase(plan, c, *working, digest, key, cache / file));
    }
    Json entry{{"file", file.string()}, {"case", c.item.id}, {"split", toString(c.split)}, {"tasks", c.tasks}};
    if (plan.data.split.slab != plan::SplitSlab::None)
      entry["scored"] = slicesOf(workingGrid(c.item.geometry, plan.data).size[2], plan, c.split).scored;
    index.push_back(std::move(entry));
  }
  working.reset();
  LORKD_CHECK(preparePictures(plan, cases, cache, digests, index, progress, cancel));
  LORKD_CHECK(prepareWholes(plan, cases, cache, digests, index, progress, cancel));
  // Last: whoever finds an index finds every file it names. Other runs share the folder, so it is named by its content.
  const auto named = cache / ("index-" + sha256(index.dump()).substr(0, 16) + ".json");
  if (const auto before = readJson(named, largestIndex); !before || *before != index)
    LORKD_CHECK(writeJson(named, index));
  progress.report("preparing", done, done);
  return named;
}

}  // namespace lorkd::data
