#include <algorithm>
#include <set>

#include "core/data/layout/LabelFolders.h"
#include "core/data/layout/Listed.h"
#include "core/data/layout/People.h"
#include "core/data/layout/Reading.h"
#include "core/io/Series.h"
#include "core/io/VolumeFile.h"

namespace lorkd::data::layout {
namespace {

namespace fs = std::filesystem;

constexpr std::size_t kLeftShown = 20, kExamples = 10;

/// Counts names in the order of their first places.
class Tally {
 public:
  explicit Tally(std::vector<std::pair<std::string, std::size_t>>& out) : m_out(out) {}
  void add(const std::string& name) {
    const auto [known, fresh] = m_at.emplace(name, m_out.size());
    if (fresh) m_out.emplace_back(name, 0);
    ++m_out[known->second].second;
  }

 private:
  std::vector<std::pair<std::string, std::size_t>>& m_out;
  std::map<std::string, std::size_t> m_at;
};

std::string patientOf(const Reading& reading, const People& people, const std::string& path, const std::string& said) {
  if (const auto ruled = reading.patients.of(path)) return *ruled;
  return said.empty() ? people.patients.at(path) : said;
}

std::vector<std::string> groupsOf(const Reading& reading, const std::string& path) {
  std::vector<std::string> out;
  if (const auto groups = reading.patients.groups(path))
    for (std::size_t n = groups->size() > 1 ? 1 : 0; n < groups->size(); ++n) out.push_back((*groups)[n].value_or(""));
  return out;
}

void tellLeft(Preview& out, const LeftOut& one) {
  ++out.left;
  if (out.firstLeft.size() < kLeftShown) out.firstLeft.push_back(one);
}

void byAssignment(const Reading& reading, Preview& out) {
  const auto arranged = arrange(*reading.assignment);
  std::vector<std::pair<fs::path, Name>> called;
  for (const auto& image : arranged.images) called.emplace_back(image.files.front(), nameOf(image.files.front(), {}));
  const auto people = peopleOf(called);
  std::set<std::string> patients;
  Tally channels(out.channels), structures(out.structures), splits(out.splits);
  for (const auto& image : arranged.images) {
    ++out.images;
    out.labels += image.labels.size();
    out.imagesWithoutLabels += image.labels.empty() ? 1 : 0;
    const auto patient = patientOf(reading, people, image.files.front(), image.patient);
    patients.insert(patient);
    const auto split = image.split.empty() ? splitOf(image.files.front()) : image.split;
    splits.add(split);
    for (const auto& file : image.files)
      if (const auto& channel = reading.assignment->at(file).channel; !channel.empty()) channels.add(channel);
    std::set<std::string> marked;
    for (const auto& file : image.labels)
      if (const auto& structure = reading.assignment->at(file).structure; !structure.empty()) marked.insert(structure);
    for (const auto& structure : marked) structures.add(structure);
    if (out.examples.size() < kExamples)
      out.examples.push_back({patient, split, image.files, image.labels, groupsOf(reading, image.files.front())});
  }
  out.patients = patients.size();
  for (const auto* left : {&arranged.left, &reading.left})
    for (const auto& one : *left) {
      out.labelsWithoutImages += one.code == "unpaired-label" ? 1 : 0;
      tellLeft(out, one);
    }
}

/// By words alone: what is one image shows only when the files' grids are known.
void byNames(const Reading& reading, const Files& files, Preview& out) {
  out.paired = false;
  const std::vector<fs::path> paths(files.volumes.begin(), files.volumes.end());
  const auto channels = channelStems(paths);
  const auto folders = labelFolders(paths, channels);
  std::map<fs::path, Name> names;
  for (const auto& path : paths) names.emplace(path, nameOf(path, channels, folders));
  const auto listed = listedNames(files.folder, paths, names);
  std::vector<std::pair<fs::path, Name>> called;
  for (const auto& [path, name] : names)
    if (name.role == Role::Image) called.emplace_back(path, name);
  const auto people = peopleOf(called);
  std::set<std::string> patients;
  std::map<std::pair<fs::path, std::vector<std::string>>, Preview::Example> images;
  Tally structures(out.structures), splits(out.splits);
  for (const auto& path : files.volumes) {
    const auto& name = listed.contains(path) ? listed.at(path) : names.at(path);
    const auto given = reading.labels.find(path);
    if (given != reading.labels.end() || name.role == Role::Labels) {
      ++out.labels;
      if (given != reading.labels.end() && !given->second.structure.empty()) structures.add(given->second.structure);
    } else if (name.role == Role::Part) {
      tellLeft(out, {path, "part-of-annotation", "a piece of an annotation, which the labels beside it hold whole"});
    } else if (name.role == Role::Prediction) {
      tellLeft(out, {path, "prediction", "named as what a network has predicted"});
    } else {
      auto key = name.place;
      key.insert(key.end(), name.stem.begin(), name.stem.end());
      auto& image = images[{fs::path(path).parent_path(), key}];
      image.images.push_back(path);
      if (image.images.size() > 1) continue;
      const auto who = people.patients.find(path);
      image.patient = patientOf(reading, people, path, who == people.patients.end() ? path : "");
      image.split = splitOf(path);
      image.groups = groupsOf(reading, path);
      patients.insert(image.patient);
      splits.add(image.split);
    }
  }
  out.images = images.size();
  out.patients = patients.size();
  for (const auto& [key, image] : images)
    if (out.examples.size() < kExamples) out.examples.push_back(image);
}

}  // namespace

Result<Preview> preview(const Chosen& chosen, const Files& files) {
  LORKD_TRY(reading, readingOf(chosen, files));
  Preview out;
  out.reader = reading.reader;
  out.title = reading.title;
  out.volumes = files.volumes.size();
  if (reading.assignment)
    byAssignment(reading, out);
  else
    byNames(reading, files, out);
  std::erase_if(out.splits, [](const auto& split) { return split.first.empty(); });
  return out;
}

Result<Files> listFiles(const fs::path& folder, const CancelToken& cancel) {
  LORKD_TRY(listed, io::listFolder(folder, cancel));
  Files out{folder, {}, {}};
  std::set<std::string> series;
  for (const auto& file : listed.files) {
    // Most DICOM is called so, or has no ending.
    const fs::path path(file.path);
    const auto ending = path.extension().string();
    if ((ending.empty() || ending == ".dcm" || ending == ".DCM" || ending == ".ima" || ending == ".IMA") &&
        path.has_parent_path())
      series.insert(path.parent_path().generic_string() + "/");
  }
  out.folders.assign(series.begin(), series.end());
  for (auto& file : listed.files)
    (io::isVolumeFile(file.path) ? out.volumes : out.others).push_back(std::move(file.path));
  return out;
}

}  // namespace lorkd::data::layout
