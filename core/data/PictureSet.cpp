#include "core/data/PictureSet.h"

#include <algorithm>
#include <set>

#include "core/base/Digest.h"
#include "core/base/Progress.h"
#include "core/data/PictureTable.h"
#include "core/data/layout/PictureFolders.h"
#include "core/data/layout/PicturePeople.h"
#include "core/io/Series.h"

namespace lorkd::data {
namespace fs = std::filesystem;
namespace {

using io::Finding, io::PictureSet;
using Severity = io::Finding::Severity;

void tellSome(PictureSet& set, Severity severity, const char* code, const std::string& what,
              const std::vector<std::string>& names) {
  if (names.empty()) return;
  std::string first;
  for (std::size_t n = 0; n < std::min<std::size_t>(3, names.size()); ++n)
    first += (n ? ", " : "") + names[n].substr(0, 100);
  set.findings.push_back(
      {severity, code, std::to_string(names.size()) + " " + what + ": " + first + (names.size() > 3 ? ", ..." : "")});
}

Result<PictureSet> readFolders(const fs::path& folder) {
  LORKD_TRY(listed, io::listFolder(folder, CancelToken()));
  std::vector<fs::path> relative;
  for (const auto& stamp : listed.files)
    if (io::isPicture(folder / stamp.path)) relative.emplace_back(stamp.path);
  if (relative.empty())
    return fail(ErrorCode::InvalidArgument, "the folder holds no pictures", "choose the folder that holds them",
                folder.string());
  const auto said = layout::pictureFolders(relative);
  if (!said.refusal.empty())
    return fail(ErrorCode::InvalidArgument, "the folders do not say which class a picture has",
                "put each picture into a folder called after its class, or add a table that begins with a line such "
                "as: filename,label",
                folder.string() + " (" + said.refusal + ")");
  PictureSet set;
  set.classes = said.classes;
  std::vector<std::string> masks, copies, alone;
  for (std::size_t n = 0; n < relative.size(); ++n) {
    const auto& place = said.pictures[n];
    auto name = relative[n].generic_string();
    if (place.mask)
      masks.push_back(std::move(name));
    else if (place.copy)
      copies.push_back(std::move(name));
    else if (place.classes.empty())
      alone.push_back(std::move(name));
    else
      set.examples.push_back({std::move(name), folder / relative[n], {}, place.classes, place.split, place.person});
  }
  tellSome(set, Severity::Note, "mask-picture", "picture(s) are masks by their names, and no examples of a class",
           masks);
  tellSome(set, Severity::Warning, "augmented-copy",
           "picture(s) lie in folders of augmented ones and are left out: copies of test pictures would be learnt",
           copies);
  tellSome(set, Severity::Warning, "picture-without-class", "picture(s) lie in no folder of a class, and are left out",
           alone);
  if (!said.joined.empty())
    set.findings.push_back(
        {Severity::Note, "classes-joined", "folders that differ in letter case alone are one class: " + said.joined});
  if (!said.told.empty())
    set.findings.push_back({Severity::Note, "folders-are-no-classes",
                            "these folders are taken to keep pictures together, and for no classes: " + said.told});
  if (!said.question.empty())
    set.findings.push_back(
        {Severity::Consent, "class-folders", said.question + "; with consent they are taken as classes"});
  if (set.examples.empty())
    return fail(ErrorCode::InvalidArgument, "no picture is an example of a class", "", folder.string());
  return set;
}

/// Whose pictures they are, where the set does not say it, by their folders, else by their names.
void findPeople(PictureSet& set, const fs::path& root) {
  if (std::ranges::none_of(set.examples, [](const auto& example) { return example.patient.empty(); })) return;
  std::vector<fs::path> relative;
  std::vector<layout::PictureName> names;
  for (const auto& example : set.examples) {
    relative.push_back(example.file.lexically_relative(root));
    const bool one = example.labels.size() == 1;
    names.push_back({example.file.stem().string(),
                     one ? set.classes.at(static_cast<std::size_t>(example.labels.front())) : std::string()});
  }
  const auto folders = layout::pictureFolders(relative);
  const auto people = layout::peopleOf(names);
  for (std::size_t n = 0; n < set.examples.size(); ++n) {
    auto& patient = set.examples[n].patient;
    if (patient.empty()) patient = folders.pictures[n].person;
    if (patient.empty()) patient = people[n];
  }
}

void checkPeople(PictureSet& set) {
  std::map<std::string, std::set<std::string>> parts;
  std::size_t unknown = 0;
  for (const auto& example : set.examples)
    if (example.patient.empty())
      ++unknown;
    else if (!example.split.empty())
      parts[example.patient].insert(example.split);
  std::vector<std::string> torn;
  for (const auto& example : set.examples)
    if (auto& in = parts[example.patient]; in.size() > 1) torn.push_back(example.id), in.clear();
  tellSome(set, Severity::Warning, "patient-in-splits",
           "patient(s) have pictures in several of the given parts, so that scores on these come out too good, for "
           "example",
           torn);
  if (unknown == set.examples.size())
    set.findings.push_back({Severity::Note, "people-unknown",
                            "nothing says whose pictures these are: each counts as one of another person, and pictures "
                            "of one may be learnt from and tested on; a column patient_id in a table tells"});
}

/// Classes that are tested and never learnt: mostly one class under two names.
void checkParts(PictureSet& set) {
  std::vector<std::set<std::string>> parts(set.classes.size());
  bool learnt = false;
  for (const auto& example : set.examples) {
    learnt |= example.split == "train";
    for (const int cls : example.labels) parts[static_cast<std::size_t>(cls)].insert(example.split);
  }
  std::vector<std::string> names;
  for (std::size_t cls = 0; cls < parts.size(); ++cls)
    if (learnt && !parts[cls].empty() && !parts[cls].contains("train") && !parts[cls].contains(""))
      names.push_back(set.classes[cls]);
  tellSome(set, Severity::Warning, "class-in-parts",
           "class(es) have pictures in validation or test, and none to train on; are they called otherwise there",
           names);
}

}  // namespace

Result<PictureSet> readPictureSet(const std::vector<fs::path>& files) {
  if (files.empty()) return fail(ErrorCode::InvalidArgument, "the set has no files", "scan its source again");
  std::error_code ignored;
  const auto& first = files.front();
  if (first.extension() == ".npz") return io::readNpz(first);
  const bool tables = !fs::is_directory(first, ignored);
  auto own = files;
  fs::path root = tables ? first.parent_path() : first;
  if (tables && fs::is_directory(own.back(), ignored)) root = own.back(), own.pop_back();
  Result<PictureSet> set;
  if (tables) {
    LORKD_TRY(places, layout::PicturePlaces::open(root));
    set = readPictureTables(own, places);
  } else {
    set = readFolders(root);
  }
  if (!set) return set;
  findPeople(*set, root);
  checkPeople(*set);
  checkParts(*set);
  return set;
}

Result<std::string> pictureDigest(const std::vector<fs::path>& files) {
  Sha256 all;
  std::error_code ignored;
  for (const auto& file : files) {
    if (fs::is_directory(file, ignored)) continue;
    LORKD_TRY(digest, sha256File(file));
    all.update(digest + "\n");
  }
  if (!files.empty() && files.front().extension() == ".npz") return all.hex();
  LORKD_TRY(set, readPictureSet(files));
  for (const auto& example : set.examples) {
    LORKD_TRY(digest, sha256File(example.file));
    all.update(digest + " " + example.id + "\n");
  }
  return all.hex();
}

PictureCounts countsOf(const PictureSet& set) {
  PictureCounts out;
  std::set<std::string> people;
  for (const auto& example : set.examples) {
    ++out.pictures;
    ++out.parts[example.split == "val" ? "validation" : example.split];
    if (example.patient.empty())
      ++out.people;
    else
      people.insert(example.patient);
  }
  out.people += std::ssize(people);
  return out;
}

}  // namespace lorkd::data
