#include "core/data/DicomPeople.h"

#include <algorithm>
#include <set>

#include "core/data/layout/PeopleWords.h"
#include "core/io/Csv.h"

namespace lorkd::data {
namespace fs = std::filesystem;
namespace {

using layout::hasDigit;

/// Words without those that only say what a file is.
std::vector<std::string> smallWords(const std::string& text) {
  auto words = layout::wordsOf(text);
  for (auto& word : words) word = io::lowered(word);
  return words;
}

/// Whether words are enough to know somebody by.
bool tellsWho(const std::vector<std::string>& words) {
  std::size_t letters = 0;
  for (const auto& word : words) letters += word.size();
  return letters >= 3 && !layout::isStudy(words) && !std::ranges::all_of(words, layout::isCommonWord);
}

/// The only one, or nothing.
std::string only(const std::set<std::string>& patients) { return patients.size() == 1 ? *patients.begin() : ""; }

}  // namespace

DicomPeople::DicomPeople(const io::Scan& scan, const fs::path& folder, const Pseudonym& pseudonym) {
  for (const auto& s : scan.series) {
    if (s.instances.empty() || !s.usable()) continue;
    const auto patient = "patient-" + pseudonym(s.patientId.empty() ? s.studyUid : s.patientId);
    if (const auto words = smallWords(s.patientId); tellsWho(words)) m_called[words].insert(patient);
    auto at = s.instances.front().file.parent_path().lexically_relative(folder);
    for (; !at.empty() && at != "."; at = at.parent_path()) m_below[at].insert(patient);
  }
  for (const auto& [at, patients] : m_below) {
    // The uppermost: below it, names are those of studies and series.
    const auto above = m_below.find(at.parent_path());
    if (patients.size() != 1 || (above != m_below.end() && above->second.size() == 1)) continue;
    m_besideOne[at.parent_path()].insert(*patients.begin());
    if (const auto words = smallWords(at.filename().string()); tellsWho(words))
      m_called[words].insert(patients.begin(), patients.end());
  }
}

std::string DicomPeople::byName(const fs::path& image) const {
  std::set<std::string> found;
  std::size_t longest = 0;
  const auto look = [&](const std::string& text) {
    const auto words = smallWords(text);
    for (std::size_t begin = 0; begin < words.size(); ++begin)
      for (std::size_t end = words.size(); end > begin && end - begin >= longest; --end) {
        const auto known = m_called.find(Words(words.begin() + static_cast<std::ptrdiff_t>(begin),
                                               words.begin() + static_cast<std::ptrdiff_t>(end)));
        if (known == m_called.end()) continue;
        if (end - begin > longest) found.clear();
        longest = end - begin;
        found.insert(known->second.begin(), known->second.end());
      }
  };
  for (const auto& part : image.parent_path()) look(part.string());
  look(layout::stemOf(image));
  return only(found);
}

bool DicomPeople::besideOthers(const fs::path& folder) const {
  const auto found = m_besideOne.find(folder.parent_path());
  return found != m_besideOne.end() && found->second.size() > 1;
}

std::string DicomPeople::byFolder(const fs::path& image, const std::map<fs::path, std::set<std::string>>& whoIn) const {
  for (auto at = image.parent_path(); !at.empty(); at = at.parent_path()) {
    const auto below = m_below.find(at);
    if (below == m_below.end()) continue;
    if (below->second.size() != 1) return {};
    const bool one = whoIn.at(at).size() == 1, beside = besideOthers(at);
    return one || beside ? only(below->second) : "";
  }
  return {};
}

std::map<fs::path, std::string> DicomPeople::of(const layout::NamedImages& images, const layout::People& people) const {
  std::map<fs::path, std::string> out;
  if (m_below.empty()) return out;
  std::map<fs::path, std::set<std::string>> whoIn;
  for (const auto& [path, who] : people.patients)
    for (auto at = path.parent_path(); !at.empty(); at = at.parent_path()) whoIn[at].insert(who);
  std::map<std::string, std::set<std::string>> patientsOf;
  for (const auto& [path, name] : images) {
    auto patient = byName(path);
    if (patient.empty()) patient = byFolder(path, whoIn);
    if (patient.empty()) continue;
    patientsOf[people.patients.at(path)].insert(patient);
    out.emplace(path, std::move(patient));
  }
  for (const auto& [path, name] : images)
    if (const auto known = patientsOf.find(people.patients.at(path)); known != patientsOf.end())
      if (const auto patient = only(known->second); !patient.empty()) out.emplace(path, patient);
  return out;
}

}  // namespace lorkd::data
