#include <algorithm>

#include "core/base/File.h"
#include "core/data/Channels.h"
#include "core/data/ClassMasks.h"
#include "core/data/Digests.h"
#include "core/data/JoinSeries.h"
#include "core/data/PictureCase.h"
#include "core/data/Prepare.h"
#include "core/io/VolumeFile.h"
#include "core/workflow/PredictCases.h"
#include "core/workflow/PredictInput.h"
#include "core/workflow/PredictedSeg.h"
#include "core/workflow/SourceGrid.h"
#include "core/workflow/Workflow.h"

namespace lorkd::workflow {
namespace fs = std::filesystem;
namespace {

constexpr const char* kSources = "cases.json";  ///< of predictions of foreign images

/// The task indices of names; all of them for an empty list.
Result<std::vector<int>> taskIndices(const plan::Plan& plan, const std::vector<std::string>& names) {
  std::vector<int> out;
  if (names.empty())
    for (std::size_t i = 0; i < plan.tasks.size(); ++i) out.push_back(static_cast<int>(i));
  for (const auto& name : names) {
    const int i = plan.tasks.indexOf(name);
    if (i < 0) {
      std::string known;
      for (const auto& [task, _] : plan.tasks) known += (known.empty() ? "" : ", ") + task;
      return fail(ErrorCode::NotFound, "there is no task '" + name + "'", "the run has: " + known);
    }
    out.push_back(i);
  }
  return out;
}

/// Cases below a folder or in one file that need not belong to the run. `named` is how its files are called.
Result<std::vector<data::Case>> foreignCases(const run::RunDirectory& run, const fs::path& input,
                                             const plan::Source& named, Progress& progress, const CancelToken& cancel) {
  const auto& options = run.plan().data;
  if (plan::ofPictures(run.plan())) {
    LORKD_TRY(found, data::picturesBelow(input, cancel, channelsLearnt(run)));
    for (auto& item : found)
      if (fileNameOf(item.id) == kSources) item.id = "image " + item.id;  // whose name is taken
    return found;
  }
  std::error_code ec;
  if (fs::is_regular_file(input, ec)) {
    LORKD_TRY(geometry, io::readVolumeGeometry(input));
    data::Case item;
    item.id = input.filename().string();
    for (const std::string end : {".gz", ".nii", ".nrrd", ".nhdr", ".mha", ".mhd", ".hdr", ".mgz", ".mgh"})
      if (item.id.size() > end.size() && item.id.ends_with(end)) item.id.resize(item.id.size() - end.size());
    if (fileNameOf(item.id) == kSources) item.id = "image " + item.id;  // whose name is taken
    item.kind = "volume";
    item.imageFiles = {input};
    item.geometry = geometry;
    return std::vector{item};
  }
  LORKD_TRY(index, data::Catalogue::open(":memory:"));
  LORKD_CHECK(index.scan("input", input, progress, cancel, chosenFor(named)));
  LORKD_TRY(cases, index.cases("input"));
  std::erase_if(cases, [](const data::Case& c) { return c.kind == "picture" || c.geometry.pixels; });
  LORKD_TRY(rejected, index.rejected("input"));
  if (const auto hidden = std::ranges::find_if(rejected, [](const auto& r) { return io::mayHideImages(r.second); });
      hidden != rejected.end())
    return fail(ErrorCode::Io,
                "the input cannot be read whole, so that images may be missing: " + hidden->second.message,
                "mend it, or name the images one by one", hidden->first.string());
  if (cases.empty()) {
    return fail(ErrorCode::NotFound, "there is no image to predict",
                named.layout == plan::Layout() ? "name a folder of DICOM or NIfTI"
                                               : "the files are to be called as those of the plan's source; --layout "
                                                 "auto reads others by their names",
                input.string() + (rejected.empty() ? ""
                                                   : ": " + rejected.front().first.filename().string() + ": " +
                                                         rejected.front().second.message));
  }
  data::joinSeries(cases, options, progress);
  // Numbered by place: the index is gone afterwards, and cases.json says which is which.
  std::ranges::sort(cases, {}, [](const data::Case& c) { return c.imageFiles.front(); });
  for (std::size_t n = 0; n < cases.size(); ++n) cases[n].id = "input-" + std::to_string(n + 1);
  return cases;
}

}  // namespace

Result<std::vector<data::AssignedCase>> wantedCases(const run::RunDirectory& run, const PredictRequest& request,
                                                    data::Digests& digests, Progress& progress,
                                                    const CancelToken& cancel) {
  std::vector<data::AssignedCase> out;
  if (!request.input.empty()) {
    LORKD_TRY(named, namedLike(run.plan(), request, progress));
    LORKD_TRY(found, foreignCases(run, request.input, named, progress, cancel));
    for (auto& item : found) {
      if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "reading the images was stopped");
      out.push_back({std::move(item), data::Split::Test, {}, {}});
      LORKD_TRY(digest, digests.of(out.back()));
      out.back().digest = digest;
    }
    return out;
  }
  LORKD_TRY(list, freezeCases(run, progress, cancel));
  const auto add = [&](const data::AssignedCase& entry) -> Result<void> {
    if (std::ranges::any_of(out, [&](const auto& other) { return other.item.id == entry.item.id; })) return {};
    LORKD_CHECK(digests.of(entry));
    out.push_back(entry);
    return {};
  };
  if (request.cases.empty())
    for (const auto* entry : list.of(data::Split::Test)) LORKD_CHECK(add(*entry));
  for (const auto& id : request.cases) {
    const auto it = std::find_if(list.cases.begin(), list.cases.end(), [&](const auto& c) { return c.item.id == id; });
    if (it == list.cases.end())
      return fail(ErrorCode::NotFound, "there is no case '" + id + "' in this run", "cases.json lists them",
                  run.path().string());
    LORKD_CHECK(add(*it));
  }
  return out;
}

namespace {

Json classesJson(const plan::Plan& plan, const std::vector<int>& tasks) {
  Json out = Json::object();
  for (int t : tasks) {
    const auto& [name, task] = plan.tasks[static_cast<std::size_t>(t)];
    auto& list = out[name] = Json::array();
    for (std::size_t c = 0; c < task.classes.size(); ++c) {
      Json entry = data::classLabel(plan, static_cast<std::size_t>(t), c);
      entry.erase("number");
      entry["value"] = c + 1;
      list.push_back(std::move(entry));
    }
  }
  return out;
}

}  // namespace

Result<void> nameSources(const std::vector<data::AssignedCase>& cases, const fs::path& root) {
  const auto file = root / kSources;
  Json before = Json::object(), sources = Json::object();
  std::error_code ignored;
  if (fs::exists(file, ignored)) {
    LORKD_TRY(known, readJson(file));
    if (known.is_object()) before = std::move(known);
  }
  const auto there = [&](const std::string& id) { return fs::exists(root / fileNameOf(id), ignored); };
  for (const auto& [id, source] : before.items())
    if (there(id)) sources[id] = source;
  for (const auto& [item, split, tasks, digest] : cases) {
    const auto known = before.find(item.id);
    if (there(item.id) && (known == before.end() || known->value("digest", "") != digest))
      return fail(ErrorCode::InvalidArgument, "the folder holds predictions of another image as " + item.id,
                  "name an empty folder", root.string());
    sources[item.id] = {{"file", item.imageFiles.front().string()},
                        {"frame", item.slices.empty() ? 0 : item.slices.front()[1]},
                        {"slices", item.geometry.size[2]},
                        {"digest", digest}};
  }
  return writeJson(file, sources);
}

Result<std::vector<fs::path>> predict(const run::RunDirectory& run, const PredictRequest& request, Progress& progress,
                                      const CancelToken& cancel) {
  LORKD_TRY(tasks, taskIndices(run.plan(), request.tasks));
  if (!plan::marks(run.plan().tasks.front().second.kind)) return predictClasses(run, request, tasks, progress, cancel);
  LORKD_TRY(device, setUpDevice(run.plan()));
  std::vector<std::pair<std::string, nn::Network>> networks;
  LORKD_TRY(network, loadTrained(run));
  LORKD_TRY(plan, decidedPlan(run));
  networks.emplace_back("", network);
  if (request.teacher) {
    LORKD_TRY(teacher, teacherRun(run));
    LORKD_TRY(loaded, loadTrained(teacher));
    networks.emplace_back("teacher.", loaded);
  }
  for (auto& [prefix, net] : networks) net->to(device);
  data::Digests digests;
  LORKD_TRY(cases, wantedCases(run, request, digests, progress, cancel));
  const fs::path root = request.output.empty() ? run.predictions() : request.output;
  if (!request.segmentations.empty() && request.identified) LORKD_CHECK(checkOutside(request.segmentations));
  if (!request.input.empty()) LORKD_CHECK(checkOutside(root));
  io::Pseudonym pseudonym;
  if (!request.segmentations.empty() && !request.identified) {
    const auto file = run.project() / "index.sqlite";
    if (std::error_code ec; !fs::exists(file, ec))
      return fail(ErrorCode::NotFound, "the project's index, whose key makes the pseudonyms, is not there",
                  "put it back, or take --identified", file.string());
    LORKD_TRY(index, data::Catalogue::open(file));
    pseudonym = [key = std::make_shared<data::Catalogue>(std::move(index))](const std::string& identifier) {
      return key->pseudonym(identifier);
    };
  }
  LORKD_CHECK(makeWritableFolder(root));

  if (!request.input.empty()) LORKD_CHECK(nameSources(cases, root));
  std::vector<fs::path> written;
  const auto total = static_cast<std::int64_t>(cases.size() * networks.size() * tasks.size());
  std::int64_t done = 0;
  for (const auto& entry : cases) {
    const auto& item = entry.item;
    const auto folder = root / fileNameOf(item.id);
    for (const auto& code : item.consent)
      if (!request.input.empty() && (code == "missing-slice" || code == "uneven-spacing"))
        progress.note(item.id + " (" + code + "): its slices are interpolated onto an even grid");
    const bool dicom = item.kind == "dicom", withSeg = !request.segmentations.empty() && dicom && item.origins.empty();
    if (!request.segmentations.empty() && !withSeg)
      progress.note(item.id + ": no DICOM segmentation is written, since " +
                    (dicom ? "its slices are interpolated onto an even grid" : "the image is no DICOM series"));
    LORKD_TRY(inputs, data::readInputs(plan.data, item));
    LORKD_CHECK(digests.of(entry));  // hours may lie between the first look and this one
    for (auto& [prefix, net] : networks) {
      for (int t : tasks) {
        const auto& name = plan.tasks[static_cast<std::size_t>(t)].first;
        progress.report("predicting " + item.id + ", " + prefix + name, done++, total);
        const Deployed deployed(net, t);
        LORKD_TRY(found, predictOnSource(net, t, inputs, item.geometry, plan, device, cancel));
        if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "predicting was stopped");
        if (item.geometry.pixels) {
          // A picture of a size in pixels has no place in patient space that a volume could keep.
          for (std::size_t cls = 0; cls < found.classes(); ++cls) {
            const auto& called = plan.tasks[static_cast<std::size_t>(t)].second.classes[cls].first;
            const auto file = folder / data::predictedMaskName(prefix, name, called);
            LORKD_CHECK(data::writeMaskPicture(file, found.mask(cls)));
            written.push_back(file);
          }
          continue;
        }
        const auto file = folder / (prefix + name + ".nii.gz");
        LORKD_CHECK(io::writeNifti(file, found.paint()));
        written.push_back(file);
        if (!withSeg) continue;
        std::vector<image::Mask> masks;
        for (std::size_t cls = 0; cls < found.classes(); ++cls) masks.push_back(found.mask(cls));
        LORKD_TRY(seg, writeSegmentation(request.segmentations / fileNameOf(item.id) / (prefix + name + ".dcm"), plan,
                                         static_cast<std::size_t>(t), std::move(masks), item, pseudonym));
        written.push_back(seg);
      }
    }
    LORKD_CHECK(writeJson(folder / "classes.json", classesJson(plan, tasks)));
  }
  progress.report("predicting", total, total);
  return written;
}

}  // namespace lorkd::workflow
