// Labels that speak of some structures only: what they do not speak of is learnt from the cases that do, and from
// nothing else. Planted: two bright balls in noise, of which many cases mark one alone.
#include <gtest/gtest.h>

#include <cmath>

#include "core/base/File.h"
#include "core/base/Random.h"
#include "core/eval/RunMetrics.h"
#include "core/io/VolumeFile.h"
#include "tests/support/TemporaryFolder.h"
#include "tests/unit/workflow/TrainedRun.h"

namespace lorkd::workflow {
namespace {

namespace fs = std::filesystem;

constexpr std::int64_t kSide = 20;

class Partial : public testing::Test {
 protected:
  test::TemporaryFolder m_folder;

  /// A case with a liver (bright) and a spleen (half as bright), as masks of one structure each; the spleen's mask is
  /// missing where `full` is not set, though the spleen is there.
  void makeCase(const fs::path& folder, std::uint64_t number, bool full) const {
    image::Geometry grid{{kSide, kSide, kSide}};
    grid.spacing = {2, 2, 2};
    image::Volume volume(grid);
    image::Mask liver(grid), spleen(grid);
    Random random(number, {7});
    const auto ball = [&](image::Mask& mask, double x, float value) {
      const double radius = random.uniform(3, 4.5), y = random.uniform(6, 14), z = random.uniform(6, 14);
      for (std::int64_t k = 0; k < kSide; ++k)
        for (std::int64_t j = 0; j < kSide; ++j)
          for (std::int64_t i = 0; i < kSide; ++i)
            if (std::hypot(static_cast<double>(i) - x, static_cast<double>(j) - y, static_cast<double>(k) - z) < radius)
              mask.at(i, j, k) = 1, volume.at(i, j, k) = value;
    };
    ball(liver, random.uniform(5, 6), 200);
    ball(spleen, random.uniform(14, 15), 100);
    for (auto& v : volume.voxels) v += static_cast<float>(random.normal(0, 12));
    ASSERT_TRUE(io::writeNifti(folder / "ct.nii.gz", volume));
    ASSERT_TRUE(io::writeNifti(folder / "segmentations/liver.nii.gz", liver));
    if (full) {
      ASSERT_TRUE(io::writeNifti(folder / "segmentations/spleen.nii.gz", spleen));
    }
  }

  /// The test Dice of the spleen, of a training on `data`.
  double spleen(const fs::path& data, const std::string& name, const std::string& losses) const {
    const auto plan = test::parsePlan(R"({"data": {"sources": {"s": {"path": ")" + data.string() + R"("}},
      "spacing": [2, 2, 2], "patch": [16, 16, 16], "normalisation": "percentile", "split": {"validation": 0.1, "test": 0.3}},
      "tasks": {"t": {"classes": {"liver": {}, "spleen": {}}}}, "losses": )" +
                                      losses + R"(,
      "method": "mtl", "backbone": {"name": "unet3d", "widths": [6, 12]}, "teacher": {"source": "none"},
      "training": {"steps": 240, "validate_every": 60, "batch": 4, "learning_rate": 0.01}, "conflict": {"enabled": false}})");
    const auto run = run::RunDirectory::create(m_folder / name / "runs/r", plan);
    EXPECT_TRUE(run) << run.error().text();
    SilentProgress progress;
    const auto trained = train(*run, progress, CancelToken());
    EXPECT_TRUE(trained) << trained.error().text();
    const auto table = eval::readMetrics(*run);
    EXPECT_TRUE(table) << table.error().text();
    return table ? table->value("t", "mtl", "dice/spleen") : 0;
  }
};

TEST_F(Partial, WhatNobodyMarkedIsNotLearntAsAbsent) {
  for (std::uint64_t n = 0; n < 10; ++n) {
    const auto name = "case_" + std::to_string(n);
    makeCase(m_folder / "full" / name, n, true);
    makeCase(m_folder / "both" / name, n, true);
  }
  for (std::uint64_t n = 10; n < 30; ++n) makeCase(m_folder / "both" / ("case_" + std::to_string(n)), n, false);
  const std::string both = R"({"dice": 1, "bce": 1})", bce = R"({"dice": 0, "bce": 1})";
  const double alone = spleen(m_folder / "full", "alone", both);
  EXPECT_GT(alone, 0.95);
  EXPECT_NEAR(spleen(m_folder / "both", "beside", both), alone, 0.01);
  const double aloneBce = spleen(m_folder / "full", "alone-bce", bce);
  EXPECT_GT(aloneBce, 0.9);
  EXPECT_NEAR(spleen(m_folder / "both", "beside-bce", bce), aloneBce, 0.03);
}

// The same with maps of labels, whose classes exclude each other: the spleen may be behind the background.
TEST_F(Partial, NorWhereClassesExcludeEachOther) {
  for (std::uint64_t n = 0; n < 30; ++n) {
    const auto masks = m_folder / "masks" / std::to_string(n), maps = m_folder / "maps" / ("case_" + std::to_string(n));
    makeCase(masks, n, true);
    const auto liver = io::readLabelMap(masks / "segmentations/liver.nii.gz");
    const auto spleen = io::readLabelMap(masks / "segmentations/spleen.nii.gz");
    ASSERT_TRUE(liver && spleen);
    auto map = *liver;
    for (std::size_t v = 0; v < map.voxels.size() && n < 10; ++v)
      if (spleen->voxels[v] != 0) map.voxels[v] = 2;
    ASSERT_TRUE(io::writeNifti(maps / "labels.nii.gz", map));
    fs::copy_file(masks / "ct.nii.gz", maps / "ct.nii.gz");
    ASSERT_TRUE(writeFileAtomically(maps / "labels.csv", "value,name\n1,liver\n2,spleen\n"));
  }
  const double found = spleen(m_folder / "maps", "maps", R"({"dice": 1, "bce": 1})");
  EXPECT_GT(found, 0.95);
  const auto list = data::loadCaseList(m_folder / "maps/runs/r/cases.json");
  ASSERT_TRUE(list);
  EXPECT_EQ(list->exclusive, std::set<int>{0});
}

}  // namespace
}  // namespace lorkd::workflow
