#include "core/io/TextHeader.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdlib>
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
  double packedBytes = 0;
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
    header.packed |= header.asText || (nrrd ? key == "encoding" && lowered(value) != "raw"
                                            : key == "compresseddata" && lowered(value) == "true");
    if (!nrrd && key == "ndims" && value != "2" && value != "3" && value != "4")
      return fail(ErrorCode::Unsupported, "the image has " + value.substr(0, 20) + " dimensions", kVolumeHint,
                  file.string());
    if (!nrrd && key == "compresseddatasize") packedBytes = std::strtod(value.c_str(), nullptr);
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
  if (!(packedBytes >= 0 && packedBytes <= static_cast<double>(fs::file_size(header.voxels, ec))))
    return fail(ErrorCode::Format, "the file is shorter than its header says", kVolumeHint, file.string());
  return header;
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
