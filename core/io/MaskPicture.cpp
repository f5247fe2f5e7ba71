#include "core/io/MaskPicture.h"

#include <algorithm>
#include <cstdlib>
#include <set>

#include "core/io/Images2D.h"

namespace lorkd::io {
namespace {

constexpr std::size_t kMostColours = 256;
/// How far apart the three values of a grey pixel are after a JPEG has turned them into luma and chroma and back.
constexpr int kChroma = 12;

bool isGrey(const Picture& picture, int tolerance) {
  if (picture.channels == 1) return true;
  for (std::size_t n = 0; n < picture.pixels.size(); n += 3) {
    const auto [low, high] = std::minmax({picture.pixels[n], picture.pixels[n + 1], picture.pixels[n + 2]});
    if (high - low > tolerance) return false;
  }
  return true;
}

}  // namespace

Result<MaskPicture> readMaskPicture(const std::filesystem::path& file) {
  LORKD_TRY(picture, readPicture(file));
  if (picture.sixteen)
    return fail(ErrorCode::Unsupported, "the mask has 16 bits a sample, and only 8 can be read",
                "write it anew as a PNG of 8 bits", file.string());
  MaskPicture out;
  out.width = picture.width;
  out.height = picture.height;
  out.lossy = isLossy(file);
  out.coloured = !isGrey(picture, out.lossy ? kChroma : 0);
  const auto count = static_cast<std::size_t>(picture.width * picture.height);
  const auto step = static_cast<std::size_t>(picture.channels);
  out.values.resize(count);
  out.half.resize(count);
  const auto colourAt = [&](std::size_t n) {
    const auto* p = &picture.pixels[n * 3];
    return std::uint32_t(p[0]) << 16 | std::uint32_t(p[1]) << 8 | p[2];
  };
  if (out.coloured) {
    std::set<std::uint32_t> colours;
    std::uint32_t last = 0;
    for (std::size_t n = 0; n < count; ++n) {
      if (const auto colour = colourAt(n); colour != last) colours.insert(last = colour);
      if (colours.size() > kMostColours)
        return fail(ErrorCode::Unsupported, "the mask has more than 256 colours",
                    "write it as a PNG in which each structure has one colour", file.string());
    }
    colours.erase(0);
    out.colours.assign(colours.begin(), colours.end());
  }
  for (std::size_t n = 0; n < count; ++n) {
    const auto* pixel = &picture.pixels[n * step];
    const int grey = step == 1 ? *pixel : static_cast<int>(lumaOf(pixel) + 0.5f);
    out.half[n] = grey >= 128;
    if (!out.coloured)
      out.values[n] = static_cast<std::uint16_t>(grey);
    else if (const auto colour = colourAt(n); colour != 0)
      out.values[n] =
          static_cast<std::uint16_t>(std::ranges::lower_bound(out.colours, colour) - out.colours.begin() + 1);
  }
  return out;
}

}  // namespace lorkd::io
