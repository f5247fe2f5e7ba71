#include "core/io/Gif.h"

#include <gif_lib.h>

#include <algorithm>
#include <cstdio>
#include <memory>
#include <optional>
#include <span>

#include "core/io/FileKind.h"
#include "core/io/Limits.h"
#include "core/io/OpenFile.h"

namespace lorkd::io {
namespace fs = std::filesystem;
namespace {

constexpr std::size_t kHeader = 13;  // bytes: signature, size of the screen, flags

struct CloseGif {
  void operator()(GifFileType* gif) const { DGifCloseFile(gif, nullptr); }
};
using Gif = std::unique_ptr<GifFileType, CloseGif>;

int readBytes(GifFileType* gif, GifByteType* bytes, int count) {
  auto* in = static_cast<std::FILE*>(gif->UserData);
  return static_cast<int>(std::fread(bytes, 1, static_cast<std::size_t>(count), in));
}

std::unexpected<Error> damagedGif(const fs::path& file, int code) {
  const char* words = GifErrorString(code);
  return fail(ErrorCode::Format, std::string("the GIF is damaged: ") + (words ? words : "it is cut short"),
              "copy the file anew from its source", file.string());
}

std::unexpected<Error> unsupportedGif(const fs::path& file, const std::string& what) {
  return fail(ErrorCode::Unsupported, what, "write it anew as PNG", file.string());
}

/// The rows of a frame in the order in which a file has them: of an interlaced one every eighth first.
std::vector<int> rowOrder(int height, bool interlaced) {
  std::vector<int> out;
  if (!interlaced) {
    for (int row = 0; row < height; ++row) out.push_back(row);
    return out;
  }
  for (const auto& [first, step] : {std::pair(0, 8), {4, 8}, {2, 4}, {1, 2}})
    for (int row = first; row < height; row += step) out.push_back(row);
  return out;
}

/// The palette's numbers of all pixels of the frame that `gif` stands before.
Result<std::vector<GifPixelType>> readFrame(GifFileType& gif, const fs::path& file) {
  const auto& frame = gif.Image;
  const auto width = static_cast<std::size_t>(frame.Width);
  std::vector<GifPixelType> out(width * static_cast<std::size_t>(frame.Height));
  for (const int row : rowOrder(frame.Height, frame.Interlace))
    if (DGifGetLine(&gif, &out[static_cast<std::size_t>(row) * width], frame.Width) == GIF_ERROR)
      return damagedGif(file, gif.Error);
  return out;
}

Result<Picture> painted(const std::vector<GifPixelType>& frame, const ColorMapObject* palette, const fs::path& file) {
  if (!palette || palette->ColorCount < 1) return unsupportedGif(file, "the GIF has no palette");
  const std::span<const GifColorType> colours(palette->Colors, static_cast<std::size_t>(palette->ColorCount));
  const bool grey = std::ranges::all_of(colours, [](const auto& c) { return c.Red == c.Green && c.Green == c.Blue; });
  Picture out;
  out.channels = grey ? 1 : 3;
  out.pixels.reserve(frame.size() * static_cast<std::size_t>(out.channels));
  for (const auto number : frame) {
    if (number >= colours.size()) return damagedGif(file, D_GIF_ERR_NO_COLOR_MAP);
    const auto& colour = colours[number];
    out.pixels.push_back(colour.Red);
    if (!grey) out.pixels.insert(out.pixels.end(), {colour.Green, colour.Blue});
  }
  return out;
}

Result<void> skipExtension(GifFileType& gif, const fs::path& file) {
  int code = 0;
  GifByteType* block = nullptr;
  if (DGifGetExtension(&gif, &code, &block) == GIF_ERROR) return damagedGif(file, gif.Error);
  while (block)
    if (DGifGetExtensionNext(&gif, &block) == GIF_ERROR) return damagedGif(file, gif.Error);
  return {};
}

}  // namespace

bool isGif(const fs::path& file) {
  const auto head = readHead(file, 6);
  return head == "GIF87a" || head == "GIF89a";
}

Result<std::array<std::int64_t, 2>> gifSize(const fs::path& file, std::int64_t maxSide) {
  const auto head = readHead(file, kHeader);
  const auto number = [&](std::size_t at) {
    return static_cast<std::int64_t>(static_cast<unsigned char>(head[at]) | static_cast<unsigned char>(head[at + 1])
                                                                                << 8);
  };
  if (head.size() < kHeader || number(6) < 1 || number(8) < 1 || number(6) > maxSide || number(8) > maxSide)
    return fail(ErrorCode::Format, "the GIF's header gives no size that can be read", "copy the file anew",
                file.string());
  return std::array{number(6), number(8)};
}

Result<Picture> readGif(const fs::path& file, std::int64_t maxSide) {
  LORKD_TRY(size, gifSize(file, maxSide));
  const auto samples = 3 * size[0] * size[1];
  if (samples > kMostSamples)
    return fail(ErrorCode::Unsupported,
                "the picture has " + grouped(samples) + " samples, more than " + grouped(kMostSamples),
                "cut it into parts, or make it smaller", file.string());
  // A code of 3 bits and more stands for at most 4096 pixels: a shorter file must not claim its size.
  std::error_code ec;
  if (static_cast<double>(size[0] * size[1]) > 4096 * 8.0 / 3 * static_cast<double>(fs::file_size(file, ec)))
    return fail(ErrorCode::Format, "the GIF is shorter than its header says", "copy the file anew from its source",
                file.string());
  LORKD_CHECK(roomFor(static_cast<double>(samples + size[0] * size[1]), file));
  const auto in = openStream(file);
  if (!in) return fail(ErrorCode::Io, "the file cannot be opened", "check its permissions", file.string());
  int error = 0;
  const Gif gif(DGifOpen(in.get(), &readBytes, &error));
  if (!gif) return damagedGif(file, error);

  std::optional<Picture> picture;
  for (GifRecordType record = UNDEFINED_RECORD_TYPE; record != TERMINATE_RECORD_TYPE;) {
    if (DGifGetRecordType(gif.get(), &record) == GIF_ERROR) return damagedGif(file, gif->Error);
    if (record == EXTENSION_RECORD_TYPE) LORKD_CHECK(skipExtension(*gif, file));
    if (record != IMAGE_DESC_RECORD_TYPE) continue;
    if (picture) return unsupportedGif(file, "the GIF has several frames, and nothing says which of them is meant");
    if (DGifGetImageDesc(gif.get()) == GIF_ERROR) return damagedGif(file, gif->Error);
    const auto& frame = gif->Image;
    if (frame.Left != 0 || frame.Top != 0 || frame.Width != size[0] || frame.Height != size[1])
      return unsupportedGif(file, "the GIF's frame does not fill its picture");
    LORKD_TRY(pixels, readFrame(*gif, file));
    auto made = painted(pixels, frame.ColorMap ? frame.ColorMap : gif->SColorMap, file);
    if (!made) return made;
    picture = std::move(*made);
    picture->width = size[0];
    picture->height = size[1];
  }
  if (!picture) return damagedGif(file, D_GIF_ERR_NO_IMAG_DSCR);
  return std::move(*picture);
}

}  // namespace lorkd::io
