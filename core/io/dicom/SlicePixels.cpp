#include "core/io/dicom/SlicePixels.h"

#include <dcmtk/dcmdata/dcpixel.h>
#include <gdcmJPEG2000Codec.h>
#include <gdcmSequenceOfFragments.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

#include "core/io/Limits.h"
#include "core/io/dicom/Mosaic.h"
#include "core/io/dicom/PackedFrames.h"
#include "core/io/dicom/SeriesCheck.h"

namespace lorkd::io {
namespace fs = std::filesystem;
std::unexpected<Error> damaged(const fs::path& file, const std::string& what) {
  return fail(ErrorCode::Format, what, "copy the file anew from its source, or leave it out", file.string());
}

namespace {

// A Modality LUT (PS3.3 section C.11.1): what the stored values from `first` on mean; those outside mean what the
// nearest end means.
struct Lut {
  long first = 0;
  std::vector<float> values;

  float operator()(double stored) const {
    const auto last = static_cast<double>(values.size() - 1);
    return values[static_cast<std::size_t>(std::clamp(stored - static_cast<double>(first), 0.0, last))];
  }
};

// How a stored value is taken out of its cell (PS3.5 section 8.1.1) and turned into a measured one (PS3.3 C.11.1).
struct PixelFormat {
  int allocated = 16, stored = 16, high = 15;
  bool isSigned = false;
  double slope = 1, intercept = 0;
  std::optional<Lut> lut;
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

// Errors: Format, naming the attribute.
Result<Lut> modalityLut(DcmItem& item, bool isSigned, const fs::path& file) {
  const auto wrong = [&](const std::string& what) { return damaged(file, "ModalityLUTSequence: " + what); };
  const auto entry = [&](unsigned long n) -> std::optional<long> {
    Uint16 u = 0;
    Sint16 s = 0;
    if (item.findAndGetUint16(DCM_LUTDescriptor, u, n).good()) return u;
    if (item.findAndGetSint16(DCM_LUTDescriptor, s, n).good()) return s & 0xffff;
    return std::nullopt;
  };
  const auto count = entry(0), first = entry(1), bits = entry(2);
  if (!count || !first || !bits) return wrong("LUTDescriptor has no three numbers");
  if (*bits < 8 || *bits > 16) return wrong("LUTDescriptor asks for entries of " + std::to_string(*bits) + " bits");
  const auto entries = static_cast<unsigned long>(*count == 0 ? 65536 : *count);
  const Uint16* words = nullptr;
  const Uint8* bytes = nullptr;
  unsigned long there = 0;
  DcmElement* data = nullptr;
  if (item.findAndGetElement(DCM_LUTData, data).bad() || !data) return wrong("LUTData is missing");
  if (item.findAndGetUint16Array(DCM_LUTData, words, &there).bad() || !words) {
    words = nullptr;
    if (item.findAndGetUint8Array(DCM_LUTData, bytes, &there).bad() || !bytes) return wrong("LUTData is no table");
    there /= 2;
  }
  const auto word = [&](unsigned long n) -> unsigned {
    return words ? words[n] : bytes[2 * n] | static_cast<unsigned>(bytes[2 * n + 1]) << 8;
  };
  // Entries of 8 bits lie two in a word, or one.
  const bool packed = *bits == 8 && there < entries;
  if (there * (packed ? 2 : 1) < entries)
    return wrong("LUTData has " + std::to_string(there) + " numbers, LUTDescriptor says " + std::to_string(entries));
  Lut lut{isSigned ? static_cast<std::int16_t>(*first) : *first, std::vector<float>(entries)};
  for (unsigned long n = 0; n < entries; ++n) {
    const unsigned value = packed ? word(n / 2) >> (n % 2 * 8) & 255u : word(n);
    if (value >> *bits != 0)
      return wrong("entry " + std::to_string(n + 1) + " of LUTData has more than " + std::to_string(*bits) + " bits");
    lut.values[n] = static_cast<float>(value);
  }
  return lut;
}

// Without the values' meaning.
Result<PixelFormat> storedFormat(DcmDataset& set, const fs::path& file) {
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
  return f;
}

// A number that the pixels' meaning hangs on: `absent` where the header has none, an error where it is no finite one.
Result<double> scaleNumber(DcmItem& item, const DcmTagKey& tag, const char* name, double absent, const fs::path& file) {
  DcmElement* element = nullptr;
  const bool there = item.findAndGetElement(tag, element).good() && element && element->getLengthField() > 0;
  if (!there || (element->getLengthField() < 64 && dicom::text(item, tag).empty() && element->isaString()))
    return absent;
  const auto value = dicom::numbers(item, tag, 1);
  if (value) return value->front();
  return fail(ErrorCode::Numeric,
              std::string(name) + " is no finite number: '" + dicom::ascii(dicom::text(item, tag)) + "'",
              "copy the file anew from its source, or leave it out", file.string());
}

Result<PixelFormat> pixelFormat(DcmDataset& set, int frame, const fs::path& file) {
  LORKD_TRY(f, storedFormat(set, file));
  DcmItem* rescale = nullptr;
  if (DcmItem* own = dicom::sequenceItem(set, DCM_PerFrameFunctionalGroupsSequence, frame))
    rescale = dicom::functionalGroup(*own, dicom::sequenceItem(set, DCM_SharedFunctionalGroupsSequence),
                                     DCM_PixelValueTransformationSequence);
  if (!rescale) rescale = &set;
  LORKD_TRY(slope, scaleNumber(*rescale, DCM_RescaleSlope, "RescaleSlope", 1, file));
  LORKD_TRY(intercept, scaleNumber(*rescale, DCM_RescaleIntercept, "RescaleIntercept", 0, file));
  f.slope = slope == 0 ? 1 : slope;
  f.intercept = intercept;
  if (DcmItem* table = dicom::sequenceItem(set, DCM_ModalityLUTSequence)) {
    if (f.slope != 1 || f.intercept != 0)
      return damaged(file, "the header has both a ModalityLUTSequence and a rescale, which contradict each other");
    LORKD_TRY(lut, modalityLut(*table, f.isSigned, file));
    f.lut = std::move(lut);
  }
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

// One frame's cells of a grayscale picture, as GDCM decodes JPEG 2000.
Result<std::vector<Uint8>> decodeByGdcm(DcmDataset& set, const SliceHeader& h, const PixelFormat& f,
                                        std::size_t needed) {
  LORKD_TRY(bytes, jpeg2000Frame(set, h, h.frame));
  const unsigned size[] = {static_cast<unsigned>(h->columns), static_cast<unsigned>(h->rows), 1};
  gdcm::JPEG2000Codec codec;
  codec.SetNumberOfDimensions(2);
  codec.SetDimensions(size);
  codec.SetPixelFormat(gdcm::PixelFormat(1, static_cast<unsigned short>(f.allocated),
                                         static_cast<unsigned short>(f.stored), static_cast<unsigned short>(f.high),
                                         static_cast<unsigned short>(f.isSigned)));
  codec.SetPhotometricInterpretation(gdcm::PhotometricInterpretation::MONOCHROME2);
  codec.SetPlanarConfiguration(0);
  gdcm::Fragment fragment;
  fragment.SetByteValue(bytes.data(), gdcm::VL(static_cast<std::uint32_t>(bytes.size())));
  const auto fragments = gdcm::SequenceOfFragments::New();
  fragments->AddFragment(fragment);
  gdcm::DataElement in(gdcm::Tag(0x7fe0, 0x0010)), out;
  in.SetValue(*fragments);
  if (!codec.Decode(in, out) || !out.GetByteValue()) return damaged(h.file, "the slice cannot be decoded");
  std::vector<Uint8> cells(out.GetByteValue()->GetLength());
  if (cells.size() < needed || cells.size() > needed + 1) return damaged(h.file, "the decoded slice has another size");
  out.GetByteValue()->GetBuffer(reinterpret_cast<char*>(cells.data()), cells.size());
  return cells;
}

// One frame's cells, decoded; nothing else of the file's pixels is read where they are not compressed.
Result<std::vector<Uint8>> decodeByDcmtk(DcmDataset& set, const SliceHeader& h, std::size_t needed) {
  const int frame = h.frame;
  const auto& file = h.file;
  DcmElement* element = nullptr;
  auto* data = set.findAndGetElement(DCM_PixelData, element).good() ? dynamic_cast<DcmPixelData*>(element) : nullptr;
  if (!data) return damaged(file, "there are no pixel data");
  Uint32 size = 0, fragment = 0;
  auto status = data->getUncompressedFrameSize(&set, size);
  if (status.bad()) return damaged(file, std::string("the slice cannot be decoded: ") + status.text());
  if (size < needed) return damaged(file, "the pixel data are shorter than the header says: the file is truncated");
  LORKD_CHECK(checkPacked(set, h, frame));
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
    out[n] = format.lut ? (*format.lut)(stored) : static_cast<float>(stored * format.slope + format.intercept);
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
    LORKD_TRY(loaded, dicom::load(file));
    m_frames = framesOf(loaded, describe(loaded, file));
    m_loaded = std::move(loaded);
  }
  if (frame < 0 || static_cast<std::size_t>(frame) >= m_frames.size())
    return damaged(file, "the file has no frame " + std::to_string(frame + 1));
  m_frame = static_cast<std::size_t>(frame);
  const auto& h = m_frames[m_frame];
  if (!h.truncation.empty()) return damaged(file, "the file is truncated: " + h.truncation);
  const std::int64_t tiles = std::max(1, h->tiles);
  if (const auto samples = tiles * h->rows * tiles * h->columns * std::max(1, h->samples); samples > kMostSamples)
    return fail(ErrorCode::Unsupported,
                "a slice has " + grouped(samples) + " samples, more than " + grouped(kMostSamples),
                "leave the file out", file.string());
  if (!canDecode(h->transferSyntax))
    return fail(ErrorCode::Unsupported, "the compression " + h->transferSyntax + " cannot be decoded", "",
                file.string());
  return h;
}

namespace {

Result<std::vector<float>> decode(DcmDataset& set, const SliceHeader& h, const PixelFormat& format) {
  if (h->tiles > 1) {
    LORKD_TRY(picture, decode(set, pictureOf(h), format));
    return cutTile(picture, h);
  }
  const auto plane = static_cast<std::size_t>(h->rows) * static_cast<std::size_t>(h->columns);
  const auto bytes = plane * static_cast<std::size_t>(format.allocated / 8);
  // As they are stored, and what is made of them.
  LORKD_CHECK(roomFor(static_cast<double>(bytes) + static_cast<double>(sizeof(float) * plane), h.file));
  const bool jpeg2000 =
      h->transferSyntax == UID_JPEG2000LosslessOnlyTransferSyntax || h->transferSyntax == UID_JPEG2000TransferSyntax;
  LORKD_TRY(cells, jpeg2000 ? decodeByGdcm(set, h, format, bytes) : decodeByDcmtk(set, h, bytes));
  std::vector<float> out(plane);
  const bool ct = h->modality == "CT";
  if (format.allocated == 8) rescale<std::uint8_t>(cells, format, ct, out);
  if (format.allocated == 16) rescale<std::uint16_t>(cells, format, ct, out);
  if (format.allocated == 32) rescale<std::uint32_t>(cells, format, ct, out);
  const auto wrong = std::ranges::find_if_not(out, [](float v) { return std::isfinite(v); });
  if (wrong == out.end()) return out;
  const auto first = static_cast<int>(wrong - out.begin());
  const auto count = std::count_if(wrong, out.end(), [](float v) { return !std::isfinite(v); });
  return fail(ErrorCode::Numeric,
              std::to_string(count) + " pixel(s) hold no finite number once they are rescaled, the first in column " +
                  std::to_string(first % h->columns + 1) + " of row " + std::to_string(first / h->columns + 1),
              "copy the file anew from its source, or leave it out", h.file.string());
}

}  // namespace

Result<std::vector<float>> SlicePixels::pixels() {
  const auto& h = m_frames[m_frame];
  LORKD_TRY(format, pixelFormat(dataset(), h.frame, h.file));
  return decode(dataset(), h, format);
}

Result<std::vector<float>> SlicePixels::stored() {
  const auto& h = m_frames[m_frame];
  LORKD_TRY(format, storedFormat(dataset(), h.file));
  return decode(dataset(), h, format);
}

}  // namespace lorkd::io
