#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "core/base/Digest.h"
#include "core/base/Random.h"
#include "core/base/SafeTensors.h"
#include "core/data/Prepare.h"
#include "core/data/PreparedFile.h"
#include "core/io/Images2D.h"
#include "core/io/Resample.h"

namespace lorkd::data {

namespace fs = std::filesystem;

namespace {

constexpr int formatVersion = 2;

/// Split of every example: what the set says, else drawn by class in the plan's shares.
std::vector<Split> splitsOf(const io::PictureSet& set, const plan::Split& options, std::uint64_t seed) {
  std::vector<Split> out(set.examples.size(), Split::Train);
  bool validation = false, test = false;
  std::map<int, std::vector<std::size_t>> open;  // examples that may be drawn from, by class
  for (std::size_t n = 0; n < out.size(); ++n) {
    const auto& said = set.examples[n].split;
    if (said == "val" || said == "validation")
      out[n] = Split::Validation, validation = true;
    else if (said == "test")
      out[n] = Split::Test, test = true;
    else
      open[set.examples[n].label].push_back(n);
  }
  for (auto& [label, members] : open) {
    Random random(seed, {0x91c7, static_cast<std::uint64_t>(label)});
    for (std::size_t n = members.size(); n-- > 1;)
      std::swap(members[n], members[static_cast<std::size_t>(random.below(static_cast<std::int64_t>(n) + 1))]);
    const auto total = static_cast<double>(members.size());
    const auto tests = test ? 0 : static_cast<std::size_t>(std::llround(options.test * total));
    const auto validations = validation ? 0 : static_cast<std::size_t>(std::llround(options.validation * total));
    for (std::size_t n = 0; n < std::min(members.size(), tests + validations); ++n)
      out[members[n]] = n < tests ? Split::Test : Split::Validation;
  }
  return out;
}

/// Class number of the task for each class of the set, -1 where the task does not want it.
std::vector<int> classMap(const plan::Task& task, const io::PictureSet& set) {
  std::vector<int> out(set.classes.size(), -1);
  bool named = false;
  for (std::size_t own = 0; own < out.size(); ++own)
    for (std::size_t cls = 0; cls < task.classes.size() && out[own] < 0; ++cls)
      for (const auto& label : classLabels(task, cls))
        if (sameLabel(label, set.classes[own])) out[own] = static_cast<int>(cls), named = true;
  if (!named && followsOrder(set.classes, task)) std::iota(out.begin(), out.end(), 0);
  return out;
}

std::int64_t channelsOf(const plan::Data& options) { return options.channels == plan::DataChannels::Rgb ? 3 : 1; }

/// Channel `c` of the wanted ones: grey pictures give the same for each, coloured ones their luma (ITU-R BT.601) where
/// one is wanted.
image::Volume channelOf(const io::Picture& picture, std::int64_t c, std::int64_t wanted, const image::Geometry& grid) {
  image::Volume plane(grid);
  const auto own = static_cast<std::size_t>(picture.channels);
  for (std::size_t n = 0; n < plane.voxels.size(); ++n) {
    const auto* pixel = &picture.pixels[n * own];
    plane.voxels[n] = own == 3 && wanted == 1 ? 0.299f * pixel[0] + 0.587f * pixel[1] + 0.114f * pixel[2]
                                              : pixel[std::min<std::size_t>(static_cast<std::size_t>(c), own - 1)];
  }
  return plane;
}

/// Appends the picture, channels first, at the plan's patch size and normalised.
void append(const io::Picture& picture, const plan::Data& options, std::vector<float>& out) {
  image::Geometry own, wanted;
  own.size = {picture.width, picture.height, 1};
  wanted.size = {options.patch[0], options.patch[1], 1};
  for (std::size_t a = 0; a < 2; ++a) {  // edges coincide
    wanted.spacing[a] = static_cast<double>(own.size[a]) / static_cast<double>(wanted.size[a]);
    wanted.origin[a] = 0.5 * (wanted.spacing[a] - 1);
  }
  plan::Data how = options;
  how.normalisation = pictureNormalisation(options);
  for (std::int64_t c = 0; c < channelsOf(options); ++c) {
    auto plane = channelOf(picture, c, channelsOf(options), own);
    if (own.size != wanted.size) plane = io::resampleLinear(plane, wanted);
    normalise(plane, how);
    out.insert(out.end(), plane.voxels.begin(), plane.voxels.end());
  }
}

struct LoadedSet {
  io::PictureSet set;
  std::vector<Split> splits;
};

Result<LoadedSet> load(const Case& c, const plan::Plan& plan, std::int64_t seed) {
  std::error_code ignored;
  const auto& place = c.imageFiles.front();
  auto read = fs::is_directory(place, ignored) ? io::readPictureFolder(place) : io::readNpz(place);
  if (!read) return fail(read.error(), c.id);
  auto splits = splitsOf(*read, plan.data.split, static_cast<std::uint64_t>(seed));
  return LoadedSet{std::move(*read), std::move(splits)};
}

}  // namespace

plan::DataNormalisation pictureNormalisation(const plan::Data& options) {
  const bool forHu =
      options.normalisation == plan::DataNormalisation::Ct || options.normalisation == plan::DataNormalisation::Window;
  return forHu ? plan::DataNormalisation::Scale : options.normalisation;
}

Result<void> preparePictures(const plan::Plan& plan, const CaseList& cases, const fs::path& cache, Digests& digests,
                             Json& index, Progress& progress, const CancelToken& cancel) {
  Json inputs = Json::object();
  for (const auto& c : cases.cases) {
    if (c.item.kind != "picture" || c.tasks.empty()) continue;
    LORKD_TRY(digest, digests.of(c));
    inputs[c.item.id] = digest;
  }
  if (inputs.empty()) return {};

  const auto seed = cases.seed.value_or(plan.seed);
  std::map<std::string, LoadedSet> sets;  // read once, and only when a file is missing
  const auto loadAll = [&]() -> Result<void> {
    if (!sets.empty()) return {};
    for (const auto& c : cases.cases) {
      if (!inputs.contains(c.item.id) || sets.contains(c.item.id)) continue;
      LORKD_TRY(loaded, load(c.item, plan, seed));
      sets.emplace(c.item.id, std::move(loaded));
    }
    return {};
  };

  for (std::size_t t = 0; t < plan.tasks.size(); ++t)
    for (const Split split : {Split::Train, Split::Validation, Split::Test}) {
      const auto& task = plan.tasks[t].second;
      std::vector<const AssignedCase*> members = cases.of(split, static_cast<int>(t));
      std::erase_if(members, [](const auto* c) { return c->item.kind != "picture"; });
      if (members.empty()) continue;
      if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "preparing was stopped");
      progress.report("preparing pictures", static_cast<std::int64_t>(t), static_cast<std::int64_t>(plan.tasks.size()));
      Json classes = Json::array(), own = Json::array();
      for (std::size_t cls = 0; cls < task.classes.size(); ++cls) classes.push_back(classLabels(task, cls));
      for (const auto* m : members) own.push_back(m->item.id);
      const Json keyed{{"format", formatVersion},
                       {"inputs", inputs},
                       {"members", own},
                       {"task", t},
                       {"classes", classes},
                       {"split", toString(split)},
                       {"shares", plan.data.split},
                       {"seed", seed},
                       {"patch", {plan.data.patch[0], plan.data.patch[1]}},
                       {"normalisation", plan.data.normalisation},
                       {"channels", plan.data.channels}};
      const std::string key = sha256(keyed.dump());
      const fs::path file = fileOfKey(key);
      if (!isPrepared(cache / file, key)) {
        LORKD_CHECK(loadAll());
        std::vector<float> images;
        std::vector<std::int64_t> labels;
        for (const auto* m : members) {
          const auto& [set, splits] = sets.at(m->item.id);
          const auto classOf = classMap(task, set);
          for (std::size_t n = 0; n < set.examples.size(); ++n) {
            const int cls = classOf.at(static_cast<std::size_t>(set.examples[n].label));
            if (splits[n] != split || cls < 0) continue;
            append(set.examples[n].picture, plan.data, images);
            labels.push_back(cls);
          }
        }
        if (labels.empty()) continue;  // a set may have no part in a split
        const auto count = static_cast<std::int64_t>(labels.size());
        LORKD_CHECK(safetensors::write(
            cache / file,
            {{"images",
              "F32",
              {count, channelsOf(plan.data), plan.data.patch[1], plan.data.patch[0]},
              std::as_bytes(std::span(images))},
             {"labels", "I64", {count}, std::as_bytes(std::span(labels))}},
            {{"task", std::to_string(t)}, {"split", toString(split)}, {"input", sha256(inputs.dump())}, {"key", key}}));
      }
      index.push_back({{"file", file.string()},
                       {"case", members.front()->item.id},
                       {"split", toString(split)},
                       {"tasks", Json::array({t})}});
    }
  return {};
}

}  // namespace lorkd::data
