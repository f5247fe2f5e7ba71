#include "core/io/Nifti2.h"

#include <itk_zlib.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

namespace lorkd::io {
namespace fs = std::filesystem;
namespace {

using Old = std::array<char, 352>;  // a NIfTI-1 header and four bytes that say that no extension follows
using New = std::array<char, 540>;

template <class To, class From>
void copyAs(Old& to, std::size_t at, const New& from, std::size_t place, std::size_t count = 1) {
  for (std::size_t n = 0; n < count; ++n) {
    From value;
    std::memcpy(&value, from.data() + place + n * sizeof(From), sizeof(From));
    const auto converted = static_cast<To>(value);
    std::memcpy(to.data() + at + n * sizeof(To), &converted, sizeof(To));
  }
}

// Field by field, as nifti1.h and nifti2.h (NIfTI Data Format Working Group) lay them out.
Old oldHeader(const New& from) {
  Old to{};
  const std::int32_t size = 348;
  std::memcpy(to.data(), &size, 4);
  std::memcpy(to.data() + 344, "n+1", 4);
  copyAs<std::int16_t, std::int64_t>(to, 40, from, 16, 8);  // dim
  copyAs<float, double>(to, 56, from, 80, 3);               // intent_p1 to p3
  copyAs<std::int16_t, std::int32_t>(to, 68, from, 504);    // intent_code
  copyAs<std::int16_t, std::int16_t>(to, 70, from, 12, 2);  // datatype, bitpix
  copyAs<float, double>(to, 76, from, 104, 8);              // pixdim
  const float offset = to.size();
  std::memcpy(to.data() + 108, &offset, 4);
  copyAs<float, double>(to, 112, from, 176, 2);               // scl_slope, scl_inter
  copyAs<char, std::int32_t>(to, 123, from, 500);             // xyzt_units
  copyAs<float, double>(to, 124, from, 192, 4);               // cal_max, cal_min, slice_duration, toffset
  copyAs<std::int16_t, std::int32_t>(to, 252, from, 344, 2);  // qform_code, sform_code
  copyAs<float, double>(to, 256, from, 352, 18);              // quaternion, its offset, the affine's rows
  return to;
}

// A number of a NIfTI-1 header, of either byte order.
template <class T>
T valueIn(const char* header, std::size_t at) {
  std::int32_t size = 0;
  std::memcpy(&size, header, 4);
  std::array<char, sizeof(T)> bytes;
  std::memcpy(bytes.data(), header + at, sizeof(T));
  if (size != 348) std::ranges::reverse(bytes);
  return std::bit_cast<T>(bytes);
}

// Bytes of a voxel of a data type of nifti1.h.
int bytesOf(std::int16_t datatype) {
  switch (datatype) {
    case 2:    // unsigned char
    case 256:  // signed char
      return 1;
    case 4:    // short
    case 512:  // unsigned short
      return 2;
    case 128:  // three unsigned char
      return 3;
    case 8:     // int
    case 16:    // float
    case 768:   // unsigned int
    case 2304:  // four unsigned char
      return 4;
    case 32:    // two float
    case 64:    // double
    case 1024:  // long long
    case 1280:  // unsigned long long
      return 8;
    case 1536:  // long double
    case 1792:  // two double
      return 16;
    case 2048:  // two long double
      return 32;
    default:
      return 0;
  }
}

// Whether the rotation and the affine that a NIfTI-1 header uses are numbers of a place: ITK's matrices end the program
// where they meet one that is not finite.
bool isPlaced(const char* header) {
  const auto sound = [&](std::size_t code, std::size_t first, std::size_t count) {
    bool all = true;  // comparisons are false for not-a-number
    for (std::size_t n = 0; n < count; ++n) all &= std::abs(valueIn<float>(header, first + 4 * n)) <= 1e9f;
    return all || valueIn<std::int16_t>(header, code) <= 0;
  };
  return sound(252, 256, 6) && sound(254, 280, 12);
}

}  // namespace

Result<NiftiFile> asNifti1(const fs::path& file, bool withVoxels) {
  // Reads plain files, too.
  const std::unique_ptr<gzFile_s, decltype(&gzclose)> in(gzopen(file.c_str(), "rb"), &gzclose);
  New header{};
  const int there = in ? gzread(in.get(), header.data(), header.size()) : 0;
  if (there < 348) return NiftiFile();
  const bool isNew = there == static_cast<int>(header.size()) && std::memcmp(header.data() + 4, "n+2", 4) == 0;
  const auto old = oldHeader(header);
  const char* const known = isNew ? old.data() : header.data();
  const int stored = bytesOf(valueIn<std::int16_t>(known, 70));
  if (!isPlaced(known))
    return fail(ErrorCode::Format, "the header places the image with numbers that are out of range",
                "mend its sform and qform", file.string());
  if (!isNew) return NiftiFile{{}, stored};
  std::int32_t size = 0;
  std::array<std::int64_t, 8> dim{};
  std::int64_t offset = 0;
  std::memcpy(&size, header.data(), 4);
  std::memcpy(dim.data(), header.data() + 16, 64);
  std::memcpy(&offset, header.data() + 168, 8);
  if (size != 540)
    return fail(ErrorCode::Unsupported, "NIfTI-2 in big-endian order cannot be read", "convert it to NIfTI-1",
                file.string());
  double voxelBytes = stored;
  for (const auto extent : dim) {
    voxelBytes *= static_cast<double>(std::max<std::int64_t>(1, &extent == dim.data() ? 1 : extent));
    if (extent < 0 || extent > 32767)
      return fail(ErrorCode::Unsupported, "an axis of the NIfTI-2 image has " + std::to_string(extent) + " voxels",
                  "cut it into parts of at most 32767", file.string());
  }
  std::error_code ec;
  // Deflate cannot shrink data more than 1032 times.
  if (!(voxelBytes >= 0 && voxelBytes <= 1032.0 * static_cast<double>(fs::file_size(file, ec))))
    return fail(ErrorCode::Format, "the file is shorter than its header says", "copy it anew", file.string());
  if (offset < 540 || offset > 1 << 30)
    return fail(ErrorCode::Format, "the NIfTI-2 header says that its voxels begin at byte " + std::to_string(offset),
                "", file.string());

  std::string name = (fs::temp_directory_path() / "lorkd-XXXXXX.nii").string();
  const int out = ::mkstemps(name.data(), 4);
  if (out < 0)
    return fail(ErrorCode::Io, "no temporary file can be made", "check the folder for temporary files", name);
  TemporaryFile copy{fs::path(name)};
  bool written = ::write(out, old.data(), old.size()) == static_cast<ssize_t>(old.size());
  std::vector<char> block(withVoxels ? static_cast<std::size_t>(std::min(voxelBytes, 0x1p20)) : 0);
  if (withVoxels && gzseek(in.get(), offset, SEEK_SET) == offset)
    for (auto left = static_cast<std::int64_t>(voxelBytes); written && left > 0;) {
      const auto part = static_cast<unsigned>(std::min<std::int64_t>(left, static_cast<std::int64_t>(block.size())));
      const int n = gzread(in.get(), block.data(), part);
      if (n <= 0) break;  // a file cut off is found out by its reader
      written = ::write(out, block.data(), static_cast<std::size_t>(n)) == n;
      left -= n;
    }
  ::close(out);
  if (!written) return fail(ErrorCode::Io, "the temporary file cannot be written", "check the free space", name);
  return NiftiFile{std::move(copy), stored};
}

}  // namespace lorkd::io
