#include "core/io/dicom/Mosaic.h"

#include <algorithm>
#include <cmath>

#include "core/io/dicom/CsaHeader.h"

namespace lorkd::io {
namespace {

/// The bytes of Siemens' header of the image, (0029,xx10) of the block that its creator has.
std::string_view csaHeader(DcmDataset& set) {
  for (Uint16 block = 0x10; block <= 0xff; ++block) {
    if (dicom::text(set, DcmTagKey(0x0029, block)) != "SIEMENS CSA HEADER") continue;
    const Uint8* bytes = nullptr;
    unsigned long size = 0;
    if (set.findAndGetUint8Array(DcmTagKey(0x0029, static_cast<Uint16>(block << 8 | 0x10)), bytes, &size).bad())
      return {};
    return bytes ? std::string_view(reinterpret_cast<const char*>(bytes), size) : std::string_view();
  }
  return {};
}

/// Exactly `count` numbers of a CSA header.
dicom::Numbers csaNumbers(std::string_view header, std::string_view name, std::size_t count) {
  const auto values = csaValues(header, name);
  if (!values || values->size() != count) return std::nullopt;
  std::vector<double> out;
  for (const auto& value : *values) {
    const auto number = dicom::numberIn(value);
    if (!number) return std::nullopt;
    out.push_back(*number);
  }
  return out;
}

/// What places the tiles.
struct TileLayout {
  int slices = 0, tiles = 0;
  image::Vec3 step{};  // mm from one slice to the next
};

std::optional<TileLayout> layoutOf(DcmDataset& set, const SliceHeader& picture) {
  const auto csa = csaHeader(set);
  const auto count = csaNumbers(csa, "NumberOfImagesInMosaic", 1), normal = csaNumbers(csa, "SliceNormalVector", 3);
  double distance = dicom::number(set, DCM_SpacingBetweenSlices);
  if (!(distance > 0)) distance = picture->sliceThickness;
  constexpr double kMostSlices = 4096;
  if (!count || !normal || !((*count)[0] >= 1 && (*count)[0] <= kMostSlices) || !(distance > 0)) return std::nullopt;
  if (!picture.position || !picture->orientation || !picture->spacing || picture->samples != 1) return std::nullopt;
  TileLayout out;
  out.slices = static_cast<int>((*count)[0]);
  while (out.tiles * out.tiles < out.slices) ++out.tiles;
  if (picture->rows % out.tiles != 0 || picture->columns % out.tiles != 0) return std::nullopt;
  // The cross product is exact; which way the slices go stands in Siemens' header alone.
  const auto exact = image::cross((*picture->orientation)[0], (*picture->orientation)[1]);
  const double along = image::dot(exact, {(*normal)[0], (*normal)[1], (*normal)[2]});
  constexpr double kParallel = 0.01;
  if (std::abs(std::abs(along) - 1) > kParallel) return std::nullopt;
  for (std::size_t a = 0; a < 3; ++a) out.step[a] = (along < 0 ? -distance : distance) * exact[a];
  return out;
}

}  // namespace

bool isMosaic(const SeriesHeader& header) {
  std::string_view rest = header.imageType;
  bool called = false;
  while (!rest.empty() && !called) {
    const auto end = std::min(rest.find('\\'), rest.size());
    called = rest.substr(0, end) == "MOSAIC";
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return called && header.sopClassUid != UID_EnhancedMRImageStorage &&
         header.sopClassUid != UID_LegacyConvertedEnhancedMRImageStorage;
}

std::vector<SliceHeader> tilesOf(const dicom::Loaded& loaded, const SliceHeader& picture) {
  auto series = *picture.series;
  const auto layout = layoutOf(loaded.dataset(), picture);
  series.tiles = layout ? layout->tiles : -1;
  if (!layout) {
    auto whole = picture;
    whole.series = std::make_shared<const SeriesHeader>(std::move(series));
    return {whole};
  }
  series.rows /= layout->tiles;
  series.columns /= layout->tiles;
  // The position in the header is that of a slice as large as the whole picture, about the same centre.
  auto first = *picture.position;
  const auto turn = *series.orientation;
  const auto spacing = *series.spacing;
  for (std::size_t a = 0; a < 3; ++a)
    first[a] += 0.5 * (turn[0][a] * spacing[0] * (picture->columns - series.columns) +
                       turn[1][a] * spacing[1] * (picture->rows - series.rows));
  std::vector<SliceHeader> out(static_cast<std::size_t>(layout->slices), picture);
  const auto shared = std::make_shared<const SeriesHeader>(std::move(series));
  for (std::size_t n = 0; n < out.size(); ++n) {
    out[n].frame = static_cast<int>(n);
    out[n].series = shared;
    for (std::size_t a = 0; a < 3; ++a) (*out[n].position)[a] = first[a] + static_cast<double>(n) * layout->step[a];
  }
  return out;
}

SliceHeader pictureOf(const SliceHeader& tile) {
  auto series = *tile.series;
  series.rows *= tile->tiles;
  series.columns *= tile->tiles;
  series.tiles = 0;
  auto out = tile;
  out.frame = 0;
  out.series = std::make_shared<const SeriesHeader>(std::move(series));
  return out;
}

std::vector<float> cutTile(const std::vector<float>& picture, const SliceHeader& tile) {
  const auto rows = static_cast<std::size_t>(tile->rows), columns = static_cast<std::size_t>(tile->columns);
  const auto tiles = static_cast<std::size_t>(tile->tiles), at = static_cast<std::size_t>(tile.frame);
  std::vector<float> out;
  out.reserve(rows * columns);
  for (std::size_t row = 0; row < rows; ++row) {
    const auto from = picture.begin() +
                      static_cast<std::ptrdiff_t>((at / tiles * rows + row) * columns * tiles + at % tiles * columns);
    out.insert(out.end(), from, from + static_cast<std::ptrdiff_t>(columns));
  }
  return out;
}

}  // namespace lorkd::io
