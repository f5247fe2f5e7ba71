#include "core/data/PossibleLabels.h"

#include <algorithm>
#include <cctype>
#include <map>
#include <optional>
#include <utility>

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
  ValueLook look{true, 0, 0, 1, {}};
  for (std::size_t value = 0; value < counts.size(); ++value)
    if (counts[value] > 0 && ++look.distinct <= 6) look.first.push_back(static_cast<int>(value));
  const auto most = std::ranges::max_element(counts);
  const auto commonest = static_cast<std::uint16_t>(most - counts.begin());
  const auto background = std::exchange(*most, 0);
  const auto second = static_cast<std::uint16_t>(std::ranges::max_element(counts) - counts.begin());
  *most = background;
  const auto [nx, ny, nz] = map.geometry.size;
  std::int64_t pairs = 0, alike = 0, among = 0, same = 0;
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
          if (a == commonest || b == commonest || (a == second && b == second)) continue;
          ++among;
          same += a == b;
        }
  look.inside = among == 0 ? 1 : static_cast<double>(same) / static_cast<double>(among);
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

using GridSize = std::array<std::int64_t, 3>;

/// The numbers in a name: what is left of "CT_003" and "ROI_003" where nobody knows the words.
std::string numbersIn(const std::string& stem) {
  std::string out;
  for (const unsigned char c : stem)
    if (std::isdigit(c) != 0)
      out += static_cast<char>(c);
    else if (!out.empty() && out.back() != ' ')
      out += ' ';
  return out;
}

/// Images by the size of their grids.
class Grids {
 public:
  explicit Grids(const std::vector<Case>& cases) : m_cases(cases) {
    for (std::size_t n = 0; n < cases.size(); ++n) {
      if (cases[n].kind == "picture" || cases[n].imageFiles.empty()) continue;
      const auto& size = cases[n].geometry.size;
      const auto stem = layout::stemOf(cases[n].imageFiles.front());
      m_bySize[size].push_back(n);
      m_byStem[{size, stem}].push_back(n);
      if (const auto numbers = numbersIn(stem); !numbers.empty()) m_byNumbers[{size, numbers}].push_back(n);
    }
  }
  /// Another image on the same grid, which this may mark: one of another folder that is called alike or has the same
  /// numbers in its name; else one nearby; else any.
  const Case* imageOf(const Case& c) const {
    const auto stem = layout::stemOf(c.imageFiles.front());
    const auto elsewhere = [&](const Case& other) { return folderOf(other) != folderOf(c); };
    if (const auto* same = first(c, m_byStem, {c.geometry.size, stem}, elsewhere)) return same;
    if (const auto* same = first(c, m_byNumbers, {c.geometry.size, numbersIn(stem)}, elsewhere)) return same;
    const auto nearby = [&](const Case& other) {
      return other.kind == "dicom" || oneLine(folderOf(c), folderOf(other));
    };
    if (const auto* near = first(c, m_bySize, c.geometry.size, nearby)) return near;
    return first(c, m_bySize, c.geometry.size, [](const Case&) { return true; });
  }

 private:
  template <class Map>
  const Case* first(const Case& c, const Map& map, const typename Map::key_type& key, const auto& fits) const {
    const auto found = map.find(key);
    if (found == map.end()) return nullptr;
    for (const auto n : found->second)
      if (&m_cases[n] != &c && fits(m_cases[n]) && sameLabelGrid(c.geometry, m_cases[n].geometry)) return &m_cases[n];
    return nullptr;
  }

  const std::vector<Case>& m_cases;
  std::map<GridSize, std::vector<std::size_t>> m_bySize;
  std::map<std::pair<GridSize, std::string>, std::vector<std::size_t>> m_byStem, m_byNumbers;
};

/// The look of the first channel, if the files of all may be labels. Further ones are read only where that may be; of
/// one that cannot be read, whoever reads it as an image says so.
std::optional<ValueLook> lookOf(const Case& c, const Remembered& remembered) {
  std::optional<ValueLook> out;
  for (const auto& file : c.imageFiles) {
    const auto look = rememberedLook(file, remembered);
    if (!look || !look->likeLabels()) return std::nullopt;
    if (!out) out = *look;
  }
  return out;
}

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

bool ValueLook::likeIntensities() const { return distinct > kFewValues && inside < kAlike; }

Result<ValueLook> rememberedLook(const fs::path& file, const Remembered& remembered) {
  LORKD_TRY(known, remembered("look at values", file, [&]() -> Result<Json> {
              LORKD_TRY(look, lookAtValues(file));
              return Json{{"whole", look.whole},
                          {"distinct", look.distinct},
                          {"alike", look.alike},
                          {"inside", look.inside},
                          {"first", look.first}};
            }));
  return ValueLook{known.at("whole"), known.at("distinct"), known.at("alike"), known.at("inside"), known.at("first")};
}

Result<void> askPossibleLabels(const fs::path& folder, const std::set<fs::path>& told, const Remembered& remembered,
                               Pairing& out, Progress& progress, const CancelToken& cancel) {
  const Grids grids(out.cases);
  std::vector<std::pair<Case*, const Case*>> open;
  for (auto& c : out.cases) {
    if (c.kind != "volume" || !c.labelFiles.empty() || c.imageFiles.empty()) continue;
    if (std::ranges::any_of(c.imageFiles, [&](const auto& file) { return told.contains(file); })) continue;
    if (std::ranges::any_of(c.channels, [](const auto& channel) { return channel.part >= 0; })) continue;
    if (const auto* image = grids.imageOf(c)) open.emplace_back(&c, image);
  }
  std::int64_t done = 0;
  for (const auto& [c, image] : open) {
    if (cancel.cancelled()) return fail(ErrorCode::Cancelled, "the scan was stopped");
    progress.report("values", done++, static_cast<std::int64_t>(open.size()));
    const auto look = lookOf(*c, remembered);
    if (!look) continue;
    const auto& file = c->imageFiles.front();
    const auto others = c->imageFiles.size() - 1;
    c->consent.emplace_back("possible-labels");
    const auto relative = file.lexically_relative(folder).generic_string();
    out.findings.emplace_back(
        file, io::Finding{io::Finding::Severity::Consent, "possible-labels",
                          "the file" + (others > 0 ? " (with " + std::to_string(others) + " beside it)" : "") +
                              " holds few whole numbers (" + listed(*look) + ") on the grid of " +
                              image->imageFiles.front().lexically_relative(folder).generic_string() +
                              ", so it may be labels, and is left out; if it is, say so by a pattern in "
                              "data.sources.NAME.layout.labels (this one: " +
                              relative + "); with consent it is taken for an image"});
  }
  return {};
}

}  // namespace lorkd::data
