#include "core/base/Printable.h"

#include <array>
#include <cstdint>
#include <cstdio>

namespace lorkd {
namespace {

// The character at the beginning of `text`, and its bytes; no bytes where there is none of UTF-8 (RFC 3629).
std::pair<std::uint32_t, std::size_t> characterAt(std::string_view text) {
  const auto byte = [&](std::size_t n) { return static_cast<unsigned char>(text[n]); };
  const auto first = byte(0);
  if (first < 0x80) return {first, 1};
  const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
  if (first < 0xc2 || first > 0xf4 || text.size() < length) return {0, 0};
  std::uint32_t value = first & (0x7fu >> length);
  for (std::size_t n = 1; n < length; ++n) {
    if ((byte(n) & 0xc0) != 0x80) return {0, 0};
    value = value << 6 | (byte(n) & 0x3fu);
  }
  static constexpr std::array<std::uint32_t, 5> kLeast{0, 0, 0x80, 0x800, 0x10000};
  if (value < kLeast[length] || value > 0x10ffff || (value >= 0xd800 && value < 0xe000)) return {0, 0};
  return {value, length};
}

// C0, DEL and C1; marks that turn the direction of text (Unicode Standard Annex 9); other ends of lines; what is not
// seen.
bool commands(std::uint32_t c) {
  return c < 0x20 || (c >= 0x7f && c < 0xa0) || c == 0x061c || (c >= 0x200b && c <= 0x200f) ||
         (c >= 0x2028 && c <= 0x202e) || (c >= 0x2060 && c <= 0x206f) || c == 0xfeff || (c >= 0xfff9 && c <= 0xfffb) ||
         (c >= 0xe0000 && c <= 0xe007f);
}

}  // namespace

std::string printable(std::string_view text, bool lines) {
  std::string out;
  out.reserve(text.size());
  char escape[16];
  while (!text.empty()) {
    const auto [c, length] = characterAt(text);
    const bool kept = length > 0 && (!commands(c) || (lines && (c == '\n' || c == '\t')));
    if (kept) {
      out += text.substr(0, length);
    } else {
      const auto value = length > 0 ? c : static_cast<std::uint32_t>(static_cast<unsigned char>(text[0]));
      std::snprintf(escape, sizeof escape, value < 0x100 ? "\\x%02x" : "\\u%04x", static_cast<unsigned>(value));
      out += escape;
    }
    text.remove_prefix(length > 0 ? length : 1);
  }
  return out;
}

}  // namespace lorkd
