#include "core/io/dicom/Elements.h"

#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <utility>

#include "core/io/OpenFile.h"

namespace lorkd::io {

namespace {
// One window serves all files of a thread: a block of that size for each would cost more than reading into it.
thread_local std::string spareWindow;
}  // namespace

Bytes::Bytes(const std::filesystem::path& file) : m_file(openRegular(file)), m_window(std::exchange(spareWindow, {})) {
  m_window.clear();
}

Bytes::~Bytes() {
  if (m_file < 0) return;
  ::close(m_file);
  spareWindow = std::move(m_window);
}

std::string_view Bytes::at(std::uint64_t at, std::size_t count) {
  if (m_file >= 0 && (at < m_start || at + count > m_start + m_window.size())) {
    const auto start = at + count <= kWindow ? 0 : at;  // headers are short: often this is all there is to read
    m_window.resize_and_overwrite(kWindow, [&](char* data, std::size_t size) {
      const auto n = ::pread(m_file, data, size, static_cast<off_t>(std::min<std::uint64_t>(start, INT64_MAX)));
      return static_cast<std::size_t>(std::max<ssize_t>(0, n));
    });
    m_start = start;
  }
  if (at < m_start || at - m_start >= m_window.size()) return {};
  return std::string_view(m_window).substr(at - m_start, count);
}

std::uint64_t Bytes::size() const {
  if (m_file < 0 || (m_start == 0 && m_window.size() < kWindow)) return m_window.size();
  struct stat info {};
  return ::fstat(m_file, &info) == 0 && S_ISREG(info.st_mode) ? static_cast<std::uint64_t>(info.st_size) : 0;
}

std::uint32_t littleOrBig(std::string_view bytes, bool bigEndian) {
  std::uint32_t value = 0;
  for (std::size_t n = 0; n < bytes.size(); ++n)
    value |= std::uint32_t(static_cast<unsigned char>(bytes[n])) << (8 * (bigEndian ? bytes.size() - 1 - n : n));
  return value;
}

namespace {

// Representations; the length of those before OB has two bytes.
constexpr std::string_view kKnown =
    "AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US OB OD OF OL OV OW SQ SV UC UN UR UT UV";
constexpr auto kLong = kKnown.find("OB");

// By both letters: where the representation stands in kKnown, from one; else 0.
constexpr auto placesOfKnown() {
  std::array<std::uint8_t, 26 * 26> places{};
  for (std::size_t n = 0; n < kKnown.size(); n += 3)
    places[static_cast<std::size_t>((kKnown[n] - 'A') * 26 + kKnown[n + 1] - 'A')] = static_cast<std::uint8_t>(n + 1);
  return places;
}

}  // namespace

bool readElement(Bytes& bytes, std::uint64_t at, Encoding encoding, Element& e) {
  const auto head = bytes.at(at, 12);
  if (head.size() < 8) return false;
  const bool big = encoding.bigEndian;
  e.tag = littleOrBig(head.substr(0, 2), big) << 16 | littleOrBig(head.substr(2, 2), big);
  e.vr = {};
  e.value = at + 8;
  // Without two capitals DCMTK, too, takes the element for implicit.
  const auto capital = [](char c) { return c >= 'A' && c <= 'Z'; };
  if (encoding.isExplicit && capital(head[4]) && capital(head[5]) && e.tag >> 16 != 0xfffe) {
    static constexpr auto places = placesOfKnown();
    const auto place = places[static_cast<std::size_t>((head[4] - 'A') * 26 + head[5] - 'A')];
    e.vr = place > 0 ? Vr(head[4], head[5]) : Vr("??");
    if (place > 0 && place <= kLong) {
      e.length = littleOrBig(head.substr(6, 2), big);
      return true;
    }
    if (head.size() < 12) return false;
    e.length = littleOrBig(head.substr(8, 4), big);
    e.value = at + 12;
    return true;
  }
  e.length = littleOrBig(head.substr(4, 4), big);
  return true;
}

bool isSequence(Bytes& bytes, const Element& e, Encoding encoding) {
  return e.vr == "SQ" || e.length == kUndefined || littleOrBig(bytes.at(e.value, 2), encoding.bigEndian) == 0xfffe;
}

}  // namespace lorkd::io
