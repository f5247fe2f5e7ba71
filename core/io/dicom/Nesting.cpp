#include "core/io/dicom/Nesting.h"

#include <itk_zlib.h>

#include <algorithm>
#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <vector>

#include "core/base/File.h"
#include "core/io/Limits.h"
#include "core/io/dicom/Elements.h"

namespace lorkd::io {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kDeepest = 128;  // how many sequences may lie in one another; real objects stay below twenty

// Where the sequence is over, its delimiter included; where the bytes end if it has none. Nothing when sequences nest
// in it deeper than kDeepest. Works without recursion.
std::optional<std::uint64_t> endOfSequence(Bytes& bytes, const Element& sequence, Encoding outer) {
  struct Level {
    std::uint64_t end;
    Encoding encoding;
  };
  constexpr auto open = std::numeric_limits<std::uint64_t>::max();
  std::vector<Level> levels;
  const auto enter = [&](const Element& e, const Level& around) {
    // An unknown element of undefined length holds implicit little endian (PS3.5 section 6.2.2, note 7).
    const bool unknown = e.vr == "UN";
    const auto end = e.length == kUndefined ? open : e.value + e.length;
    levels.push_back({std::min(end, around.end), unknown ? Encoding{false, false} : around.encoding});
  };
  enter(sequence, {open, outer});
  auto at = sequence.value;
  Element e;
  while (true) {
    while (!levels.empty() && at >= levels.back().end) levels.pop_back();
    if (levels.empty() || !readElement(bytes, at, levels.back().encoding, e)) return at;
    at = e.value;
    if (e.tag == kItemEnd || e.tag == kSequenceEnd) {
      levels.pop_back();
    } else if (e.tag == kItem || isSequence(bytes, e, levels.back().encoding)) {
      enter(e, levels.back());
      if (levels.size() > 2 * kDeepest) return std::nullopt;  // a sequence and its item are two levels
    } else {
      at += e.length;
    }
  }
}

// False when sequences nest too deeply from `at` on.
bool shallow(Bytes& bytes, std::uint64_t at, Encoding encoding) {
  Element e;
  while (readElement(bytes, at, encoding, e)) {
    // A delimiter too many has no value of its own.
    const bool delimiter = e.tag == kItemEnd || e.tag == kSequenceEnd;
    if (!delimiter && (e.tag == kItem || isSequence(bytes, e, encoding))) {
      const auto end = endOfSequence(bytes, e, encoding);
      if (!end) return false;
      at = *end;
    } else {
      at = delimiter ? e.value : e.value + e.length;
    }
  }
  return true;
}

// Gives the rest of a file from `at`, inflated, to `take` block by block, until that returns false; nothing when it is
// no raw deflate stream.
template <class Take>
void inflateFrom(std::string& packed, std::uint64_t at, const Take& take) {
  z_stream stream{};
  if (at >= packed.size() || inflateInit2(&stream, -MAX_WBITS) != Z_OK) return;
  stream.next_in = reinterpret_cast<Bytef*>(packed.data() + at);
  stream.avail_in = static_cast<uInt>(packed.size() - at);
  std::string block(1 << 18, '\0');
  for (int code = Z_OK; code == Z_OK;) {
    stream.next_out = reinterpret_cast<Bytef*>(block.data());
    stream.avail_out = static_cast<uInt>(block.size());
    code = inflate(&stream, Z_NO_FLUSH);
    if (!take(std::string_view(block).substr(0, block.size() - stream.avail_out))) break;
  }
  inflateEnd(&stream);
}

// The rest of a file from `at`, inflated; empty when it is no raw deflate stream. DCMTK holds all of it in memory, too.
Result<std::string> inflated(const fs::path& file, std::uint64_t at) {
  LORKD_TRY(packed, readFile(file, kMostDeflated));
  std::uintmax_t size = 0;
  inflateFrom(packed, at, [&](std::string_view bytes) { return (size += bytes.size()) <= kMostDeflated; });
  if (size > kMostDeflated)
    return fail(ErrorCode::Unsupported,
                "the deflated data set has more than " + grouped(static_cast<std::int64_t>(kMostDeflated)) + " bytes",
                "convert it to a transfer syntax that packs its pixels alone", file.string());
  LORKD_CHECK(roomFor(2 * static_cast<double>(size), file));
  std::string out;
  out.reserve(size);
  inflateFrom(packed, at, [&](std::string_view bytes) { return out.append(bytes), true; });
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
  while (readElement(bytes, at, {}, e) && e.tag >> 16 == 0x0002 && e.length != kUndefined) {
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
