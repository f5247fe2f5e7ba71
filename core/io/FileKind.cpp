#include "core/io/FileKind.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>

#include "core/io/OpenFile.h"
#include "core/io/VolumeFile.h"

namespace lorkd::io {
namespace fs = std::filesystem;
namespace {

// The first element of a data set without preamble: group 0002 or 0008, low element number, and a value representation
// or a length that stays inside the file.
bool startsLikeDataset(std::string_view head, std::uintmax_t size) {
  if (head.size() < 12) return false;
  const auto byte = [&](std::size_t n) { return static_cast<unsigned>(static_cast<unsigned char>(head[n])); };
  for (const bool big : {false, true}) {
    const auto u16 = [&](std::size_t n) { return big ? byte(n) << 8 | byte(n + 1) : byte(n + 1) << 8 | byte(n); };
    if ((u16(0) != 0x0008 && u16(0) != 0x0002) || u16(2) > 0x0100) continue;
    if (std::isupper(static_cast<int>(byte(4))) && std::isupper(static_cast<int>(byte(5)))) return true;
    const unsigned length = big ? u16(4) << 16 | u16(6) : u16(6) << 16 | u16(4);
    if (length < 4096 && length + 8 <= size) return true;
  }
  return false;
}

}  // namespace

std::string readHead(const fs::path& file, std::size_t most) {
  const auto in = openStream(file);
  if (!in) return {};
  std::error_code ec;
  const auto size = fs::file_size(file, ec);
  std::string head(std::min<std::uintmax_t>(most, ec ? 0 : size), '\0');
  head.resize(std::fread(head.data(), 1, head.size(), in.get()));
  return head;
}

FileKind fileKind(const fs::path& file) {
  if (!openStream(file)) return FileKind::Unreadable;
  const auto first = readHead(file, 132);
  const std::string_view head = first;
  if (head.size() == 132 && head.ends_with("DICM")) return FileKind::Dicom;

  std::string name = file.filename().string();
  std::ranges::transform(name, name.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  const auto named = [&](std::initializer_list<const char*> endings) {
    return std::ranges::any_of(endings, [&](const char* ending) { return name.ends_with(ending); });
  };
  if (isVolumeFile(file)) return FileKind::Volume;
  if (named({".npz"})) return FileKind::Npz;
  if (named({".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff"})) return FileKind::Picture;
  std::error_code ec;
  return startsLikeDataset(head, fs::file_size(file, ec)) ? FileKind::Dicom : FileKind::Other;
}

}  // namespace lorkd::io
