#include "core/io/Png.h"

#include <itk_png.h>

#include <csetjmp>
#include <cstdio>
#include <memory>

#include "core/io/Limits.h"
#include "core/io/OpenFile.h"

namespace lorkd::io {
namespace fs = std::filesystem;
namespace {

// What libpng keeps while reading; its error handler jumps out of the library and leaves a message here.
struct Reader {
  png_structp png = nullptr;
  png_infop info = nullptr;
  std::string message;
  bool sixteen = false;
  ~Reader() { png_destroy_read_struct(&png, &info, nullptr); }
};

[[noreturn]] void onError(png_structp png, png_const_charp message) {
  static_cast<Reader*>(png_get_error_ptr(png))->message = message;
  png_longjmp(png, 1);
}

void onWarning(png_structp, png_const_charp) {}

// The functions below that set a jump hold no object with a destructor, which a jump would skip.
bool readHeader(Reader& reader) {
  if (setjmp(png_jmpbuf(reader.png))) return false;
  png_read_info(reader.png, reader.info);
  reader.sixteen = png_get_bit_depth(reader.png, reader.info) == 16;
  png_set_expand(reader.png);
  png_set_strip_16(reader.png);
  png_set_strip_alpha(reader.png);
  png_set_interlace_handling(reader.png);
  png_read_update_info(reader.png, reader.info);
  return true;
}

bool readRows(Reader& reader, png_bytep* rows) {
  if (setjmp(png_jmpbuf(reader.png))) return false;
  png_read_image(reader.png, rows);
  png_read_end(reader.png, nullptr);
  return true;
}

}  // namespace

bool isPng(const fs::path& file) {
  const auto in = openStream(file);
  png_byte head[8];
  return in && std::fread(head, 1, sizeof head, in.get()) == sizeof head && png_sig_cmp(head, 0, sizeof head) == 0;
}

Result<Picture> readPng(const fs::path& file, std::int64_t maxSide) {
  const auto in = openStream(file);
  if (!in) return fail(ErrorCode::Io, "the file cannot be opened", "check its permissions", file.string());
  Reader reader;
  reader.png = png_create_read_struct(PNG_LIBPNG_VER_STRING, &reader, &onError, &onWarning);
  reader.info = reader.png ? png_create_info_struct(reader.png) : nullptr;
  if (!reader.info) return fail(ErrorCode::Internal, "libpng does not start", "", file.string());
  png_set_user_limits(reader.png, static_cast<png_uint_32>(maxSide), static_cast<png_uint_32>(maxSide));
  png_set_chunk_malloc_max(reader.png, 1 << 23);  // texts and profiles may be packed as well
  png_init_io(reader.png, in.get());
  const auto bad = [&] {
    return fail(ErrorCode::Format, "the PNG is damaged: " + reader.message, "copy the file anew from its source",
                file.string());
  };
  if (!readHeader(reader)) return bad();

  Picture picture;
  picture.width = png_get_image_width(reader.png, reader.info);
  picture.height = png_get_image_height(reader.png, reader.info);
  picture.channels = png_get_channels(reader.png, reader.info);
  picture.sixteen = reader.sixteen;
  const std::size_t rowBytes = png_get_rowbytes(reader.png, reader.info);
  if (rowBytes != static_cast<std::size_t>(picture.width * picture.channels) ||
      (picture.channels != 1 && picture.channels != 3))
    return fail(ErrorCode::Unsupported, "the PNG's samples cannot be read", "", file.string());
  // A row of one-bit samples shrinks 8 times and deflate 1032 times at most: a shorter file must not claim its size.
  std::error_code ec;
  const double claimed = static_cast<double>(rowBytes) * static_cast<double>(picture.height);
  if (claimed > 24.0 * 1032 * static_cast<double>(fs::file_size(file, ec)))
    return fail(ErrorCode::Format, "the PNG is shorter than its header says", "copy the file anew from its source",
                file.string());
  if (claimed > static_cast<double>(kMostSamples))
    return fail(ErrorCode::Unsupported,
                "the picture has " + grouped(static_cast<std::int64_t>(claimed)) + " samples, more than " +
                    grouped(kMostSamples),
                "cut it into parts, or make it smaller", file.string());
  LORKD_CHECK(roomFor(claimed, file));
  picture.pixels.resize(rowBytes * static_cast<std::size_t>(picture.height));
  std::vector<png_bytep> rows;
  for (std::int64_t y = 0; y < picture.height; ++y)
    rows.push_back(picture.pixels.data() + static_cast<std::size_t>(y) * rowBytes);
  if (!readRows(reader, rows.data())) return bad();
  return picture;
}

Result<std::string> encodePng(const Picture& picture) {
  if (picture.width < 1 || picture.height < 1 || (picture.channels != 1 && picture.channels != 3) ||
      static_cast<std::int64_t>(picture.pixels.size()) != picture.width * picture.height * picture.channels)
    return fail(ErrorCode::InvalidArgument, "the picture to write is empty or has not one or three channels");
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(picture.width);
  image.height = static_cast<png_uint_32>(picture.height);
  image.format = picture.channels == 3 ? PNG_FORMAT_RGB : PNG_FORMAT_GRAY;
  std::string bytes(PNG_IMAGE_PNG_SIZE_MAX(image), '\0');
  png_alloc_size_t size = bytes.size();
  if (!png_image_write_to_memory(&image, bytes.data(), &size, 0, picture.pixels.data(), 0, nullptr))
    return fail(ErrorCode::Io, std::string("the picture cannot be encoded: ") + image.message);
  bytes.resize(size);
  return bytes;
}

}  // namespace lorkd::io
