#include "core/io/FileKind.h"

#include <algorithm>
#include <cctype>
#include <string>
#include <string_view>

#include "core/io/OpenFile.h"
#include "core/io/TextHeader.h"
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

std::string foreignVolume(const fs::path& file) {
  struct Foreign {
    std::initializer_list<const char*> endings;
    const char *called, *converter;
  };
  static const std::initializer_list<Foreign> kinds{{{".mnc", ".mnc.gz"}, "MINC", "mnc2nii of MINC's tools"},
                                                    {{".mif", ".mif.gz", ".mih"}, "MRtrix", "its mrconvert"},
                                                    {{".brik", ".brik.gz"}, "AFNI", "its 3dAFNItoNIFTI"},
                                                    {{".gipl", ".gipl.gz"}, "GIPL", "ITK-SNAP"},
                                                    {{".isq", ".aim"}, "Scanco", "3D Slicer or ITK"},
                                                    {{".vti"}, "VTK", "3D Slicer"}};
  const auto said = [](const std::string& called, const std::string& converter) {
    return "a volume of " + called + ", which is not read: convert it to NIfTI, for example with " + converter;
  };
  for (const auto& [endings, called, converter] : kinds)
    if (isNamed(file, endings)) return said(called, converter);
  std::error_code ec;
  const auto beside = [&](const char* ending) {
    return fs::is_regular_file(fs::path(file).replace_extension(ending), ec);
  };
  if (isNamed(file, {".rec"}) && (beside(".par") || beside(".PAR"))) return said("Philips (PAR/REC)", "dcm2niix");
  return {};
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
  // Other programs call headers of other things .hdr.
  const bool otherHeader = named({".hdr"}) && !head.starts_with(std::string_view("\x5c\x01\0\0", 4)) &&
                           !head.starts_with(std::string_view("\0\0\x01\x5c", 4));
  if (isVolumeFile(file) && !otherHeader) return FileKind::Volume;
  if (named({".npz"})) return FileKind::Npz;
  if (named({".png", ".jpg", ".jpeg", ".gif", ".bmp", ".tif", ".tiff"})) return FileKind::Picture;
  std::error_code ec;
  return startsLikeDataset(head, fs::file_size(file, ec)) ? FileKind::Dicom : FileKind::Other;
}

}  // namespace lorkd::io
