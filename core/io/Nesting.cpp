#include "core/io/Nesting.h"

#include <fcntl.h>
#include <itk_zlib.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <cstring>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

#include "core/base/File.h"

namespace lorkd::io {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kDeepest = 128;
constexpr std::uint32_t kUndefined = 0xffffffff;
constexpr std::uint64_t kOpen = std::numeric_limits<std::uint64_t>::max();

// Bytes of a file or of memory by position; a file is read in windows, so that pixels are skipped unread.
class Bytes {
 public:
  explicit Bytes(const fs::path& file) : m_file(::open(file.c_str(), O_RDONLY | O_CLOEXEC)) {}
  explicit Bytes(std::string memory) : m_window(std::move(memory)) {}
  Bytes(const Bytes&) = delete;
  ~Bytes() {
    if (m_file >= 0) ::close(m_file);
  }
  // `count` bytes at `at`; shorter at the end.
  std::string_view at(std::uint64_t at, std::size_t count) {
    if (m_file >= 0 && (at < m_start || at + count > m_start + m_window.size())) {
      m_window.resize(kWindow);
      const auto n =
          ::pread(m_file, m_window.data(), kWindow, static_cast<off_t>(std::min<std::uint64_t>(at, INT64_MAX)));
      m_window.resize(static_cast<std::size_t>(std::max<ssize_t>(0, n)));
      m_start = at;
    }
    if (at < m_start || at - m_start >= m_window.size()) return {};
    return std::string_view(m_window).substr(at - m_start, count);
  }

 private:
  static constexpr std::size_t kWindow = 16384;
  int m_file = -1;
  std::uint64_t m_start = 0;
  std::string m_window;
};

struct Encoding {
  bool isExplicit = true, bigEndian = false;
};

std::uint32_t number(std::string_view bytes, bool bigEndian) {
  std::uint32_t value = 0;
  for (std::size_t n = 0; n < bytes.size(); ++n)
    value |= std::uint32_t(static_cast<unsigned char>(bytes[n])) << (8 * (bigEndian ? bytes.size() - 1 - n : n));
  return value;
}

// One element's header.
struct Element {
  std::uint32_t tag = 0, length = 0;
  std::string_view vr;
  std::uint64_t value = 0;  // where the value starts
};

bool read(Bytes& bytes, std::uint64_t at, Encoding encoding, Element& e) {
  const auto head = bytes.at(at, 12);
  if (head.size() < 8) return false;
  const bool big = encoding.bigEndian;
  e.tag = number(head.substr(0, 2), big) << 16 | number(head.substr(2, 2), big);
  e.vr = {};
  e.value = at + 8;
  // Without two capitals DCMTK, too, takes the element for implicit.
  const bool letters =
      std::isupper(static_cast<unsigned char>(head[4])) && std::isupper(static_cast<unsigned char>(head[5]));
  if (encoding.isExplicit && letters && e.tag >> 16 != 0xfffe) {
    static constexpr std::string_view kShort = "AE AS AT CS DA DS DT FD FL IS LO LT PN SH SL SS ST TM UI UL US";
    const auto found = kShort.find(head.substr(4, 2));
    if (found != kShort.npos) {
      e.vr = kShort.substr(found, 2);
      e.length = number(head.substr(6, 2), big);
      return true;
    }
    if (head.size() < 12) return false;
    e.vr = head.substr(4, 2) == "SQ" ? "SQ" : head.substr(4, 2) == "UN" ? "UN" : "OB";
    e.length = number(head.substr(8, 4), big);
    e.value = at + 12;
    return true;
  }
  e.length = number(head.substr(4, 4), big);
  return true;
}

// False when sequences nest too deeply from `at` on.
bool shallow(Bytes& bytes, std::uint64_t at, Encoding outer) {
  struct Level {
    std::uint64_t end;
    Encoding encoding;
  };
  std::vector<Level> levels{{kOpen, outer}};
  Element e;
  while (true) {
    while (levels.size() > 1 && at >= levels.back().end) levels.pop_back();
    if (!read(bytes, at, levels.back().encoding, e)) return true;
    const Encoding encoding = levels.back().encoding;
    const auto end = e.length == kUndefined ? kOpen : e.value + e.length;
    if (e.tag == 0xfffee00d || e.tag == 0xfffee0dd) {
      if (levels.size() > 1) levels.pop_back();
      at = e.value;
      continue;
    }
    const bool item = e.tag == 0xfffee000;
    const bool startsWithItem = number(bytes.at(e.value, 2), encoding.bigEndian) == 0xfffe;
    if (item || e.vr == "SQ" || e.length == kUndefined || startsWithItem) {
      // An unknown element of undefined length holds implicit little endian (PS3.5 section 6.2.2, note 7).
      const bool unknown = e.vr == "UN";
      levels.push_back({std::min(end, levels.back().end), unknown ? Encoding{false, false} : encoding});
      if (levels.size() > 2 * kDeepest) return false;  // a sequence and its item are two levels
      at = e.value;
    } else {
      at = end;
    }
  }
}

// The rest of a file from `at`, inflated; empty when it is no raw deflate stream.
Result<std::string> inflated(const fs::path& file, std::uint64_t at) {
  LORKD_TRY(packed, readFile(file, std::uintmax_t(1) << 28));
  std::string out;
  z_stream stream{};
  if (at >= packed.size() || inflateInit2(&stream, -MAX_WBITS) != Z_OK) return out;
  stream.next_in = reinterpret_cast<Bytef*>(packed.data() + at);
  stream.avail_in = static_cast<uInt>(packed.size() - at);
  std::string block(1 << 18, '\0');
  int code = Z_OK;
  while (code == Z_OK && out.size() < std::size_t(1) << 30) {
    stream.next_out = reinterpret_cast<Bytef*>(block.data());
    stream.avail_out = static_cast<uInt>(block.size());
    code = inflate(&stream, Z_NO_FLUSH);
    out.append(block.data(), block.size() - stream.avail_out);
  }
  inflateEnd(&stream);
  if (code == Z_OK) return fail(ErrorCode::Format, "the compressed data set is larger than 1 GiB", "", file.string());
  return out;
}

}  // namespace

Result<void> checkNesting(const fs::path& file) {
  const auto tooDeep = fail(ErrorCode::Format, "sequences nest too deeply: the file is damaged or hostile",
                            "leave the file out", file.string());
  Bytes bytes(file);
  std::uint64_t at = bytes.at(128, 4) == "DICM" ? 132 : 0;
  // The meta header is explicit little endian; its transfer syntax says how the rest is written.
  std::string syntax;
  Element e;
  while (read(bytes, at, {}, e) && e.tag >> 16 == 0x0002 && e.length != kUndefined) {
    if (e.tag == 0x00020010) syntax = bytes.at(e.value, std::min<std::uint32_t>(e.length, 64));
    at = e.value + e.length;
  }
  while (!syntax.empty() && (syntax.back() == '\0' || syntax.back() == ' ')) syntax.pop_back();
  if (syntax == "1.2.840.10008.1.2.1.99") {
    LORKD_TRY(data, inflated(file, at));
    Bytes memory(std::move(data));
    if (!shallow(memory, 0, {true, false})) return tooDeep;
    return {};
  }
  const auto head = bytes.at(at, 2);
  const bool big = syntax == "1.2.840.10008.1.2.2" || (syntax.empty() && head == std::string_view("\0\x08", 2));
  // Without a transfer syntax DCMTK guesses, so both ways of writing are followed.
  const bool implicit = syntax == "1.2.840.10008.1.2";
  if ((!implicit && !shallow(bytes, at, {true, big})) ||
      ((implicit || syntax.empty()) && !shallow(bytes, at, {false, big})))
    return tooDeep;
  return {};
}

}  // namespace lorkd::io
