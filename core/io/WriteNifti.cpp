// Writing NIfTI, whole or not at all.
#include <itkImageFileWriter.h>
#include <itkNiftiImageIO.h>
#include <zlib.h>

#include <algorithm>
#include <memory>
#include <vector>

#include "core/base/File.h"
#include "core/io/ItkGrid.h"
#include "core/io/VolumeFile.h"

namespace lorkd::io {
namespace fs = std::filesystem;
namespace {

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

Result<void> writeNifti(const fs::path& file, const image::Volume& volume) { return writeGrid(file, volume); }
Result<void> writeNifti(const fs::path& file, const image::LabelMap& labels) { return writeGrid(file, labels); }
Result<void> writeNifti(const fs::path& file, const image::Mask& mask) { return writeGrid(file, mask); }

}  // namespace lorkd::io
