#include "core/io/dicom/Dicom.h"

#include <dcmtk/dcmdata/dcbytstr.h>
#include <dcmtk/dcmdata/dcistrmf.h>
#include <dcmtk/dcmdata/dcrledrg.h>
#include <dcmtk/dcmdata/dcspchrs.h>
#include <dcmtk/dcmjpeg/djdecode.h>
#include <dcmtk/dcmjpls/djdecode.h>
#include <dcmtk/oflog/oflog.h>
#include <gdcmTrace.h>

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <mutex>
#include <random>

#include "core/base/Digest.h"
#include "core/io/dicom/Nesting.h"

namespace lorkd::io::dicom {
namespace fs = std::filesystem;
namespace {

constexpr std::uint32_t kLongestText = 4096;

// DCMTK's own stream reaches no end where the disk fails, and its parser then waits for one for ever.
class EndingStream final : public DcmInputFileStream {
 public:
  using DcmInputFileStream::DcmInputFileStream;
  OFBool eos() override { return m_failed || DcmInputFileStream::eos(); }
  offile_off_t avail() override { return m_failed ? 0 : DcmInputFileStream::avail(); }
  offile_off_t read(void* bytes, offile_off_t count) override {
    const auto got = DcmInputFileStream::read(bytes, count);
    m_failed = m_failed || (got < count && !DcmInputFileStream::eos());
    return got;
  }

 private:
  bool m_failed = false;
};

}  // namespace

Result<void> setup() {
  static std::once_flag once;
  std::call_once(once, [] {
    // Both libraries would write to stderr; what matters comes back as an error.
    OFLog::configure(OFLogger::OFF_LOG_LEVEL);
    gdcm::Trace::WarningOff();
    gdcm::Trace::ErrorOff();
    DcmRLEDecoderRegistration::registerCodecs();
    DJDecoderRegistration::registerCodecs();
    DJLSDecoderRegistration::registerCodecs();
  });
  if (!dcmDataDict.isDictionaryLoaded())
    return fail(ErrorCode::Internal, "DCMTK's data dictionary cannot be found",
                "install the package libdcmtk17 or set DCMDICTPATH to dicom.dic");
  return {};
}

Result<Loaded> load(const fs::path& path) {
  LORKD_CHECK(setup());
  std::error_code ec;
  if (!fs::is_regular_file(path, ec)) return fail(ErrorCode::NotFound, "no such file", "check the path", path.string());
  LORKD_CHECK(checkNesting(path));
  Loaded loaded{std::make_unique<DcmFileFormat>(), EC_Normal};
  try {
    EndingStream stream(OFFilename(path.c_str()));
    loaded.status = stream.status();
    if (loaded.status.good()) {
      loaded.file->transferInit();
      loaded.status = loaded.file->read(stream);
      loaded.file->transferEnd();
    }
  } catch (const std::exception& e) {
    // Seen with damaged directories: DCMTK lets std::string's exceptions through.
    return fail(ErrorCode::Format, std::string("the file is damaged: ") + e.what(), "", path.string());
  }
  if (loaded.dataset().card() == 0)
    return fail(ErrorCode::Format, std::string("this is not a DICOM file: ") + loaded.status.text(), "", path.string());
  return loaded;
}

std::string text(DcmItem& item, const DcmTagKey& tag) {
  // Only where text may stand, and no more than a page: DCMTK spells out binary values of any length as numbers.
  DcmElement* element = nullptr;
  if (item.findAndGetElement(tag, element).bad() || !dynamic_cast<DcmByteString*>(element)) return {};
  if (element->getLengthField() > kLongestText) return {};
  OFString value;
  if (element->getOFStringArray(value).bad()) return {};
  std::string out(value.c_str());
  const auto last = out.find_last_not_of(' ');
  out.erase(last == std::string::npos ? 0 : last + 1);
  return out;
}

std::string ascii(std::string raw) {
  std::ranges::replace_if(
      raw, [](unsigned char c) { return c < 32 || c > 126; }, '?');
  return raw;
}

std::string utf8(const std::string& raw, const std::string& declared) {
  if (std::ranges::all_of(raw, [](unsigned char c) { return c < 128 && c != 27; })) return raw;
  for (const std::string& charset :
       {declared, std::string("ISO_IR 192"), std::string("GB18030"), std::string("ISO_IR 100")}) {
    DcmSpecificCharacterSet converter;
    OFString converted;
    if (!charset.empty() && converter.selectCharacterSet(charset.c_str()).good() &&
        converter.convertString(raw.c_str(), converted, "\\^=").good())
      return converted.c_str();
  }
  return ascii(raw);
}

std::string words(DcmItem& item, const DcmTagKey& tag, DcmItem& dataset) {
  return utf8(text(item, tag), text(dataset, DCM_SpecificCharacterSet));
}

plan::Code codeIn(DcmItem& item, const DcmTagKey& sequence, DcmItem& dataset) {
  DcmItem* code = sequenceItem(item, sequence);
  if (!code) return {};
  plan::Code out{ascii(text(*code, DCM_CodingSchemeDesignator)), ascii(text(*code, DCM_CodeValue)),
                 words(*code, DCM_CodeMeaning, dataset)};
  constexpr std::size_t kLongest = 16;
  return image::coded(out) && out.scheme.size() <= kLongest && out.value.size() <= kLongest ? out : plan::Code();
}

long integer(DcmItem& item, const DcmTagKey& tag, long fallback) {
  DcmElement* element = nullptr;
  if (item.findAndGetElement(tag, element).good() && element && element->isaString()) {
    // DCMTK takes what a text begins with.
    OFString one;
    if (element->getLengthField() > kLongestText || element->getOFString(one, 0).bad()) return fallback;
    const auto value = numberIn(one.c_str());
    return value && *value == std::floor(*value) && std::abs(*value) <= INT32_MAX ? static_cast<long>(*value)
                                                                                  : fallback;
  }
  if (Uint16 u = 0; item.findAndGetUint16(tag, u).good()) return u;
  if (Sint32 s = 0; item.findAndGetSint32(tag, s).good()) return s;
  return fallback;
}

double number(DcmItem& item, const DcmTagKey& tag, double fallback) {
  const auto values = numbers(item, tag, 1);
  return values ? values->front() : fallback;
}

namespace {

// Without the blanks and zero bytes around it.
std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks(" \0", 2);
  const auto first = text.find_first_not_of(blanks);
  return first == text.npos ? std::string_view() : text.substr(first, text.find_last_not_of(blanks) - first + 1);
}

// Where a decimal comma stands: between digits, the only one, and in the place of a point.
std::optional<std::size_t> decimalComma(std::string_view text) {
  const auto digit = [&](std::size_t n) { return n < text.size() && text[n] >= '0' && text[n] <= '9'; };
  const auto at = text.find(',');
  if (at == text.npos || at == 0 || !digit(at - 1) || !digit(at + 1)) return std::nullopt;
  return text.find_first_of(",.", at + 1) == text.npos && text.find('.') == text.npos ? std::optional(at)
                                                                                      : std::nullopt;
}

}  // namespace

std::optional<double> numberIn(std::string_view text) {
  text = trimmed(text);
  if (text.size() > 1 && text.front() == '+' && text[1] != '-') text.remove_prefix(1);
  std::string pointed(text);
  if (const auto comma = decimalComma(text)) pointed[*comma] = '.';
  double value = 0;
  const auto* const end = pointed.data() + pointed.size();
  const auto [last, error] = std::from_chars(pointed.data(), end, value);
  return error == std::errc() && last == end && std::isfinite(value) ? std::optional(value) : std::nullopt;
}

namespace {

bool hasDecimalComma(DcmItem& item, const DcmTagKey& tag) {
  DcmElement* element = nullptr;
  OFString text;
  if (item.findAndGetElement(tag, element).bad() || !element || !element->isaString() ||
      element->getLengthField() > kLongestText || element->getOFStringArray(text).bad())
    return false;
  std::string_view rest(text.c_str());
  while (rest.find(',') != rest.npos) {
    const auto end = std::min(rest.find('\\'), rest.size());
    const auto one = trimmed(rest.substr(0, end));
    if (decimalComma(one) && numberIn(one)) return true;
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  return false;
}

}  // namespace

std::string decimalCommas(DcmItem& dataset) {
  static const std::pair<DcmTagKey, const char*> read[] = {{DCM_SliceThickness, "Slice Thickness"},
                                                           {DCM_SpacingBetweenSlices, "Spacing Between Slices"},
                                                           {DCM_ImagePositionPatient, "Image Position (Patient)"},
                                                           {DCM_ImageOrientationPatient, "Image Orientation (Patient)"},
                                                           {DCM_PixelSpacing, "Pixel Spacing"},
                                                           {DCM_RescaleIntercept, "Rescale Intercept"},
                                                           {DCM_RescaleSlope, "Rescale Slope"}};
  bool found[std::size(read)]{};
  const auto look = [&](DcmItem& item) {
    for (std::size_t n = 0; n < std::size(read); ++n) found[n] = found[n] || hasDecimalComma(item, read[n].first);
  };
  look(dataset);
  for (const auto& groups : {DCM_SharedFunctionalGroupsSequence, DCM_PerFrameFunctionalGroupsSequence})
    // No visit fails.
    (void)forEachItem(dataset, groups, [&](DcmItem& frame) -> Result<void> {
      for (const auto& group : {DCM_PlanePositionSequence, DCM_PlaneOrientationSequence, DCM_PixelMeasuresSequence,
                                DCM_PixelValueTransformationSequence})
        if (auto* item = sequenceItem(frame, group)) look(*item);
      return {};
    });
  std::string out;
  for (std::size_t n = 0; n < std::size(read); ++n)
    if (found[n]) out += (out.empty() ? "" : ", ") + std::string(read[n].second);
  return out;
}

std::optional<std::vector<double>> numbers(DcmItem& item, const DcmTagKey& tag, unsigned count) {
  DcmElement* element = nullptr;
  if (item.findAndGetElement(tag, element).bad() || element->getLengthField() > kLongestText) return std::nullopt;
  std::vector<double> values(count);
  for (unsigned n = 0; n < count; ++n) {
    OFString one;
    if (!element->isaString()) {
      if (item.findAndGetFloat64(tag, values[n], n).bad() || !std::isfinite(values[n])) return std::nullopt;
      continue;
    }
    // DCMTK takes what a text begins with: "2;5" would be 2.
    const auto value = item.findAndGetOFString(tag, one, n).good() ? numberIn(one.c_str()) : std::nullopt;
    if (!value) return std::nullopt;
    values[n] = *value;
  }
  return values;
}

std::optional<image::Vec3> place(DcmItem& item, const DcmTagKey& tag) { return place(numbers(item, tag, 3)); }

std::optional<image::Vec3> place(const Numbers& values) {
  if (!values || std::ranges::any_of(*values, [](double v) { return std::abs(v) > image::kFarthest; }))
    return std::nullopt;
  return image::Vec3{(*values)[0], (*values)[1], (*values)[2]};
}

std::optional<std::array<image::Vec3, 2>> orientation(DcmItem& item, const DcmTagKey& tag) {
  return orientation(numbers(item, tag, 6));
}

std::optional<std::array<image::Vec3, 2>> orientation(const Numbers& v) {
  if (!v) return std::nullopt;
  std::array<image::Vec3, 2> axes{image::Vec3{(*v)[0], (*v)[1], (*v)[2]}, image::Vec3{(*v)[3], (*v)[4], (*v)[5]}};
  const double rowLength = std::sqrt(image::dot(axes[0], axes[0])),
               columnLength = std::sqrt(image::dot(axes[1], axes[1]));
  if (std::abs(rowLength - 1) > 0.01 || std::abs(columnLength - 1) > 0.01 ||
      std::abs(image::dot(axes[0], axes[1])) > 0.01)
    return std::nullopt;
  for (auto& x : axes[0]) x /= rowLength;
  const double overlap = image::dot(axes[0], axes[1]);
  for (std::size_t a = 0; a < 3; ++a) axes[1][a] -= overlap * axes[0][a];
  const double rest = std::sqrt(image::dot(axes[1], axes[1]));
  for (auto& x : axes[1]) x /= rest;
  return axes;
}

DcmItem* sequenceItem(DcmItem& item, const DcmTagKey& sequence, long index) {
  DcmItem* found = nullptr;
  return item.findAndGetSequenceItem(sequence, found, index).good() ? found : nullptr;
}

DcmItem* functionalGroup(DcmItem& frame, DcmItem* shared, const DcmTagKey& tag) {
  if (DcmItem* own = sequenceItem(frame, tag)) return own;
  return shared ? sequenceItem(*shared, tag) : nullptr;
}

std::string decimal(double value) {
  char buffer[40];
  value += 0.0;  // no "-0"
  for (int digits = 15; digits > 0; --digits)
    if (std::snprintf(buffer, sizeof buffer, "%.*g", digits, value) <= 16) break;
  return buffer;
}

std::string decimals(std::initializer_list<double> values) {
  std::string joined;
  for (const double value : values) {
    if (!joined.empty()) joined += '\\';
    joined += decimal(value);
  }
  return joined;
}

std::string longString(const std::string& text) {
  std::string out;
  std::size_t characters = 0;
  for (const char c : text) {
    // Bytes 10xxxxxx continue a character.
    if ((static_cast<unsigned char>(c) & 0xc0) != 0x80 && ++characters > 64) break;
    out += c == '\\' ? '/' : static_cast<unsigned char>(c) < 32 ? ' ' : c;
  }
  return out;
}

std::string uid(const std::string& seed, const std::string& name) {
  const std::string digest = sha256(seed + '\n' + name);
  unsigned __int128 value = 0;
  for (const char c : digest.substr(0, 32))
    value = value * 16 + static_cast<unsigned>(c <= '9' ? c - '0' : c - 'a' + 10);
  std::string digits;
  do {
    digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(value % 10)));
    value /= 10;
  } while (value != 0);
  return "2.25." + digits;
}

std::string freshSeed() {
  std::random_device device;
  std::string seed;
  for (int n = 0; n < 8; ++n) seed += std::to_string(device()) + ".";
  return seed;
}

}  // namespace lorkd::io::dicom
