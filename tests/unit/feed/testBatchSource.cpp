#include <gtest/gtest.h>

#include "core/feed/BatchSource.h"
#include "tests/unit/feed/Prepared.h"

namespace lorkd::feed {
namespace {

using test::PreparedFolder;

constexpr std::int64_t depth = 20, height = 22, width = 24;

/// Value of a voxel: its place and the classes it carries, exactly representable.
torch::Tensor coded(const torch::Tensor& masks, std::int64_t d = depth, std::int64_t h = height,
                    std::int64_t w = width) {
  const auto z = torch::arange(d).view({d, 1, 1}), y = torch::arange(h).view({1, h, 1}),
             x = torch::arange(w).view({1, 1, w});
  auto value = (z * 32 + y) * 32 + x;
  for (std::int64_t c = 0; c < masks.size(0); ++c) value = value + masks[c].to(torch::kInt64) * (1 << (16 + c));
  return value.to(torch::kFloat32);
}

torch::Tensor boxMasks() {
  auto masks = torch::zeros({2, depth, height, width}, torch::kUInt8);
  masks[0].slice(0, 3, 9).slice(1, 4, 10).slice(2, 2, 11).fill_(1);
  masks[1].slice(0, 12, 14).slice(1, 12, 15).slice(2, 15, 18).fill_(1);
  return masks;
}

plan::Plan boxPlan() {
  plan::Plan plan;
  plan.tasks.emplace_back("box", test::makeTask({"large", "small"}));
  plan.tasks.emplace_back("other", test::makeTask({"large", "small"}));
  plan.data.patch = {12, 10, 8};
  plan.data.intensity = 0;
  plan.training.batch = 5;
  plan.training.loaderThreads = 0;
  return plan;
}

class Batches : public testing::Test {
 protected:
  Batches() {
    for (int i = 0; i < 3; ++i)
      folder.addVolume("case" + std::to_string(i), "train", coded(boxMasks()) + static_cast<float>(i << 18),
                       {{0, boxMasks()}, {1, boxMasks()}});
    folder.writeIndex();
  }
  Dataset open(const plan::Plan& plan) {
    auto data = Dataset::open(folder.path() / "index.json", plan);
    EXPECT_TRUE(data) << data.error().text();
    return *data;
  }
  PreparedFolder folder;
};

void expectSame(const Batch& a, const Batch& b) {
  EXPECT_TRUE(a.images.equal(b.images));
  ASSERT_EQ(a.targets.size(), b.targets.size());
  for (std::size_t j = 0; j < a.targets.size(); ++j) EXPECT_TRUE(a.targets[j].equal(b.targets[j]));
  for (std::size_t j = 0; j < a.routing.slices.size(); ++j) {
    EXPECT_EQ(a.routing.slices[j].task, b.routing.slices[j].task);
    EXPECT_EQ(a.routing.slices[j].begin, b.routing.slices[j].begin);
    EXPECT_EQ(a.routing.slices[j].end, b.routing.slices[j].end);
  }
}

TEST_F(Batches, HaveTheShapesOfThePlan) {
  const auto plan = boxPlan();
  BatchSource source(open(plan), plan);
  const auto batch = source.batch(0);
  ASSERT_TRUE(batch) << batch.error().text();
  EXPECT_EQ(batch->images.sizes(), (std::vector<std::int64_t>{5, 1, 8, 10, 12}));
  ASSERT_EQ(batch->routing.slices.size(), 2u);
  EXPECT_EQ(batch->routing.slices[0].size(), 3);
  EXPECT_EQ(batch->routing.slices[1].begin, 3);
  EXPECT_EQ(batch->routing.batch(), 5);
  EXPECT_EQ(batch->targets[1].sizes(), (std::vector<std::int64_t>{2, 2, 8, 10, 12}));
  EXPECT_EQ(batch->targets[1].scalar_type(), torch::kUInt8);
}

TEST_F(Batches, DependOnPlanAndStepAlone) {
  auto plan = boxPlan();
  plan.data.mirror = true;
  plan.data.intensity = 0.2;
  std::vector<Batch> truth;
  {
    BatchSource source(open(plan), plan);
    for (int step = 0; step < 12; ++step) truth.push_back(*source.batch(step));
    expectSame(*source.batch(4), truth[4]);
  }
  EXPECT_FALSE(truth[0].images.equal(truth[1].images));
  for (const int threads : {1, 3})
    for (const double memory : {0.0, 1e-6}) {
      plan.training.loaderThreads = threads;
      plan.training.memory = memory;
      BatchSource source(open(plan), plan);
      for (const int step : {0, 1, 2, 3, 9, 10, 2, 11, 0})
        expectSame(*source.batch(step), truth[static_cast<std::size_t>(step)]);
    }
  plan.seed = 2;
  BatchSource other(open(plan), plan);
  EXPECT_FALSE(other.batch(0)->images.equal(truth[0].images));
}

TEST_F(Batches, GoBeyondThePlannedSteps) {
  auto plan = boxPlan();
  plan.training.steps = 3;
  plan.training.loaderThreads = 2;
  BatchSource source(open(plan), plan);
  for (int step = 0; step < 6; ++step) ASSERT_TRUE(source.batch(step));
}

TEST_F(Batches, KeepTargetsWithTheirVoxels) {
  auto plan = boxPlan();
  plan.data.mirror = true;
  BatchSource source(open(plan), plan);
  int mirrored = 0, samples = 0;
  for (int step = 0; step < 60; ++step) {
    const auto batch = *source.batch(step);
    for (const auto& slice : batch.routing.slices) {
      const auto images = batch.images.slice(0, slice.begin, slice.end).squeeze(1).to(torch::kInt64);
      const auto& target = batch.targets[static_cast<std::size_t>(slice.task)];
      for (int c = 0; c < 2; ++c)
        ASSERT_TRUE(target.select(1, c).equal((images.bitwise_right_shift(16 + c)).bitwise_and(1).to(torch::kFloat32)));
      const auto place = images.bitwise_and(0xffff);
      const auto right = place.slice(3, 1) - place.slice(3, 0, -1);
      for (std::int64_t i = 0; i < slice.size(); ++i, ++samples) {
        const auto direction = right[i].flatten()[0].item<std::int64_t>();
        ASSERT_EQ(std::abs(direction), 1);
        ASSERT_TRUE((right[i] == direction).all().item<bool>());
        mirrored += direction < 0;
      }
      // Rows and planes stay in order.
      ASSERT_TRUE((place.slice(2, 1) - place.slice(2, 0, -1) == 32).all().item<bool>());
      ASSERT_TRUE((place.slice(1, 1) - place.slice(1, 0, -1) == 1024).all().item<bool>());
    }
  }
  EXPECT_NEAR(static_cast<double>(mirrored) / samples, 0.5, 0.12);  // 300 fair draws: 4 deviations
}

TEST_F(Batches, CentreTheForegroundShareOnLabels) {
  auto plan = boxPlan();
  for (const double share : {0.0, 0.6, 1.0}) {
    plan.data.foreground = share;
    BatchSource source(open(plan), plan);
    double small = 0, samples = 0;
    for (int step = 0; step < 100; ++step) {
      const auto batch = *source.batch(step);
      for (const auto& target : batch.targets) {
        if (share == 1) {
          // The chosen voxel is at the centre, unless the volume's edge has shifted the patch.
          ASSERT_TRUE(target.flatten(1).any(1).all().item<bool>());
        }
        const auto centre = target.select(2, 4).select(2, 5).select(2, 6);  // (n, C) at the patch's middle
        small += centre.select(1, 1).sum().item<double>();
        samples += static_cast<double>(target.size(0));
      }
    }
    // Half of the centred patches go to the small box, however small it is: 18 of 10560 voxels.
    EXPECT_NEAR(small / samples, share * 0.5, share == 0 ? 0.03 : 0.09) << share;
  }
}

TEST_F(Batches, VaryIntensities) {
  auto plan = boxPlan();
  const auto still = BatchSource(open(plan), plan).batch(3);
  plan.data.intensity = 0.1;
  const auto varied = BatchSource(open(plan), plan).batch(3);
  const auto a = still->images.to(torch::kFloat64).flatten(1), b = varied->images.to(torch::kFloat64).flatten(1);
  for (std::int64_t i = 0; i < a.size(0); ++i) {
    // b = a·scale + shift: the scale by least squares, and nothing left over but rounding.
    const auto x = a[i] - a[i].mean(), y = b[i] - b[i].mean();
    const auto scale = ((x * y).sum() / x.square().sum()).item<double>();
    EXPECT_NEAR(scale, 1, 0.6);
    EXPECT_GT(std::abs(scale - 1), 1e-4);
    EXPECT_LT((y - x * scale).abs().max().item<double>(), 0.2);
  }
  EXPECT_TRUE(still->targets[0].equal(varied->targets[0]));
}

TEST(SmallVolumes, ArePaddedWithTheirMinimum) {
  PreparedFolder folder;
  const auto masks = torch::ones({1, 4, 16, 5}, torch::kUInt8);
  folder.addVolume("thin", "train", coded(masks, 4, 16, 5) + 7, {{0, masks}});
  folder.writeIndex();
  plan::Plan plan;
  plan.tasks.emplace_back("all", test::makeTask({"all"}));
  plan.data.patch = {8, 8, 8};
  plan.data.intensity = 0;
  plan.training.batch = 16;
  plan.training.loaderThreads = 0;
  BatchSource source(*Dataset::open(folder.path() / "index.json", plan), plan);
  const auto batch = *source.batch(0);
  const auto inside = batch.targets[0].squeeze(1) == 1;
  EXPECT_TRUE((inside.flatten(1).sum(1) == 4 * 8 * 5).all().item<bool>());
  const float minimum = 7 + (1 << 16);
  const auto images = batch.images.squeeze(1);
  EXPECT_TRUE((images.masked_select(~inside) == minimum).all().item<bool>());
  EXPECT_GT(images.masked_select(inside).max().item<float>(), minimum);
}

TEST(Pictures, ComeWholeAndFlipped) {
  plan::Plan plan;
  plan.tasks.emplace_back("a", test::makeTask({"x", "y"}, plan::TaskKind::Classification));
  plan.data.mirror = true;
  plan.data.intensity = 0;
  plan.training.batch = 32;
  plan.training.loaderThreads = 1;
  PreparedFolder folder;
  const auto images = torch::arange(10 * 3 * 4 * 5, torch::kFloat32).view({10, 3, 4, 5});
  const auto labels = torch::arange(10).remainder(2);
  folder.addPictures(0, "train", images, labels);
  folder.writeIndex();
  BatchSource source(*Dataset::open(folder.path() / "index.json", plan), plan);
  const auto batch = source.batch(0);
  ASSERT_TRUE(batch) << batch.error().text();
  EXPECT_EQ(batch->images.sizes(), (std::vector<std::int64_t>{32, 3, 4, 5}));
  int flipped = 0;
  for (std::int64_t i = 0; i < 32; ++i) {
    const auto picture = static_cast<std::int64_t>(batch->images[i].min().item<float>()) / 60;
    const auto& source = images[picture];
    const bool same = batch->images[i].equal(source), mirror = batch->images[i].equal(source.flip({2}));
    EXPECT_TRUE(same || mirror);
    flipped += mirror;
    EXPECT_EQ(batch->targets[0][i].item<std::int64_t>(), picture % 2);
  }
  EXPECT_GT(flipped, 4);
  EXPECT_LT(flipped, 28);
}

TEST(BatchErrors, NameTheTask) {
  PreparedFolder folder;
  folder.addVolume("one", "test", torch::zeros({8, 8, 8}), {{0, torch::ones({1, 8, 8, 8}, torch::kUInt8)}});
  folder.writeIndex();
  plan::Plan plan;
  plan.tasks.emplace_back("liver", test::makeTask({"liver"}));
  for (const int threads : {0, 1}) {
    plan.training.loaderThreads = threads;
    BatchSource source(*Dataset::open(folder.path() / "index.json", plan), plan);
    const auto batch = source.batch(0);
    ASSERT_FALSE(batch);
    EXPECT_EQ(batch.error().code, ErrorCode::NotFound);
    EXPECT_NE(batch.error().text().find("liver"), std::string::npos);
  }
}

// Whole volumes come as they are prepared, with what is known of their classes; all channels move together.
TEST(BatchSource, GivesWholeVolumesWithTheirClasses) {
  plan::Plan plan;
  plan.data.patch = {6, 4, 4};
  plan.data.intensity = 0;
  plan.data.mirror = true;
  plan.data.inputs.emplace_back("a", plan::Input{});
  plan.data.inputs.emplace_back("b", plan::Input{});
  plan.training.batch = 8;
  plan.training.loaderThreads = 0;
  plan.tasks.emplace_back("number", test::makeTask({"x", "y"}, plan::TaskKind::Classification3d));
  plan.tasks.emplace_back("flags", test::makeTask({"x", "y"}, plan::TaskKind::Classification3d));
  plan.tasks[1].second.outputs = plan::TaskOutputs::Overlapping;
  test::PreparedFolder folder;
  const auto image = torch::arange(2 * 4 * 4 * 6, torch::kFloat32).view({2, 4, 4, 6});
  const auto flags = torch::tensor({{1, 255}}, torch::kUInt8);
  folder.addWhole("v", "train", "p", image, {{0, torch::tensor({1}, torch::kInt64)}, {1, flags}});
  folder.writeIndex();
  const auto data = Dataset::open(folder.path() / "index.json", plan);
  ASSERT_TRUE(data) << data.error().text();
  BatchSource source(*data, plan);
  const auto batch = source.batch(0);
  ASSERT_TRUE(batch) << batch.error().text();
  EXPECT_EQ(batch->images.sizes(), (std::vector<std::int64_t>{8, 2, 4, 4, 6}));
  EXPECT_TRUE(batch->targets[0].equal(torch::ones({4}, torch::kInt64)));
  EXPECT_TRUE(batch->targets[1].equal(flags.expand({4, 2})));
  int mirrored = 0;
  for (int n = 0; n < 8; ++n) {
    const bool turned = batch->images[n].equal(image.flip(3));
    EXPECT_TRUE(turned || batch->images[n].equal(image));
    mirrored += turned;
  }
  EXPECT_GT(mirrored, 0);
  EXPECT_LT(mirrored, 8);
}

}  // namespace
}  // namespace lorkd::feed
