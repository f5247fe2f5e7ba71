// Rotation, zoom and noise as batches carry them, and what feeding keeps in memory.
#include <gtest/gtest.h>

#include <fstream>
#include <numbers>

#include "core/feed/BatchSource.h"
#include "tests/unit/feed/Prepared.h"

namespace lorkd::feed {
namespace {

plan::Plan ballPlan() {
  plan::Plan plan;
  plan.tasks.emplace_back("ball", test::makeTask({"ball"}));
  plan.data.patch = {24, 24, 16};
  plan.data.spacing = {1, 1, 1};
  plan.data.intensity = 0;
  plan.training.batch = 4;
  plan.training.loaderThreads = 0;
  return plan;
}

/// Volumes whose image is the mask itself.
void addMasks(test::PreparedFolder& folder) {
  torch::manual_seed(4);
  for (int i = 0; i < 3; ++i) {
    const auto mask = torch::avg_pool3d(torch::rand({1, 32, 48, 48}), 5, 1, 2)[0] > 0.5;
    folder.addVolume("case" + std::to_string(i), "train", mask.to(torch::kFloat32),
                     {{0, mask.unsqueeze(0).to(torch::kUInt8)}});
  }
  folder.writeIndex();
}

std::vector<Batch> batches(const test::PreparedFolder& folder, plan::Plan plan, int threads, int count) {
  plan.training.loaderThreads = threads;
  const auto data = Dataset::open(folder.path() / "index.json", plan);
  EXPECT_TRUE(data) << data.error().text();
  BatchSource source(*data, plan);
  std::vector<Batch> out;
  for (int step = 0; step < count; ++step) out.push_back(*source.batch(step));
  return out;
}

TEST(Augmentation, MovesImageAndMaskTogether) {
  test::PreparedFolder folder;
  addMasks(folder);
  auto plan = ballPlan();
  const auto still = batches(folder, plan, 0, 6);
  plan.data.rotate = 180;
  plan.data.zoom = 0.3;
  plan.data.mirror = true;
  const auto moved = batches(folder, plan, 0, 6);
  for (std::size_t i = 0; i < still.size(); ++i) {
    EXPECT_TRUE(still[i].images.equal(still[i].targets[0].to(torch::kFloat32)));
    EXPECT_TRUE((moved[i].images >= 0.5).to(torch::kUInt8).equal(moved[i].targets[0]));
    // Other voxels, but as many labelled ones: nothing is blown up or lost.
    EXPECT_GT(moved[i].targets[0].ne(still[i].targets[0]).to(torch::kFloat32).mean().item<double>(), 0.05);
    EXPECT_NEAR(moved[i].targets[0].to(torch::kFloat32).mean().item<double>(),
                still[i].targets[0].to(torch::kFloat32).mean().item<double>(), 0.15);
  }
}

TEST(Augmentation, OfNothingIsTheIdentity) {
  test::PreparedFolder folder;
  addMasks(folder);
  auto plan = ballPlan();
  const auto still = batches(folder, plan, 0, 3);
  plan.data.rotate = 1e-12;  // the path of sampling, at an angle that changes nothing
  const auto sampled = batches(folder, plan, 0, 3);
  plan.data.rotate = 0;
  plan.data.mirror = true;  // draws come in the same order, whatever is switched on
  plan.data.noise = 0.2;
  const auto noisy = batches(folder, plan, 0, 3);
  for (std::size_t i = 0; i < still.size(); ++i) {
    EXPECT_LT((sampled[i].images - still[i].images).abs().max().item<float>(), 1e-6);
    EXPECT_TRUE(sampled[i].targets[0].equal(still[i].targets[0]));
    for (std::int64_t s = 0; s < 4; ++s) {
      const auto target = noisy[i].targets[0][s], truth = still[i].targets[0][s];
      EXPECT_TRUE(target.equal(truth) || target.equal(truth.flip({3})));
    }
  }
}

TEST(Augmentation, IsTheSameInEveryThreadAndRun) {
  test::PreparedFolder folder;
  addMasks(folder);
  auto plan = ballPlan();
  plan.data.rotate = 20;
  plan.data.zoom = 0.2;
  plan.data.noise = 0.3;
  plan.data.intensity = 0.1;
  plan.training.accumulate = 2;
  const auto truth = batches(folder, plan, 0, 8), threaded = batches(folder, plan, 3, 8);
  for (std::size_t i = 0; i < truth.size(); ++i) {
    EXPECT_TRUE(truth[i].images.equal(threaded[i].images));
    EXPECT_TRUE(truth[i].targets[0].equal(threaded[i].targets[0]));
  }
  // A run resumed at the sixth batch.
  plan.training.loaderThreads = 1;
  BatchSource resumed(*Dataset::open(folder.path() / "index.json", plan), plan);
  EXPECT_TRUE(resumed.batch(6)->images.equal(truth[6].images));
}

TEST(Augmentation, NoiseHasTheDeviationThatThePatchDrew) {
  test::PreparedFolder folder;
  const auto mask = torch::ones({1, 32, 48, 48}, torch::kUInt8);
  folder.addVolume("flat", "train", torch::zeros({32, 48, 48}), {{0, mask}});
  folder.writeIndex();
  auto plan = ballPlan();
  plan.data.noise = 0.5;
  plan.training.batch = 40;
  const auto images = batches(folder, plan, 1, 1)[0].images.flatten(1).to(torch::kFloat64);
  const auto deviation = images.std(1, true), mean = images.mean(1);
  EXPECT_LT((mean / deviation).abs().max().item<double>(), 5 / std::sqrt(24. * 24 * 16));
  EXPECT_LT(deviation.max().item<double>(), 0.51);
  EXPECT_NEAR(deviation.mean().item<double>(), 0.25, 0.1);
  EXPECT_GT(deviation.std().item<double>(), 0.08);
  // Gaussian: kurtosis 3.
  const auto z = (images - mean.unsqueeze(1)) / deviation.unsqueeze(1);
  EXPECT_NEAR(z.pow(4).mean().item<double>(), 3, 0.1);
}

TEST(Augmentation, TurnsPicturesAndKeepsTheirLabels) {
  plan::Plan plan;
  plan.tasks.emplace_back("a", test::makeTask({"x", "y"}, plan::TaskKind::Classification));
  plan.data.intensity = 0;
  plan.data.rotate = 180;
  plan.training.batch = 16;
  // A dot 8 pixels from the middle of the second channel; the first is flat.
  auto images = torch::zeros({2, 2, 33, 33});
  images.select(1, 0).fill_(3);
  const auto axis = torch::arange(33, torch::kFloat32);
  images.select(1, 1) +=
      torch::exp(-((axis.view({-1, 1}) - 16).square() + (axis.view({1, -1}) - 24).square()) / 8).unsqueeze(0);
  test::PreparedFolder folder;
  folder.addPictures(0, "train", images, torch::arange(2));
  folder.writeIndex();
  const auto batch = batches(folder, plan, 1, 1)[0];
  EXPECT_TRUE(batch.images.select(1, 0).eq(3).all().item<bool>());
  double angles = 0;
  for (std::int64_t i = 0; i < 16; ++i) {
    const auto dot = batch.images[i][1].to(torch::kFloat64);
    const double mass = dot.sum().item<double>();
    const double y = (dot.sum(1) * (axis - 16)).sum().item<double>() / mass;
    const double x = (dot.sum(0) * (axis - 16)).sum().item<double>() / mass;
    EXPECT_NEAR(std::hypot(x, y), 8, 0.1);
    angles += std::abs(std::atan2(y, x));
  }
  EXPECT_NEAR(angles / 16, std::numbers::pi / 2, 0.8);  // uniform in ±180°
}

/// Memory of this process that no file backs, in MiB.
double anonymousMemory() {
  std::ifstream status("/proc/self/status");
  for (std::string word; status >> word;)
    if (word == "RssAnon:") {
      double kilobytes = 0;
      status >> kilobytes;
      return kilobytes / 1024;
    }
  return -1;
}

TEST(Feeding, HoldsNoVolumeInMemory) {
  if (anonymousMemory() < 0) GTEST_SKIP() << "this system does not tell";
  test::PreparedFolder folder;
  const std::int64_t side = 128;
  {
    const auto image = torch::rand({side, side, side});  // 8 MiB; the mask 2 MiB, of which every voxel is labelled
    const auto mask = torch::ones({1, side, side, side}, torch::kUInt8);
    for (int i = 0; i < 12; ++i) folder.addVolume("case" + std::to_string(i), "train", image, {{0, mask}});
    folder.writeIndex();
  }
  auto plan = ballPlan();
  plan.data.rotate = 10;
  const auto data = Dataset::open(folder.path() / "index.json", plan);
  ASSERT_TRUE(data);
  const double before = anonymousMemory();
  BatchSource source(*data, plan);
  for (int step = 0; step < 30; ++step) ASSERT_TRUE(source.batch(step));
  EXPECT_LT(anonymousMemory() - before, 4);  // all volumes together are 120 MiB
}

}  // namespace
}  // namespace lorkd::feed
