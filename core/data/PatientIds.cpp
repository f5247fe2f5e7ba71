// Patient identifiers of DICOM data that cannot be right: they decide what is divided into training and test.
#include <algorithm>
#include <cctype>
#include <map>
#include <set>

#include "core/data/Pairing.h"

namespace lorkd::data {
namespace {

using io::Finding;

/// A name without what different programs write differently: letter case, separators, empty components.
std::string plainPatientName(const std::string& name) {
  std::string out;
  for (const unsigned char c : name)
    if (std::isalnum(c) || c >= 128) out += static_cast<char>(std::tolower(c));
  return out;
}

struct Known {
  std::set<std::string> names, studies;
  std::set<std::filesystem::path> folders;
  const io::Series* first = nullptr;
};

std::filesystem::path folderOf(const io::Series& s) { return s.instances.front().file.parent_path(); }

}  // namespace

void checkPatients(const io::Scan& scan, Pairing& out) {
  std::map<std::string, Known> byId;
  std::map<std::string, std::set<std::string>> idsOfStudy;
  std::map<std::string, const io::Series*> ofStudy;
  std::set<std::string> studies;
  for (const auto& s : scan.series) {
    if (s.instances.empty() || s.studyUid.empty()) continue;
    studies.insert(s.studyUid);
    idsOfStudy[s.studyUid].insert(s.patientId);
    ofStudy.try_emplace(s.studyUid, &s);
    if (s.patientId.empty()) continue;
    auto& known = byId[s.patientId];
    if (!known.first) known.first = &s;
    if (const auto name = plainPatientName(s.patientName); !name.empty()) known.names.insert(name);
    known.studies.insert(s.studyUid);
    known.folders.insert(folderOf(s));
  }
  const auto warn = [&](const io::Series& s, const char* code, std::string message) {
    out.findings.emplace_back(folderOf(s), Finding{Finding::Severity::Warning, code, std::move(message)});
  };
  constexpr const char* kOne = ": they count as one patient, who is never divided between training and test";
  for (const auto& [id, known] : byId) {
    if (known.names.size() > 1)
      warn(*known.first, "patient-id-shared",
           "one patient identifier stands for " + std::to_string(known.names.size()) + " patients by their names" +
               kOne);
    else if (known.studies.size() > 2 && known.studies.size() == studies.size() &&
             known.folders.size() >= known.studies.size())
      warn(*known.first, "patient-id-shared",
           "all " + std::to_string(studies.size()) +
               " studies have one and the same patient identifier, as programs that remove names may leave behind" +
               kOne);
  }
  for (const auto& [study, ids] : idsOfStudy)
    if (ids.size() > 1)
      warn(*ofStudy[study], "patient-ids-in-study",
           "the series of one study have " + std::to_string(ids.size()) +
               " different patient identifiers: one person may be several patients, and stand in training and test");
}

}  // namespace lorkd::data
