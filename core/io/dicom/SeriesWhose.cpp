#include "core/io/dicom/SeriesWhose.h"

#include <algorithm>
#include <fstream>
#include <map>
#include <set>
#include <tuple>

#include "core/io/dicom/SlicePixels.h"

namespace lorkd::io {
namespace fs = std::filesystem;
namespace {

using Severity = Finding::Severity;
using Slices = std::vector<SliceHeader>;

auto whoOf(const SliceHeader& h) { return std::tie(h->patientId, h->patientName, h->birthDate, h->studyUid); }

bool sameBytes(const fs::path& a, const fs::path& b) {
  std::error_code ignored;
  if (fs::equivalent(a, b, ignored)) return true;
  if (fs::file_size(a, ignored) != fs::file_size(b, ignored)) return false;
  std::ifstream one(a, std::ios::binary), other(b, std::ios::binary);
  std::vector<char> x(1 << 16), y(1 << 16);
  while (one && other) {
    one.read(x.data(), std::ssize(x));
    other.read(y.data(), std::ssize(y));
    if (one.gcount() != other.gcount() || !std::equal(x.begin(), x.begin() + one.gcount(), y.begin())) return false;
  }
  return true;
}

// Whether both are the same picture at the same place, as far as they can be read.
class SamePicture {
 public:
  bool operator()(const SliceHeader& a, const SliceHeader& b) {
    const auto files = std::pair(a.file, b.file);
    if (m_files != files) m_files = files, m_bytes = sameBytes(a.file, b.file);
    if (m_bytes) return true;
    // What is cut off is judged, and left out, as a damaged copy.
    if (!a.truncation.empty() || !b.truncation.empty()) return true;
    if (a.position != b.position || a->orientation != b->orientation || a->spacing != b->spacing) return false;
    const auto x = values(m_one, a), y = values(m_other, b);
    return !x || !y || *x == *y;
  }

 private:
  static Result<std::vector<float>> values(SlicePixels& source, const SliceHeader& h) {
    LORKD_CHECK(source.header(h.file, h.frame));
    return source.pixels();
  }
  std::pair<fs::path, fs::path> m_files;
  bool m_bytes = false;
  SlicePixels m_one, m_other;
};

// What makes slices copies of one another: programs that remove names may give one UID to slices of several places.
using Instance = std::tuple<std::string, int, std::optional<image::Vec3>>;
using Instances = std::map<Instance, std::vector<const SliceHeader*>>;

Instance instanceOf(const SliceHeader& h) { return {h.sopInstanceUid, h.frame, h.position}; }

// Whether several slices have one UID.
bool anyRepeated(const Slices& slices) {
  std::vector<std::pair<std::string_view, int>> all;
  for (const auto& h : slices)
    if (!h.sopInstanceUid.empty()) all.emplace_back(h.sopInstanceUid, h.frame);
  std::ranges::sort(all);
  return std::ranges::adjacent_find(all) != all.end();
}

// Those that are there several times.
Instances repeated(const Slices& slices) {
  Instances found;
  for (const auto& h : slices)
    if (!h.sopInstanceUid.empty()) found[instanceOf(h)].push_back(&h);
  std::erase_if(found, [](const auto& entry) { return entry.second.size() < 2; });
  return found;
}

// Leaves the first of each instance, whole ones before those that are cut off.
std::optional<Finding> dropCopies(Slices& slices) {
  std::ranges::stable_partition(slices, &std::string::empty, &SliceHeader::truncation);
  std::set<Instance> seen;
  std::set<fs::path> copies;
  std::erase_if(slices, [&](const SliceHeader& h) {
    if (h.sopInstanceUid.empty() || seen.insert(instanceOf(h)).second) return false;
    copies.insert(h.file);
    return true;
  });
  if (copies.empty()) return std::nullopt;
  return Finding{Severity::Warning, "duplicate-file",
                 std::to_string(copies.size()) + " file(s) repeat an instance that is there already, for example " +
                     copies.begin()->filename().string()};
}

// Copies of one instance with other pixels, the first two: nothing if there are none.
std::optional<std::pair<fs::path, fs::path>> differing(const Slices& slices) {
  SamePicture same;
  for (const auto& [instance, copies] : repeated(slices))
    for (std::size_t n = 1; n < copies.size(); ++n)
      if (!same(*copies.front(), *copies[n])) return std::pair(copies.front()->file, copies[n]->file);
  return std::nullopt;
}

void splitByCopies(WhoseSlices all, std::vector<WhoseSlices>& out) {
  const auto take = [&](WhoseSlices one) {
    if (auto copies = dropCopies(one.slices)) one.findings.insert(one.findings.begin(), std::move(*copies));
    if (anyRepeated(one.slices))
      one.findings.push_back(
          {Severity::Warning, "repeated-instance-uid",
           "slices of several places have one SOP Instance UID: they are all used, but labels cannot "
           "tell them apart"});
    out.push_back(std::move(one));
  };
  if (!anyRepeated(all.slices)) {  // as nearly always
    out.push_back(std::move(all));
    return;
  }
  const auto two = differing(all.slices);
  if (!two) return take(std::move(all));
  const auto what =
      "copies of one instance have other pixels, for example " + two->first.string() + " and " + two->second.string();
  std::map<fs::path, Slices> folders;
  for (auto& h : all.slices) folders[h.file.parent_path()].push_back(std::move(h));
  const bool apart = folders.size() > 1 && std::ranges::none_of(folders, [](const auto& folder) {
                       return differing(folder.second).has_value();
                     });
  if (!apart) {
    WhoseSlices one{std::move(all.name), {}, std::move(all.findings)};
    for (auto& [folder, slices] : folders) std::ranges::move(slices, std::back_inserter(one.slices));
    one.findings.push_back({Severity::Unusable, "different-copies",
                            what + ": nothing says which of them is meant; take the others out of the folder"});
    return take(std::move(one));
  }
  int number = 0;
  for (auto& [folder, slices] : folders) {
    WhoseSlices one{all.name + (all.name.empty() ? "copy " : ", copy ") + std::to_string(++number), std::move(slices),
                    all.findings};
    one.findings.push_back(
        {Severity::Warning, "different-copies", what + ": the files of each folder are a volume of their own"});
    take(std::move(one));
  }
}

// All slices as of a patient without an identifier.
void forgetPatient(Slices& slices) {
  std::shared_ptr<const SeriesHeader> last, made;
  for (auto& h : slices) {
    if (h.series != last) {
      last = h.series;
      auto series = *last;
      series.patientId.clear();
      series.patientName.clear();
      series.birthDate.clear();
      if (!made || *made != series) made = std::make_shared<const SeriesHeader>(std::move(series));
    }
    h.series = made;
  }
}

}  // namespace

std::vector<WhoseSlices> splitByWhose(Slices slices) {
  std::vector<WhoseSlices> out;
  const auto& first = slices.front();
  if (std::ranges::all_of(slices,
                          [&](const auto& h) { return h.series == first.series || whoOf(h) == whoOf(first); })) {
    splitByCopies({{}, std::move(slices), {}}, out);
    return out;
  }
  std::map<std::tuple<std::string, std::string, std::string, std::string>, Slices> people;
  std::set<std::string> patients, studies;
  std::set<fs::path> files;
  for (const auto& h : slices) {
    patients.insert(h->patientId);
    studies.insert(h->studyUid);
    files.insert(h.file);
  }
  constexpr std::size_t kFew = 3;
  if (studies.size() == 1 && files.size() >= kFew && patients.size() == files.size()) {
    forgetPatient(slices);
    splitByCopies({{},
                   std::move(slices),
                   {{Severity::Consent, "patient-per-file",
                     "each of the " + std::to_string(files.size()) +
                         " files has a patient identifier of its own, as programs that remove names may leave behind; "
                         "with consent they are one patient, told from others by the study"}}},
                  out);
    return out;
  }
  for (auto& h : slices) people[whoOf(h)].push_back(std::move(h));
  int number = 0;
  for (auto& [who, own] : people) {
    WhoseSlices one{
        (studies.size() == people.size() && patients.size() == 1 ? "study " : "patient ") + std::to_string(++number),
        std::move(own),
        {}};
    one.findings.push_back({Severity::Warning, "mixed-patients",
                            "files of one series name " + std::to_string(people.size()) +
                                " patients or studies (identifier, name, birth date, study): each is a volume of its "
                                "own, " +
                                one.name + " of " + std::to_string(people.size())});
    splitByCopies(std::move(one), out);
  }
  return out;
}

}  // namespace lorkd::io
