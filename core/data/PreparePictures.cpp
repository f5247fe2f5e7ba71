#include <algorithm>
#include <cmath>
#include <map>
#include <numeric>

#include "core/base/Digest.h"
#include "core/base/SafeTensors.h"
#include "core/base/Truth.h"
#include "core/data/ImageLabels.h"
#include "core/data/PictureCase.h"
#include "core/data/PictureSet.h"
#include "core/data/PictureSplit.h"
#include "core/data/Prepare.h"
#include "core/data/PreparedFile.h"
#include "core/io/Images2D.h"
#include "core/io/Resample.h"

namespace lorkd::data {

namespace fs = std::filesystem;

namespace {

constexpr int picturesVersion = 3;

/// A number for the patient of every example, -1 where the set does not say whose it is.
std::vector<std::int64_t> patientsOf(const io::PictureSet& set) {
  std::vector<std::int64_t> out;
  std::map<std::string, std::int64_t> known;
  for (const auto& e : set.examples)
    out.push_back(e.patient.empty() ? -1 : known.emplace(e.patient, std::ssize(known)).first->second);
  return out;
}

/// The names of an example's labels.
std::vector<std::string> labelNamesOf(const io::PictureSet& set, const io::LabelledPicture& example) {
  std::vector<std::string> out;
  for (const int label : example.labels) out.push_back(set.classes.at(static_cast<std::size_t>(label)));
  return out;
}

/// What the pictures of a task and split are: class numbers, or for each class whether it is there.
struct Truths {
  bool overlapping = false;
  std::vector<std::int64_t> numbers;
  std::vector<std::uint8_t> flags;  ///< (pictures, classes)
  std::size_t ambiguous = 0;        ///< pictures of several classes that exclude each other

  /// Adds a picture's; false where nothing is known of it, or it cannot be told by one class.
  bool add(const ClassLabels& classes, const std::vector<std::string>& labels) {
    if (overlapping) {
      const auto own = classes.overlapping(labels);
      if (std::ranges::all_of(own, [](auto truth) { return truth == notKnown; })) return false;
      flags.insert(flags.end(), own.begin(), own.end());
      return true;
    }
    const int cls = classes.exclusive(labels);
    if (cls == -2) ++ambiguous;
    if (cls >= 0) numbers.push_back(cls);
    return cls >= 0;
  }
  safetensors::Entry entry(std::int64_t count, std::int64_t classes) const {
    if (overlapping) return {"labels", "U8", {count, classes}, std::as_bytes(std::span(flags))};
    return {"labels", "I64", {count}, std::as_bytes(std::span(numbers))};
  }
};

std::int64_t channelsOf(const plan::Data& options) { return options.channels == plan::DataChannels::Rgb ? 3 : 1; }

struct LoadedSet {
  io::PictureSet set;
  std::vector<Split> splits;
};

Result<LoadedSet> load(const Case& c, const plan::Plan& plan, std::int64_t seed) {
  auto read = readPictureSet(c.imageFiles, c.people);
  if (!read) return fail(read.error(), c.id);
  auto splits = splitsOf(*read, plan.data.split, static_cast<std::uint64_t>(seed));
  return LoadedSet{std::move(*read), std::move(splits)};
}

}  // namespace

std::vector<float> wholePicture(const io::Picture& picture, const plan::Data& options) {
  std::vector<float> out;
  image::Geometry own, wanted;
  own.size = {picture.width, picture.height, 1};
  wanted.size = {options.patch[0], options.patch[1], 1};
  for (std::size_t a = 0; a < 2; ++a) {  // edges coincide
    wanted.spacing[a] = static_cast<double>(own.size[a]) / static_cast<double>(wanted.size[a]);
    wanted.origin[a] = 0.5 * (wanted.spacing[a] - 1);
  }
  plan::Data how = options;
  how.normalisation = pictureNormalisation(options);
  const auto channels = static_cast<std::size_t>(channelsOf(options));
  for (std::size_t c = 0; c < channels; ++c) {
    auto plane = pictureChannel(picture, c, channels, own);
    if (own.size != wanted.size) plane = io::resampleLinear(plane, wanted);
    normalise(plane, how);
    out.insert(out.end(), plane.voxels.begin(), plane.voxels.end());
  }
  return out;
}

plan::DataNormalisation pictureNormalisation(const plan::Data& options) {
  using enum plan::DataNormalisation;
  const auto kind = options.normalisation;
  const bool forHu = kind == Ct || kind == Window || kind == Auto;
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
      Json labelsOf = Json::array(), own = Json::array();
      for (std::size_t cls = 0; cls < task.classes.size(); ++cls) labelsOf.push_back(classLabels(task, cls));
      for (const auto* m : members) own.push_back(m->item.id);
      Json keyed{{"format", picturesVersion},
                 {"inputs", inputs},
                 {"members", own},
                 {"task", t},
                 {"classes", labelsOf},
                 {"split", toString(split)},
                 {"shares", plan.data.split},
                 {"seed", seed},
                 {"patch", {plan.data.patch[0], plan.data.patch[1]}},
                 {"normalisation", plan.data.normalisation},
                 {"channels", plan.data.channels}};
      const bool overlapping = task.outputs == plan::TaskOutputs::Overlapping;
      if (overlapping) keyed["overlapping"] = task.uncertain;
      const std::string key = sha256(keyed.dump());
      const fs::path file = fileOfKey(key);
      if (!isPrepared(cache / file, key)) {
        LORKD_CHECK(loadAll());
        std::vector<std::pair<const AssignedCase*, std::vector<std::size_t>>> wanted;  // of each set, its examples
        std::vector<std::int64_t> origins;
        Truths truths{overlapping, {}, {}};
        for (const auto* m : members) {
          const auto& [set, splits] = sets.at(m->item.id);
          const ClassLabels classes(task, set.classes);
          const auto patients = patientsOf(set);
          wanted.emplace_back(m, std::vector<std::size_t>());
          for (std::size_t n = 0; n < set.examples.size(); ++n) {
            if (splits[n] != split) continue;
            if (!truths.add(classes, labelNamesOf(set, set.examples[n]))) continue;
            wanted.back().second.push_back(n);
            origins.insert(origins.end(), {std::ssize(wanted) - 1, static_cast<std::int64_t>(n), patients[n]});
          }
        }
        if (truths.ambiguous > 0)
          progress.note(std::to_string(truths.ambiguous) + " picture(s) for " + toString(split) +
                        " bear labels of several " + "classes of the task '" + plan.tasks[t].first +
                        "' and are left out: it chooses one class");
        if (origins.empty()) continue;  // a set may have no part in a split
        const auto count = std::ssize(origins) / 3;
        std::int64_t done = 0;
        const auto write = [&](const safetensors::Put& put) -> Result<void> {
          for (const auto& [m, examples] : wanted) {
            const auto each =
                io::eachPicture(sets.at(m->item.id).set.examples, examples,
                                [&](std::size_t, const io::Picture& picture) -> Result<void> {
                                  if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "preparing was stopped");
                                  if (done % 256 == 0)
                                    progress.report("preparing pictures: " + plan.tasks[t].first, done, count);
                                  const auto values = wholePicture(picture, plan.data);
                                  put(std::as_bytes(std::span(values)));
                                  ++done;
                                  return {};
                                });
            if (!each && each.error().code == ErrorCode::Cancelled) return each;
            if (!each) return fail(each.error(), m->item.id);
          }
          return {};
        };
        // One picture at a time, since a set may be larger than the memory.
        LORKD_CHECK(safetensors::write(
            cache / file,
            {{"images", "F32", {count, channelsOf(plan.data), plan.data.patch[1], plan.data.patch[0]}, {}, write},
             truths.entry(count, std::ssize(task.classes)),
             {"origins", "I64", {count, 3}, std::as_bytes(std::span(origins))}},
            {{"task", std::to_string(t)},
             {"split", toString(split)},
             {"input", sha256(inputs.dump())},
             {"key", key},
             {"sets", own.dump()}}));
      }
      index.push_back({{"file", file.string()},
                       {"case", members.front()->item.id},
                       {"split", toString(split)},
                       {"tasks", Json::array({t})}});
    }
  return {};
}

}  // namespace lorkd::data
