#include "core/data/Audit.h"

#include <algorithm>
#include <set>

#include "core/base/Truth.h"
#include "core/data/Annotations.h"
#include "core/data/AuditFit.h"
#include "core/data/ClassMasks.h"
#include "core/data/Digests.h"
#include "core/data/ImageLabels.h"
#include "core/data/JoinSeries.h"
#include "core/data/Orient.h"
#include "core/data/PictureCopies.h"
#include "core/data/SegmentReader.h"

namespace lorkd::data {
namespace {

namespace fs = std::filesystem;
using io::Finding;
using Severity = Finding::Severity;

void from(const Json& j, Reading& r) {
  j.at(0).get_to(r.lowest);
  j.at(1).get_to(r.highest);
  j.at(2).get_to(r.percentiles);
  j.at(3).get_to(r.fingerprint);
  for (const auto& label : j.at(4)) r.labelVoxels[label.at(0).get<std::string>()] = label.at(1).get<std::int64_t>();
  j.at(5).get_to(r.thumbnail);
  j.at(6).get_to(r.body);
  j.at(7).get_to(r.looksLikeHu);
}

std::string bytesOf(const Reading& r) {
  Json labels = Json::array();
  for (const auto& [name, voxels] : r.labelVoxels) labels.push_back(Json::array({name, voxels}));
  std::string bytes;
  Json::to_cbor(
      Json::array({r.lowest, r.highest, r.percentiles, r.fingerprint, labels, r.thumbnail, r.body, r.looksLikeHu}),
      bytes);
  return bytes;
}

std::vector<fs::file_time_type> timesOf(const std::vector<fs::path>& files) {
  std::vector<fs::file_time_type> times;
  std::error_code ignored;
  for (const auto& file : files) times.push_back(fs::last_write_time(file, ignored));
  return times;
}

/// What the index remembers of the case's voxels, else what they are.
Result<Reading> readingOf(Catalogue& index, const Case& c) {
  auto files = c.imageFiles;
  files.insert(files.end(), c.labelFiles.begin(), c.labelFiles.end());
  if (!c.labelNames.empty()) files.push_back(c.labelNames);
  LORKD_TRY(kept, index.kept("reading " + c.id, files));
  if (kept) try {
      Reading r;
      from(Json::from_cbor(*kept), r);
      return r;
    } catch (const Json::exception&) {  // of another build: read again
    }
  const auto before = timesOf(files);
  LORKD_TRY(read, readForAudit(c));
  // What was written to in the meantime is read again the next time.
  if (timesOf(files) == before) LORKD_CHECK(index.keep("reading " + c.id, files, bytesOf(read)));
  return read;
}

/// Where a series or a case begins: what tells parts of a series, and frames of a file, apart.
using Start = std::pair<fs::path, int>;
Start startOf(const io::Series& s) {
  return s.instances.empty() ? Start{} : Start{s.instances.front().file, s.instances.front().frame};
}
Start startOf(const Case& c) {
  if (c.slices.empty()) return {c.imageFiles.empty() ? fs::path() : c.imageFiles.front(), 0};
  return {c.imageFiles.at(static_cast<std::size_t>(c.slices.front()[0])), c.slices.front()[1]};
}

/// Two sources may hold the same image.
std::string keyOf(const Case& c) { return c.source + "\n" + c.id; }

/// Whether the plan takes the case from the source, as a run does.
bool takes(const plan::Plan* plan, const std::string& source, const Case& item) {
  if (!plan) return true;
  for (const auto& [name, options] : plan->data.sources)
    if (name == source) return accepts(options.kind, item);
  return true;
}

bool accepts(const plan::Plan* plan, const std::string& source, const std::string& code) {
  if (!plan) return false;
  for (const auto& [name, options] : plan->data.sources)
    if (name == source) return std::ranges::count(options.accept, code) > 0;
  return false;
}

void judge(AuditedImage& image, Finding finding, const plan::Plan* plan) {
  const bool accepted = accepts(plan, image.item.source, finding.code);
  image.leftOut |= finding.severity == Severity::Unusable || (finding.severity == Severity::Consent && !accepted);
  auto done = remedy(finding, accepted);
  image.findings.push_back({std::move(finding), std::move(done)});
}

/// What the voxels give away.
void judgeReading(AuditedImage& image, const plan::Plan* plan) {
  const auto& r = *image.reading;
  char text[160];
  if (r.lowest == r.highest) {
    std::snprintf(text, sizeof text, "every voxel has the value %g", r.lowest);
    judge(image, {Severity::Warning, "constant", text}, plan);
  } else if (image.item.modality == "CT" && (r.percentiles[0] > -200 || r.percentiles[2] < 50)) {
    std::snprintf(
        text, sizeof text,
        "a CT from %g to %g (0.5 to 99.5 %%) does not look like Hounsfield units: air is near -1000, bone above 300",
        r.percentiles[0], r.percentiles[2]);
    judge(image, {Severity::Warning, "not-hu", text}, plan);
  }
  std::string empty;
  for (const auto& [name, voxels] : r.labelVoxels)
    if (voxels == 0) empty += (empty.empty() ? "" : ", ") + name;
  if (!empty.empty()) judge(image, {Severity::Warning, "empty-label", "structures without a voxel: " + empty}, plan);
  if (plan)
    if (auto finding = clipped(*plan, image.item, r)) judge(image, std::move(*finding), plan);
}

/// What its tasks ask for and its labels do not speak of.
void judgeAnnotation(AuditedImage& image, const plan::Plan& plan) {
  if (image.item.kind == "picture") return;
  std::string unknown;
  for (const int t : image.tasks) {
    const auto& [name, task] = plan.tasks.at(static_cast<std::size_t>(t));
    if (!plan::marks(task.kind)) continue;
    for (std::size_t cls = 0; cls < task.classes.size(); ++cls)
      if (!annotates(image.item, task, cls))
        unknown += (unknown.empty() ? "" : ", ") + task.classes[cls].first + " (" + name + ")";
  }
  if (!unknown.empty())
    judge(image, {Severity::Warning, "not-annotated", "its labels do not speak of " + unknown}, &plan);
}

/// Whether both, read from headers, might be the same: a double of another grid needs no look.
template <class Key>
void findDoubles(const std::vector<AuditedImage>& images, const std::string& what, Key keyOf,
                 std::vector<Double>& out) {
  std::map<std::string, std::vector<const AuditedImage*>> groups;
  for (const auto& image : images)
    if (const std::string key = keyOf(image); !key.empty()) groups[key].push_back(&image);
  for (const auto& [key, group] : groups)
    for (std::size_t n = 1; n < group.size(); ++n) {
      // Beside one of another split if there is any, else beside the first.
      const auto& b = *group[n];
      const auto other = std::find_if(group.begin(), group.end(),
                                      [&](const auto* a) { return a->split && b.split && *a->split != *b.split; });
      const bool leak = other != group.end();
      const auto& a = leak ? **other : *group.front();
      const bool known = std::ranges::any_of(out, [&](const Double& d) {
        return (d.a == a.item.id && d.b == b.item.id) || (d.a == b.item.id && d.b == a.item.id);
      });
      if (known || (what == "patient" && !leak)) continue;
      out.push_back({what, a.item.id, b.item.id, leak, a.split.value_or(Split::Train), b.split.value_or(Split::Train)});
    }
}

/// Of volumes that are classified: those of a class, and those of which nothing says whether they are.
ClassAudit auditWhole(const plan::Task& task, std::size_t cls, const std::vector<const AuditedImage*>& images) {
  std::vector<const Case*> cases;
  for (const auto* image : images) cases.push_back(&image->item);
  std::map<std::string, ClassLabels> classes;
  for (const auto& [source, labels] : imageLabelsOf(cases)) classes.emplace(source, ClassLabels(task, labels));
  ClassAudit out;
  out.name = task.classes[cls].first;
  std::set<std::string> patients;
  for (const auto* c : cases) {
    const auto truth = classes.at(c->source).overlapping(c->imageLabels)[cls];
    out.unannotated += truth == notKnown;
    if (truth != 1) continue;
    ++out.images;
    patients.insert(c->patient);
  }
  out.patients = static_cast<int>(patients.size());
  return out;
}

ClassAudit auditClass(const plan::Task& task, std::size_t cls, const std::vector<const AuditedImage*>& images) {
  ClassAudit out;
  out.name = task.classes[cls].first;
  const auto labels = classLabels(task, cls);
  const auto wanted = [&](const std::string& name) {
    return std::ranges::any_of(labels, [&](const auto& label) { return sameLabel(label, name); });
  };
  std::set<std::string> patients;
  std::vector<double> volumes;
  for (const auto* image : images) {
    if (image->item.kind != "picture" && !annotates(image->item, task, cls)) {
      ++out.unannotated;
      continue;
    }
    if (image->item.kind == "picture" ? !ClassLabels(task, image->item.labels).speaks(cls)
                                      : std::ranges::none_of(image->item.labels, wanted))
      continue;
    std::int64_t voxels = 0;
    if (image->reading)
      for (const auto& [name, count] : image->reading->labelVoxels) voxels += wanted(name) ? count : 0;
    if (image->reading && voxels == 0) {
      ++out.empty;
      continue;
    }
    ++out.images;
    patients.insert(image->item.patient);
    const auto& s = image->item.geometry.spacing;
    if (image->reading && !image->item.geometry.pixels)
      volumes.push_back(static_cast<double>(voxels) * s[0] * s[1] * s[2] / 1000);
  }
  out.patients = static_cast<int>(patients.size());
  if (!volumes.empty()) {
    const auto middle = volumes.begin() + static_cast<std::ptrdiff_t>(volumes.size() / 2);
    std::ranges::nth_element(volumes, middle);
    out.medianMl = *middle;
  }
  return out;
}

/// A patch may have as many voxels as the plan's, or as a common graphics card takes.
std::int64_t budgetOf(const plan::Plan& plan) {
  std::int64_t voxels = 1;
  for (const auto side : plan.data.patch) voxels *= side;
  return std::max<std::int64_t>(voxels, 64 * 64 * 64);
}

TaskAudit auditTask(const plan::Plan& plan, std::size_t t, const std::vector<AuditedImage>& images,
                    const std::vector<std::vector<Split>>& splits) {
  TaskAudit out;
  const auto& [name, task] = plan.tasks[t];
  out.name = name;
  std::vector<const AuditedImage*> own;
  std::vector<image::Geometry> grids;
  std::array<std::set<std::string>, 3> patients;
  for (std::size_t n = 0; n < images.size(); ++n) {
    const auto& image = images[n];
    if (image.leftOut || std::ranges::count(image.tasks, static_cast<int>(t)) == 0) continue;
    own.push_back(&image);
    for (const auto split : splits[n]) {
      ++out.images[static_cast<std::size_t>(split)];
      patients[static_cast<std::size_t>(split)].insert(image.item.patient);
    }
    if (image.item.kind == "picture" || image.item.geometry.pixels) continue;  // of which nobody knows mm
    grids.push_back(image.item.geometry);
    const auto upright = reoriented(image.item.geometry, closestToLps(image.item.geometry));
    for (std::size_t a = 0; a < 3; ++a) out.spacings[a].push_back(upright.spacing[a]);
  }
  for (std::size_t s = 0; s < 3; ++s) out.patients[s] = static_cast<int>(patients[s].size());
  const bool whole = task.kind == plan::TaskKind::Classification3d;
  for (std::size_t cls = 0; cls < task.classes.size(); ++cls)
    out.classes.push_back(whole ? auditWhole(task, cls, own) : auditClass(task, cls, own));
  if (!grids.empty()) out.advice = adviseGrid(grids, budgetOf(plan));
  return out;
}

}  // namespace

int Audit::leftOut() const {
  return static_cast<int>(std::ranges::count_if(images, [](const auto& image) { return image.leftOut; }));
}
int Audit::leaks() const {
  return static_cast<int>(std::ranges::count_if(doubles, [](const auto& d) { return d.leak; }));
}

Result<Audit> audit(Catalogue& index, const AuditRequest& request, Progress& progress, const CancelToken& cancel) {
  Audit out;
  LORKD_TRY(sources, index.sources());
  std::map<Start, const io::Series*> seriesOf;
  std::vector<io::Series> allSeries;
  std::vector<std::pair<fs::path, Finding>> rejected;
  for (const auto& [name, folder] : sources) {
    if (!request.sources.empty() && std::ranges::count(request.sources, name) == 0) continue;
    LORKD_TRY(cases, index.cases(name));
    LORKD_TRY(series, index.series(name));
    LORKD_TRY(refused, index.rejected(name));
    if (request.plan)
      for (auto& c : cases) takeSource(c, *request.plan);
    if (request.plan) joinSeries(cases, request.plan->data, progress);
    for (auto& c : cases)
      if (takes(request.plan, name, c)) out.images.push_back({std::move(c), {}, {}, {}, {}, false});
    std::ranges::move(series, std::back_inserter(allSeries));
    std::ranges::move(refused, std::back_inserter(rejected));
  }
  for (const auto& s : allSeries) seriesOf[startOf(s)] = &s;

  // Findings: of the image's series, of its labels, of its voxels.
  std::map<fs::path, AuditedImage*> byFile;
  for (auto& image : out.images) {
    if (const auto found = seriesOf.find(startOf(image.item)); found != seriesOf.end())
      for (const auto& f : found->second->findings) judge(image, f, request.plan);
    if (request.plan)
      if (auto finding = missingChannel(*request.plan, image.item)) judge(image, std::move(*finding), request.plan);
    for (const auto& label : image.item.labelFiles) byFile[label] = &image;
    if (image.item.kind != "dicom")
      for (const auto& file : image.item.imageFiles) byFile[file] = &image;
  }
  for (auto& [place, f] : rejected) {
    if (const auto found = byFile.find(place); found != byFile.end())
      judge(*found->second, f, request.plan);
    else
      out.rejected.push_back({place, {f, remedy(f, false)}});
  }
  std::int64_t done = 0;
  for (auto& image : out.images) {
    if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "the audit was stopped");
    progress.report("reading images", done++, static_cast<std::int64_t>(out.images.size()));
    if (!request.voxels || image.item.kind == "picture") continue;
    if (auto reading = readingOf(index, image.item)) {
      image.reading = std::move(*reading);
      judgeReading(image, request.plan);
    } else if (reading.error().code == ErrorCode::Cancelled) {
      return std::unexpected(reading.error());
    } else {
      const bool before = image.leftOut;
      judge(image, {Severity::Unusable, "unreadable-voxels", reading.error().text()}, request.plan);
      image.leftOut = before;  // nothing leaves it out of a run
    }
  }

  if (request.voxels) LORKD_CHECK(findPictureCopies(index, request, out.images, progress, cancel));

  std::vector<std::vector<Split>> splits(out.images.size());
  if (request.plan && !request.plan->tasks.empty()) {
    std::vector<Case> usable;
    std::map<std::string, std::size_t> at;
    std::optional<Error> unclear;
    for (std::size_t n = 0; n < out.images.size(); ++n) {
      at[keyOf(out.images[n].item)] = n;
      if (!out.images[n].leftOut) usable.push_back(out.images[n].item);
      if (!unclear) unclear = unclearChannels(*request.plan, out.images[n].item);
    }
    const auto list = request.division ? *request.division
                      : unclear        ? Result<CaseList>(std::unexpected(*unclear))
                                       : assign(*request.plan, usable, request.learnt);
    if (!list) out.refusal = list.error().text();
    Digests digests;
    for (const auto& entry : list ? list->cases : std::vector<AssignedCase>{}) {
      const auto place = at.find(keyOf(entry.item));
      if (place == at.end() && entry.tasks.empty()) continue;
      if (place == at.end())
        return fail(ErrorCode::Mismatch, "the run has divided images that are not among these data",
                    "bring back the data as they were, or audit the plan: that divides what is there now",
                    entry.item.id);
      const auto n = place->second;
      if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "the audit was stopped");
      if (request.division && request.voxels && out.images[n].tasks.empty())
        if (const auto same = digests.of({out.images[n].item, entry.split, {}, entry.digest});
            !same && same.error().code == ErrorCode::Mismatch)
          judge(out.images[n], {Severity::Warning, "changed", same.error().message}, request.plan);
      out.images[n].tasks = entry.tasks;
      if (!entry.tasks.empty()) splits[n].push_back(entry.split);
    }
    for (std::size_t n = 0; n < splits.size(); ++n)
      if (splits[n].size() == 1) out.images[n].split = splits[n].front();
    for (auto& image : out.images) judgeAnnotation(image, *request.plan);
    for (std::size_t t = 0; list && t < request.plan->tasks.size(); ++t)
      out.tasks.push_back(auditTask(*request.plan, t, out.images, splits));
    std::vector<image::Geometry> grids;
    for (const auto& image : out.images)
      if (!image.tasks.empty() && image.item.kind != "picture" && !image.item.geometry.pixels)
        grids.push_back(image.item.geometry);
    if (!grids.empty()) out.advice = adviseGrid(grids, budgetOf(*request.plan));
  }
  findDoubles(
      out.images, "pixels", [](const AuditedImage& i) { return i.reading ? i.reading->fingerprint : ""; }, out.doubles);
  findDoubles(
      out.images, "series",
      [&](const AuditedImage& i) {
        const auto found = seriesOf.find(startOf(i.item));
        return found == seriesOf.end() ? "" : found->second->seriesUid + "\n" + found->second->part;
      },
      out.doubles);
  findDoubles(
      out.images, "patient", [](const AuditedImage& i) { return i.item.patient; }, out.doubles);
  return out;
}

}  // namespace lorkd::data
