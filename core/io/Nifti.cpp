#include "core/io/Nifti.h"

#include <itkImageFileReader.h>
#include <itkImageFileWriter.h>
#include <itkNiftiImageIO.h>
#include <itk_zlib.h>

#include <cmath>
#include <memory>
#include <vector>

#include "core/base/File.h"
#include "core/io/ItkGrid.h"

namespace lorkd::io {
namespace fs = std::filesystem;
namespace {

constexpr const char* kReadHint = "check that the file is a complete NIfTI-1 image (.nii or .nii.gz)";

// The header of `file` in an IO object that can read its voxels, checked so far that reading them is safe.
Result<itk::NiftiImageIO::Pointer> openNifti(const fs::path& file) {
  std::error_code ec;
  if (!fs::is_regular_file(file, ec)) return fail(ErrorCode::NotFound, "no such file", "check the path", file.string());
  auto io = itk::NiftiImageIO::New();
  io->SetLegacyAnalyze75Mode(itk::NiftiImageIOEnums::Analyze75Flavor::AnalyzeReject);
  if (!io->CanReadFile(file.c_str()))
    return fail(ErrorCode::Format, "this is not a NIfTI file", kReadHint, file.string());
  io->SetFileName(file.string());
  io->ReadImageInformation();

  const unsigned dimensions = io->GetNumberOfDimensions();
  double bytes = static_cast<double>(io->GetComponentSize());
  constexpr double kHeader = 352;
  for (unsigned a = 0; a < dimensions; ++a) {
    const auto extent = io->GetDimensions(a);
    if (extent < 1) return fail(ErrorCode::Format, "an image axis has no voxels", kReadHint, file.string());
    if (a >= 3 && extent > 1)
      return fail(ErrorCode::Unsupported, "the image has more than three dimensions",
                  "split it into one file for each time point or channel", file.string());
    bytes *= static_cast<double>(extent);
  }
  if (dimensions < 2 || io->GetNumberOfComponents() != 1)
    return fail(ErrorCode::Unsupported, "only 3D images with one value a voxel can be read", "", file.string());
  // Deflate cannot shrink data more than 1032 times: a file smaller than that is truncated or hostile, and its claimed
  // size must not be allocated.
  const double ratio = file.extension() == ".gz" ? 1032.0 : 1.0;
  if (kHeader + bytes > ratio * static_cast<double>(fs::file_size(file, ec)))
    return fail(ErrorCode::Format, "the file is shorter than its header says", kReadHint, file.string());
  return io;
}

// Runs `work` and turns what ITK throws into an error that names the file.
template <class Work>
auto guarded(const fs::path& file, Work work) -> decltype(work()) {
  try {
    return work();
  } catch (const itk::ExceptionObject& e) {
    return fail(ErrorCode::Format, itkMessage(e), kReadHint, file.string());
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

using FloatImage = itk::Image<float, 3>;

Result<FloatImage::Pointer> readVoxels(const fs::path& file) {
  return guarded(file, [&]() -> Result<FloatImage::Pointer> {
    LORKD_TRY(io, openNifti(file));
    if (file.extension() == ".gz" && !gzipIsWhole(file))
      return fail(ErrorCode::Format, "the compressed file is truncated or damaged", kReadHint, file.string());
    auto reader = itk::ImageFileReader<FloatImage>::New();
    reader->SetImageIO(io);
    reader->SetFileName(file.string());
    reader->Update();
    return FloatImage::Pointer(reader->GetOutput());
  });
}

template <class T>
Result<void> writeGrid(const fs::path& file, const image::Grid<T>& grid) {
  if (grid.voxels.empty() || static_cast<std::int64_t>(grid.voxels.size()) != grid.geometry.voxels())
    return fail(ErrorCode::InvalidArgument, "the image to write is empty or does not fill its grid", "", file.string());
  return writeAtomically(file, [&](const fs::path& temporary) -> Result<void> {
    try {
      auto writer = itk::ImageFileWriter<itk::Image<T, 3>>::New();
      writer->SetImageIO(itk::NiftiImageIO::New());
      writer->SetInput(viewAsItk(grid));
      writer->SetFileName(temporary.string());
      writer->SetUseCompression(temporary.extension() == ".gz");
      writer->Update();
      return {};
    } catch (const itk::ExceptionObject& e) {
      return fail(ErrorCode::Io, itkMessage(e), "use a name that ends in .nii or .nii.gz", file.string());
    }
  });
}

}  // namespace

Result<image::Geometry> readNiftiGeometry(const fs::path& file) {
  return guarded(file, [&]() -> Result<image::Geometry> {
    LORKD_TRY(io, openNifti(file));
    image::Geometry geometry;
    for (unsigned a = 0; a < std::min(3u, io->GetNumberOfDimensions()); ++a) {
      geometry.size[a] = static_cast<std::int64_t>(io->GetDimensions(a));
      geometry.spacing[a] = io->GetSpacing(a);
      geometry.origin[a] = io->GetOrigin(a);
      const auto axis = io->GetDirection(a);
      for (unsigned b = 0; b < 3; ++b) geometry.direction[b][a] = b < axis.size() ? axis[b] : 0.0;
    }
    if (io->GetNumberOfDimensions() == 2) geometry.size[2] = 1;
    return geometry;
  });
}

Result<image::Volume> readNifti(const fs::path& file) {
  LORKD_TRY(voxels, readVoxels(file));
  image::Volume volume;
  volume.geometry = itkGrid(*voxels);
  copyFromItk(*voxels, volume.voxels);
  return volume;
}

Result<image::LabelMap> readNiftiLabels(const fs::path& file) {
  LORKD_TRY(voxels, readVoxels(file));
  image::LabelMap labels(itkGrid(*voxels));
  const float* values = voxels->GetBufferPointer();
  for (std::size_t n = 0; n < labels.voxels.size(); ++n) {
    if (!(values[n] >= 0 && values[n] <= 65535) || values[n] != std::floor(values[n]))
      return fail(ErrorCode::Format, "voxel " + std::to_string(n) + " holds " + std::to_string(values[n]),
                  "a label image holds whole numbers from 0 to 65535; is this an intensity image?", file.string());
    labels.voxels[n] = static_cast<std::uint16_t>(values[n]);
  }
  return labels;
}

Result<void> writeNifti(const fs::path& file, const image::Volume& volume) { return writeGrid(file, volume); }
Result<void> writeNifti(const fs::path& file, const image::LabelMap& labels) { return writeGrid(file, labels); }
Result<void> writeNifti(const fs::path& file, const image::Mask& mask) { return writeGrid(file, mask); }

}  // namespace lorkd::io
