#include "core/data/Phantom.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>

#include "core/data/Anatomy.h"

namespace lorkd::data {
namespace {

using image::Vec3;

double voxelVolume(const image::Geometry& g) { return g.spacing[0] * g.spacing[1] * g.spacing[2]; }

/// Mean HU of the voxels whose six neighbours lie in the mask too: no partial volume.
double innerMean(const Phantom& p, const image::Segment& s) {
  const auto& g = p.volume.geometry;
  double sum = 0, n = 0;
  for (std::int64_t k = 1; k + 1 < g.size[2]; ++k)
    for (std::int64_t j = 1; j + 1 < g.size[1]; ++j)
      for (std::int64_t i = 1; i + 1 < g.size[0]; ++i) {
        bool inner = true;
        for (const auto& [a, b, c] :
             {std::array{0, 0, 0}, {1, 0, 0}, {-1, 0, 0}, {0, 1, 0}, {0, -1, 0}, {0, 0, 1}, {0, 0, -1}})
          inner = inner && s.mask[static_cast<std::size_t>(g.offset(i + a, j + b, k + c))];
        if (!inner) continue;
        sum += p.volume.at(i, j, k);
        ++n;
      }
  return sum / n;
}

TEST(Solid, VolumesMatchTextbookFormulas) {
  Solid s{{0, 0, 0}, {2, 3, 4}};
  EXPECT_NEAR(s.volume(), 4.0 / 3 * std::numbers::pi * 24, 1e-9);
  s.flatEnds = true;
  EXPECT_NEAR(s.volume(), std::numbers::pi * 6 * 8, 1e-9);
}

TEST(Solid, PointCountAgreesWithVolumeForEveryPower) {
  for (const int power : {2, 3, 4})
    for (const bool flat : {false, true}) {
      const Solid s{{1, -2, 3}, {5, 7, 6}, rotation(0.3, -0.5, 0.9), power, flat};
      double count = 0;
      const double step = 0.25;
      for (double x = -14; x < 14; x += step)
        for (double y = -14; y < 14; y += step)
          for (double z = -14; z < 14; z += step) count += s.contains({1 + x, -2 + y, 3 + z});
      EXPECT_NEAR(count * step * step * step / s.volume(), 1, 0.01) << power << flat;
    }
}

TEST(Solid, TubeReachesFromEndToEnd) {
  const auto pieces = tube({{0, 0, 0}, {10, 0, 0}, {10, 20, 5}}, 2);
  const auto inside = [&](const Vec3& p) {
    return std::any_of(pieces.begin(), pieces.end(), [&](auto& s) { return s.contains(p); });
  };
  for (double t = 0; t <= 1; t += 0.05) {
    EXPECT_TRUE(inside({10 * t, 1.9, 0}));
    EXPECT_TRUE(inside({10, 20 * t, 5 * t}));
    EXPECT_FALSE(inside({10 * t, -2.1, 0}));
  }
}

TEST(Phantom, SameOptionsSameVoxels) {
  for (const auto region : {Region::Head, Region::Thorax, Region::Abdomen}) {
    const auto a = makePhantom(region, 3, {}), b = makePhantom(region, 3, {}), c = makePhantom(region, 4, {});
    EXPECT_EQ(a.volume.voxels, b.volume.voxels);
    EXPECT_EQ(a.volume.geometry, b.volume.geometry);
    EXPECT_NE(a.volume.voxels, c.volume.voxels);
    EXPECT_NE(a.volume.geometry.spacing, c.volume.geometry.spacing);
    PhantomOptions other;
    other.seed = 2;
    EXPECT_NE(a.volume.voxels, makePhantom(region, 3, other).volume.voxels);
  }
}

TEST(Phantom, EveryOrganIsThereOnceAndNamedInOrder) {
  for (const auto region : {Region::Head, Region::Thorax, Region::Abdomen})
    for (int patient = 0; patient < 4; ++patient) {
      const auto p = makePhantom(region, patient, {});
      const auto names = organs(region);
      ASSERT_EQ(p.truth.segments.size(), names.size());
      std::vector<int> owners(p.volume.voxels.size());
      for (std::size_t s = 0; s < names.size(); ++s) {
        EXPECT_EQ(p.truth.segments[s].name, names[s]);
        EXPECT_EQ(p.truth.segments[s].code.scheme, "SCT");
        EXPECT_FALSE(p.truth.segments[s].code.value.empty());
        EXPECT_EQ(p.truth.segments[s].color.size(), 7u);
        for (std::size_t n = 0; n < owners.size(); ++n) owners[n] += p.truth.segments[s].mask[n];
        const auto voxels = std::count(p.truth.segments[s].mask.begin(), p.truth.segments[s].mask.end(), 1);
        EXPECT_GT(static_cast<double>(voxels) * voxelVolume(p.volume.geometry), 8000) << names[s] << patient;
      }
      EXPECT_LE(*std::max_element(owners.begin(), owners.end()), 1) << "organs overlap";
      const auto [low, high] = std::minmax_element(p.volume.voxels.begin(), p.volume.voxels.end());
      EXPECT_GE(*low, -1024);
      EXPECT_LE(*high, 3071);
    }
}

TEST(Phantom, VoxelVolumesAgreeWithTheFormulas) {
  int compared = 0;
  // Of a small ball the voxels at least half inside are fewer than the volume says: curvature, not a fault.
  const auto tolerance = [](double exact) { return exact < 20000 ? 0.06 : 0.035; };
  for (const auto region : {Region::Head, Region::Abdomen})
    for (int patient = 0; patient < 6; ++patient) {
      const auto p = makePhantom(region, patient, {});
      for (const auto& name : organs(region)) {
        const double exact = analyticVolume(region, patient, {}, name);
        if (exact == 0) continue;
        const auto& mask = p.truth.find(name)->mask;
        const double measured =
            static_cast<double>(std::count(mask.begin(), mask.end(), 1)) * voxelVolume(p.volume.geometry);
        EXPECT_NEAR(measured / exact, 1, tolerance(exact)) << name << " of " << toString(region) << " " << patient;
        ++compared;
      }
    }
  EXPECT_GE(compared, 14);
}

TEST(Phantom, FinerVoxelsComeCloserToTheFormulas) {
  PhantomOptions fine;
  fine.resolution = 2;
  for (const auto& [region, name] : {std::pair{Region::Head, "eyes"}, {Region::Abdomen, "kidneys"}}) {
    const auto p = makePhantom(region, 3, fine);
    EXPECT_EQ(p.volume.geometry.size[0], 192);
    const auto& mask = p.truth.find(name)->mask;
    const double measured =
        static_cast<double>(std::count(mask.begin(), mask.end(), 1)) * voxelVolume(p.volume.geometry);
    EXPECT_NEAR(measured / analyticVolume(region, 3, fine, name), 1, 0.015) << name;
  }
}

TEST(Phantom, OverlappedOrgansHaveNoAnalyticVolume) {
  EXPECT_EQ(analyticVolume(Region::Head, 0, {}, "brain"), 0) << "the ventricles lie in it";
  EXPECT_EQ(analyticVolume(Region::Thorax, 0, {}, "aorta"), 0) << "it leaves the field of view";
}

TEST(Phantom, HounsfieldUnitsAreThoseOfTheOrgans) {
  const std::vector<std::tuple<Region, const char*, double>> expected{
      {Region::Head, "skull", 900},    {Region::Head, "brain", 35},      {Region::Head, "eyes", 15},
      {Region::Thorax, "lungs", -820}, {Region::Thorax, "heart", 150},   {Region::Thorax, "aorta", 190},
      {Region::Abdomen, "liver", 110}, {Region::Abdomen, "spleen", 125}, {Region::Abdomen, "kidneys", 180}};
  for (const auto wanted : {Region::Head, Region::Thorax, Region::Abdomen})
    for (int patient = 0; patient < 2; ++patient) {
      const auto p = makePhantom(wanted, patient, {});
      for (const auto& [region, name, hu] : expected)
        if (region == wanted) {
          EXPECT_NEAR(innerMean(p, *p.truth.find(name)), hu, 0.055 * std::abs(hu) + 3) << name;
        }
    }
}

TEST(Phantom, NoiseHasTheStatedDeviation) {
  const auto p = makePhantom(Region::Abdomen, 0, {});
  double sum = 0, squares = 0;
  const std::int64_t side = 8;  // a corner of the field of view holds nothing but air
  for (std::int64_t k = 0; k < 40; ++k)
    for (std::int64_t j = 0; j < side; ++j)
      for (std::int64_t i = 0; i < side; ++i) {
        const double v = p.volume.at(i, j, k);
        sum += v;
        squares += v * v;
      }
  const double n = 40 * side * side, mean = sum / n;
  EXPECT_NEAR(mean, -1000, 1);
  EXPECT_NEAR(std::sqrt(squares / n - mean * mean), 12, 0.7);
}

TEST(Phantom, TiltTurnsTheGridAndNotThePatient) {
  PhantomOptions tilted;
  tilted.tilted = true;
  for (const auto region : {Region::Head, Region::Abdomen}) {
    const auto a = makePhantom(region, 5, {}), b = makePhantom(region, 5, tilted);
    const auto& g = a.volume.geometry;
    const auto& t = b.volume.geometry;
    EXPECT_EQ(g.direction, image::Geometry().direction);
    for (std::size_t axis = 0; axis < 3; ++axis) {
      EXPECT_LT(t.direction[axis][axis], std::cos(3 * std::numbers::pi / 180));
      EXPECT_GT(t.direction[axis][axis], std::cos(12 * std::numbers::pi / 180));
    }
    EXPECT_NEAR(t.handedness(), 1, 1e-12);
    for (std::size_t s = 0; s < a.truth.segments.size(); ++s) {
      double both = 0, size = 0;
      for (std::int64_t k = 0; k < g.size[2]; ++k)
        for (std::int64_t j = 0; j < g.size[1]; ++j)
          for (std::int64_t i = 0; i < g.size[0]; ++i) {
            const auto there = t.lpsToIndex(g.indexToLps({double(i), double(j), double(k)}));
            std::array<std::int64_t, 3> n{};
            bool inside = true;
            for (std::size_t axis = 0; axis < 3; ++axis) {
              n[axis] = std::llround(there[axis]);
              inside = inside && n[axis] >= 0 && n[axis] < t.size[axis];
            }
            if (!inside) continue;
            const int x = a.truth.segments[s].mask[static_cast<std::size_t>(g.offset(i, j, k))];
            const int y = b.truth.segments[s].mask[static_cast<std::size_t>(t.offset(n[0], n[1], n[2]))];
            both += x * y;
            size += (x + y) / 2.0;
          }
      EXPECT_GT(both / size, 0.80) << a.truth.segments[s].name;  // thin shells lose most to the nearest voxel
    }
  }
}

TEST(PictureSet, ThreeBalancedClassesThatDiffer) {
  const auto set = makePictureSet(20, 1);
  EXPECT_EQ(set.classes, (std::vector<std::string>{"disc", "square", "triangle"}));
  ASSERT_EQ(set.examples.size(), 60u);
  std::set<std::string> distinct;
  std::array<int, 3> count{};
  for (const auto& e : set.examples) {
    EXPECT_EQ(e.picture.width, 28);
    EXPECT_EQ(e.picture.pixels.size(), 28u * 28u);
    distinct.emplace(e.picture.pixels.begin(), e.picture.pixels.end());
    ++count.at(static_cast<std::size_t>(e.labels.front()));
  }
  EXPECT_EQ(distinct.size(), 60u);
  EXPECT_EQ(count, (std::array{20, 20, 20}));
  EXPECT_EQ(set.examples[7].picture.pixels, makePictureSet(20, 1).examples[7].picture.pixels);
  EXPECT_NE(set.examples[7].picture.pixels, makePictureSet(20, 2).examples[7].picture.pixels);
}

}  // namespace
}  // namespace lorkd::data
