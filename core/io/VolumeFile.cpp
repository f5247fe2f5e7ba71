#include "core/io/VolumeFile.h"

#include <itkMetaImageIO.h>
#include <itkNiftiImageIO.h>
#include <itkNrrdImageIO.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <vector>

#include "core/io/ItkGrid.h"
#include "core/io/Limits.h"
#include "core/io/Nifti2.h"
#include "core/io/NiftiPlace.h"
#include "core/io/TextHeader.h"

namespace lorkd::io {
namespace fs = std::filesystem;
namespace {

// A header in an IO object, and what it reads where that is not the file itself.
struct Opened {
  itk::ImageIOBase::Pointer io;
  NiftiFile nifti;
  TextHeader text;
  double bytes = 0;          // of the voxels as they are stored
  std::int64_t volumes = 1;  // along the axes beyond the third
};

// The header of `file` in an IO object that can read its voxels, checked so far that reading them is safe. Only
// segmentations that name their segments may have several layers, and only where they are asked for.
Result<Opened> open(const fs::path& file, bool layers) {
  std::error_code ec;
  if (!fs::is_regular_file(file, ec)) return fail(ErrorCode::NotFound, "no such file", "check the path", file.string());
  const bool nifti = isNamed(file, {".nii", ".nii.gz"});
  Opened out;
  if (nifti) {
    auto io = itk::NiftiImageIO::New();
    io->SetLegacyAnalyze75Mode(itk::NiftiImageIOEnums::Analyze75Flavor::AnalyzeReject);
    out.io = io;
    LORKD_TRY(header, niftiFile(file));
    LORKD_CHECK(checkAffine(header, file));
    out.nifti = std::move(header);
    out.text = {file, isNamed(file, {".gz"})};
  } else {
    LORKD_TRY(header, textHeader(file));
    out.text = header;
    if (isNamed(file, {".nrrd", ".nhdr"}))
      out.io = itk::NrrdImageIO::New();
    else
      out.io = itk::MetaImageIO::New();
  }
  auto& io = out.io;
  const auto& read = out.nifti.copy.path().empty() ? file : out.nifti.copy.path();
  if (!io->CanReadFile(read.c_str()))
    return fail(ErrorCode::Format, "this is not what its name says, or not whole", kVolumeHint, file.string());
  io->SetFileName(read.string());
  io->ReadImageInformation();

  using itk::IOComponentEnum;
  if (io->GetComponentType() == IOComponentEnum::UNKNOWNCOMPONENTTYPE ||
      io->GetComponentType() == IOComponentEnum::LDOUBLE || (nifti && out.nifti.voxelBytes == 0))
    return fail(ErrorCode::Unsupported, "the voxels are of a type that cannot be read",
                "store them as whole numbers, float or double", file.string());
  const unsigned dimensions = io->GetNumberOfDimensions(), components = io->GetNumberOfComponents();
  double voxels = 1, volumes = 1;
  for (unsigned a = 0; a < dimensions; ++a) {
    const auto extent = io->GetDimensions(a);
    if (extent < 1) return fail(ErrorCode::Format, "an image axis has no voxels", kVolumeHint, file.string());
    if (a >= 3) volumes *= static_cast<double>(extent);
    voxels *= static_cast<double>(extent);
  }
  // ITK counts a voxel's values in 32 bits and drops what goes beyond, and the library under it does not.
  if (!nifti && out.text.values != voxels * components)
    return fail(ErrorCode::Format,
                "the header's sizes do not belong together: they make " +
                    grouped(static_cast<std::int64_t>(std::min(out.text.values, 1e18))) + " values, where " +
                    grouped(static_cast<std::int64_t>(std::min(voxels * components, 1e18))) + " can be read",
                kVolumeHint, file.string());
  if (volumes > 1 && (!nifti || volumes > kMostVolumes))
    return fail(ErrorCode::Unsupported, "the image has more than three dimensions",
                "split it into one file for each time point or channel", file.string());
  out.volumes = static_cast<std::int64_t>(volumes);
  const bool layered = layers && components <= kMostLayers && namesItsLabels(file);
  if (dimensions < 2 || (components != 1 && !layered))
    return fail(ErrorCode::Unsupported, "only 3D images with one value a voxel can be read",
                "write each channel to a file of its own", file.string());
  out.bytes = voxels * (nifti ? out.nifti.voxelBytes : static_cast<double>(io->GetComponentSize()) * components);
  // Deflate cannot shrink data more than 1032 times: a file smaller than that is truncated or hostile, and its claimed
  // size must not be allocated.
  if (static_cast<double>(out.nifti.offset) + out.bytes >
      (out.text.packed ? 1032.0 : 1.0) * static_cast<double>(fs::file_size(out.text.voxels, ec)))
    return fail(ErrorCode::Format, "the file is shorter than its header says", kVolumeHint, file.string());
  if (voxels > static_cast<double>(kMostVoxels) * volumes)
    return fail(ErrorCode::Unsupported,
                "the image has " + grouped(static_cast<std::int64_t>(std::min(voxels, 1e18))) + " voxels, more than " +
                    grouped(kMostVoxels),
                "cut it into parts, or resample it to a coarser spacing", file.string());
  return out;
}

Result<VolumeHeader> headerOf(const Opened& opened, const fs::path& file) {
  const auto& io = *opened.io;
  VolumeHeader header{{}, opened.volumes, 0, {}};
  auto& geometry = header.geometry;
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
  if (opened.nifti.voxelBytes > 0) {
    geometry = placeOf(opened.nifti, geometry, header.apart, header.byRotation);
  }
  if (!geometry.plausible())
    return fail(ErrorCode::Format,
                "the header's grid cannot be right: a size, spacing, direction or origin is out of range", kVolumeHint,
                file.string());
  return header;
}

// Runs `work` and turns what ITK throws into an error that names the file.
template <class Work>
auto guarded(const fs::path& file, Work work) -> decltype(work()) {
  const auto voxels = voxelsOf(file);
  try {
    return work();
  } catch (const itk::ExceptionObject& e) {
    return fail(ErrorCode::Format, itkMessage(e, {file, voxels}), kVolumeHint, file.string());
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::Io, "there is not enough memory for this image", "", file.string());
  }
}

// Voxels of the type that the file stores: ITK's own reader would hold them a second time as another.
struct Stored {
  image::Geometry geometry;
  itk::IOComponentEnum type;
  std::size_t layers = 1;
  std::vector<char> bytes;          // those of a voxel's layers lie together
  double slope = 1, intercept = 0;  // what they are scaled by, of NIfTI
};

itk::IOComponentEnum typeOf(std::int16_t datatype) {
  using itk::IOComponentEnum;
  switch (datatype) {  // by nifti1.h
    case 2:
      return IOComponentEnum::UCHAR;
    case 256:
      return IOComponentEnum::CHAR;
    case 4:
      return IOComponentEnum::SHORT;
    case 512:
      return IOComponentEnum::USHORT;
    case 8:
      return IOComponentEnum::INT;
    case 768:
      return IOComponentEnum::UINT;
    case 1024:
      return IOComponentEnum::LONGLONG;
    case 1280:
      return IOComponentEnum::ULONGLONG;
    case 16:
      return IOComponentEnum::FLOAT;
    case 64:
      return IOComponentEnum::DOUBLE;
    default:
      return IOComponentEnum::UNKNOWNCOMPONENTTYPE;
  }
}

// Calls `work` with each value of a layer, as the type it has, until it returns false.
template <class Work>
bool eachValue(const Stored& stored, std::size_t layer, const Work& work) {
  const bool scaled = stored.slope != 1 || stored.intercept != 0;
  const auto go = [&]<class T>(T value) {
    for (auto at = layer * sizeof(T); at < stored.bytes.size(); at += stored.layers * sizeof(T)) {
      std::memcpy(&value, stored.bytes.data() + at, sizeof(T));
      const bool more = scaled ? work(static_cast<double>(value) * stored.slope + stored.intercept) : work(value);
      if (!more) return false;
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

// No voxel may hold what is no number, or becomes none as the float that volumes are made of.
Result<void> checkFinite(const Stored& stored, const fs::path& file) {
  using itk::IOComponentEnum;
  const bool whole = stored.type != IOComponentEnum::FLOAT && stored.type != IOComponentEnum::DOUBLE;
  if (whole && stored.slope == 1 && stored.intercept == 0) return {};
  std::int64_t count = 0, first = 0;
  for (std::size_t layer = 0; layer < stored.layers; ++layer) {
    std::int64_t at = 0;
    eachValue(stored, layer, [&](auto value) {
      if (!std::isfinite(static_cast<float>(value)) && count++ == 0) first = at;
      ++at;
      return true;
    });
  }
  if (count == 0) return {};
  const auto [columns, rows, slices] = stored.geometry.size;
  return fail(ErrorCode::Numeric,
              std::to_string(count) + " voxel(s) hold no finite number, the first at (" +
                  std::to_string(first % columns) + ", " + std::to_string(first / columns % rows) + ", " +
                  std::to_string(first / columns / rows) + ")",
              "mend the image where it was made: nobody can tell what those voxels should be", file.string());
}

std::unexpected<Error> severalVolumes(std::int64_t volumes, const fs::path& file) {
  return fail(ErrorCode::Unsupported,
              "the file holds " + std::to_string(volumes) + " volumes, and nothing says what each of them is",
              "split it into one file for each time point or channel", file.string());
}

Result<Stored> readStored(const fs::path& file, bool layers, std::int64_t part, NiftiChoice place) {
  LORKD_TRY(opened, open(file, layers));
  LORKD_TRY(header, headerOf(opened, file));
  const auto& geometry = place == NiftiChoice::Rotation && header.byRotation ? *header.byRotation : header.geometry;
  if (part < 0 && opened.volumes > 1) return severalVolumes(opened.volumes, file);
  if (part >= opened.volumes)
    return fail(ErrorCode::Mismatch,
                "the file holds " + std::to_string(opened.volumes) + " volume(s), where number " +
                    std::to_string(part + 1) + " is wanted",
                "scan its source again", file.string());
  opened.bytes /= static_cast<double>(opened.volumes);
  const auto count = opened.io->GetNumberOfComponents();
  // Voxels as they are stored, and what is made of them.
  LORKD_CHECK(roomFor(opened.bytes + 4.0 * static_cast<double>(geometry.voxels()) * count, file));
  Stored stored{geometry, opened.io->GetComponentType(), count, {}};
  if (isNamed(file, {".nii", ".nii.gz"})) {
    stored.type = typeOf(opened.nifti.datatype);
    stored.slope = opened.nifti.slope;
    stored.intercept = opened.nifti.intercept;
    const auto bytes = static_cast<std::int64_t>(opened.bytes), before = std::max<std::int64_t>(part, 0) * bytes;
    LORKD_TRY(voxels, niftiVoxels(file, opened.nifti, {before, bytes, (opened.volumes - 1) * bytes - before}));
    stored.bytes = std::move(voxels);
  } else {
    if (opened.text.asText) LORKD_CHECK(checkTextVoxels(opened.text, geometry.voxels() * count, file));
    if (opened.text.deflated) {
      LORKD_TRY(voxels, inflatedVoxels(opened.text, static_cast<std::size_t>(opened.bytes),
                                       opened.io->GetComponentSize(), file));
      stored.bytes = std::move(voxels);
    } else {
      stored.bytes = readAll(*opened.io);
    }
  }
  LORKD_CHECK(checkFinite(stored, file));
  return stored;
}

// What `make` makes of the stored voxels; memory that is not there is an error of the file.
template <class Make>
auto fromStored(const fs::path& file, bool layers, std::int64_t part, NiftiChoice place, const Make& make)
    -> decltype(make(std::declval<Stored>())) {
  return guarded(file, [&]() -> decltype(make(std::declval<Stored>())) {
    LORKD_TRY(stored, readStored(file, layers, part, place));
    return make(stored);
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

}  // namespace

fs::path voxelsOf(const fs::path& file) {
  if (isNamed(file, {".nii", ".nii.gz"})) return file;
  const auto header = textHeader(file);
  return header ? header->voxels : file;
}

bool isVolumeFile(const fs::path& file) { return isNamed(file, {".nii", ".nii.gz", ".nrrd", ".nhdr", ".mha", ".mhd"}); }

Result<VolumeHeader> readVolumeHeader(const fs::path& file) {
  return guarded(file, [&]() -> Result<VolumeHeader> {
    LORKD_TRY(opened, open(file, true));
    return headerOf(opened, file);
  });
}

Result<image::Geometry> readVolumeGeometry(const fs::path& file) {
  LORKD_TRY(header, readVolumeHeader(file));
  if (header.volumes > 1) return severalVolumes(header.volumes, file);
  return header.geometry;
}

Result<image::Volume> readVolume(const fs::path& file, std::int64_t part, NiftiChoice place) {
  return fromStored(file, false, part, place, [](const Stored& stored) -> Result<image::Volume> {
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
  return fromStored(file, false, -1, NiftiChoice::Affine,
                    [&](const Stored& stored) { return labelsIn(file, stored, 0); });
}

Result<std::vector<image::LabelMap>> readLabelLayers(const fs::path& file, NiftiChoice place) {
  return fromStored(file, true, -1, place, [&](const Stored& stored) -> Result<std::vector<image::LabelMap>> {
    std::vector<image::LabelMap> layers;
    for (std::size_t n = 0; n < stored.layers; ++n) {
      LORKD_TRY(layer, labelsIn(file, stored, n));
      layers.push_back(std::move(layer));
    }
    return layers;
  });
}

}  // namespace lorkd::io
