#include "core/io/dicom/DicomPicture.h"

#include "core/io/dicom/Dicom.h"
// Dicom.h brings osconfig.h, which DCMTK's other headers need. diregist.h adds colour to DicomImage.
#include <dcmtk/dcmimage/diregist.h>
#include <dcmtk/dcmimgle/dcmimage.h>
#include <gdcmImageReader.h>

#include "core/base/Guard.h"
#include "core/io/Limits.h"
#include "core/io/dicom/PackedFrames.h"
#include "core/io/dicom/SeriesCheck.h"
#include "core/io/dicom/SliceHeader.h"
#include "core/io/dicom/SlicePixels.h"

namespace lorkd::io {
namespace fs = std::filesystem;
namespace {

bool isJpeg2000(const std::string& syntax) {
  return syntax == UID_JPEG2000LosslessOnlyTransferSyntax || syntax == UID_JPEG2000TransferSyntax;
}

// DCMTK has no codec for JPEG 2000: the pixels that GDCM decodes take the place of the packed ones.
Result<void> unpackByGdcm(DcmDataset& set, const SliceHeader& h) {
  for (int frame = 0; frame < h.frames; ++frame) LORKD_CHECK(jpeg2000Frame(set, h, frame));
  gdcm::ImageReader reader;
  reader.SetFileName(h.file.c_str());
  if (!reader.Read()) return damaged(h.file, "the picture cannot be decoded");
  const auto& image = reader.GetImage();
  const auto needed = static_cast<std::size_t>(h->rows) * static_cast<std::size_t>(h->columns) *
                      static_cast<std::size_t>(h->samples) * static_cast<std::size_t>(h->bitsAllocated / 8);
  std::vector<char> cells(image.GetBufferLength() == needed ? needed : 0);
  if (cells.empty() || !image.GetBuffer(cells.data()))
    return damaged(h.file, "the picture cannot be decoded, or has another size than its header says");
  delete set.remove(DCM_PixelData);
  OFCondition status =
      h->bitsAllocated == 8
          ? set.putAndInsertUint8Array(DCM_PixelData, reinterpret_cast<const Uint8*>(cells.data()), cells.size())
          : set.putAndInsertUint16Array(DCM_PixelData, reinterpret_cast<const Uint16*>(cells.data()), cells.size() / 2);
  // GDCM has undone the codec's own change of colours (YBR_RCT, YBR_ICT), pixel after pixel.
  if (status.good() && h->samples == 3) {
    status = set.putAndInsertString(DCM_PhotometricInterpretation, "RGB");
    if (status.good()) status = set.putAndInsertUint16(DCM_PlanarConfiguration, image.GetPlanarConfiguration() & 1u);
  }
  return status.good() ? Result<void>() : damaged(h.file, status.text());
}

// What the window makes of stored values, as PS3.3 section C.11.2 wants it.
void chooseWindow(DicomImage& image) {
  if (!image.isMonochrome()) return;
  const bool chosen =
      (image.getWindowCount() > 0 && image.setWindow(0)) || (image.getVoiLutCount() > 0 && image.setVoiLut(0));
  if (chosen) return;
  // Eight bits stay as they are: DCMTK without a window would stretch them.
  double low = 0, high = 0;
  if (image.getDepth() > 8 || !image.getMinMaxValues(low, high, 1))
    image.setMinMaxWindow();
  else
    image.setWindow((low + high + 1) / 2, high - low + 1);
}

Result<Picture> rendered(DcmDataset& set, const SliceHeader& h) {
  const auto syntax = isJpeg2000(h->transferSyntax) ? EXS_LittleEndianExplicit : set.getOriginalXfer();
  DicomImage image(&set, syntax, CIF_UsePartialAccessToPixelData, 0, 1);
  if (image.getStatus() != EIS_Normal)
    return damaged(h.file, std::string("the picture cannot be decoded: ") + DicomImage::getString(image.getStatus()));
  chooseWindow(image);
  Picture picture;
  picture.width = static_cast<std::int64_t>(image.getWidth());
  picture.height = static_cast<std::int64_t>(image.getHeight());
  picture.channels = image.isMonochrome() ? 1 : 3;
  const auto size = static_cast<std::size_t>(picture.width * picture.height * picture.channels);
  const void* pixels = image.getOutputData(8);
  if (!pixels || image.getOutputDataSize(8) < size) return damaged(h.file, "the picture cannot be decoded");
  const auto* first = static_cast<const std::uint8_t*>(pixels);
  picture.pixels.assign(first, first + size);
  return picture;
}

}  // namespace

Result<Picture> readDicomPicture(const fs::path& file, std::int64_t maxSide) {
  return guarded(file.string(), [&]() -> Result<Picture> {
    LORKD_TRY(loaded, dicom::load(file));
    const auto h = describe(loaded, file);
    if (h->rows < 1 || h->columns < 1 || h.frames != 1)
      return fail(ErrorCode::Unsupported, "the DICOM object is no picture of one frame",
                  "several frames are read as volumes, if they say where they lie", file.string());
    if (const auto samples = std::int64_t(h->rows) * h->columns * h->samples; samples > kMostSamples)
      return fail(ErrorCode::Unsupported,
                  "the picture has " + grouped(samples) + " samples, more than " + grouped(kMostSamples),
                  "cut it into parts, or make it smaller", file.string());
    if (h->rows > maxSide || h->columns > maxSide)
      return fail(ErrorCode::Unsupported, "the picture has a side of more than " + grouped(maxSide) + " pixels",
                  "cut it into parts, or make it smaller", file.string());
    if (!canDecode(h->transferSyntax))
      return fail(ErrorCode::Unsupported, "the compression " + h->transferSyntax + " cannot be decoded", "",
                  file.string());
    if (h->bitsAllocated != 8 && h->bitsAllocated != 16)
      return fail(ErrorCode::Unsupported, "pixels of " + std::to_string(h->bitsAllocated) + " bits cannot be read", "",
                  file.string());
    if (!h.truncation.empty()) return damaged(file, "the file is truncated: " + h.truncation);
    // The samples as they are stored, twice while they are unpacked, and as they are shown.
    LORKD_CHECK(roomFor(static_cast<double>(h->rows) * h->columns * h->samples * (h->bitsAllocated / 4 + 4), file));
    if (isJpeg2000(h->transferSyntax))
      LORKD_CHECK(unpackByGdcm(loaded.dataset(), h));
    else
      LORKD_CHECK(checkPacked(loaded.dataset(), h, 0));
    return rendered(loaded.dataset(), h);
  });
}

}  // namespace lorkd::io
