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
#include "core/io/Mgh.h"
#include "core/io/Nifti2.h"
#include "core/io/NiftiPair.h"
#include "core/io/NiftiPlace.h"
#include "core/io/StoredVoxels.h"
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

// Whether the header is read as one of NIfTI: it is one, or is put in its words.
bool asNifti(const fs::path& file) { return isNamed(file, {".nii", ".nii.gz"}) || isPairHeader(file) || isMgh(file); }

// The header of `file` in an IO object that can read its voxels, checked so far that reading them is safe. Only
// segmentations that name their segments may have several layers, and only where they are asked for.
Result<Opened> open(const fs::path& file, bool layers) {
  std::error_code ec;
  if (!fs::is_regular_file(file, ec)) return fail(ErrorCode::NotFound, "no such file", "check the path", file.string());
  const bool nifti = asNifti(file);
  Opened out;
  if (nifti) {
    auto io = itk::NiftiImageIO::New();
    io->SetLegacyAnalyze75Mode(itk::NiftiImageIOEnums::Analyze75Flavor::AnalyzeReject);
    out.io = io;
    LORKD_TRY(header, isMgh(file) ? mghFile(file) : niftiFile(file));
    LORKD_CHECK(checkAffine(header, file));
    out.nifti = std::move(header);
    const auto voxels = voxelsOf(file);
    if (isPairHeader(file) && voxels == file)
      return fail(ErrorCode::NotFound, "the header's voxels are not there: a file of its name that ends in .img",
                  "put both files into one folder", file.string());
    out.text = {voxels, isNamed(voxels, {".gz", ".mgz"})};
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
  VolumeHeader header;
  header.volumes = opened.volumes;
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
    header.oriented = opened.nifti.oriented;
    header.placed = opened.nifti.sformCode > 0 || opened.nifti.qformCode > 0;
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

std::unexpected<Error> severalVolumes(std::int64_t volumes, const fs::path& file) {
  return fail(ErrorCode::Unsupported,
              "the file holds " + std::to_string(volumes) + " volumes, and nothing says what each of them is",
              "split it into one file for each time point or channel", file.string());
}

constexpr std::int64_t kEveryPart = -2;  // instead of a part's number

Result<Stored> readStored(const fs::path& file, bool layers, std::int64_t part, NiftiChoice place) {
  LORKD_TRY(opened, open(file, layers));
  LORKD_TRY(header, headerOf(opened, file));
  const auto& geometry = place == NiftiChoice::Rotation && header.byRotation ? *header.byRotation : header.geometry;
  if (part == -1 && opened.volumes > 1) return severalVolumes(opened.volumes, file);
  if (part >= opened.volumes)
    return fail(ErrorCode::Mismatch,
                "the file holds " + std::to_string(opened.volumes) + " volume(s), where number " +
                    std::to_string(part + 1) + " is wanted",
                "scan its source again", file.string());
  const auto many = part == kEveryPart ? opened.volumes : 1;
  opened.bytes /= static_cast<double>(opened.volumes);
  const auto count = opened.io->GetNumberOfComponents();
  // Voxels as they are stored, and what is made of them.
  const auto made = 4.0 * static_cast<double>(geometry.voxels()) * count;
  LORKD_CHECK(roomFor((opened.bytes + made) * static_cast<double>(many), file));
  Stored stored{geometry, opened.io->GetComponentType(), count, {}};
  if (asNifti(file)) {
    stored.type = componentOf(opened.nifti.datatype);
    stored.slope = opened.nifti.slope;
    stored.intercept = opened.nifti.intercept;
    const auto bytes = static_cast<std::int64_t>(opened.bytes), before = std::max<std::int64_t>(part, 0) * bytes;
    LORKD_TRY(voxels, niftiVoxels(opened.text.voxels, opened.nifti,
                                  {before, many * bytes, (opened.volumes - many) * bytes - before}));
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
  if (isPairHeader(file)) {
    const auto voxels = pairVoxels(file);
    return voxels.empty() ? file : voxels;
  }
  if (asNifti(file)) return file;
  const auto header = textHeader(file);
  return header ? header->voxels : file;
}

bool isVolumeFile(const fs::path& file) { return asNifti(file) || isNamed(file, {".nrrd", ".nhdr", ".mha", ".mhd"}); }

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

Result<std::vector<image::LabelMap>> readLabelLayers(const fs::path& file, NiftiChoice place, std::int64_t part) {
  return fromStored(file, true, part, place, [&](const Stored& stored) -> Result<std::vector<image::LabelMap>> {
    std::vector<image::LabelMap> layers;
    for (std::size_t n = 0; n < stored.layers; ++n) {
      LORKD_TRY(layer, labelsIn(file, stored, n));
      layers.push_back(std::move(layer));
    }
    return layers;
  });
}

Result<std::vector<std::vector<std::uint16_t>>> labelValuesByVolume(const fs::path& file) {
  using Values = std::vector<std::vector<std::uint16_t>>;
  return fromStored(file, false, kEveryPart, NiftiChoice::Affine, [&](const Stored& stored) -> Result<Values> {
    LORKD_TRY(all, labelsIn(file, stored, 0));
    Values out;
    const auto voxels = static_cast<std::size_t>(all.geometry.voxels());
    for (std::size_t begin = 0; begin < all.voxels.size(); begin += voxels) {
      std::vector<bool> occurs(65536);
      for (std::size_t n = 0; n < voxels; ++n) occurs[all.voxels[begin + n]] = true;
      auto& values = out.emplace_back();
      for (std::size_t value = 1; value < occurs.size(); ++value)
        if (occurs[value]) values.push_back(static_cast<std::uint16_t>(value));
    }
    return out;
  });
}

}  // namespace lorkd::io
