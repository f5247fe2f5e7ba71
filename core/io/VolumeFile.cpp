#include "core/io/VolumeFile.h"

#include <itkImageFileWriter.h>
#include <itkMetaImageIO.h>
#include <itkNiftiImageIO.h>
#include <itkNrrdImageIO.h>
#include <itk_zlib.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <sstream>
#include <vector>

#include "core/base/File.h"
#include "core/io/FileKind.h"
#include "core/io/ItkGrid.h"
#include "core/io/Nifti2.h"

namespace lorkd::io {
namespace fs = std::filesystem;
namespace {

constexpr const char* kReadHint = "check that the file is a complete NIfTI, NRRD or MetaImage";

std::string lowered(std::string text) {
  std::ranges::transform(text, text.begin(), [](unsigned char c) { return static_cast<char>(std::tolower(c)); });
  return text;
}

bool named(const fs::path& file, std::initializer_list<const char*> endings) {
  const auto name = lowered(file.filename().string());
  return std::ranges::any_of(endings, [&](const char* ending) { return name.ends_with(ending); });
}

std::string stripped(const std::string& text) {
  const auto first = text.find_first_not_of(" \t\r");
  return first == text.npos ? "" : text.substr(first, text.find_last_not_of(" \t\r") - first + 1);
}

// What the text at the head of an NRRD or MetaImage says of its voxels.
struct TextHeader {
  fs::path voxels;  // where they are: the file itself, or one beside it
  bool packed = false;
};

Result<TextHeader> textHeader(const fs::path& file) {
  const bool nrrd = named(file, {".nrrd", ".nhdr"});
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
      return fail(ErrorCode::Format, "the header has a line that is no 'Name = value'", kReadHint,
                  file.string() + " (" + line.substr(0, 80) + ")");
    header.packed |= nrrd ? key == "encoding" && lowered(value) != "raw"
                          : (key == "compresseddata" && lowered(value) == "true") ||
                                (key == "binarydata" && lowered(value) == "false");
    if (!nrrd && key == "ndims" && value != "2" && value != "3" && value != "4")
      return fail(ErrorCode::Unsupported, "the image has " + value.substr(0, 20) + " dimensions", kReadHint,
                  file.string());
    if (!nrrd && key == "compresseddatasize") packedBytes = std::strtod(value.c_str(), nullptr);
    const bool place = nrrd ? key == "data file" || key == "datafile" : key == "elementdatafile";
    if (!place) continue;
    placed = true;
    // In a MetaImage the voxels follow this line.
    ended = !nrrd && name == "ElementDataFile";
    if (!nrrd && value == "LOCAL") continue;
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
    return fail(ErrorCode::Format, "the header has no end", kReadHint, file.string());
  std::error_code ec;
  if (!(packedBytes >= 0 && packedBytes <= static_cast<double>(fs::file_size(header.voxels, ec))))
    return fail(ErrorCode::Format, "the file is shorter than its header says", kReadHint, file.string());
  return header;
}

// A header in an IO object, and what it reads where that is not the file itself.
struct Opened {
  itk::ImageIOBase::Pointer io;
  TemporaryFile copy;
};

// The header of `file` in an IO object that can read its voxels, checked so far that reading them is safe. Only
// segmentations that name their segments may have several layers, and only where they are asked for.
Result<Opened> open(const fs::path& file, bool withVoxels, bool layers) {
  std::error_code ec;
  if (!fs::is_regular_file(file, ec)) return fail(ErrorCode::NotFound, "no such file", "check the path", file.string());
  itk::ImageIOBase::Pointer io;
  TemporaryFile copy;
  double voxelBytes = 0;  // in the file; 0: as ITK says
  TextHeader text{file, named(file, {".gz"})};
  if (named(file, {".nii", ".nii.gz"})) {
    auto nifti = itk::NiftiImageIO::New();
    nifti->SetLegacyAnalyze75Mode(itk::NiftiImageIOEnums::Analyze75Flavor::AnalyzeReject);
    io = nifti;
    LORKD_TRY(first, asNifti1(file, withVoxels));
    copy = std::move(first.copy);
    voxelBytes = first.voxelBytes;
  } else {
    LORKD_TRY(header, textHeader(file));
    text = header;
    if (named(file, {".nrrd", ".nhdr"}))
      io = itk::NrrdImageIO::New();
    else
      io = itk::MetaImageIO::New();
  }
  const auto& read = copy.path().empty() ? file : copy.path();
  if (!io->CanReadFile(read.c_str()))
    return fail(ErrorCode::Format, "this is not what its name says, or not whole", kReadHint, file.string());
  io->SetFileName(read.string());
  io->ReadImageInformation();

  using itk::IOComponentEnum;
  if (io->GetComponentType() == IOComponentEnum::UNKNOWNCOMPONENTTYPE ||
      io->GetComponentType() == IOComponentEnum::LDOUBLE)
    return fail(ErrorCode::Unsupported, "the voxels are of a type that cannot be read",
                "store them as whole numbers, float or double", file.string());
  const unsigned dimensions = io->GetNumberOfDimensions();
  double bytes =
      voxelBytes > 0 ? voxelBytes : static_cast<double>(io->GetComponentSize()) * io->GetNumberOfComponents();
  constexpr double kHeader = 352;
  for (unsigned a = 0; a < dimensions; ++a) {
    const auto extent = io->GetDimensions(a);
    if (extent < 1) return fail(ErrorCode::Format, "an image axis has no voxels", kReadHint, file.string());
    if (a >= 3 && extent > 1)
      return fail(ErrorCode::Unsupported, "the image has more than three dimensions",
                  "split it into one file for each time point or channel", file.string());
    bytes *= static_cast<double>(extent);
  }
  constexpr unsigned kMostLayers = 256;
  const bool layered = layers && io->GetNumberOfComponents() <= kMostLayers && namesItsLabels(file);
  if (dimensions < 2 || (io->GetNumberOfComponents() != 1 && !layered))
    return fail(ErrorCode::Unsupported, "only 3D images with one value a voxel can be read",
                "write each channel to a file of its own", file.string());
  // Deflate cannot shrink data more than 1032 times: a file smaller than that is truncated or hostile, and its claimed
  // size must not be allocated.
  const bool nifti = named(file, {".nii", ".nii.gz"});
  if ((nifti ? kHeader : 0) + bytes >
      (text.packed ? 1032.0 : 1.0) * static_cast<double>(fs::file_size(text.voxels, ec)))
    return fail(ErrorCode::Format, "the file is shorter than its header says", kReadHint, file.string());
  return Opened{io, std::move(copy)};
}

Result<image::Geometry> geometryOf(const itk::ImageIOBase& io, const fs::path& file) {
  image::Geometry geometry;
  for (unsigned a = 0; a < std::min(3u, io.GetNumberOfDimensions()); ++a) {
    geometry.size[a] = static_cast<std::int64_t>(io.GetDimensions(a));
    geometry.spacing[a] = io.GetSpacing(a);
    geometry.origin[a] = io.GetOrigin(a);
    const auto axis = io.GetDirection(a);
    // Backwards by a negative spacing is backwards by the direction.
    const double sign = geometry.spacing[a] < 0 ? -1 : 1;
    geometry.spacing[a] *= sign;
    for (unsigned b = 0; b < 3; ++b) geometry.direction[b][a] = b < axis.size() ? sign * axis[b] : 0.0;
  }
  if (io.GetNumberOfDimensions() == 2) geometry.size[2] = 1;
  if (!geometry.plausible())
    return fail(ErrorCode::Format,
                "the header's grid cannot be right: a size, spacing, direction or origin is out of range", kReadHint,
                file.string());
  return geometry;
}

// Runs `work` and turns what ITK throws into an error that names the file.
template <class Work>
auto guarded(const fs::path& file, Work work) -> decltype(work()) {
  const auto voxels = voxelsOf(file);
  try {
    return work();
  } catch (const itk::ExceptionObject& e) {
    return fail(ErrorCode::Format, itkMessage(e, {file, voxels}), kReadHint, file.string());
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::Io, "there is not enough memory for this image", "", file.string());
  }
}

// The NIfTI library fills what a truncated .gz lacks without a word, so the stream is read to its checksum first.
bool gzipIsWhole(const fs::path& file) {
  const std::unique_ptr<gzFile_s, decltype(&gzclose)> stream(gzopen(file.c_str(), "rb"), &gzclose);
  if (!stream) return false;
  std::vector<char> buffer(1 << 18);
  gzbuffer(stream.get(), 1 << 18);
  while (true) {
    const int n = gzread(stream.get(), buffer.data(), static_cast<unsigned>(buffer.size()));
    if (n < 0) return false;
    if (n < static_cast<int>(buffer.size())) break;
  }
  int code = Z_OK;
  gzerror(stream.get(), &code);
  return code == Z_OK || code == Z_STREAM_END;
}

// Voxels of the type that the file stores: ITK's own reader would hold them a second time as another.
struct Stored {
  image::Geometry geometry;
  itk::IOComponentEnum type;
  std::size_t layers = 1;
  std::vector<char> bytes;  // those of a voxel's layers lie together
};

// Calls `work` with each value of a layer, as the type it has, until it returns false.
template <class Work>
bool eachValue(const Stored& stored, std::size_t layer, const Work& work) {
  const auto go = [&]<class T>(T value) {
    for (auto at = layer * sizeof(T); at < stored.bytes.size(); at += stored.layers * sizeof(T)) {
      std::memcpy(&value, stored.bytes.data() + at, sizeof(T));
      if (!work(value)) return false;
    }
    return true;
  };
  using itk::IOComponentEnum;
  switch (stored.type) {
    case IOComponentEnum::UCHAR:
      return go(std::uint8_t());
    case IOComponentEnum::CHAR:
      return go(std::int8_t());
    case IOComponentEnum::USHORT:
      return go(std::uint16_t());
    case IOComponentEnum::SHORT:
      return go(std::int16_t());
    case IOComponentEnum::UINT:
      return go(std::uint32_t());
    case IOComponentEnum::INT:
      return go(std::int32_t());
    case IOComponentEnum::ULONG:
    case IOComponentEnum::ULONGLONG:
      return go(std::uint64_t());
    case IOComponentEnum::LONG:
    case IOComponentEnum::LONGLONG:
      return go(std::int64_t());
    case IOComponentEnum::FLOAT:
      return go(float());
    case IOComponentEnum::DOUBLE:
      return go(double());
    default:
      return false;
  }
}

// What `make` makes of the stored voxels; memory that is not there is an error of the file.
template <class Make>
auto fromStored(const fs::path& file, bool layers, const Make& make) -> decltype(make(std::declval<Stored>())) {
  return guarded(file, [&]() -> decltype(make(std::declval<Stored>())) {
    LORKD_TRY(opened, open(file, true, layers));
    if (named(file, {".gz"}) && !gzipIsWhole(file))
      return fail(ErrorCode::Format, "the compressed file is truncated or damaged", kReadHint, file.string());
    LORKD_TRY(geometry, geometryOf(*opened.io, file));
    return make(
        Stored{geometry, opened.io->GetComponentType(), opened.io->GetNumberOfComponents(), readAll(*opened.io)});
  });
}

Result<image::LabelMap> labelsIn(const fs::path& file, const Stored& stored, std::size_t layer) {
  image::LabelMap labels;
  labels.geometry = stored.geometry;
  labels.voxels.reserve(static_cast<std::size_t>(stored.geometry.voxels()));
  float odd = 0;
  const bool all = eachValue(stored, layer, [&](auto value) {
    odd = static_cast<float>(value);  // rounds what arithmetic has left of a double
    if (!(odd >= 0 && odd <= 65535) || odd != std::floor(odd)) return false;
    labels.voxels.push_back(static_cast<std::uint16_t>(odd));
    return true;
  });
  if (!all) {
    char number[40];
    std::snprintf(number, sizeof number, "%g", static_cast<double>(odd));
    return fail(ErrorCode::Format, "voxel " + std::to_string(labels.voxels.size()) + " holds " + number,
                "a label image holds whole numbers from 0 to 65535; is this an intensity image?", file.string());
  }
  return labels;
}

// ITK and the NIfTI library below it do not say when the disk is full, so what was written is compared with what was to
// be: the voxels are the last bytes of the file.
template <class T>
Result<void> compareWritten(const fs::path& file, const image::Grid<T>& grid) {
  const std::unique_ptr<gzFile_s, decltype(&gzclose)> stream(gzopen(file.c_str(), "rb"), &gzclose);
  if (!stream) return fail(ErrorCode::Io, "it cannot be read back");
  gzbuffer(stream.get(), 1 << 18);
  constexpr z_off_t kHeader = 352;
  std::vector<char> block(1 << 18);
  const std::string_view wanted(reinterpret_cast<const char*>(grid.voxels.data()), grid.voxels.size() * sizeof(T));
  bool same = gzread(stream.get(), block.data(), kHeader) == kHeader;
  for (std::size_t at = 0; same;) {
    const int n = gzread(stream.get(), block.data(), static_cast<unsigned>(block.size()));
    if (n <= 0) {
      int code = Z_OK;
      gzerror(stream.get(), &code);
      same = n == 0 && at == wanted.size() && (code == Z_OK || code == Z_STREAM_END);
      break;
    }
    same = wanted.substr(std::min(at, wanted.size()), static_cast<std::size_t>(n)) ==
           std::string_view(block.data(), static_cast<std::size_t>(n));
    at += static_cast<std::size_t>(n);
  }
  return same ? Result<void>() : fail(ErrorCode::Io, "what is read back is not what was to be written");
}

template <class T>
Result<void> writeGrid(const fs::path& file, const image::Grid<T>& grid) {
  if (grid.voxels.empty() || static_cast<std::int64_t>(grid.voxels.size()) != grid.geometry.voxels())
    return fail(ErrorCode::InvalidArgument, "the image to write is empty or does not fill its grid", "", file.string());
  const auto write = [&](const fs::path& temporary) -> Result<void> {
    try {
      auto writer = itk::ImageFileWriter<itk::Image<T, 3>>::New();
      writer->SetImageIO(itk::NiftiImageIO::New());
      writer->SetInput(viewAsItk(grid));
      writer->SetFileName(temporary.string());
      writer->SetUseCompression(temporary.extension() == ".gz");
      writer->Update();
      return {};
    } catch (const itk::ExceptionObject& e) {
      return fail(ErrorCode::Io, itkMessage(e, {temporary, file}),
                  "use a name that ends in .nii or .nii.gz, and check that the disk is not full", file.string());
    }
  };
  return writeAtomically(file, write, [&](const fs::path& written) { return compareWritten(written, grid); });
}

}  // namespace

fs::path voxelsOf(const fs::path& file) {
  if (named(file, {".nii", ".nii.gz"})) return file;
  const auto header = textHeader(file);
  return header ? header->voxels : file;
}

bool isVolumeFile(const fs::path& file) { return named(file, {".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd"}); }

Result<image::Geometry> readVolumeGeometry(const fs::path& file) {
  return guarded(file, [&]() -> Result<image::Geometry> {
    LORKD_TRY(opened, open(file, false, true));
    return geometryOf(*opened.io, file);
  });
}

Result<image::Volume> readVolume(const fs::path& file) {
  return fromStored(file, false, [](const Stored& stored) -> Result<image::Volume> {
    image::Volume volume;
    volume.geometry = stored.geometry;
    volume.voxels.reserve(static_cast<std::size_t>(stored.geometry.voxels()));
    eachValue(stored, 0, [&](auto value) {
      volume.voxels.push_back(static_cast<float>(value));
      return true;
    });
    return volume;
  });
}

Result<image::LabelMap> readLabelMap(const fs::path& file) {
  return fromStored(file, false, [&](const Stored& stored) { return labelsIn(file, stored, 0); });
}

Result<std::vector<image::LabelMap>> readLabelLayers(const fs::path& file) {
  return fromStored(file, true, [&](const Stored& stored) -> Result<std::vector<image::LabelMap>> {
    std::vector<image::LabelMap> layers;
    for (std::size_t n = 0; n < stored.layers; ++n) {
      LORKD_TRY(layer, labelsIn(file, stored, n));
      layers.push_back(std::move(layer));
    }
    return layers;
  });
}

Result<void> writeNifti(const fs::path& file, const image::Volume& volume) { return writeGrid(file, volume); }
Result<void> writeNifti(const fs::path& file, const image::LabelMap& labels) { return writeGrid(file, labels); }
Result<void> writeNifti(const fs::path& file, const image::Mask& mask) { return writeGrid(file, mask); }

}  // namespace lorkd::io
