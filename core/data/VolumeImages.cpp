#include <algorithm>
#include <ranges>

#include "core/base/Composed.h"
#include "core/data/DicomPeople.h"
#include "core/data/PeopleFindings.h"
#include "core/data/TakeLabels.h"
#include "core/data/VolumePairing.h"
#include "core/data/layout/Listed.h"
#include "core/io/VolumeFile.h"

namespace lorkd::data {

namespace fs = std::filesystem;

Case VolumePairing::caseOf(std::vector<layout::Contrast>& channels) {
  const auto& first = *channels.front().volume;
  Case c;
  c.id = "case-" + m_pseudonym(m_source + "\n" + placed(first.relative));
  const auto& patient = m_people.patients.at(first.relative);
  const auto known = m_dicomPeople.find(first.relative);
  c.patient = known != m_dicomPeople.end()
                  ? known->second
                  : "patient-" + m_pseudonym(patient.starts_with("sub-") ? patient : placed(patient));
  c.kind = "volume";
  c.geometry = first.loose->geometry;
  c.modality = channels.front().channel.modality;
  for (auto& [volume, channel] : channels) {
    const auto& file = volume->loose->file;
    if (c.imageFiles.empty() || c.imageFiles.back() != file) c.imageFiles.push_back(file);
    channel.file = static_cast<int>(c.imageFiles.size()) - 1;
    if (channel.part >= 0) m_out.understood.insert(file);
    m_grids[file] = volume->loose->geometry;
    if (!channel.name.empty()) c.channels.push_back(channel);
    askOf(c, *volume->loose);
  }
  return c;
}

/// The cases of DICOM by their folders; where the plan itself names images, only those that it names stay.
std::map<std::string, std::vector<std::size_t>> VolumePairing::seriesByFolder() {
  const auto folderOf = [&](const Case& c) {
    return c.imageFiles.front().parent_path().lexically_relative(m_folder).generic_string() + "/";
  };
  const bool ruled = isRuled(m_reading);
  std::erase_if(m_out.cases, [&](const Case& c) {  // that they are left out is told of their folders
    return ruled && c.kind == "dicom" && !c.imageFiles.empty() && !m_reading.assignment->contains(folderOf(c));
  });
  std::map<std::string, std::vector<std::size_t>> out;
  for (std::size_t n = 0; n < m_out.cases.size(); ++n)
    if (m_out.cases[n].kind == "dicom" && !m_out.cases[n].imageFiles.empty())
      out[folderOf(m_out.cases[n])].push_back(n);
  return out;
}

void VolumePairing::addAssigned() {
  const auto series = seriesByFolder();
  for (auto& image : layout::assignedImages(m_reading, m_found, m_labels, m_tables, m_folder, m_out)) {
    if (!image.folder.empty()) {
      const auto there = series.find(image.folder);
      const bool one = there != series.end() && there->second.size() == 1;
      for (const auto& [label, structure] : image.labels)
        if (one)
          m_assigned[label] = {there->second.front(), structure};
        else
          leaveOut(label->loose->file, "unpaired-label",
                   "the folder " + image.folder + " holds no image in DICOM, or several");
      continue;
    }
    for (const auto& [label, structure] : image.labels) m_assigned[label] = {m_out.cases.size(), structure};
    auto& c = m_out.cases.emplace_back(caseOf(image.channels));
    c.split = image.split;
    if (!image.patient.empty())
      c.patient = "patient-" + m_pseudonym(image.patient.starts_with("sub-") ? image.patient : placed(image.patient));
  }
}

void VolumePairing::tellPeople() {
  std::vector<std::pair<fs::path, layout::Name>> called;
  for (const auto& image : m_found) called.emplace_back(image.relative, m_names.at(image.relative));
  m_people = layout::peopleOf(called);
  if (m_reading.assignment || !m_reading.patients.empty()) return;
  joinDicomPeople(called);
  if (auto told = joinedPeople(m_people)) m_out.findings.emplace_back(m_folder, std::move(*told));
}

void VolumePairing::joinDicomPeople(const layout::NamedImages& called) {
  m_dicomPeople = DicomPeople(m_scan, m_folder, m_pseudonym).of(called, m_people);
  if (m_dicomPeople.empty()) return;
  std::set<std::string> patients;
  for (const auto& [path, patient] : m_dicomPeople) patients.insert(patient);
  m_out.findings.emplace_back(
      m_folder,
      io::Finding{io::Finding::Severity::Note, "patients-of-dicom",
                  std::to_string(m_dicomPeople.size()) + " volume file(s) are taken for images of " +
                      std::to_string(patients.size()) + " patient(s) whose DICOM series lie here, too, for example " +
                      m_dicomPeople.begin()->first.generic_string() +
                      "; if they are not, data.sources.NAME.layout.patients can say so"});
}

void VolumePairing::addImages() {
  tellPeople();
  if (m_reading.assignment) return addAssigned();
  for (std::size_t n = 0; n < m_out.cases.size(); ++n) {
    if (m_out.cases[n].kind != "dicom" || m_out.cases[n].imageFiles.empty()) continue;
    const auto relative = m_out.cases[n].imageFiles.front().lexically_relative(m_folder);
    auto place = layout::nameOf(relative, {}).place;
    m_owners.add({n, place, relative.parent_path(), {}, {}, m_out.cases[n].geometry});
    if (place.empty()) continue;
    // A file is called like the folder of the series, in words.
    const auto words = layout::wordsOf(place.back());
    place.pop_back();
    place.insert(place.end(), words.begin(), words.end());
    m_owners.alsoCalled(place);
  }
  for (auto& channels : layout::imagesOf(m_found, m_labels, m_tables)) {
    const auto& first = *channels.front().volume;
    m_owners.add({m_out.cases.size(), first.key(), first.relative.parent_path(),
                  composed(layout::stemOf(first.relative)), layout::contrastsIn(first.name), first.loose->geometry});
    m_out.cases.push_back(caseOf(channels));
  }
  addSequences();
}

void VolumePairing::addSequences() {
  m_sequences.take(m_found, m_tables);
  for (const auto& sequence : m_sequences.withLabels(m_labelSequences))
    for (const int frame : sequence.marked) {
      std::vector<layout::Contrast> channels{{sequence.image, {}}};
      m_frames.push_back({sequence.labels, {m_out.cases.size(), sequence.structure}});
      auto& c = m_out.cases.emplace_back(caseOf(channels));
      c.id += "-frame" + std::to_string(frame);
      c.frame = frame;
      if (sequence.asked) c.consent.emplace_back("label-frames");
    }
}

}  // namespace lorkd::data
