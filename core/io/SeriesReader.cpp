// Pixels of a classic image series as one volume.
#include <itkGDCMImageIO.h>
#include <itkImageFileReader.h>

#include <cmath>

#include "core/io/InstanceHeader.h"
#include "core/io/ItkGrid.h"
#include "core/io/SeriesCheck.h"

namespace lorkd::io {
namespace fs = std::filesystem;
namespace {

std::unexpected<Error> damaged(const fs::path& file, const std::string& what) {
  return fail(ErrorCode::Format, what, "copy the file anew from its source, or leave the series out", file.string());
}

// How a stored value is taken out of its cell (PS3.5 section 8.1.1) and turned into a measured one (PS3.3 C.11.1).
struct PixelFormat {
  int allocated = 16, stored = 16, high = 15;
  bool isSigned = false;
  double slope = 1, intercept = 0;

  template <class Cell>
  float value(Cell cell) const {
    auto raw = static_cast<std::uint64_t>(cell) >> (high + 1 - stored);
    const int unused = 64 - stored;
    const auto low = isSigned ? static_cast<double>(static_cast<std::int64_t>(raw << unused) >> unused)
                              : static_cast<double>(raw << unused >> unused);
    return static_cast<float>(low * slope + intercept);
  }
};

Result<PixelFormat> pixelFormat(DcmDataset& set, const fs::path& file) {
  PixelFormat f;
  f.allocated = static_cast<int>(dicom::integer(set, DCM_BitsAllocated));
  f.stored = static_cast<int>(dicom::integer(set, DCM_BitsStored, f.allocated));
  f.high = static_cast<int>(dicom::integer(set, DCM_HighBit, f.stored - 1));
  f.isSigned = dicom::integer(set, DCM_PixelRepresentation) == 1;
  f.slope = dicom::number(set, DCM_RescaleSlope, 1);
  f.intercept = dicom::number(set, DCM_RescaleIntercept, 0);
  if (f.slope == 0) f.slope = 1;
  if (f.allocated != 8 && f.allocated != 16 && f.allocated != 32)
    return fail(ErrorCode::Unsupported, "pixels of " + std::to_string(f.allocated) + " bits cannot be read", "",
                file.string());
  if (f.stored < 1 || f.stored > f.allocated || f.high >= f.allocated || f.high + 1 < f.stored)
    return damaged(file, "BitsAllocated, BitsStored and HighBit contradict each other");
  if (set.tagExists(DCM_ModalityLUTSequence))
    return fail(ErrorCode::Unsupported, "pixel values go through a lookup table, which is not supported", "",
                file.string());
  return f;
}

Result<void> decodeByGdcm(const fs::path& file, float* out, std::size_t count) {
  try {
    auto reader = itk::ImageFileReader<itk::Image<float, 3>>::New();
    reader->SetImageIO(itk::GDCMImageIO::New());
    reader->SetFileName(file.string());
    reader->Update();
    const auto* image = reader->GetOutput();
    if (image->GetLargestPossibleRegion().GetNumberOfPixels() != count)
      return damaged(file, "the decoded slice has another size");
    std::copy_n(image->GetBufferPointer(), count, out);
    return {};
  } catch (const itk::ExceptionObject& e) {
    return damaged(file, "the slice cannot be decoded: " + itkMessage(e));
  }
}

Result<void> decodeByDcmtk(DcmDataset& set, const fs::path& file, float* out, std::size_t count) {
  if (const auto status = set.chooseRepresentation(EXS_LittleEndianExplicit, nullptr); status.bad())
    return damaged(file, std::string("the slice cannot be decoded: ") + status.text());
  LORKD_TRY(format, pixelFormat(set, file));
  unsigned long cells = 0;
  const Uint16* words = nullptr;
  const Uint8* bytes = nullptr;
  std::size_t length = 0;
  if (set.findAndGetUint16Array(DCM_PixelData, words, &cells).good() && words) {
    bytes = reinterpret_cast<const Uint8*>(words);
    length = 2 * cells;
  } else if (set.findAndGetUint8Array(DCM_PixelData, bytes, &cells).good() && bytes) {
    length = cells;
  }
  if (length < count * static_cast<std::size_t>(format.allocated / 8))
    return damaged(file, "the pixel data are shorter than the header says: the file is truncated");
  const auto fill = [&]<class Cell>(Cell) {
    for (std::size_t n = 0; n < count; ++n) {
      Cell cell;
      std::memcpy(&cell, bytes + n * sizeof(Cell), sizeof(Cell));
      out[n] = format.value(cell);
    }
  };
  if (format.allocated == 8) fill(std::uint8_t());
  if (format.allocated == 16) fill(std::uint16_t());
  if (format.allocated == 32) fill(std::uint32_t());
  return {};
}

// The slice must lie where the series says, since the files may have changed after the scan.
Result<void> checkPlace(const InstanceHeader& h, const image::Geometry& g, std::size_t k) {
  const auto moved = [&](const std::string& what) {
    return fail(ErrorCode::Mismatch, what,
                "scan the folder again; a series with missing or tilted slices makes no volume", h.file.string());
  };
  if (h.rows != g.size[1] || h.columns != g.size[0]) return moved("the slice has another size than its series");
  if (h.samples != 1 || h.frames != 1) return moved("the slice is not one grayscale picture");
  if (!h.position || !h.orientation) return moved("the header does not say where the slice lies");
  const auto index = g.lpsToIndex(*h.position);
  const image::Vec3 expected{0, 0, static_cast<double>(k)};
  for (std::size_t a = 0; a < 3; ++a)
    if (!(std::abs(index[a] - expected[a]) <= 2 * kPlaneTolerance))
      return moved("the slice does not lie on the even grid of its series");
  for (std::size_t a = 0; a < 2; ++a)
    for (std::size_t r = 0; r < 3; ++r)
      if (std::abs((*h.orientation)[a][r] - g.direction[r][a]) > 1e-3)
        return moved("the slice is turned against its series");
  return {};
}

Result<image::Volume> readSlices(const Series& series) {
  const auto& g = series.geometry;
  const auto plane = static_cast<std::size_t>(g.size[0] * g.size[1]);
  image::Volume volume;
  volume.geometry = g;
  volume.modality = series.modality;
  volume.unit = series.modality == "CT" ? "HU" : "";
  std::vector<float> slice(plane);
  for (std::size_t k = 0; k < series.instances.size(); ++k) {
    const fs::path& file = series.instances[k].file;
    LORKD_TRY(loaded, dicom::load(file));
    const auto header = describe(loaded, file);
    if (!header.truncation.empty()) return damaged(file, "the file is truncated: " + header.truncation);
    if (!canDecode(header.transferSyntax))
      return fail(ErrorCode::Unsupported, "the compression " + header.transferSyntax + " cannot be decoded", "",
                  file.string());
    LORKD_CHECK(checkPlace(header, g, k));
    DcmDataset& set = loaded.dataset();
    const bool jpeg2000 = header.transferSyntax == UID_JPEG2000LosslessOnlyTransferSyntax ||
                          header.transferSyntax == UID_JPEG2000TransferSyntax;
    LORKD_CHECK(jpeg2000 ? decodeByGdcm(file, slice.data(), plane) : decodeByDcmtk(set, file, slice.data(), plane));
    // The first slice decodes before the whole volume is allocated: a header alone must not claim gigabytes.
    if (k == 0) {
      volume.voxels.resize(static_cast<std::size_t>(g.voxels()));
      volume.windowCenter = dicom::number(set, DCM_WindowCenter);
      volume.windowWidth = dicom::number(set, DCM_WindowWidth);
    }
    std::ranges::copy(slice, volume.voxels.begin() + static_cast<std::ptrdiff_t>(k * plane));
  }
  return volume;
}

}  // namespace

Result<image::Volume> readSeries(const Series& series) {
  const auto& g = series.geometry;
  if (series.instances.empty() || g.voxels() <= 0 || g.size[2] != static_cast<std::int64_t>(series.instances.size()) ||
      !(std::abs(g.handedness()) > 0.5))
    return fail(ErrorCode::Mismatch, "the instances of the series make no volume", "see what the scan found about it");
  try {
    return readSlices(series);
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::Io, "there is not enough memory for this series", "",
                series.instances.front().file.string());
  } catch (const std::exception& e) {
    return fail(ErrorCode::Format, std::string("a file of the series is damaged: ") + e.what(), "",
                series.instances.front().file.string());
  }
}

}  // namespace lorkd::io
