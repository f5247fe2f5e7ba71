#include "core/io/dicom/CsaHeader.h"

#include <algorithm>
#include <cstdint>

namespace lorkd::io {
namespace {

/// Reads one after the other; false beyond the end.
class CsaReader {
 public:
  explicit CsaReader(std::string_view bytes) : m_rest(bytes) {}
  bool take(std::size_t count, std::string_view& out) {
    if (count > m_rest.size()) return false;
    out = m_rest.substr(0, count);
    m_rest.remove_prefix(count);
    return true;
  }
  bool number(std::uint32_t& out) {  // always little-endian
    std::string_view bytes;
    if (!take(4, bytes)) return false;
    out = 0;
    for (std::size_t n = 4; n-- > 0;) out = out << 8 | static_cast<unsigned char>(bytes[n]);
    return true;
  }

 private:
  std::string_view m_rest;
};

std::string_view csaText(std::string_view bytes) {
  bytes = bytes.substr(0, bytes.find('\0'));
  const auto last = bytes.find_last_not_of(' ');
  return bytes.substr(0, last == bytes.npos ? 0 : last + 1);
}

/// One value. In the first version its length is counted from the number of values of the very first element on.
bool takeCsaValue(CsaReader& in, bool second, std::uint32_t base, std::string_view& value) {
  std::uint32_t lengths[4]{};
  for (auto& length : lengths)
    if (!in.number(length)) return false;
  if (!second && lengths[0] < base) return false;
  const auto length = second ? lengths[1] : lengths[0] - base;
  std::string_view padding;
  return in.take(length, value) && in.take((4 - length % 4) % 4, padding);
}

}  // namespace

std::optional<std::vector<std::string>> csaValues(std::string_view header, std::string_view name) {
  const bool second = header.starts_with("SV10");
  if (second) header.remove_prefix(std::min<std::size_t>(8, header.size()));
  CsaReader in(header);
  std::uint32_t count = 0, check = 0, base = 0;
  constexpr std::uint32_t kMostElements = 1024, kMostValues = 1 << 16, kCheck = 77;
  if (!in.number(count) || !in.number(check) || check != kCheck || count > kMostElements) return std::nullopt;
  for (std::uint32_t n = 0; n < count; ++n) {
    std::string_view called, representation;
    std::uint32_t multiplicity = 0, type = 0, values = 0;
    if (!in.take(64, called) || !in.number(multiplicity) || !in.take(4, representation) || !in.number(type) ||
        !in.number(values) || !in.number(check) || values > kMostValues)
      return std::nullopt;
    if (n == 0) base = values;
    const bool wanted = csaText(called) == name;
    std::vector<std::string> out;
    for (std::uint32_t m = 0; m < values; ++m) {
      std::string_view value;
      if (!takeCsaValue(in, second, base, value)) return std::nullopt;
      // Unused places follow those of a value each.
      if (wanted && (multiplicity == 0 || m < multiplicity) && !csaText(value).empty())
        out.emplace_back(csaText(value));
    }
    if (wanted) return out;
  }
  return std::vector<std::string>();
}

}  // namespace lorkd::io
