#include "core/io/Mgh.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstring>

#include "core/io/PackedFile.h"
#include "core/io/TextHeader.h"

namespace lorkd::io {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kVoxelsBegin = 284, kKnownBytes = 90;
using MghHead = std::array<char, kKnownBytes>;

template <class T>
T bigEndian(const MghHead& head, std::size_t at) {
  std::array<char, sizeof(T)> bytes;
  std::memcpy(bytes.data(), head.data() + at, sizeof(T));
  if (std::endian::native == std::endian::little) std::ranges::reverse(bytes);
  return std::bit_cast<T>(bytes);
}

/// Data type of nifti1.h and bytes of a voxel, of a type of mri.h; 0 where it is another.
std::pair<std::int16_t, std::int16_t> typeOfMgh(std::int32_t type) {
  switch (type) {
    case 0:  // MRI_UCHAR
      return {2, 1};
    case 1:  // MRI_INT
      return {8, 4};
    case 3:  // MRI_FLOAT
      return {16, 4};
    case 4:  // MRI_SHORT
      return {4, 2};
    case 10:  // MRI_USHRT
      return {512, 2};
    default:
      return {0, 0};
  }
}

/// mm between voxels, then the directions of the three axes, then where the middle is, towards right, front and top.
using Placing = std::array<double, 15>;
constexpr Placing kDefault{1, 1, 1, -1, 0, 0, 0, 0, -1, 0, 1, 0, 0, 0, 0};

Result<Placing> placingOf(const MghHead& head, const fs::path& file) {
  Placing out = kDefault;
  if (bigEndian<std::int16_t>(head, 28) <= 0) return out;
  for (std::size_t n = 0; n < out.size(); ++n) {
    out[n] = static_cast<double>(bigEndian<float>(head, 30 + 4 * n));
    const bool sound = std::abs(out[n]) <= 1e9 && (n > 2 || out[n] > 0);  // false for not-a-number
    if (!sound)
      return fail(ErrorCode::Format, "the header places the image with numbers that are out of range",
                  "mend its spacing, direction cosines and centre (mri_convert writes them anew)", file.string());
  }
  return out;
}

}  // namespace

bool isMgh(const fs::path& file) { return isNamed(file, {".mgh", ".mgz", ".mgh.gz"}); }

Result<NiftiFile> mghFile(const fs::path& file) {
  const auto bad = [&](ErrorCode code, const std::string& what, const std::string& hint) {
    return fail(code, what, hint, file.string());
  };
  const auto in = openPacked(file);
  MghHead head{};
  if (!in || readUpTo(*in, head.data(), head.size()) < head.size())
    return bad(ErrorCode::Format, "the file is too short for an MGH header, or damaged", "copy it anew");
  if (const auto version = bigEndian<std::int32_t>(head, 0); version != 1)
    return bad(ErrorCode::Format, "the file does not begin as MGH files of version 1 do",
               "convert it to NIfTI with FreeSurfer's mri_convert");
  std::array<std::int32_t, 4> extent{};
  for (std::size_t n = 0; n < 4; ++n) {
    extent[n] = bigEndian<std::int32_t>(head, 4 + 4 * n);
    if (extent[n] < 1) return bad(ErrorCode::Format, "an image axis has no voxels", "copy the file anew");
  }
  if (extent[1] == 1 && extent[2] == 1)
    return bad(ErrorCode::Unsupported, "the file holds values along a surface, and no volume", "leave it out");
  if (*std::ranges::max_element(extent) > 32767)
    return bad(ErrorCode::Unsupported, "an axis of the image has more than 32767 voxels", "cut it into parts");
  const auto [datatype, bytes] = typeOfMgh(bigEndian<std::int32_t>(head, 20));
  if (bytes == 0)
    return bad(ErrorCode::Unsupported, "the voxels are of a type that cannot be read",
               "convert it with FreeSurfer's mri_convert to uchar, short, int or float");
  LORKD_TRY(placing, placingOf(head, file));
  NiftiFile out;
  out.datatype = datatype;
  out.voxelBytes = bytes;
  out.swapped = std::endian::native == std::endian::little;
  out.offset = kVoxelsBegin;
  out.slices = extent[2];
  out.sformCode = 1;
  out.oriented = bigEndian<std::int16_t>(head, 28) > 0;
  for (std::size_t row = 0; row < 3; ++row) {
    out.sform[row][3] = placing[12 + row];  // of the voxel at half of each extent
    for (std::size_t n = 0; n < 3; ++n) {
      out.sform[row][n] = placing[3 + 3 * n + row] * placing[n];
      out.sform[row][3] -= out.sform[row][n] * extent[n] / 2.0;
    }
  }
  NiftiHead nifti{};
  const auto put = [&]<class T>(std::size_t at, T value) { std::memcpy(nifti.data() + at, &value, sizeof value); };
  put(0, std::int32_t(348));
  put(40, std::int16_t(extent[3] > 1 ? 4 : 3));
  for (std::size_t n = 0; n < 7; ++n) put(42 + 2 * n, static_cast<std::int16_t>(n < 4 ? extent[n] : 1));
  put(70, datatype);
  put(72, static_cast<std::int16_t>(8 * bytes));
  for (std::size_t n = 0; n < 8; ++n) put(76 + 4 * n, n > 0 && n < 4 ? static_cast<float>(placing[n - 1]) : 1.0F);
  put(108, static_cast<float>(nifti.size()));
  std::memcpy(nifti.data() + 344, "n+1", 4);
  LORKD_TRY(copy, headerCopy(nifti));
  out.copy = std::move(copy);
  return out;
}

}  // namespace lorkd::io
