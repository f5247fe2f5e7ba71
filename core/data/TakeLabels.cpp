#include "core/data/TakeLabels.h"

#include <algorithm>

#include "core/data/LabelGrid.h"
#include "core/data/PossibleLabels.h"
#include "core/data/Sequences.h"

namespace lorkd::data {

void askOf(Case& c, const io::LooseFile& file) {
  for (const auto& f : file.findings)
    if (f.severity == io::Finding::Severity::Consent && std::ranges::count(c.consent, f.code) == 0)
      c.consent.push_back(f.code);
}

std::optional<layout::Structures> LabelTaking::read(const Case& c, const layout::VolumeEntry& label,
                                                    const std::string& structure) {
  const auto& file = label.loose->file;
  const auto& geometry = label.loose->geometry;
  if (!sameLabelGrid(geometry, c.geometry) && !liesIn(geometry, c.geometry) && geometry.size != c.geometry.size) {
    leaveOut(
        file, "label-geometry",
        "the labels lie on another grid than their image " + c.imageFiles.front().string() + ", and mostly beside it");
    return std::nullopt;
  }
  const auto occurring = c.frame >= 0 ? valuesOfFrame(file, c.frame, m_remembered)
                                      : m_remembered("label layers", file, [&]() -> Result<Json> {
                                          LORKD_TRY(values, labelValues(file));
                                          return Json(values);
                                        });
  const auto table = m_tables.of(file, label.relative);
  auto known = occurring && table ? layout::structuresOf(occurring->get<LayerValues>(), *table, structure)
                                  : std::unexpected(occurring ? table.error() : occurring.error());
  if (!known) {
    if (!table) m_out.understood.insert(table.error().context);
    leaveOut(file, "label-values", known.error().text());
    return std::nullopt;
  }
  const auto& values = *occurring;
  if (table->file.empty() && table->declared.empty() && values.size() == 1 && values.front().size() > 8)
    if (const auto look = rememberedLook(file, m_remembered); look && look->likeIntensities()) {
      leaveOut(file, "label-values",
               "named as labels, but it holds " + std::to_string(look->distinct) +
                   " values that change from voxel to voxel, as those of an image do: if it is one, say so by a "
                   "pattern in data.sources.NAME.layout.images; if it is labels, name its values in a table, " +
                   layout::stemOf(file) + ".csv beside it");
      return std::nullopt;
    }
  m_out.understood.insert(table->file);
  m_out.understood.insert(table->besides.begin(), table->besides.end());
  return std::move(*known);
}

void LabelTaking::addStructure(Case& c, layout::Structures::One structure, int file) {
  for (auto& place : structure.places) place.file = file;
  const auto same =
      std::ranges::find_if(c.labels, [&](const auto& n) { return image::sameLabel(n, structure.label.name); });
  if (same == c.labels.end()) {
    c.labels.push_back(structure.label.name);
    c.labelInfo.push_back(std::move(structure.label));
    c.places.push_back(std::move(structure.places));
    if (structure.twice) takeAnswer(c, c.labels.back(), c.labelFiles[static_cast<std::size_t>(file)], m_out);
    return;
  }
  // Two answers to one question are not one answer.
  auto& places = c.places[static_cast<std::size_t>(same - c.labels.begin())];
  places.insert(places.end(), structure.places.begin(), structure.places.end());
  takeAnswer(c, *same, c.labelFiles[static_cast<std::size_t>(file)], m_out);
}

void LabelTaking::take(Case& c, const layout::VolumeEntry& label, const std::string& structure) {
  auto known = read(c, label, structure);
  if (!known) return;
  const auto& file = label.loose->file;
  const auto& geometry = label.loose->geometry;
  const bool turned = sameVoxels(geometry, c.geometry), moved = !sameLabelGrid(geometry, c.geometry);
  // As many voxels along each axis: rather a header that lost its place than labels of another grid.
  const bool misplaced = moved && !turned && geometry.size == c.geometry.size;
  if (misplaced) {
    if (std::ranges::count(c.consent, "label-affine") == 0) c.consent.emplace_back("label-affine");
    m_out.findings.emplace_back(
        file, io::Finding{io::Finding::Severity::Consent, "label-affine",
                          "the labels have the voxels of their image " + c.imageFiles.front().string() +
                              ", but their header places them elsewhere; with consent the place is "
                              "ignored, and each voxel gets the label that stands at it in the file"});
  } else if (moved && !turned) {
    if (std::ranges::count(c.consent, "label-grid") == 0) c.consent.emplace_back("label-grid");
    m_out.findings.emplace_back(
        file, io::Finding{io::Finding::Severity::Consent, "label-grid",
                          "the labels lie on another grid than their image " + c.imageFiles.front().string() +
                              "; with consent each voxel takes the nearest label"});
  }
  const auto number = static_cast<int>(c.labelFiles.size());
  if (misplaced)
    c.misplaced.push_back(number);
  else if (moved)
    c.resampled.push_back(number);
  c.labelFiles.push_back(file);
  askOf(c, *label.loose);
  for (const auto& f : label.loose->findings)
    if (f.severity != io::Finding::Severity::Unusable) m_out.findings.emplace_back(file, f);
  if (const auto table = m_tables.of(file, label.relative); table && c.labelNames.empty()) c.labelNames = table->file;
  for (auto& one : known->structures) addStructure(c, std::move(one), number);
  for (auto& place : known->ignored) {
    place.file = number;
    c.ignored.push_back(place);
  }
}

void takeAnswer(Case& c, const std::string& label, const std::filesystem::path& file, Pairing& out) {
  if (std::ranges::count(c.contested, label) == 0) c.contested.push_back(label);
  out.findings.emplace_back(file, io::Finding{io::Finding::Severity::Warning, "second-answer",
                                              "'" + label +
                                                  "' is marked in other labels of the same image, too: "
                                                  "data.sources.NAME.answers says which of them count"});
}

}  // namespace lorkd::data
