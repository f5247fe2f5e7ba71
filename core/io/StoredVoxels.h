// Voxels as a volume's file stores them. Inside this room only.
#pragma once

#include <itkImageIOBase.h>

#include <cstdint>
#include <cstring>
#include <filesystem>
#include <vector>

#include "core/base/Error.h"
#include "core/image/Geometry.h"

namespace lorkd::io {

/// Voxels of the type that the file stores: ITK's own reader would hold them a second time as another.
struct Stored {
  image::Geometry geometry;
  itk::IOComponentEnum type;
  std::size_t layers = 1;
  std::vector<char> bytes;          ///< those of a voxel's layers lie together
  double slope = 1, intercept = 0;  ///< what they are scaled by, of NIfTI
};

/// The type of a number of nifti1.h.
itk::IOComponentEnum componentOf(std::int16_t datatype);

/// Calls `work` with each value of a layer, as the type it has, until it returns false.
template <class Work>
bool eachValue(const Stored& stored, std::size_t layer, const Work& work) {
  const bool scaled = stored.slope != 1 || stored.intercept != 0;
  const auto go = [&]<class T>(T value) {
    for (auto at = layer * sizeof(T); at < stored.bytes.size(); at += stored.layers * sizeof(T)) {
      std::memcpy(&value, stored.bytes.data() + at, sizeof(T));
      const bool more = scaled ? work(static_cast<double>(value) * stored.slope + stored.intercept) : work(value);
      if (!more) return false;
    }
    return true;
  };
  using itk::IOComponentEnum;
  switch (stored.type) {
    case IOComponentEnum::UCHAR:
      return go(std::uint8_t());
    case IOComponentEnum::CHAR:
      return go(std::int8_t());
    case IOComponentEnum::USHORT:
      return go(std::uint16_t());
    case IOComponentEnum::SHORT:
      return go(std::int16_t());
    case IOComponentEnum::UINT:
      return go(std::uint32_t());
    case IOComponentEnum::INT:
      return go(std::int32_t());
    case IOComponentEnum::ULONG:
    case IOComponentEnum::ULONGLONG:
      return go(std::uint64_t());
    case IOComponentEnum::LONG:
    case IOComponentEnum::LONGLONG:
      return go(std::int64_t());
    case IOComponentEnum::FLOAT:
      return go(float());
    case IOComponentEnum::DOUBLE:
      return go(double());
    default:
      return false;
  }
}

/// No voxel may hold what is no number, or becomes none as the float that volumes are made of. Errors: Numeric (how
/// many do, and where the first is).
Result<void> checkFinite(const Stored& stored, const std::filesystem::path& file);

}  // namespace lorkd::io
