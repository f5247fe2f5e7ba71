// Pictures, through ITK's image IOs.
#include <itkBMPImageIO.h>
#include <itkJPEGImageIO.h>
#include <itkTIFFImageIO.h>

#include <algorithm>

#include "core/base/File.h"
#include "core/io/FileKind.h"
#include "core/io/Gif.h"
#include "core/io/Images2D.h"
#include "core/io/ItkGrid.h"
#include "core/io/JpegMarkers.h"
#include "core/io/Limits.h"
#include "core/io/NpzPictures.h"
#include "core/io/Png.h"
#include "core/io/dicom/DicomPicture.h"

namespace lorkd::io {
namespace fs = std::filesystem;
namespace {

// By the first bytes, since names lie.
itk::ImageIOBase::Pointer imageIoFor(const fs::path& file) {
  const auto bytes = readHead(file, 8);
  using std::literals::operator""sv;
  if (bytes.starts_with("\xff\xd8\xff"sv)) return itk::JPEGImageIO::New().GetPointer();
  if (bytes.starts_with("BM"sv)) return itk::BMPImageIO::New().GetPointer();
  if (bytes.starts_with("II*\0"sv) || bytes.starts_with("MM\0*"sv)) return itk::TIFFImageIO::New().GetPointer();
  return nullptr;
}

std::unexpected<Error> cutShort(const fs::path& file) {
  return fail(ErrorCode::Format, "the picture is truncated: its end is missing", "copy the file anew from its source",
              file.string());
}

// libjpeg makes grey of what is missing, and takes as long for each of any number of scans as for a picture.
Result<void> checkJpeg(const fs::path& file) {
  constexpr std::uintmax_t kLongest = std::uintmax_t(1) << 30;
  LORKD_TRY(bytes, readFile(file, kLongest));
  const auto markers = jpegMarkers(bytes);
  if (markers.scans > kMostScans)
    return fail(ErrorCode::Unsupported,
                "the JPEG has " + grouped(markers.scans) + " scans, more than " + grouped(kMostScans),
                "write it anew as PNG", file.string());
  return markers.whole ? Result<void>() : cutShort(file);
}

// ITK fills rows that are missing with what it has at hand, and writes wherever run lengths lead it.
Result<void> checkBmp(const fs::path& file, std::int64_t width, std::int64_t height) {
  constexpr std::size_t kHead = 54;
  const auto head = readHead(file, kHead);
  const auto number = [&](std::size_t at, std::size_t count) {
    std::int64_t value = 0;
    for (std::size_t n = 0; n < count && at + n < head.size(); ++n)
      value |= std::int64_t(static_cast<unsigned char>(head[at + n])) << 8 * n;
    return value;
  };
  const bool core = number(14, 4) == 12;  // the header of OS/2
  if (const auto compression = core ? 0 : number(30, 4); compression == 1 || compression == 2)
    return fail(ErrorCode::Unsupported, "BMP pictures with run lengths cannot be read", "write it anew as PNG",
                file.string());
  const auto rowBytes = (width * number(core ? 24 : 28, 2) / 8 + 3) / 4 * 4;
  std::error_code ec;
  const auto size = static_cast<std::int64_t>(fs::file_size(file, ec));
  return !ec && number(10, 4) + rowBytes * height <= size ? Result<void>() : cutShort(file);
}

// Drops alpha and the low byte of 16-bit samples.
template <class T>
void copySamples(const std::vector<char>& buffer, unsigned components, Picture& picture) {
  const T* samples = reinterpret_cast<const T*>(buffer.data());
  const auto channels = static_cast<std::size_t>(picture.channels);
  const auto count = static_cast<std::size_t>(picture.width * picture.height);
  picture.pixels.resize(count * channels);
  for (std::size_t n = 0; n < count; ++n)
    for (std::size_t c = 0; c < channels; ++c)
      picture.pixels[n * channels + c] =
          static_cast<std::uint8_t>(samples[n * components + c] >> (8 * (sizeof(T) - 1)));
}

// Files without the 128 bytes in front are DICOM as well, as far as their beginning says; no other picture begins so.
bool isDicom(const fs::path& file) {
  const auto head = readHead(file, 132);
  return head.ends_with("DICM") || (!imageIoFor(file) && fileKind(file) == FileKind::Dicom);
}

}  // namespace

bool isPicture(const fs::path& file) {
  const auto kind = fileKind(file);
  return kind == FileKind::Picture || kind == FileKind::Dicom;
}

Result<void> eachPicture(const std::vector<LabelledPicture>& examples, const std::vector<std::size_t>& wanted,
                         const std::function<Result<void>(std::size_t, Picture)>& visit) {
  NpzPictures archive;
  for (const auto n : wanted) {
    const auto& example = examples.at(n);
    auto picture = example.file.empty() ? Result<Picture>(example.picture)
                   : example.place >= 0 ? archive.read(example)
                                        : readPicture(example.file);
    if (!picture) return std::unexpected(picture.error());
    LORKD_CHECK(visit(n, std::move(*picture)));
  }
  return archive.finish();
}

Result<Picture> pictureOf(const LabelledPicture& example) {
  Result<Picture> out = Picture();
  LORKD_CHECK(eachPicture({example}, {0}, [&](std::size_t, Picture picture) -> Result<void> {
    out = std::move(picture);
    return {};
  }));
  return out;
}

Result<Picture> readPicture(const fs::path& file) {
  std::error_code ec;
  if (!fs::is_regular_file(file, ec)) return fail(ErrorCode::NotFound, "no such file", "check the path", file.string());
  const char* hint = "PNG, JPEG, GIF, BMP, TIFF and DICOM pictures with 8 or 16 bits a sample can be read";
  try {
    if (isPng(file)) return readPng(file, kMostSide);
    if (isGif(file)) return readGif(file, kMostSide);
    if (isDicom(file)) return readDicomPicture(file, kMostSide);
    const auto io = imageIoFor(file);
    if (!io) return fail(ErrorCode::Format, "this is not a picture", hint, file.string());
    io->SetFileName(file.string());
    io->ReadImageInformation();
    Picture picture;
    picture.width = static_cast<std::int64_t>(io->GetDimensions(0));
    picture.height = static_cast<std::int64_t>(io->GetDimensions(1));
    const bool stack = io->GetNumberOfDimensions() > 2 && io->GetDimensions(2) > 1;
    const unsigned components = io->GetNumberOfComponents();
    if (picture.width < 1 || picture.height < 1 || stack)
      return fail(ErrorCode::Unsupported, "the picture is empty or has several pages", hint, file.string());
    if (picture.width > kMostSide || picture.height > kMostSide ||
        picture.width * picture.height * static_cast<std::int64_t>(components) > kMostSamples)
      return fail(ErrorCode::Unsupported,
                  "the picture has " + grouped(picture.width) + " by " + grouped(picture.height) + " pixels and " +
                      std::to_string(components) + " channel(s), more than " + grouped(kMostSamples) +
                      " samples or than " + grouped(kMostSide) + " pixels along a side",
                  "cut it into parts, or make it smaller", file.string());
    const auto type = io->GetComponentType();
    using itk::IOComponentEnum;
    if (components < 1 || components > 4 || (type != IOComponentEnum::UCHAR && type != IOComponentEnum::USHORT))
      return fail(ErrorCode::Unsupported, "the picture's samples are not 8 or 16 bit unsigned", hint, file.string());
    if (dynamic_cast<itk::JPEGImageIO*>(io.GetPointer())) LORKD_CHECK(checkJpeg(file));
    if (dynamic_cast<itk::BMPImageIO*>(io.GetPointer())) LORKD_CHECK(checkBmp(file, picture.width, picture.height));
    // The samples, what is made of them, and what decoders keep: coefficients of all scans, or pixels of four bytes.
    const double samples = static_cast<double>(picture.width * picture.height) * components;
    LORKD_CHECK(roomFor(samples * (io->GetComponentSize() + 1.0 + 4.0), file));
    const auto buffer = readAll(*io);
    picture.channels = components >= 3 ? 3 : 1;
    if (type == IOComponentEnum::UCHAR)
      copySamples<std::uint8_t>(buffer, components, picture);
    else
      copySamples<std::uint16_t>(buffer, components, picture), picture.sixteen = true;
    return picture;
  } catch (const itk::ExceptionObject& e) {
    return fail(ErrorCode::Format, itkMessage(e, {file}), hint, file.string());
  } catch (const std::bad_alloc&) {
    return fail(ErrorCode::Io, "there is not enough memory for this picture", "", file.string());
  }
}

Result<std::array<std::int64_t, 2>> pictureSize(const fs::path& file) {
  std::error_code ec;
  if (!fs::is_regular_file(file, ec)) return fail(ErrorCode::NotFound, "no such file", "check the path", file.string());
  if (isPng(file)) {
    const auto head = readHead(file, 24);
    std::array<std::int64_t, 2> size{};
    for (std::size_t n = 16; n < head.size(); ++n)
      size[(n - 16) / 4] = size[(n - 16) / 4] << 8 | static_cast<unsigned char>(head[n]);
    if (head.size() < 24 || size[0] < 1 || size[1] < 1 || size[0] > kMostSide || size[1] > kMostSide)
      return fail(ErrorCode::Format, "the PNG's header gives no size that can be read", "copy the file anew",
                  file.string());
    return size;
  }
  if (isGif(file)) return gifSize(file, kMostSide);
  try {
    const auto io = imageIoFor(file);
    if (!io)
      return fail(ErrorCode::Format, "this is not a picture", "PNG, JPEG, GIF, BMP and TIFF can be read", file.string());
    io->SetFileName(file.string());
    io->ReadImageInformation();
    const std::array size{static_cast<std::int64_t>(io->GetDimensions(0)),
                          static_cast<std::int64_t>(io->GetDimensions(1))};
    if (size[0] < 1 || size[1] < 1 || size[0] > kMostSide || size[1] > kMostSide)
      return fail(ErrorCode::Format, "the picture's header gives no size that can be read", "copy the file anew",
                  file.string());
    return size;
  } catch (const itk::ExceptionObject& e) {
    return fail(ErrorCode::Format, itkMessage(e, {file}), "copy the file anew from its source", file.string());
  }
}

bool isLossy(const fs::path& file) {
  using std::literals::operator""sv;
  return readHead(file, 3) == "\xff\xd8\xff"sv;
}

Result<void> writePng(const fs::path& file, const Picture& picture) {
  auto bytes = encodePng(picture);
  if (bytes) return writeFileAtomically(file, *bytes);
  bytes.error().context = file.string();
  return std::unexpected(bytes.error());
}

}  // namespace lorkd::io
