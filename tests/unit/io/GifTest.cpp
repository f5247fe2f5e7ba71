// GIF pictures, as another program wrote them (Pillow 9.4).
#include <gmock/gmock.h>

#include "core/base/Base64.h"
#include "core/io/FileKind.h"
#include "core/io/Images2D.h"
#include "tests/unit/io/Support.h"

namespace lorkd::io {
namespace {

using test::Folder;
using test::put;
using testing::HasSubstr;

/// Black and white, 24 by 16: where (x - 12)² + (y - 8)² < 36 it is white. Row by row, interlaced, and of two frames.
constexpr const char* kRows =
    "R0lGODdhGAAQAIEAAAAAAP///wAAAAAAACwAAAAAGAAQAAAIOgABCBxIsKDBgwgTKlzIcGCAhxADNHQYMeLEihgbYqyocSPEjh4lMgz5EKRHkxsv"
    "npwIICXLlzAPBgQAOw==";
constexpr const char* kInterlaced =
    "R0lGODdhGAAQAIEAAAAAAP///wAAAAAAACwAAAAAGAAQAEAIOwABCBxIsKDBgwMDKFzIMABCgw0ZPoQYUeHEixgLVpSIcePCjCBDitQYMaRHix1P"
    "ZjzpMKVHkyVHggwIADs=";
constexpr const char* kFrames =
    "R0lGODlhGAAQAIEAAAAAAP///wAAAAAAACH/C05FVFNDQVBFMi4wAwEAAAAh+QQACgAAACwAAAAAGAAQAAAIOgABCBxIsKDBgwgTKlzIcGCAhxAD"
    "NHQYMeLEihgbYqyocSPEjh4lMgz5EKRHkxsvnpwIICXLlzAPBgQAIfkEAAoAAAAsAAAAABgAEACBAAAA////AAAAAAAACDoAAwgcSLCgwYMIEypc"
    "yHAggIcQATR0GDHixIoYG2KsqHEjxI4eJTIM+RCkR5MbL56cGCAly5cwDwYEADs=";
/// 12 by 8: red, green (0, 128, 0), and at the right (10, 20, 30) but for two black rows at the top.
constexpr const char* kColours =
    "R0lGODdhDAAIAIEAAP8AAAoUHgCAAAAAACwAAAAADAAIAAAIKwABCAQgoKCAAQgHDCRoMKHCgQYFBJgYYGFEihUhGsRocSPFjgU5agxJMSAAOw==";

TEST(Gif, IsReadAsItWasPainted) {
  Folder folder;
  const auto file = folder / "a.gif";
  for (const char* bytes : {kRows, kInterlaced}) {
    put(file, fromBase64(bytes));
    EXPECT_EQ(fileKind(file), FileKind::Picture);
    EXPECT_EQ(*pictureSize(file), (std::array<std::int64_t, 2>{24, 16}));
    const auto picture = readPicture(file);
    ASSERT_TRUE(picture) << picture.error().text();
    ASSERT_EQ(picture->channels, 1);
    ASSERT_EQ(picture->width * picture->height, 24 * 16);
    for (int y = 0; y < 16; ++y)
      for (int x = 0; x < 24; ++x)
        ASSERT_EQ(picture->pixels[static_cast<std::size_t>(y * 24 + x)],
                  (x - 12) * (x - 12) + (y - 8) * (y - 8) < 36 ? 255 : 0)
            << x << ", " << y;
  }
  put(file, fromBase64(kColours));
  const auto picture = readPicture(file);
  ASSERT_TRUE(picture) << picture.error().text();
  ASSERT_EQ(picture->channels, 3);
  for (std::size_t y = 0; y < 8; ++y)
    for (std::size_t x = 0; x < 12; ++x) {
      const std::vector<std::uint8_t> wanted = x < 4   ? std::vector<std::uint8_t>{255, 0, 0}
                                               : x < 8 ? std::vector<std::uint8_t>{0, 128, 0}
                                               : y < 2 ? std::vector<std::uint8_t>{0, 0, 0}
                                                       : std::vector<std::uint8_t>{10, 20, 30};
      const auto* pixel = &picture->pixels[(y * 12 + x) * 3];
      ASSERT_EQ(std::vector<std::uint8_t>(pixel, pixel + 3), wanted) << x << ", " << y;
    }
}

TEST(Gif, SeveralFramesAreRefusedByName) {
  Folder folder;
  const auto file = folder / "a.gif";
  put(file, fromBase64(kFrames));
  const auto picture = readPicture(file);
  ASSERT_FALSE(picture);
  EXPECT_EQ(picture.error().code, ErrorCode::Unsupported);
  EXPECT_THAT(picture.error().text(), HasSubstr("several frames"));
}

TEST(Gif, DamagedOnesAreErrors) {
  Folder folder;
  const auto file = folder / "a.gif";
  const auto whole = fromBase64(kRows);
  for (std::size_t length = 0; length < whole.size(); ++length) {
    put(file, whole.substr(0, length));
    const auto picture = readPicture(file);
    ASSERT_FALSE(picture) << length << " bytes";
    EXPECT_THAT(picture.error().text(), HasSubstr("a.gif"));
  }
  // A size that 97 bytes cannot hold, and a frame that is not the whole.
  auto large = whole;
  large[7] = large[9] = 0x10;
  put(file, large);
  EXPECT_THAT(readPicture(file).error().text(), HasSubstr("shorter than its header says"));
  auto wider = whole;
  wider[6] = 25;
  put(file, wider);
  EXPECT_THAT(readPicture(file).error().text(), HasSubstr("does not fill"));
}

}  // namespace
}  // namespace lorkd::io
