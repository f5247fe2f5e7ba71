// Structures in pictures, from the folder to the written masks: discs of known place on noise.
#include <gmock/gmock.h>

#include <algorithm>
#include <array>
#include <random>

#include "core/base/File.h"
#include "core/data/PictureCase.h"
#include "core/expert/Manifest.h"
#include "core/io/Images2D.h"
#include "core/io/MaskPicture.h"
#include "tests/support/TemporaryFolder.h"
#include "tests/unit/workflow/TrainedRun.h"

namespace lorkd::workflow {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

/// Reddish discs on noise of all colours, each picture of a size of its own, and their masks. Grey alone tells them
/// apart hardly: a red disc is as bright as what lies around it.
void paintDiscs(const fs::path& folder, int count) {
  std::mt19937 random(7);
  fs::create_directories(folder / "images");
  fs::create_directories(folder / "masks");
  for (int n = 0; n < count; ++n) {
    const std::int64_t width = 40 + n % 3 * 8, height = 40;
    io::Picture picture{width, height, 3, {}}, mask{width, height, 1, {}};
    const auto between = [&](std::int64_t low, std::int64_t high) {
      return low + static_cast<std::int64_t>(random() % static_cast<unsigned>(high - low));
    };
    const auto radius = between(7, 12), x = between(radius, width - radius), y = between(radius, height - radius);
    for (std::int64_t j = 0; j < height; ++j)
      for (std::int64_t i = 0; i < width; ++i) {
        const bool inside = (i - x) * (i - x) + (j - y) * (j - y) <= radius * radius;
        const auto noise = [&](int middle) { return static_cast<std::uint8_t>(middle - 25 + int(random() % 50)); };
        for (const int middle : inside ? std::array{190, 80, 80} : std::array{110, 112, 110})
          picture.pixels.push_back(noise(middle));
        mask.pixels.push_back(static_cast<std::uint8_t>(inside ? 255 : 0));
      }
    const auto name = "d" + std::to_string(n) + ".png";
    ASSERT_TRUE(io::writePng(folder / "images" / name, picture));
    ASSERT_TRUE(io::writePng(folder / "masks" / name, mask));
  }
}

constexpr const char* kPlan = R"({"name": "discs", "seed": 5, "threads": 1,
  "data": {"sources": {"discs": {"path": "/"}}, "patch": [48, 48, 32], "channels": "rgb", "longer_side": 48,
           "split": {"validation": 0.2, "test": 0.3}},
  "tasks": {"disc": {"kind": "segmentation_2d", "classes": {"disc": {"labels": ["mask"]}}, "rank": 2}},
  "backbone": {"name": "unet2d", "widths": [6, 12]},
  "teacher": {"source": "none"}, "conflict": {"enabled": false},
  "training": {"steps": 80, "batch": 4, "learning_rate": 0.01, "warmup": 2, "validate_every": 80,
               "checkpoint_every": 80, "loader_threads": 0}})";

TEST(PictureRun, DiscsAreLearntScoredAndWrittenAsPictures) {
  test::TemporaryFolder folder;
  paintDiscs(folder / "discs", 12);
  auto plan = test::parsePlan(kPlan);
  plan.data.sources[0].second.path = (folder / "discs").string();
  SilentProgress progress;
  const CancelToken cancel;
  const auto run = run::RunDirectory::create(folder / "runs" / "one", plan);
  ASSERT_TRUE(run) << run.error().text();
  const auto trained = train(*run, progress, cancel);
  ASSERT_TRUE(trained) << trained.error().text();

  const auto table = evaluate(*run, progress, cancel);
  ASSERT_TRUE(table) << table.error().text();
  const double dice = table->value("disc", "expert", "dice"), iou = table->value("disc", "expert", "iou");
  EXPECT_GT(dice, 0.9);
  EXPECT_GT(iou, 0.8);
  EXPECT_LT(iou, dice);
  for (const auto& row : table->rows()) {
    EXPECT_THAT(row.metric, testing::Not(HasSubstr("_mm"))) << "nobody knows how large a pixel is";
    EXPECT_THAT(row.metric, testing::Not(HasSubstr("_ml")));
  }

  // Each in its own size, and where the disc is.
  const auto written = predict(*run, {}, progress, cancel);
  ASSERT_TRUE(written) << written.error().text();
  const auto cases = freezeCases(*run, progress, cancel);
  ASSERT_TRUE(cases);
  const auto tests = cases->of(data::Split::Test, 0);
  ASSERT_EQ(written->size(), tests.size());
  ASSERT_FALSE(tests.empty());
  for (const auto* entry : tests) {
    const auto file = run->predictions() / fileNameOf(entry->item.id) / data::predictedMaskName("", "disc", "disc");
    const auto found = io::readMaskPicture(file), truth = io::readMaskPicture(entry->item.labelFiles.front());
    ASSERT_TRUE(found && truth) << file;
    ASSERT_EQ(found->width, entry->item.geometry.size[0]);
    ASSERT_EQ(found->height, entry->item.geometry.size[1]);
    double both = 0, sum = 0;
    for (std::size_t n = 0; n < found->half.size(); ++n) {
      both += found->half[n] & truth->half[n];
      sum += found->half[n] + truth->half[n];
    }
    EXPECT_GT(2 * both / sum, 0.85);
  }

  // A picture that no source knows, by itself.
  PredictRequest foreign;
  foreign.input = folder / "discs" / "images" / "d3.png";
  foreign.output = folder / "elsewhere";
  const auto one = predict(*run, foreign, progress, cancel);
  ASSERT_TRUE(one) << one.error().text();
  EXPECT_EQ(one->front(), folder / "elsewhere" / "d3" / "disc.disc.png");

  const auto experts = exportExperts(*run, {}, folder / "experts", {"safetensors"}, progress, cancel);
  ASSERT_TRUE(experts) << experts.error().text();
  const auto manifest = expert::readManifest(experts->front());
  ASSERT_TRUE(manifest);
  EXPECT_EQ(manifest->kind, "segmentation_2d");
  EXPECT_THAT(manifest->spacing, IsEmpty());
  EXPECT_EQ(manifest->channels, 3);
  EXPECT_LT(manifest->parity, 1e-3 * manifest->largestLogit);
}

TEST(PictureRun, PlansThatMixVolumesAndPicturesAreRefused) {
  auto json = *parseJson(kPlan, "test");
  json["tasks"]["liver"]["classes"]["liver"] = Json::object();
  const auto mixed = plan::fromJson(json, "test");
  ASSERT_FALSE(mixed);
  EXPECT_THAT(mixed.error().text(), HasSubstr("cannot be mixed"));
  json["tasks"].erase("liver");
  json["data"]["split"]["slab"] = "superior";
  EXPECT_THAT(plan::fromJson(json, "test").error().text(), HasSubstr("data.split.slab"));

  auto plan = test::parsePlan(kPlan);
  EXPECT_TRUE(makeNetwork(plan));
  plan.backbone.name = "unet3d";
  const auto volumes = makeNetwork(plan);
  ASSERT_FALSE(volumes);
  EXPECT_EQ(volumes.error().context, "backbone.name");
  EXPECT_THAT(volumes.error().hint, HasSubstr("unet2d"));
}

}  // namespace
}  // namespace lorkd::workflow
