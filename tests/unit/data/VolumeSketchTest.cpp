// Copies of volumes that are no longer the same to the last bit.
#include <cmath>

#include "core/base/Random.h"
#include "core/data/Orient.h"
#include "core/data/Phantom.h"
#include "core/data/VolumeSketch.h"
#include "core/io/Resample.h"
#include "tests/unit/data/Support.h"

namespace lorkd::data {
namespace {

std::string sketched(const image::Volume& v) { return sketchOf(v, -1000, 400); }

image::Volume phantomOf(Region region, int patient) {
  PhantomOptions options;
  options.resolution = 0.5;
  return makePhantom(region, patient, options).volume;
}

TEST(VolumeSketch, ChangedCopiesAreAlikeAndOtherPeopleAreNot) {
  double most = -1;
  for (const auto region : {Region::Head, Region::Thorax, Region::Abdomen}) {
    std::vector<std::string> sketches;
    for (int patient = 0; patient < 12; ++patient) sketches.push_back(sketched(phantomOf(region, patient)));
    for (std::size_t b = 0; b < sketches.size(); ++b)
      for (std::size_t a = 0; a < b; ++a) most = std::max(most, likeness(sketches[a], sketches[b]));
    const auto original = phantomOf(region, 3);
    auto noisy = original, eight = original;
    Random random(7, {1});
    for (auto& v : noisy.voxels) v += static_cast<float>(60 * (random.uniform() - 0.5));
    // Through a window into 8 bits, as pictures of volumes are saved.
    for (auto& v : eight.voxels) v = std::round(std::clamp((v + 1000) / 1400 * 255, 0.0f, 255.0f));
    const auto resampled = io::resampleLinear(
        original,
        io::gridAtSpacing(original.geometry, {original.geometry.spacing[0] * 1.3, original.geometry.spacing[1] * 1.3,
                                              original.geometry.spacing[2] * 1.1}));
    Orientation turned;
    turned.axis = {2, 0, 1};
    turned.flip = {true, false, true};
    image::Volume stored;
    static_cast<image::Grid<float>&>(stored) = reoriented(static_cast<const image::Grid<float>&>(original), turned);
    const auto own = sketched(original);
    EXPECT_GT(likeness(own, sketched(noisy)), 0.99);
    EXPECT_GT(likeness(own, sketchOf(eight, 0, 255)), 0.99);
    EXPECT_GT(likeness(own, sketched(resampled)), kSameVolume);
    EXPECT_DOUBLE_EQ(likeness(own, sketched(stored)), 1) << "the same voxels in another order";
  }
  EXPECT_LT(most, kSameVolume - 0.02);
  RecordProperty("most", std::to_string(most));
}

TEST(VolumeSketch, WhatHasNothingToBeKnownByIsLikeNothing) {
  const image::Volume constant(image::Geometry{{20, 20, 20}}, 5.0f), slab(image::Geometry{{40, 40, 8}}, 1.0f);
  EXPECT_TRUE(sketchOf(constant, 5, 5).empty());
  EXPECT_TRUE(sketchOf(slab, 0, 1).empty());
  EXPECT_EQ(likeness("", ""), 0);
}

TEST(VolumeSketch, OnePersonsCopiesAreNoFindingAndLeaksComeFirst) {
  std::vector<AuditedImage> images(4);
  const auto sketch = sketched(phantomOf(Region::Head, 1));
  const char* patients[] = {"p0", "p1", "p1", "p2"};
  for (std::size_t n = 0; n < images.size(); ++n) {
    images[n].item.id = "c" + std::to_string(n);
    images[n].item.patient = patients[n];
    images[n].reading = Reading();
    images[n].reading->sketch = n == 3 ? sketched(phantomOf(Region::Head, 2)) : sketch;
    images[n].reading->fingerprint = std::to_string(n);
    images[n].split = n == 0 ? Split::Test : Split::Train;
  }
  std::vector<Double> found;
  findNearVolumes(images, found);
  ASSERT_EQ(found.size(), 2u);
  for (const auto& d : found) {
    EXPECT_EQ(d.what, "nearly");
    EXPECT_EQ(d.a, "c0");
    EXPECT_TRUE(d.leak);
  }
  EXPECT_EQ(found[0].b, "c1");
  EXPECT_EQ(found[1].b, "c2");
}

}  // namespace
}  // namespace lorkd::data
