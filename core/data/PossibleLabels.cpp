#include "core/data/PossibleLabels.h"

#include <algorithm>
#include <map>

#include "core/data/LabelGrid.h"
#include "core/data/layout/Words.h"
#include "core/io/VolumeFile.h"

namespace lorkd::data {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kFewValues = 8;     // no image has so few
constexpr std::size_t kMostValues = 256;  // of a label map that is not named as one
constexpr double kAlike = 0.5;

ValueLook lookOf(const image::LabelMap& map) {
  std::vector<std::int64_t> counts(65536);
  for (const auto value : map.voxels) ++counts[value];
  ValueLook look{true, 0, 0, {}};
  for (std::size_t value = 0; value < counts.size(); ++value)
    if (counts[value] > 0 && ++look.distinct <= 6) look.first.push_back(static_cast<int>(value));
  const auto commonest = static_cast<std::uint16_t>(std::ranges::max_element(counts) - counts.begin());
  const auto [nx, ny, nz] = map.geometry.size;
  std::int64_t pairs = 0, alike = 0;
  const std::array<std::int64_t, 3> steps{1, nx, nx * ny};
  for (std::int64_t z = 0, at = 0; z < nz; ++z)
    for (std::int64_t y = 0; y < ny; ++y)
      for (std::int64_t x = 0; x < nx; ++x, ++at)
        for (std::size_t axis = 0; axis < 3; ++axis) {
          if ((axis == 0 && x + 1 == nx) || (axis == 1 && y + 1 == ny) || (axis == 2 && z + 1 == nz)) continue;
          const auto a = map.voxels[static_cast<std::size_t>(at)],
                     b = map.voxels[static_cast<std::size_t>(at + steps[axis])];
          if (a == commonest && b == commonest) continue;
          ++pairs;
          alike += a == b;
        }
  look.alike = pairs == 0 ? 1 : static_cast<double>(alike) / static_cast<double>(pairs);
  return look;
}

/// Whether one folder is the other, or above it.
bool oneLine(const fs::path& a, const fs::path& b) {
  const auto x = a.generic_string() + "/", y = b.generic_string() + "/";
  return x.starts_with(y) || y.starts_with(x);
}

fs::path folderOf(const Case& c) { return c.imageFiles.front().parent_path(); }

std::string listed(const ValueLook& look) {
  std::string out;
  for (const int value : look.first) out += (out.empty() ? "" : ", ") + std::to_string(value);
  return look.distinct > look.first.size() ? out + ", ..." : out;
}

/// Images by the size of their grids.
class Grids {
 public:
  explicit Grids(const std::vector<Case>& cases) : m_cases(cases) {
    for (std::size_t n = 0; n < cases.size(); ++n)
      if (cases[n].kind != "picture" && !cases[n].imageFiles.empty()) m_bySize[cases[n].geometry.size].push_back(n);
  }
  /// Another image that this may mark.
  const Case* imageOf(const Case& c) const {
    const auto stem = layout::stemOf(c.imageFiles.front());
    for (const auto n : m_bySize.at(c.geometry.size)) {
      const auto& other = m_cases[n];
      if (&other == &c || !sameLabelGrid(c.geometry, other.geometry)) continue;
      if (other.kind == "dicom" || oneLine(folderOf(c), folderOf(other)) ||
          layout::stemOf(other.imageFiles.front()) == stem)
        return &other;
    }
    return nullptr;
  }

 private:
  const std::vector<Case>& m_cases;
  std::map<std::array<std::int64_t, 3>, std::vector<std::size_t>> m_bySize;
};

}  // namespace

bool ValueLook::likeLabels() const {
  return whole && distinct <= kMostValues && (distinct <= kFewValues || alike >= kAlike);
}

Result<ValueLook> lookAtValues(const fs::path& file) {
  const auto map = io::readLabelMap(file);
  if (!map && map.error().code == ErrorCode::Format) return ValueLook();
  if (!map) return std::unexpected(map.error());
  return lookOf(*map);
}

Result<void> askPossibleLabels(const fs::path& folder, const std::set<fs::path>& told, const Remembered& remembered,
                               Pairing& out, Progress& progress, const CancelToken& cancel) {
  const Grids grids(out.cases);
  std::vector<std::pair<Case*, const Case*>> open;
  for (auto& c : out.cases) {
    if (c.kind != "volume" || !c.labelFiles.empty() || c.imageFiles.size() != 1 || told.contains(c.imageFiles.front()))
      continue;
    if (std::ranges::any_of(c.channels, [](const auto& channel) { return channel.part >= 0; })) continue;
    if (const auto* image = grids.imageOf(c)) open.emplace_back(&c, image);
  }
  std::int64_t done = 0;
  for (const auto& [c, image] : open) {
    if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "the scan was stopped");
    progress.report("values", done++, static_cast<std::int64_t>(open.size()));
    const auto& file = c->imageFiles.front();
    const auto known = remembered("label look", file, [&]() -> Result<Json> {
      LORKD_TRY(look, lookAtValues(file));
      return Json{{"whole", look.whole}, {"distinct", look.distinct}, {"alike", look.alike}, {"first", look.first}};
    });
    if (!known) continue;  // whoever reads it as an image says so
    const ValueLook look{known->at("whole"), known->at("distinct"), known->at("alike"), known->at("first")};
    if (!look.likeLabels()) continue;
    c->consent.emplace_back("possible-labels");
    const auto relative = file.lexically_relative(folder).generic_string();
    out.findings.emplace_back(
        file, io::Finding{io::Finding::Severity::Consent, "possible-labels",
                          "the file holds few whole numbers (" + listed(look) + ") on the grid of " +
                              image->imageFiles.front().lexically_relative(folder).generic_string() +
                              ", so it may be labels, and is left out; if it is, say so by a pattern in "
                              "data.sources.NAME.layout.labels (this one: " +
                              relative + "); with consent it is taken for an image"});
  }
  return {};
}

}  // namespace lorkd::data
