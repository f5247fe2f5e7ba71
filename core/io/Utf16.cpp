#include "core/io/Utf16.h"

namespace lorkd::io {
namespace {

using std::literals::operator""sv;
constexpr auto kLittle = "\xff\xfe"sv, kBig = "\xfe\xff"sv;

void appendUtf8(std::string& out, char32_t c) {
  const auto part = [&](int shift, unsigned mark) { out += static_cast<char>(mark | (c >> shift & 0x3f)); };
  if (c < 0x80) {
    out += static_cast<char>(c);
  } else if (c < 0x800) {
    out += static_cast<char>(0xc0 | c >> 6);
    part(0, 0x80);
  } else if (c < 0x10000) {
    out += static_cast<char>(0xe0 | c >> 12);
    part(6, 0x80);
    part(0, 0x80);
  } else {
    out += static_cast<char>(0xf0 | c >> 18);
    part(12, 0x80);
    part(6, 0x80);
    part(0, 0x80);
  }
}

}  // namespace

bool isUtf16(std::string_view bytes) {
  if (bytes.starts_with(kLittle) || bytes.starts_with(kBig)) return true;
  if (bytes.size() < 4) return false;
  const auto pair = [&](std::size_t zero) {
    return bytes[zero] == 0 && bytes[zero + 2] == 0 && bytes[1 - zero] != 0 && bytes[3 - zero] != 0;
  };
  return pair(0) || pair(1);
}

Result<std::string> utf8Of(std::string_view utf16) {
  const auto broken = [](const std::string& what) {
    return fail(ErrorCode::Format, what, "save the table as CSV in UTF-8");
  };
  const bool big = utf16.starts_with(kBig);
  if (!big && !utf16.starts_with(kLittle)) return broken("the text is UTF-16 without a byte order mark");
  if (utf16.size() % 2 != 0) return broken("the text is UTF-16 that is cut within a character");
  const auto unit = [&](std::size_t at) -> char32_t {
    const auto first = static_cast<unsigned char>(utf16[at]), second = static_cast<unsigned char>(utf16[at + 1]);
    return static_cast<char32_t>(big ? first << 8 | second : second << 8 | first);
  };
  std::string out;
  for (std::size_t at = 2; at < utf16.size(); at += 2) {
    char32_t c = unit(at);
    const bool high = c >= 0xd800 && c < 0xdc00;
    if (high && at + 2 < utf16.size()) {  // the two halves of a rare character
      const char32_t low = unit(at + 2);
      if (low >= 0xdc00 && low < 0xe000) c = 0x10000 + ((c - 0xd800) << 10) + (low - 0xdc00), at += 2;
    }
    if (c == 0 || (c >= 0xd800 && c < 0xe000)) return broken("the text is no whole UTF-16");
    appendUtf8(out, c);
  }
  return out;
}

}  // namespace lorkd::io
