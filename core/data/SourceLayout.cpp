#include "core/data/SourceLayout.h"

#include <algorithm>
#include <set>
#include <tuple>

#include "core/base/Digest.h"
#include "core/base/File.h"

namespace lorkd::data {
namespace {

/// To be raised when the same rule or reader would make something else of the same files.
constexpr int kReadings = 1;

std::string belowFolder(const std::filesystem::path& file, const std::filesystem::path& folder) {
  return file.lexically_relative(folder).generic_string();
}

}  // namespace

std::string layoutKey(const layout::Chosen& chosen, const std::filesystem::path& folder) {
  Json key{{"layout", chosen.layout}, {"readings", kReadings}, {"readers", Json::array()}, {"tables", Json::array()}};
  for (const auto& reader : chosen.readers) key["readers"].push_back(reader.name);
  for (const auto& table : {chosen.layout.table, chosen.layout.patients.table}) {
    if (table.empty()) continue;
    const auto bytes = readFile(folder / table);
    key["tables"].push_back(bytes ? sha256(*bytes) : "");
  }
  return key.dump(-1, ' ', false, Json::error_handler_t::replace);
}

plan::Layout layoutOf(const std::string& key) {
  const auto json = Json::parse(key, nullptr, false);
  return json.is_object() && json.contains("layout") ? json["layout"].get<plan::Layout>() : plan::Layout();
}

bool isRuled(const layout::Reading& reading) { return reading.reader == "rules" || reading.reader == "table"; }

Result<layout::Reading> readingOf(const layout::Chosen& chosen, const io::Scan& scan, const std::string& source,
                                  const std::filesystem::path& folder, bool single) {
  layout::Files files{folder, {}, {}, {}};
  std::vector<std::string> pictures;
  for (const auto& loose : scan.loose) {
    const auto path = belowFolder(loose.file, folder);
    (loose.kind == "volume" ? files.volumes : files.others).push_back(path);
    if (loose.kind == "image" || loose.kind == "npz") pictures.push_back(path);
  }
  for (const auto& [file, finding] : scan.rejected)
    if (finding.code == "unknown-kind") files.others.push_back(belowFolder(file, folder));
  std::set<std::string> folders;
  for (const auto& series : scan.series)
    if (!series.instances.empty() && series.modality != "SEG" && series.modality != "RTSTRUCT")
      folders.insert(belowFolder(series.instances.front().file.parent_path(), folder) + "/");
  files.folders.assign(folders.begin(), folders.end());
  std::ranges::sort(files.volumes);
  std::ranges::sort(files.others);
  auto how = chosen;
  if (single && how.layout.reader == "auto") how.layout.reader = "names";
  auto reading = layout::readingOf(how, files);
  if (!reading) return fail(reading.error(), "data.sources." + source + ".layout");
  if (isRuled(*reading))
    for (const auto& path : pictures) reading->left.push_back({path, "no-rule", "rules are for volumes, not pictures"});
  return reading;
}

PatientRule patientRule(const plan::Layout& layout, const std::filesystem::path& folder) {
  const auto& [pattern, table] = std::tie(layout.patients.pattern, layout.patients.table);
  return {pattern, table.empty() ? std::filesystem::path() : (folder / table).lexically_normal()};
}

void takePatients(const layout::Reading& reading, const std::filesystem::path& folder, const Pseudonym& pseudonym,
                  Pairing& pairing) {
  if (reading.patients.empty()) return;
  std::vector<std::string> unnamed;
  for (auto& c : pairing.cases) {
    if (c.kind == "picture" || c.imageFiles.empty()) continue;
    const auto path = belowFolder(c.imageFiles.front(), folder);
    if (const auto patient = reading.patients.of(path))
      c.patient = "patient-" +
                  pseudonym(patient->starts_with("sub-") ? *patient : (folder.filename() / *patient).generic_string());
    else
      unnamed.push_back(path);
  }
  if (unnamed.empty()) return;
  pairing.findings.emplace_back(
      folder, io::Finding{io::Finding::Severity::Warning, "patient-unsaid",
                          "neither the pattern nor the table of patients says whose " + std::to_string(unnamed.size()) +
                              " image(s) are, such as " + unnamed.front() + "; their names say it instead"});
}

}  // namespace lorkd::data
