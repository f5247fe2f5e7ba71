#include "core/data/TakeMask.h"

#include <algorithm>
#include <set>

namespace lorkd::data {
namespace fs = std::filesystem;

Result<layout::Structures> describedStructures(const MaskValues& values, const layout::LabelTable& table) {
  const auto refused = [&](const std::string& what) {
    return fail(ErrorCode::Format, what, "correct " + table.file.filename().string() + ", or write the mask anew");
  };
  if (values.lossy) return refused("the mask is a JPEG, whose values are not exact");
  if (values.coloured) return refused("the mask is coloured, and the description of the set gives names to values");
  std::set<int> named{0};
  for (const auto& [name, own] : table.declared) named.insert(own.begin(), own.end());
  LayerValues layers(1);
  for (const auto& [value, count] : values.grey) {
    if (!named.contains(static_cast<int>(value)))
      return refused("the mask has the value " + std::to_string(value) +
                     ", to which the description of the set gives no name");
    if (value != 0) layers.front().push_back(static_cast<std::uint16_t>(value));
  }
  return layout::structuresOf(layers, table, "");
}

bool fitsPicture(Case& c, const fs::path& mask, const std::array<std::int64_t, 2>& size, Pairing& out) {
  using io::Finding;
  const std::array own{c.geometry.size[0], c.geometry.size[1]};
  if (size == own) return true;
  const auto said = std::to_string(size[0]) + " by " + std::to_string(size[1]) + " pixels, its picture " +
                    c.imageFiles.front().string() + " has " + std::to_string(own[0]) + " by " + std::to_string(own[1]);
  const double stretch = static_cast<double>(size[0] * own[1]) / static_cast<double>(size[1] * own[0]);
  if (stretch < 0.98 || stretch > 1.02) {
    out.findings.emplace_back(mask, Finding{Finding::Severity::Unusable, "label-geometry",
                                            "the mask has another shape than its picture: " + said});
    return false;
  }
  if (std::ranges::count(c.consent, "label-grid") == 0) c.consent.emplace_back("label-grid");
  out.findings.emplace_back(
      mask, Finding{Finding::Severity::Consent, "label-grid",
                    "the mask has " + said + "; with consent each pixel takes the nearest of the mask"});
  c.resampled.push_back(static_cast<int>(c.labelFiles.size()));
  return true;
}

void takeMask(Case& c, const fs::path& mask, const layout::Structures& structures, bool part, Pairing& out) {
  const auto number = static_cast<int>(c.labelFiles.size());
  c.labelFiles.push_back(mask);
  for (auto [label, places, twice] : structures.structures) {
    for (auto& place : places) place.file = number;
    const auto same = std::ranges::find(c.labels, label.name);
    if (same == c.labels.end()) {
      c.labels.push_back(label.name);
      c.labelInfo.push_back(std::move(label));
      c.places.push_back(std::move(places));
      continue;
    }
    auto& known = c.places[static_cast<std::size_t>(same - c.labels.begin())];
    known.insert(known.end(), places.begin(), places.end());
    if (!part) takeAnswer(c, *same, mask, out);
  }
  for (auto place : structures.ignored) {
    place.file = number;
    c.ignored.push_back(place);
  }
}

}  // namespace lorkd::data
