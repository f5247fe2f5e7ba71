#include "core/io/Nifti2.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cerrno>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <memory>
#include <string_view>
#include <vector>

#include "core/io/Limits.h"
#include "core/io/NiftiPair.h"
#include "core/io/PackedFile.h"
#include "core/io/TextHeader.h"

namespace lorkd::io {
namespace fs = std::filesystem;
namespace {

using Old = NiftiHead;
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
    for (std::size_t n = 0; n < count; ++n) all &= std::abs(headerValue<float>(header, first + 4 * n)) <= 1e9f;
    return all || headerValue<std::int16_t>(header, code) <= 0;
  };
  return sound(252, 256, 6) && sound(254, 280, 12);
}

// The header's own scale. Not-a-number or 0 as slope means that none is set (nifti1.h); anything else must be finite.
Result<void> takeScale(NiftiFile& out, double slope, double intercept, const fs::path& file) {
  if (std::isnan(slope) || slope == 0) return {};
  if (!std::isfinite(slope) || !std::isfinite(intercept))
    return fail(ErrorCode::Numeric, "the header scales the voxels by numbers that are not finite",
                "mend scl_slope and scl_inter", file.string());
  out.slope = slope;
  out.intercept = intercept;
  return {};
}

// Whether each axis that the image has is so long, and its voxels are so far apart, as can be: libraries put 1 where
// the header says what cannot.
Result<void> checkAxes(const char* header, const fs::path& file) {
  const auto bad = [&](const std::string& field, double value) {
    char text[40];
    std::snprintf(text, sizeof text, "%g", value);
    return fail(ErrorCode::Format, "the header's field " + field + " is " + text + ", which cannot be",
                "mend the header, or make the file anew from its source", file.string());
  };
  const auto axes = headerValue<std::int16_t>(header, 40);
  if (axes < 1 || axes > 7) return bad("dim[0]", axes);
  for (std::size_t n = 1; n <= static_cast<std::size_t>(axes); ++n) {
    const auto name = "[" + std::to_string(n) + "]";
    if (const auto extent = headerValue<std::int16_t>(header, 40 + 2 * n); extent < 1) return bad("dim" + name, extent);
    const auto apart = headerValue<float>(header, 76 + 4 * n);
    // What lies between time points or channels is often left out.
    if (n <= 3 && !(apart > 0 && std::isfinite(apart))) return bad("pixdim" + name, static_cast<double>(apart));
  }
  return {};
}

// Where the header places the image, in the words of nifti1.h.
void takeForms(NiftiFile& out, const char* header) {
  out.qformCode = headerValue<std::int16_t>(header, 252);
  out.sformCode = headerValue<std::int16_t>(header, 254);
  if (headerValue<std::int16_t>(header, 40) >= 3) out.slices = headerValue<std::int16_t>(header, 46);
  for (std::size_t row = 0; row < 3; ++row)
    for (std::size_t n = 0; n < 4; ++n)
      out.sform[row][n] = static_cast<double>(headerValue<float>(header, 280 + 16 * row + 4 * n));
  for (std::size_t n = 0; n < 6; ++n) out.qform[n] = static_cast<double>(headerValue<float>(header, 256 + 4 * n));
  out.qfac = headerValue<float>(header, 76) < 0 ? -1 : 1;
  const int unit = header[123] & 7;  // of xyzt_units
  out.unit = unit == 1 ? 1000 : unit == 3 ? 0.001 : 1;
}

Result<void> takePlace(NiftiFile& out, double offset, double least, const fs::path& file) {
  // Not-a-number is in no range.
  if (!(offset >= least && offset <= static_cast<double>(1 << 30))) {
    char text[40];
    std::snprintf(text, sizeof text, "%.10g", offset);
    return fail(ErrorCode::Format,
                std::string("the header says that the voxels begin at byte ") + text + ", which cannot be",
                "mend vox_offset: the header ends at byte " + std::to_string(static_cast<int>(least)), file.string());
  }
  out.offset = static_cast<std::int64_t>(offset);
  return {};
}

void swapBytes(std::vector<char>& bytes, std::size_t width) {
  for (auto at = bytes.begin(); static_cast<std::size_t>(bytes.end() - at) >= width;
       at += static_cast<std::ptrdiff_t>(width))
    std::reverse(at, at + static_cast<std::ptrdiff_t>(width));
}

// What a header of NIfTI-1 says; its voxels begin at byte `least` or behind it.
Result<NiftiFile> fromHeader(const char* known, double least, const fs::path& file) {
  if (!isPlaced(known))
    return fail(ErrorCode::Format, "the header places the image with numbers that are out of range",
                "mend its sform and qform", file.string());
  NiftiFile out;
  out.datatype = headerValue<std::int16_t>(known, 70);
  out.voxelBytes = bytesOf(out.datatype);
  takeForms(out, known);
  std::int32_t size = 0;
  std::memcpy(&size, known, 4);
  out.swapped = size != 348;
  LORKD_CHECK(checkAxes(known, file));
  LORKD_CHECK(takePlace(out, static_cast<double>(headerValue<float>(known, 108)), least, file));
  LORKD_CHECK(takeScale(out, static_cast<double>(headerValue<float>(known, 112)),
                        static_cast<double>(headerValue<float>(known, 116)), file));
  return out;
}

// Of the header of a pair; how it is placed is told apart before it becomes one of a single file.
Result<NiftiFile> fromPair(const char* header, const fs::path& file) {
  NiftiHead head{};
  std::memcpy(head.data(), header, 348);
  LORKD_TRY(analyze, cleanPairHeader(head, file));
  LORKD_TRY(out, fromHeader(head.data(), 0, file));
  if (analyze) placeAnalyze(out, head);
  makeOneFile(head);
  LORKD_TRY(copy, headerCopy(head));
  out.copy = std::move(copy);
  return std::move(out);
}

}  // namespace

Result<TemporaryFile> headerCopy(const NiftiHead& head) {
  std::string name = (fs::temp_directory_path() / "lorkd-XXXXXX.nii").string();
  const int out = ::mkstemps(name.data(), 4);
  const auto bad = [&](const char* what) {
    const int code = errno;
    return fail(
        ErrorCode::Io, std::string(what) + ": " + std::strerror(code),
        code == ENOSPC ? "the disk is full; free some space and try again" : "check the folder for temporary files",
        name);
  };
  if (out < 0) return bad("no temporary file can be made");
  TemporaryFile copy{fs::path(name)};
  errno = ENOSPC;  // what a write that is short means
  const bool written = ::write(out, head.data(), head.size()) == static_cast<ssize_t>(head.size());
  if (!written) {
    auto error = bad("the temporary file cannot be written");
    ::close(out);
    return error;
  }
  ::close(out);
  return copy;
}

Result<NiftiFile> niftiFile(const fs::path& file) {
  const auto in = openPacked(file);
  New header{};
  const auto there = in ? readUpTo(*in, header.data(), header.size()) : 0;
  const auto bad = [&](ErrorCode code, const std::string& what, const std::string& hint) {
    return fail(code, what, hint, file.string());
  };
  if (there < 348) {
    int code = Z_OK;
    if (in && gzdirect(in.get()) == 0) gzerror(in.get(), &code);
    return bad(ErrorCode::Format,
               code == Z_DATA_ERROR || code == Z_BUF_ERROR ? "the compressed file is truncated or damaged"
                                                           : "the file is too short for a NIfTI header",
               "copy it anew");
  }
  const bool isNew = there == header.size() && std::memcmp(header.data() + 4, "n+2", 4) == 0;
  if (isPairHeader(file)) return fromPair(header.data(), file);
  if (!isNew && std::memcmp(header.data() + 344, "n+1", 4) != 0)
    return bad(ErrorCode::Format, "this is not what its name says, or not whole",
               "a file with header and voxels ends in .nii; the header of a pair ends in .hdr, its voxels in .img");
  if (!isNew) return fromHeader(header.data(), 352, file);
  const auto number = [&]<class T>(T value, std::size_t at) {
    std::memcpy(&value, header.data() + at, sizeof value);
    return value;
  };
  if (number(std::int32_t(), 0) != 540)
    return bad(ErrorCode::Unsupported, "NIfTI-2 in big-endian order cannot be read", "convert it to NIfTI-1");
  const auto old = oldHeader(header);
  double voxelBytes = bytesOf(headerValue<std::int16_t>(old.data(), 70));
  for (std::size_t n = 1; n < 8; ++n) {
    const auto extent = number(std::int64_t(), 16 + 8 * n);
    voxelBytes *= static_cast<double>(std::max<std::int64_t>(1, extent));
    if (extent < 0 || extent > 32767)
      return bad(ErrorCode::Unsupported, "an axis of the NIfTI-2 image has " + std::to_string(extent) + " voxels",
                 "cut it into parts of at most 32767");
  }
  std::error_code ec;
  // Deflate cannot shrink data more than 1032 times.
  if (!(voxelBytes <= 1032.0 * static_cast<double>(fs::file_size(file, ec))))
    return bad(ErrorCode::Format, "the file is shorter than its header says", "copy the file anew");
  LORKD_TRY(out, fromHeader(old.data(), 352, file));
  LORKD_CHECK(takePlace(out, static_cast<double>(number(std::int64_t(), 168)), 544, file));
  out.slope = 1, out.intercept = 0;
  LORKD_CHECK(takeScale(out, number(double(), 176), number(double(), 184), file));
  LORKD_TRY(copy, headerCopy(old));
  out.copy = std::move(copy);
  return std::move(out);
}

Result<std::vector<char>> niftiVoxels(const fs::path& file, const NiftiFile& header, const NiftiPart& part) {
  const auto in = openPacked(file);
  if (!in) return fail(ErrorCode::Io, "the file cannot be opened", "check its permissions", file.string());
  gzbuffer(in.get(), 1 << 18);
  const bool packed = gzdirect(in.get()) == 0;
  const auto bad = [&](const std::string& what) {
    return fail(ErrorCode::Format, what, "copy the file anew", file.string());
  };
  const auto begin = header.offset + part.before;
  const auto bytes = static_cast<std::size_t>(part.bytes);
  std::vector<char> block(static_cast<std::size_t>(std::clamp<std::int64_t>(begin, 1 << 12, 1 << 18)));
  for (auto left = static_cast<std::size_t>(begin); left > 0;) {
    const auto n = readUpTo(*in, block.data(), std::min(left, block.size()));
    if (n == 0) return bad("the file ends before its voxels begin");
    left -= n;
  }
  std::vector<char> voxels(bytes);
  if (const auto n = readUpTo(*in, voxels.data(), bytes); n < bytes)
    return bad(std::string(packed ? "the compressed file is truncated or damaged"
                                  : "the file is shorter than its header says") +
               ": " + std::to_string(n) + " of " + std::to_string(bytes) + " bytes of voxels are there");
  std::int64_t behind = 0;
  for (std::size_t n = 0; packed && (n = readUpTo(*in, block.data(), block.size())) > 0;)
    if ((behind += static_cast<std::int64_t>(n)) > kMostBehind + part.behind)
      return bad("the compressed file holds far more than its header says");
  int code = Z_OK;
  gzerror(in.get(), &code);
  if (packed && ((code != Z_OK && code != Z_STREAM_END) || behind < part.behind))
    return bad("the compressed file is truncated or damaged");
  if (header.swapped && header.voxelBytes > 1) swapBytes(voxels, static_cast<std::size_t>(header.voxelBytes));
  return voxels;
}

}  // namespace lorkd::io
