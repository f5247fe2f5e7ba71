#include "core/io/NiftiPair.h"

#include <algorithm>
#include <cstring>

#include "core/io/TextHeader.h"

namespace lorkd::io {
namespace fs = std::filesystem;
namespace {

void putFloat(NiftiHead& head, std::size_t at, float value) {
  auto bytes = std::bit_cast<std::array<char, 4>>(value);
  std::int32_t size = 0;
  std::memcpy(&size, head.data(), 4);
  if (size != 348) std::ranges::reverse(bytes);  // of the other byte order
  std::ranges::copy(bytes, head.begin() + static_cast<std::ptrdiff_t>(at));
}

}  // namespace

bool isPairHeader(const fs::path& file) { return isNamed(file, {".hdr", ".hdr.gz"}); }

fs::path pairVoxels(const fs::path& header) {
  auto stem = header.native();
  if (isNamed(header, {".gz"})) stem.resize(stem.size() - 3);
  stem.resize(stem.size() - 4);
  std::error_code ec;
  for (const char* ending : {".img", ".img.gz", ".IMG", ".img.GZ", ".IMG.GZ"})
    if (const fs::path file = stem + ending; fs::is_regular_file(file, ec)) return file;
  return {};
}

Result<bool> cleanPairHeader(NiftiHead& head, const fs::path& file) {
  const auto size = headerValue<std::int32_t>(head.data(), 0);
  if (size == 540 || size == 0x1c020000)
    return fail(ErrorCode::Unsupported, "NIfTI-2 in two files cannot be read", "convert it to one file (.nii)",
                file.string());
  if (size != 348)
    return fail(ErrorCode::Format, "this is no header of an image in two files (.hdr and .img)",
                "check that the header is of NIfTI-1 or Analyze 7.5", file.string());
  if (std::memcmp(head.data() + 344, "ni1", 4) == 0) return false;
  // By the layout of Analyze 7.5 (dbh.h, Mayo Clinic): only dim, datatype, bitpix, pixdim and vox_offset mean the same,
  // and SPM keeps a scale where NIfTI has its own.
  const auto clear = [&](std::size_t from, std::size_t to) {
    std::fill(head.begin() + static_cast<std::ptrdiff_t>(from), head.begin() + static_cast<std::ptrdiff_t>(to), '\0');
  };
  clear(4, 40), clear(56, 70), clear(74, 76), clear(120, head.size());
  return true;
}

void placeAnalyze(NiftiFile& out, const NiftiHead& head) {
  out.oriented = false;
  out.sformCode = 1;
  const auto axes = static_cast<std::size_t>(headerValue<std::int16_t>(head.data(), 40));
  for (std::size_t n = 0; n < 3; ++n) {
    const bool there = n < axes;
    const double apart = there ? static_cast<double>(headerValue<float>(head.data(), 80 + 4 * n)) : 1;
    const double extent = there ? headerValue<std::int16_t>(head.data(), 42 + 2 * n) : 1;
    const double towards = n == 0 ? -1 : 1;  // NIfTI counts to the right
    out.sform[n] = {};
    out.sform[n][n] = towards * apart;
    out.sform[n][3] = -towards * apart * (extent - 1) / 2;
  }
}

void makeOneFile(NiftiHead& head) {
  putFloat(head, 108, static_cast<float>(head.size()));
  std::memcpy(head.data() + 344, "n+1", 4);
}

}  // namespace lorkd::io
