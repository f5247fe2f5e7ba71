#include "core/io/NpyArray.h"

#include <algorithm>
#include <charconv>
#include <set>

namespace lorkd::io {
namespace fs = std::filesystem;
namespace {

// The text after 'key': in the header's Python dictionary, up to `end`.
std::string_view field(std::string_view header, std::string_view key, char end) {
  auto at = header.find(std::string("'") + std::string(key) + "'");
  if (at == header.npos || (at = header.find(':', at)) == header.npos) return {};
  const auto stop = header.find(end, at);
  return stop == header.npos ? std::string_view() : header.substr(at + 1, stop - at);
}

std::size_t itemSize(const std::string& dtype) {
  static const std::set<std::string> known{"|u1", "|i1", "<u1", "<i1", ">u1", ">i1", "<i2", "<u2", ">i2",
                                           ">u2", "<i4", "<u4", ">i4", ">u4", "<i8", "<u8", ">i8", ">u8"};
  return known.contains(dtype) ? static_cast<std::size_t>(dtype.back() - '0') : 0;
}

}  // namespace

std::unexpected<Error> badArray(const std::string& name, const std::string& what, ErrorCode code) {
  return fail(code, "array " + name + ": " + what);
}

std::uint64_t headLength(std::string_view first) {
  if (first.size() < 12 || !first.starts_with("\x93NUMPY")) return 0;
  const auto byte = [&](std::size_t n) { return static_cast<std::uint64_t>(static_cast<unsigned char>(first[n])); };
  const bool wide = byte(6) >= 2;
  return (wide ? 12 : 10) + (byte(8) | byte(9) << 8 | (wide ? byte(10) << 16 | byte(11) << 24 : 0));
}

Result<Layout> parseLayout(std::string_view head, std::uint64_t total, const std::string& name) {
  const auto bad = [&](const std::string& what) { return badArray(name, what); };
  Layout layout;
  layout.name = name;
  layout.begin = head.size();
  const auto descr = field(head, "descr", ',');
  if (const auto open = descr.find('\''), close = descr.rfind('\''); open != descr.npos && close > open)
    layout.dtype = descr.substr(open + 1, close - open - 1);
  layout.item = itemSize(layout.dtype);
  if (layout.item == 0)
    return bad("values of type '" + layout.dtype + "' cannot be read; 8-bit images and integer labels can");
  if (field(head, "fortran_order", ',').find("False") == std::string_view::npos)
    return badArray(name, "the array is in Fortran order; save it with numpy.ascontiguousarray()",
                    ErrorCode::Unsupported);
  auto shape = field(head, "shape", ')');
  shape.remove_prefix(std::min(shape.size(), shape.find('(') + 1));
  std::uint64_t bytes = layout.item;
  while (!shape.empty()) {
    const auto digit = shape.find_first_of("0123456789");
    if (digit == shape.npos) break;
    shape.remove_prefix(digit);
    std::int64_t extent = 0;
    const auto [end, error] = std::from_chars(shape.data(), shape.data() + shape.size(), extent);
    if (error != std::errc() || __builtin_mul_overflow(bytes, static_cast<std::uint64_t>(extent), &bytes))
      return bad("its shape is too large");
    layout.shape.push_back(extent);
    shape.remove_prefix(static_cast<std::size_t>(end - shape.data()));
  }
  if (layout.shape.empty() || bytes != total - layout.begin)
    return bad("its shape asks for " + std::to_string(bytes) + " bytes, there are " +
               std::to_string(total - layout.begin));
  layout.values = bytes / layout.item;
  return layout;
}

Result<Archive> openArchive(const fs::path& file) {
  std::error_code ec;
  if (!fs::is_regular_file(file, ec)) return fail(ErrorCode::NotFound, "no such file", "check the path", file.string());
  int code = 0;
  Archive zip(zip_open(file.c_str(), ZIP_RDONLY, &code), &zip_discard);
  if (!zip) return fail(ErrorCode::Format, "this is not an .npz archive", "it is made by numpy.savez", file.string());
  return zip;
}

Result<std::optional<ArrayStream>> ArrayStream::open(zip_t* zip, const std::string& name, std::uintmax_t archiveSize) {
  zip_stat_t stat;
  if (zip_stat(zip, (name + ".npy").c_str(), 0, &stat) != 0) return std::optional<ArrayStream>();
  constexpr zip_uint64_t kNeeded = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE;
  // Deflate cannot shrink data more than 1032 times, and what is packed lies in the archive.
  if ((stat.valid & kNeeded) != kNeeded || stat.comp_size > archiveSize || stat.size > (zip_uint64_t(1) << 50) ||
      stat.size > stat.comp_size * 1032 + 1024)
    return badArray(name, "its claimed size is not believable");
  ArrayStream stream;
  stream.m_file.reset(zip_fopen_index(zip, stat.index, 0));
  if (!stream.m_file) return badArray(name, zip_strerror(zip));
  stream.m_layout.name = name;
  std::string head(12, '\0');
  if (stat.size < head.size()) return badArray(name, "this is not a .npy array");
  LORKD_CHECK(stream.read(head.data(), head.size()));
  const auto length = headLength(head);
  constexpr std::uint64_t kLongest = 1 << 20;
  if (length < head.size()) return badArray(name, "this is not a .npy array");
  if (length > stat.size || length > kLongest) return badArray(name, "the header is longer than the file");
  head.resize(length);
  LORKD_CHECK(stream.read(head.data() + 12, length - 12));
  LORKD_TRY(layout, parseLayout(head, stat.size, name));
  stream.m_layout = std::move(layout);
  return std::optional<ArrayStream>(std::move(stream));
}

// The next bytes. In parts: libzip counts what it gives at once in 32 bits.
Result<void> ArrayStream::read(char* to, std::uint64_t count) {
  while (count > 0) {
    const auto n = zip_fread(m_file.get(), to, std::min<std::uint64_t>(count, 1 << 20));
    if (n <= 0) return badArray(m_layout.name, "it is damaged or truncated");
    to += n;
    count -= static_cast<std::uint64_t>(n);
  }
  return {};
}

Result<void> ArrayStream::skip(std::uint64_t count) {
  m_block.resize(static_cast<std::size_t>(std::min<std::uint64_t>(count, 1 << 18)));
  for (; count > 0; count -= std::min<std::uint64_t>(count, m_block.size()))
    LORKD_CHECK(read(m_block.data(), std::min<std::uint64_t>(count, m_block.size())));
  return {};
}

// After the last byte: reading past the end makes libzip compare the checksum.
Result<void> ArrayStream::end() {
  if (char extra; zip_fread(m_file.get(), &extra, 1) != 0) return badArray(m_layout.name, "its checksum is wrong");
  return {};
}

}  // namespace lorkd::io
