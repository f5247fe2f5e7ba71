#include "core/io/StoredVoxels.h"

#include <cmath>

namespace lorkd::io {
namespace fs = std::filesystem;

itk::IOComponentEnum componentOf(std::int16_t datatype) {
  using itk::IOComponentEnum;
  switch (datatype) {  // by nifti1.h
    case 2:
      return IOComponentEnum::UCHAR;
    case 256:
      return IOComponentEnum::CHAR;
    case 4:
      return IOComponentEnum::SHORT;
    case 512:
      return IOComponentEnum::USHORT;
    case 8:
      return IOComponentEnum::INT;
    case 768:
      return IOComponentEnum::UINT;
    case 1024:
      return IOComponentEnum::LONGLONG;
    case 1280:
      return IOComponentEnum::ULONGLONG;
    case 16:
      return IOComponentEnum::FLOAT;
    case 64:
      return IOComponentEnum::DOUBLE;
    default:
      return IOComponentEnum::UNKNOWNCOMPONENTTYPE;
  }
}

Result<void> checkFinite(const Stored& stored, const fs::path& file) {
  using itk::IOComponentEnum;
  const bool whole = stored.type != IOComponentEnum::FLOAT && stored.type != IOComponentEnum::DOUBLE;
  if (whole && stored.slope == 1 && stored.intercept == 0) return {};
  std::int64_t count = 0, first = 0;
  for (std::size_t layer = 0; layer < stored.layers; ++layer) {
    std::int64_t at = 0;
    eachValue(stored, layer, [&](auto value) {
      if (!std::isfinite(static_cast<float>(value)) && count++ == 0) first = at;
      ++at;
      return true;
    });
  }
  if (count == 0) return {};
  const auto [columns, rows, slices] = stored.geometry.size;
  return fail(ErrorCode::Numeric,
              std::to_string(count) + " voxel(s) hold no finite number, the first at (" +
                  std::to_string(first % columns) + ", " + std::to_string(first / columns % rows) + ", " +
                  std::to_string(first / columns / rows) + ")",
              "mend the image where it was made: nobody can tell what those voxels should be", file.string());
}

}  // namespace lorkd::io
