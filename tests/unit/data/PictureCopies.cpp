// Copies among pictures: exact, resized, brightened, across parts and with other labels.
#include "core/data/PictureCopies.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <cmath>

#include "core/base/File.h"
#include "core/base/Random.h"
#include "tests/unit/data/Support.h"

namespace lorkd::data {
namespace {

using testing::HasSubstr;

/// Waves of random directions: the same function of place for one seed, in whatever size it is drawn.
io::Picture waves(std::uint64_t seed, std::int64_t width, std::int64_t height, double gain = 1, double offset = 0) {
  Random random(seed, {7});
  struct Wave {
    double x, y, phase, height;
  };
  std::vector<Wave> all;
  for (int n = 0; n < 24; ++n) {
    const double fine = 1 + 15 * random.uniform();
    all.push_back({fine * (random.uniform() - 0.5) * 2, fine * (random.uniform() - 0.5) * 2, 6.28 * random.uniform(),
                   30 / std::sqrt(fine)});
  }
  io::Picture out{width, height, 1, {}};
  for (std::int64_t y = 0; y < height; ++y)
    for (std::int64_t x = 0; x < width; ++x) {
      double v = 128;
      for (const auto& w : all)
        v += w.height *
             std::sin(3.14159 * (w.x * (double(x) + 0.5) / double(width) + w.y * (double(y) + 0.5) / double(height)) +
                      w.phase);
      out.pixels.push_back(static_cast<std::uint8_t>(std::clamp(gain * v + offset, 0.0, 255.0)));
    }
  return out;
}

TEST(PictureCopies, SizeAndBrightnessChangeNoMarkMuchAndOtherPicturesAreFar) {
  const auto original = waves(1, 128, 96);
  const auto mark = markOf(original);
  for (const auto& copy : {waves(1, 128, 96, 0.9, 5), waves(1, 90, 67), waves(1, 200, 150)}) {
    EXPECT_LE(distance(mark, markOf(copy)), kNearPattern) << copy.width;
    EXPECT_NE(markOf(copy).pixels, mark.pixels);
    EXPECT_TRUE(looksLike(original, copy)) << copy.width;
  }
  for (std::uint64_t seed = 2; seed < 7; ++seed) {
    const auto other = waves(seed, 128, 96);
    EXPECT_GT(distance(mark, markOf(other)), 4 * kNearPattern) << seed;
    EXPECT_FALSE(looksLike(original, other)) << seed;
  }
  // Nothing is in it that could be known again.
  EXPECT_EQ(markOf({8, 8, 1, std::vector<std::uint8_t>(64, 9)}).pattern, PictureMark().pattern);
  EXPECT_FALSE(looksLike({8, 8, 1, std::vector<std::uint8_t>(64, 9)}, {8, 8, 1, std::vector<std::uint8_t>(64, 9)}));
}

TEST(PictureCopies, TheAuditTellsThemAcrossPartsAndWithOtherLabels) {
  TemporaryFolder folder;
  const auto draw = [&](const std::string& name, const io::Picture& picture) {
    ASSERT_TRUE(io::writePng(folder / ("set/" + name), picture));
  };
  for (std::uint64_t n = 0; n < 6; ++n)
    draw(std::string(n % 2 ? "train/cat/" : "train/dog/") + std::to_string(n) + ".png", waves(10 + n, 64, 64));
  draw("test/cat/copy.png", waves(11, 64, 64));      // of train/cat/1.png
  draw("train/cat/wrong.png", waves(12, 64, 64));    // of train/dog/2.png
  draw("test/dog/larger.png", waves(14, 128, 128));  // of train/dog/4.png
  draw("test/dog/other.png", waves(99, 64, 64));
  auto index = Catalogue::open(folder / "index.sqlite");
  ASSERT_TRUE(index) << index.error().text();
  SilentProgress progress;
  const auto done = index->scan("s", folder / "set", progress, CancelToken());
  ASSERT_TRUE(done) << done.error().text();
  for (int again = 0; again < 2; ++again) {  // the second time, by what the index keeps
    const auto found = audit(*index, {}, progress, CancelToken());
    ASSERT_TRUE(found) << found.error().text();
    ASSERT_EQ(found->images.size(), 1u);
    std::map<std::string, std::string> told;
    for (const auto& judged : found->images[0].findings) told[judged.finding.code] = judged.finding.message;
    EXPECT_THAT(told["picture-copies"],
                HasSubstr("2 picture(s) are the same as another one, 1 of them in another part"));
    EXPECT_THAT(told["picture-copies"], HasSubstr("1 with other labels"));
    EXPECT_THAT(told["picture-copies"], HasSubstr("copy.png"));
    EXPECT_THAT(told["picture-near-copies"], HasSubstr("1 picture(s) look the same"));
    EXPECT_THAT(told["picture-near-copies"], HasSubstr("larger.png"));
  }
}

}  // namespace
}  // namespace lorkd::data
