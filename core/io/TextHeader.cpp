#include "core/io/TextHeader.h"

#include <itk_zlib.h>

#include <algorithm>
#include <bit>
#include <charconv>
#include <cmath>
#include <cstdlib>
#include <memory>
#include <optional>
#include <set>
#include <sstream>

#include "core/base/File.h"
#include "core/io/Csv.h"
#include "core/io/FileKind.h"

namespace lorkd::io {
namespace fs = std::filesystem;
namespace {

std::string stripped(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r");
  return first == text.npos ? "" : text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

std::optional<double> numberIn(std::string_view word) {
  if (word.starts_with('+')) word.remove_prefix(1);
  double value = 0;
  const auto [end, error] = std::from_chars(word.data(), word.data() + word.size(), value);
  return error == std::errc() && end == word.data() + word.size() ? std::optional(value) : std::nullopt;
}

// As MetaIO takes its fields of true and false.
bool isTrue(const std::string& value) { return value.starts_with('t') || value.starts_with('T') || value == "1"; }

// Whether the field tells how many numbers there are along the axes, or for each voxel.
bool isSize(const std::string& key) { return key == "sizes" || key == "dimsize" || key == "elementnumberofchannels"; }

// The first word of a field of the grid that is not what it must be; empty where all are. What a library makes of "nan"
// or of -5 as a size is left to chance.
std::string wrongWord(const std::string& key, const std::string& value, bool nrrd) {
  static const std::set<std::string> kNumbers{"elementspacing", "elementsize", "transformmatrix",
                                              "rotation",       "orientation", "offset",
                                              "position",       "origin",      "centerofrotation"};
  static const std::set<std::string> kVectors{"space directions", "space origin", "measurement frame"};
  const bool size = isSize(key);
  if (!size && !(nrrd ? kVectors : kNumbers).contains(key)) return {};
  std::string words = value;
  if (nrrd)
    std::ranges::replace_if(
        words, [](char c) { return c == '(' || c == ')' || c == ','; }, ' ');
  std::istringstream in(words);
  for (std::string word; in >> word;) {
    if (nrrd && !size && word == "none") continue;
    const auto number = numberIn(word);
    const bool sound = number && std::isfinite(*number) && (!size || (*number >= 1 && *number == std::floor(*number)));
    if (!sound) return word;
  }
  return {};
}

}  // namespace

bool isNamed(const fs::path& file, std::initializer_list<const char*> endings) {
  const auto name = lowered(file.filename().string());
  return std::ranges::any_of(endings, [&](const char* ending) { return name.ends_with(ending); });
}

Result<TextHeader> textHeader(const fs::path& file) {
  const bool nrrd = isNamed(file, {".nrrd", ".nhdr"});
  constexpr std::size_t kLongest = 1 << 20;
  std::istringstream in(readHead(file, kLongest));
  TextHeader header{file};
  bool ended = false, placed = false;
  double packedBytes = 0, headBytes = 0;
  for (std::string line; !ended && std::getline(in, line);) {
    ended = nrrd && stripped(line).empty();
    const auto split = line.find_first_of(nrrd ? ":" : "=:");
    const auto begin = split == line.npos ? split : line.find_first_not_of(nrrd ? ":" : "=: \t", split);
    const auto name = stripped(line.substr(0, split)), key = lowered(name);
    const auto value = begin == line.npos ? "" : stripped(line.substr(begin));
    if (ended || (nrrd ? split == line.npos : stripped(line).empty())) continue;
    // ITK's reader of MetaImages goes by words, not lines: what it would read otherwise than here is refused.
    if (!nrrd && (name.empty() || value.empty() || std::ranges::any_of(name, [](char c) { return c < 33 || c > 126; })))
      return fail(ErrorCode::Format, "the header has a line that is no 'Name = value'", kVolumeHint,
                  file.string() + " (" + line.substr(0, 80) + ")");
    if (const auto wrong = wrongWord(key, value, nrrd); !wrong.empty())
      return fail(ErrorCode::Format,
                  "the header's field '" + name.substr(0, 40) + "' holds '" + wrong.substr(0, 40) +
                      "', which is no number that may stand there",
                  "mend the header", file.string());
    if (isSize(key)) {
      if (header.values == 0) header.values = 1;
      std::istringstream words(value);
      for (std::string word; words >> word;) header.values *= numberIn(word).value_or(1);
    }
    header.asText |= !nrrd && key == "binarydata" && lowered(value) == "false";
    if (!nrrd && key == "compresseddata") header.deflated = isTrue(value);
    if (!nrrd && (key == "binarydatabyteordermsb" || key == "elementbyteordermsb"))
      header.swapped = isTrue(value) != (std::endian::native == std::endian::big);
    header.packed |= header.asText || header.deflated || (nrrd && key == "encoding" && lowered(value) != "raw");
    if (!nrrd && key == "ndims" && value != "2" && value != "3" && value != "4")
      return fail(ErrorCode::Unsupported, "the image has " + value.substr(0, 20) + " dimensions", kVolumeHint,
                  file.string());
    if (!nrrd && key == "compresseddatasize") packedBytes = std::strtod(value.c_str(), nullptr);
    if (!nrrd && key == "headersize") headBytes = std::strtod(value.c_str(), nullptr);
    const bool place = nrrd ? key == "data file" || key == "datafile" : key == "elementdatafile";
    if (!place) continue;
    placed = true;
    // In a MetaImage the voxels follow this line.
    ended = !nrrd && name == "ElementDataFile";
    if (!nrrd && value == "LOCAL") {
      if (ended && in) header.begin = static_cast<std::uint64_t>(std::max<std::streamoff>(0, in.tellg()));
      continue;
    }
    // A list of files, a pattern, or a way out of the folder is no name of a file in it.
    const fs::path beside = file.parent_path() / value;
    std::error_code ec;
    if (value.find_first_of("/\\%") != value.npos || value.starts_with("LIST") || !fs::is_regular_file(beside, ec))
      return fail(ErrorCode::Unsupported,
                  "the header looks for its voxels in something that is no single file beside it",
                  "put both files into one folder", file.string() + " (data file '" + value.substr(0, 200) + "')");
    header.voxels = beside;
  }
  // An NRRD header alone may end with its file.
  if (!ended && !(nrrd && placed && in.eof()))
    return fail(ErrorCode::Format, "the header has no end", kVolumeHint, file.string());
  std::error_code ec;
  const auto size = fs::file_size(header.voxels, ec);
  header.deflated &= !header.asText;
  // Counted from the end, as -1 says, only voxels that are not compressed can be.
  if (header.deflated && headBytes < 0)
    return fail(ErrorCode::Format, "HeaderSize is below 0, which does not suit compressed voxels", "mend the header",
                file.string());
  if (headBytes >= 1 && headBytes <= static_cast<double>(size)) header.begin = static_cast<std::uint64_t>(headBytes);
  if (!(packedBytes >= 0 && static_cast<double>(header.begin) + packedBytes <= static_cast<double>(size)))
    return fail(ErrorCode::Format, "the file is shorter than its header says", kVolumeHint, file.string());
  header.packedBytes =
      packedBytes >= 1 ? static_cast<std::uint64_t>(packedBytes) : size - std::min<std::uint64_t>(header.begin, size);
  return header;
}

Result<std::vector<char>> inflatedVoxels(const TextHeader& header, std::size_t bytes, std::size_t width,
                                         const fs::path& file) {
  LORKD_TRY(in, openToRead(header.voxels));
  z_stream stream{};
  constexpr int kZlibOrGzip = 15 + 32;  // told by the first bytes
  if (inflateInit2(&stream, kZlibOrGzip) != Z_OK) throw std::bad_alloc();
  const std::unique_ptr<z_stream, decltype(&inflateEnd)> ending(&stream, &inflateEnd);
  std::vector<char> voxels(bytes + 1), block(std::size_t(1) << 18);  // one more than there may be
  std::size_t made = 0;
  std::uint64_t at = header.begin, left = header.packedBytes;
  int code = Z_OK;
  while (code == Z_OK && made <= bytes) {  // on behind the last voxel, where the checksum is
    if (stream.avail_in == 0 && left > 0) {
      LORKD_TRY(got, readAt(in.get(), at, block.data(), std::min<std::uint64_t>(left, block.size()), header.voxels));
      at += got;
      left = got == 0 ? 0 : left - got;
      stream.next_in = reinterpret_cast<Bytef*>(block.data());
      stream.avail_in = static_cast<uInt>(got);
    }
    const auto room = static_cast<uInt>(std::min<std::size_t>(voxels.size() - made, std::size_t(1) << 30));
    stream.next_out = reinterpret_cast<Bytef*>(voxels.data() + made);
    stream.avail_out = room;
    code = inflate(&stream, Z_NO_FLUSH);
    made += room - stream.avail_out;
  }
  std::string what;
  if (made > bytes)
    what = "are more than the header says";
  else if (code != Z_STREAM_END && stream.msg)
    what = std::string("are damaged: ") + stream.msg;
  else if (made < bytes)
    what = "end early: " + std::to_string(made) + " of " + std::to_string(bytes) + " bytes are there";
  else if (code != Z_STREAM_END)
    what = "have no end: the file is truncated";
  if (!what.empty())
    return fail(ErrorCode::Format, "the compressed voxels " + what, "copy the file anew", file.string());
  voxels.resize(bytes);
  if (header.swapped && width > 1)
    for (auto one = voxels.begin(); one != voxels.end(); one += static_cast<std::ptrdiff_t>(width))
      std::reverse(one, one + static_cast<std::ptrdiff_t>(width));
  return voxels;
}

Result<void> checkTextVoxels(const TextHeader& header, std::int64_t count, const fs::path& file) {
  constexpr std::uintmax_t kLongest = std::uintmax_t(1) << 30;
  LORKD_TRY(bytes, readFile(header.voxels, kLongest));
  constexpr std::string_view kBlanks(" \t\r\n\v\f");
  std::string_view rest(bytes);
  rest.remove_prefix(std::min<std::size_t>(header.begin, rest.size()));
  for (std::int64_t n = 0; n < count; ++n) {
    rest.remove_prefix(std::min(rest.find_first_not_of(kBlanks), rest.size()));
    const auto word = rest.substr(0, rest.find_first_of(kBlanks));
    if (word.empty())
      return fail(ErrorCode::Format, "the file is shorter than its header says", kVolumeHint, file.string());
    if (const auto number = numberIn(word); !number || !std::isfinite(*number))
      return fail(
          ErrorCode::Numeric,
          "voxel " + std::to_string(n) + " is '" + std::string(word.substr(0, 40)) + "', which is no finite number",
          "mend the file", file.string());
    rest.remove_prefix(word.size());
  }
  return {};
}

}  // namespace lorkd::io
