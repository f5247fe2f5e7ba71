#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>

#include "core/base/Digest.h"
#include "core/base/SafeTensors.h"
#include "core/data/Channels.h"
#include "core/data/ImageLabels.h"
#include "core/data/Prepare.h"
#include "core/data/PreparedFile.h"
#include "core/image/GeometryJson.h"

namespace lorkd::data {

namespace fs = std::filesystem;

namespace {

constexpr int wholesVersion = 1;  // to be raised when the same key would give other numbers

/// The middle of what is brighter than halfway between the darkest values and the mean, in voxels; the middle of the
/// volume where nothing is.
std::array<double, 3> middleOf(const image::Volume& volume, plan::DataCentre centre) {
  const auto& size = volume.geometry.size;
  std::array<double, 3> out{};
  for (std::size_t a = 0; a < 3; ++a) out[a] = 0.5 * static_cast<double>(size[a] - 1);
  if (centre == plan::DataCentre::Image) return out;
  const double mean = std::accumulate(volume.voxels.begin(), volume.voxels.end(), 0.0) /
                      static_cast<double>(std::max<std::size_t>(1, volume.voxels.size()));
  const double limit = 0.5 * (mean + static_cast<double>(*std::ranges::min_element(volume.voxels)));
  std::array<double, 3> sum{};
  double count = 0;
  std::size_t n = 0;
  for (std::int64_t k = 0; k < size[2]; ++k)
    for (std::int64_t j = 0; j < size[1]; ++j)
      for (std::int64_t i = 0; i < size[0]; ++i)
        if (static_cast<double>(volume.voxels[n++]) > limit) {
          ++count;
          sum[0] += static_cast<double>(i), sum[1] += static_cast<double>(j), sum[2] += static_cast<double>(k);
        }
  for (std::size_t a = 0; count > 0 && a < 3; ++a) out[a] = sum[a] / count;
  return out;
}

/// What a volume is for the tasks that it serves: the number of its class, or a flag for each.
struct Targets {
  std::vector<std::int64_t> number;
  std::vector<std::uint8_t> flags;
};

Targets targetsOf(const plan::Task& task, const std::vector<std::string>& known, const Case& c) {
  const ClassLabels classes(task, known);
  if (task.outputs == plan::TaskOutputs::Overlapping) return {{}, classes.overlapping(c.imageLabels)};
  return {{classes.exclusive(c.imageLabels)}, {}};
}

Json wholeKeyOf(const plan::Plan& plan, const AssignedCase& c, const std::string& digest) {
  const auto& d = plan.data;
  Json key{{"whole", wholesVersion}, {"input", digest},  {"spacing", d.spacing}, {"normalisation", d.normalisation},
           {"clip", d.clip},         {"patch", d.patch}, {"centre", d.centre},   {"case", c.item.id}};
  if (!d.inputs.empty()) key["inputs"] = d.inputs;
  if (!c.item.channels.empty()) key["channels"] = c.item.channels;
  if (c.item.byRotation) key["nifti_place"] = "qform";
  return key;
}

}  // namespace

Result<std::vector<float>> wholeImage(const plan::Data& options, const Case& c) {
  LORKD_TRY(sources, readInputs(options, c));
  LORKD_TRY(inputs, prepareInputs(sources, c.geometry, options));
  const auto filled = std::ranges::find_if(sources, [](const auto& source) { return !source.voxels.empty(); });
  const auto middle = middleOf(
      inputs.at(filled == sources.end() ? 0 : static_cast<std::size_t>(filled - sources.begin())), options.centre);
  const auto& size = inputs.front().geometry.size;
  std::array<std::int64_t, 3> start{};
  for (std::size_t a = 0; a < 3; ++a) {
    const auto patch = options.patch[a];
    const auto wanted = static_cast<std::int64_t>(std::lround(middle[a] - 0.5 * static_cast<double>(patch - 1)));
    // A volume that is larger than the patch fills it; one that is smaller lies in its middle.
    start[a] = size[a] >= patch ? std::clamp<std::int64_t>(wanted, 0, size[a] - patch) : -((patch - size[a]) / 2);
  }
  std::vector<float> out;
  for (const auto& input : inputs) {
    const float least = *std::ranges::min_element(input.voxels);
    for (auto z = start[2]; z < start[2] + options.patch[2]; ++z)
      for (auto y = start[1]; y < start[1] + options.patch[1]; ++y)
        for (auto x = start[0]; x < start[0] + options.patch[0]; ++x) {
          const bool inside = x >= 0 && x < size[0] && y >= 0 && y < size[1] && z >= 0 && z < size[2];
          out.push_back(inside ? input.voxels[static_cast<std::size_t>(input.geometry.offset(x, y, z))] : least);
        }
  }
  return out;
}

Result<void> prepareWholes(const plan::Plan& plan, const CaseList& cases, const fs::path& cache, Digests& digests,
                           Json& index, Progress& progress, const CancelToken& cancel) {
  if (plan.tasks.front().second.kind != plan::TaskKind::Classification3d) return {};
  std::vector<const Case*> all;
  for (const auto& c : cases.cases) all.push_back(&c.item);
  const auto known = imageLabelsOf(all);
  std::int64_t done = 0;
  for (const auto& c : cases.cases) {
    if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "preparing was stopped");
    progress.report("preparing", done++, static_cast<std::int64_t>(cases.cases.size()));
    if (c.tasks.empty()) continue;
    LORKD_TRY(digest, digests.of(c));
    Json keyed = wholeKeyOf(plan, c, digest);
    std::vector<std::pair<int, Targets>> targets;
    for (const int t : c.tasks) {
      const auto& task = plan.tasks.at(static_cast<std::size_t>(t)).second;
      const auto& own = targets.emplace_back(t, targetsOf(task, known.at(c.item.source), c.item)).second;
      keyed["targets"][std::to_string(t)] = {own.number, own.flags};
    }
    const auto key = sha256(keyed.dump());
    const auto file = fileOfKey(key);
    if (!isPrepared(cache / file, key)) {
      auto image = wholeImage(plan.data, c.item);
      if (!image) return fail(image.error(), c.item.id);
      LORKD_CHECK(digests.of(c));  // that it did not change as it was read
      const auto& patch = plan.data.patch;
      std::vector<safetensors::Entry> entries{{"image",
                                               "F32",
                                               {plan::inputChannels(plan), patch[2], patch[1], patch[0]},
                                               std::as_bytes(std::span(*image))}};
      for (const auto& [task, own] : targets) {
        const auto name = "label." + std::to_string(task);
        if (own.flags.empty())
          entries.push_back({name, "I64", {1}, std::as_bytes(std::span(own.number))});
        else
          entries.push_back({name, "U8", {1, std::ssize(own.flags)}, std::as_bytes(std::span(own.flags))});
      }
      LORKD_CHECK(safetensors::write(cache / file, entries,
                                     {{"case", c.item.id},
                                      {"patient", c.item.patient},
                                      {"source_geometry", geometryToJson(c.item.geometry).dump()},
                                      {"input", digest},
                                      {"key", key}}));
    }
    index.push_back({{"file", file.string()}, {"case", c.item.id}, {"split", toString(c.split)}, {"tasks", c.tasks}});
  }
  return {};
}

}  // namespace lorkd::data
