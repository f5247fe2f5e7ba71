#include "core/io/SlicePixels.h"

#include <dcmtk/dcmdata/dcpixel.h>
#include <gdcmImageReader.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

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
  std::optional<std::pair<double, double>> padding;  // first and last stored value that means "no pixel"

  template <class Cell>
  double value(Cell cell) const {
    const auto raw = static_cast<std::uint64_t>(cell) >> (high + 1 - stored);
    const int unused = 64 - stored;
    return isSigned ? static_cast<double>(static_cast<std::int64_t>(raw << unused) >> unused)
                    : static_cast<double>(raw << unused >> unused);
  }
};

// PixelPaddingValue or its limit as the 16 bits that it is, declared as US or SS.
std::optional<std::uint16_t> pattern(DcmItem& item, const DcmTagKey& tag) {
  Uint16 u = 0;
  Sint16 s = 0;
  if (item.findAndGetSint16(tag, s).good()) return static_cast<std::uint16_t>(s);
  if (item.findAndGetUint16(tag, u).good()) return u;
  return std::nullopt;
}

Result<PixelFormat> pixelFormat(DcmDataset& set, int frame, const fs::path& file) {
  PixelFormat f;
  f.allocated = static_cast<int>(dicom::integer(set, DCM_BitsAllocated));
  f.stored = static_cast<int>(dicom::integer(set, DCM_BitsStored, f.allocated));
  f.high = static_cast<int>(dicom::integer(set, DCM_HighBit, f.stored - 1));
  f.isSigned = dicom::integer(set, DCM_PixelRepresentation) == 1;
  if (f.allocated != 8 && f.allocated != 16 && f.allocated != 32)
    return fail(ErrorCode::Unsupported, "pixels of " + std::to_string(f.allocated) + " bits cannot be read", "",
                file.string());
  if (f.stored < 1 || f.stored > f.allocated || f.high >= f.allocated || f.high + 1 < f.stored)
    return damaged(file, "BitsAllocated, BitsStored and HighBit contradict each other");
  DcmItem* rescale = nullptr;
  if (DcmItem* own = dicom::sequenceItem(set, DCM_PerFrameFunctionalGroupsSequence, frame))
    rescale = dicom::functionalGroup(*own, dicom::sequenceItem(set, DCM_SharedFunctionalGroupsSequence),
                                     DCM_PixelValueTransformationSequence);
  if (!rescale) rescale = &set;
  f.slope = dicom::number(*rescale, DCM_RescaleSlope, 1);
  f.intercept = dicom::number(*rescale, DCM_RescaleIntercept, 0);
  if (f.slope == 0) f.slope = 1;
  if (set.tagExists(DCM_ModalityLUTSequence))
    return fail(ErrorCode::Unsupported, "pixel values go through a lookup table, which is not supported", "",
                file.string());
  // By the pixels' own representation, whichever the writer declared; what no pixel can hold is no padding.
  if (const auto first = pattern(set, DCM_PixelPaddingValue)) {
    const auto last = pattern(set, DCM_PixelPaddingRangeLimit).value_or(*first);
    const auto value = [&](std::uint16_t bits) -> double {
      return f.isSigned ? static_cast<std::int16_t>(bits) : bits;
    };
    f.padding = std::minmax(value(*first), value(last));
  }
  return f;
}

// The cells of all frames, as GDCM decodes them.
Result<std::vector<Uint8>> decodeByGdcm(const fs::path& file, std::size_t needed) {
  gdcm::ImageReader reader;
  reader.SetFileName(file.c_str());
  if (!reader.Read()) return damaged(file, "the slice cannot be decoded");
  const auto& image = reader.GetImage();
  if (image.GetBufferLength() != needed) return damaged(file, "the decoded slice has another size");
  std::vector<Uint8> cells(needed);
  if (!image.GetBuffer(reinterpret_cast<char*>(cells.data()))) return damaged(file, "the slice cannot be decoded");
  return cells;
}

// One frame's cells, decoded; nothing else of the file's pixels is read where they are not compressed.
Result<std::vector<Uint8>> decodeByDcmtk(DcmDataset& set, int frame, std::size_t needed, const fs::path& file) {
  DcmElement* element = nullptr;
  auto* data = set.findAndGetElement(DCM_PixelData, element).good() ? dynamic_cast<DcmPixelData*>(element) : nullptr;
  if (!data) return damaged(file, "there are no pixel data");
  Uint32 size = 0, fragment = 0;
  auto status = data->getUncompressedFrameSize(&set, size);
  if (status.bad()) return damaged(file, std::string("the slice cannot be decoded: ") + status.text());
  if (size < needed) return damaged(file, "the pixel data are shorter than the header says: the file is truncated");
  std::vector<Uint8> cells(size + size % 2);
  OFString colours;
  status = data->getUncompressedFrame(&set, static_cast<Uint32>(frame), fragment, cells.data(),
                                      static_cast<Uint32>(cells.size()), colours);
  if (status.bad()) return damaged(file, std::string("the slice cannot be decoded: ") + status.text());
  return cells;
}

template <class Cell>
void rescale(const std::vector<Uint8>& cells, const PixelFormat& format, bool ct, std::vector<float>& out) {
  float lowest = std::numeric_limits<float>::infinity();
  std::vector<std::size_t> padded;
  for (std::size_t n = 0; n < out.size(); ++n) {
    Cell cell;
    std::memcpy(&cell, cells.data() + n * sizeof(Cell), sizeof(Cell));
    const double stored = format.value(cell);
    out[n] = static_cast<float>(stored * format.slope + format.intercept);
    if (format.padding && stored >= format.padding->first && stored <= format.padding->second)
      padded.push_back(n);
    else
      lowest = std::min(lowest, out[n]);
  }
  if (ct) lowest = -1024;
  for (const auto n : padded)
    if (std::isfinite(lowest)) out[n] = lowest;
}

}  // namespace

Result<SliceHeader> SlicePixels::header(const fs::path& file, int frame) {
  if (!m_loaded || m_frames.front().file != file) {
    m_loaded.reset();
    m_decoded.clear();
    LORKD_TRY(loaded, dicom::load(file));
    m_frames = framesOf(loaded, describe(loaded, file));
    m_loaded = std::move(loaded);
  }
  if (frame < 0 || static_cast<std::size_t>(frame) >= m_frames.size())
    return damaged(file, "the file has no frame " + std::to_string(frame + 1));
  m_frame = static_cast<std::size_t>(frame);
  const auto& h = m_frames[m_frame];
  if (!h.truncation.empty()) return damaged(file, "the file is truncated: " + h.truncation);
  if (!canDecode(h.transferSyntax))
    return fail(ErrorCode::Unsupported, "the compression " + h.transferSyntax + " cannot be decoded", "",
                file.string());
  return h;
}

Result<std::vector<float>> SlicePixels::pixels() {
  const auto& h = m_frames[m_frame];
  const auto plane = static_cast<std::size_t>(h.rows) * static_cast<std::size_t>(h.columns);
  LORKD_TRY(format, pixelFormat(dataset(), h.frame, h.file));
  const auto bytes = plane * static_cast<std::size_t>(format.allocated / 8);
  std::vector<Uint8> cells;
  if (h.transferSyntax == UID_JPEG2000LosslessOnlyTransferSyntax || h.transferSyntax == UID_JPEG2000TransferSyntax) {
    if (m_decoded.empty()) {
      LORKD_TRY(all, decodeByGdcm(h.file, bytes * static_cast<std::size_t>(h.frames)));
      m_decoded = std::move(all);
    }
    const auto first = m_decoded.begin() + static_cast<std::ptrdiff_t>(m_frame * bytes);
    cells.assign(first, first + static_cast<std::ptrdiff_t>(bytes));
  } else {
    LORKD_TRY(decoded, decodeByDcmtk(dataset(), h.frame, bytes, h.file));
    cells = std::move(decoded);
  }
  std::vector<float> out(plane);
  const bool ct = h.modality == "CT";
  if (format.allocated == 8) rescale<std::uint8_t>(cells, format, ct, out);
  if (format.allocated == 16) rescale<std::uint16_t>(cells, format, ct, out);
  if (format.allocated == 32) rescale<std::uint32_t>(cells, format, ct, out);
  return out;
}

}  // namespace lorkd::io
