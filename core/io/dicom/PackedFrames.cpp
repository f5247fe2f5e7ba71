#include "core/io/dicom/PackedFrames.h"

#include <dcmtk/dcmdata/dccodec.h>
#include <dcmtk/dcmdata/dcpixel.h>
#include <dcmtk/dcmdata/dcpixseq.h>
#include <dcmtk/dcmdata/dcpxitem.h>
#include <dcmtk/dcmdata/dcrledec.h>

#include "core/io/JpegMarkers.h"
#include "core/io/Limits.h"
#include "core/io/dicom/Elements.h"
#include "core/io/dicom/SlicePixels.h"

namespace lorkd::io {
namespace {

// The compressed bytes of one frame of several fragments (PS3.5 section A.4).
Result<std::string> fragmentsOf(DcmDataset& set, const SliceHeader& h, int number) {
  struct Places : DcmCodec {
    static OFCondition start(Uint32 frame, Sint32 frames, DcmPixelSequence* from, Uint32& fragment) {
      return determineStartFragment(frame, frames, from, fragment);
    }
  };
  const auto none = [&] { return damaged(h.file, "there are no pixel data of frame " + std::to_string(number + 1)); };
  DcmElement* element = nullptr;
  auto* data = set.findAndGetElement(DCM_PixelData, element).good() ? dynamic_cast<DcmPixelData*>(element) : nullptr;
  DcmPixelSequence* sequence = nullptr;
  E_TransferSyntax syntax = EXS_Unknown;
  const DcmRepresentationParameter* parameter = nullptr;
  if (!data) return none();
  data->getOriginalRepresentationKey(syntax, parameter);
  if (data->getEncapsulatedRepresentation(syntax, parameter, sequence).bad() || !sequence) return none();
  const auto frame = static_cast<Uint32>(number);
  Uint32 from = 1, to = static_cast<Uint32>(sequence->card());  // the first item is the offset table
  if (h.frames > 1) {
    if (Places::start(frame, h.frames, sequence, from).bad()) return none();
    if (number + 1 < h.frames && Places::start(frame + 1, h.frames, sequence, to).bad()) return none();
  }
  std::string bytes;
  for (auto n = from; n < to; ++n) {
    DcmPixelItem* item = nullptr;
    Uint8* fragment = nullptr;
    if (sequence->getItem(item, n).bad() || !item || item->getUint8Array(fragment).bad() || !fragment) return none();
    bytes.append(reinterpret_cast<const char*>(fragment), item->getLength());
  }
  if (bytes.empty()) return none();
  return bytes;
}

// Whether the codestream holds just what the header says, by its SIZ marker (ISO/IEC 15444-1 section A.5.1).
bool suits(std::string_view stream, const SliceHeader& h) {
  const auto number = [&](std::size_t at, std::size_t count) { return littleOrBig(stream.substr(at, count), true); };
  constexpr std::size_t kComponents = 42;
  if (!stream.starts_with(std::string_view("\xff\x4f\xff\x51", 4)) || stream.size() < kComponents) return false;
  const auto components = number(40, 2);
  if (number(8, 4) < number(16, 4) || number(8, 4) - number(16, 4) != static_cast<std::uint32_t>(h->columns) ||
      number(12, 4) < number(20, 4) || number(12, 4) - number(20, 4) != static_cast<std::uint32_t>(h->rows) ||
      components != static_cast<std::uint32_t>(h->samples) || stream.size() < kComponents + 3 * components)
    return false;
  for (std::size_t c = 0; c < components; ++c) {
    const auto at = kComponents + 3 * c;
    const bool fits = static_cast<int>(number(at, 1) & 127u) + 1 <= h->bitsAllocated;
    if (!fits || number(at + 1, 1) != 1 || number(at + 2, 1) != 1) return false;
  }
  return true;
}

// Run lengths (PS3.5 annex G): a segment for each byte of each sample, all as long as the frame has pixels. DCMTK fills
// up with zeros what is missing.
Result<void> checkRunLengths(std::string& bytes, const SliceHeader& h) {
  constexpr std::size_t kHead = 64;
  const auto bad = [&](const std::string& what) {
    return damaged(h.file, "frame " + std::to_string(h.frame + 1) + ": the compressed pixels " + what);
  };
  const auto number = [&](std::size_t n) -> std::size_t {
    return littleOrBig(std::string_view(bytes).substr(4 * n, 4), false);
  };
  const auto segments = static_cast<std::size_t>(h->samples) * static_cast<std::size_t>(h->bitsAllocated) / 8;
  if (bytes.size() < kHead || segments < 1 || segments > 15 || number(0) != segments)
    return bad("have another number of segments than the header says");
  const auto plane = static_cast<std::size_t>(h->rows) * static_cast<std::size_t>(h->columns);
  DcmRLEDecoder decoder(plane);
  for (std::size_t n = 1; n <= segments; ++n) {
    const auto begin = number(n), end = n < segments ? number(n + 1) : bytes.size();
    if (begin < kHead || end < begin || end > bytes.size()) return bad("are truncated");
    decoder.clear();
    // What follows behind the last pixel, as a byte that makes the length even, is an error to the decoder alone.
    (void)decoder.decompress(bytes.data() + begin, end - begin);
    if (decoder.size() < plane)
      return bad("are truncated: segment " + std::to_string(n) + " makes " +
                 grouped(static_cast<std::int64_t>(decoder.size())) + " of " +
                 grouped(static_cast<std::int64_t>(plane)) + " bytes");
  }
  return {};
}

}  // namespace

Result<std::string> jpeg2000Frame(DcmDataset& set, const SliceHeader& header, int frame) {
  LORKD_TRY(stream, fragmentsOf(set, header, frame));
  if (!suits(stream, header))
    return damaged(header.file, "the compressed pixels have another size than the header says, or are no codestream");
  return stream;
}

Result<void> checkPacked(DcmDataset& set, const SliceHeader& header, int frame) {
  if (!DcmXfer(set.getOriginalXfer()).isEncapsulated()) return {};
  auto bytes = fragmentsOf(set, header, frame);
  if (header->transferSyntax == UID_RLELosslessTransferSyntax)
    return bytes ? checkRunLengths(*bytes, header) : std::unexpected(bytes.error());
  if (!bytes || !bytes->starts_with("\xff\xd8")) return {};
  const auto markers = jpegMarkers(*bytes);
  if (static_cast<double>(markers.width) * static_cast<double>(markers.height) >
      static_cast<double>(header->rows) * header->columns)
    return damaged(header.file, "the compressed slice is larger than the header says");
  if (markers.scans > kMostScans)
    return fail(ErrorCode::Unsupported,
                "the JPEG of a frame has " + grouped(markers.scans) + " scans, more than " + grouped(kMostScans),
                "leave the file out", header.file.string());
  // What has no scan at all is the decoder's to refuse.
  if (markers.whole || markers.scans == 0) return {};
  return damaged(header.file, "the compressed slice is truncated: its end is missing");
}

}  // namespace lorkd::io
