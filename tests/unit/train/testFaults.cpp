// What a failing step says, and that the last good checkpoint stays.
#include <gmock/gmock.h>

#include "core/train/Memory.h"
#include "core/train/NotFinite.h"
#include "tests/unit/train/Rehearsal.h"

namespace lorkd::train {
namespace {

using testing::HasSubstr;

class Faults : public testing::Test, public test::Rehearsal {
 protected:
  /// Trains three steps, then goes on with a network of which `damage` has spoilt something.
  Error failure(const std::function<void(nn::Network&)>& damage) {
    plan.training.checkpointEvery = 1;
    train("run", 3);
    const auto data = feed::Dataset::open(folder.path() / "index.json", plan);
    feed::BatchSource batches(*data, plan);
    auto student = test::makeNetwork(plan);
    Trainer trainer(plan, student, nullptr, torch::kCPU);
    Hooks hooks;
    hooks.control = [&](std::int64_t at, double) {
      if (at == 5) damage(student);
      return Control::Continue;
    };
    const auto done = trainer.run(batches, paths("run"), hooks);
    EXPECT_FALSE(done);
    if (done) return {};
    EXPECT_EQ(reached(paths("run").last, "").value().step, 5);
    auto good = test::makeNetwork(plan);
    EXPECT_TRUE(loadWeights(good, paths("run").last, ""));
    EXPECT_EQ(weightNotFinite(good), "");
    return done.error();
  }
};

TEST_F(Faults, NameTheLayerWithBadWeights) {
  std::string layer;
  const auto error = failure([&](nn::Network& student) {
    const torch::NoGradGuard guard;
    layer = student->adaptedLayers()[3].name;
    student->sharedWeights()[3].view(-1)[7] = NAN;
    student->sharedWeights()[5].fill_(NAN);  // the first one counts
  });
  EXPECT_EQ(error.code, ErrorCode::Numeric);
  EXPECT_THAT(error.message, HasSubstr("step 6"));
  EXPECT_THAT(error.message, HasSubstr("of task 'bright'"));
  EXPECT_THAT(error.message, HasSubstr("the weights of layer '" + layer + "'"));
  EXPECT_THAT(error.hint, HasSubstr("last checkpoint is kept"));
}

TEST_F(Faults, NameTheLayerWithBadActivations) {
  std::string layer;
  const auto error = failure([&](nn::Network& student) {
    const torch::NoGradGuard guard;
    layer = student->adaptedLayers()[2].name;
    student->sharedWeights()[2].fill_(3e38f);  // finite, but no sum of two is
  });
  EXPECT_THAT(error.message, HasSubstr("the activations of layer '" + layer + "'"));
}

TEST_F(Faults, NameAHeadToo) {
  const auto error = failure([&](nn::Network& student) {
    const torch::NoGradGuard guard;
    student->head(1).named_parameters()["weight"].fill_(3e38f);
  });
  EXPECT_THAT(error.message, HasSubstr("of task 'dark'"));
  EXPECT_THAT(error.message, HasSubstr("the activations of layer 'heads.dark'"));
}

TEST_F(Faults, NeverSaveOrValidateBadWeights) {
  plan.training.learningRate = 3e38;  // the first update overflows
  plan.training.weightDecay = 1e6;
  plan.training.warmup = 0;
  plan.training.checkpointEvery = plan.training.validateEvery = 1;
  plan.training.optimiser = plan::TrainingOptimiser::Sgd;
  train("run");
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::Numeric);
  EXPECT_THAT(outcome.error().message, HasSubstr("the weights of layer 'backbone.encoder.0.conv0' are not finite"));
  EXPECT_TRUE(seen.empty());
  EXPECT_FALSE(std::filesystem::exists(paths("run").last));
  EXPECT_FALSE(std::filesystem::exists(paths("run").best));
}

TEST_F(Faults, GradientsAreSearchedFromTheOutput) {
  auto student = test::makeNetwork(plan);
  EXPECT_EQ(gradientNotFinite(student), "");
  const auto layers = student->adaptedLayers();
  for (std::size_t i = 0; i < 4; ++i) {
    auto weight = student->sharedWeights()[i];
    weight.mutable_grad() = torch::full_like(weight, NAN);
  }
  EXPECT_EQ(gradientNotFinite(student), "the gradient of layer '" + layers[3].name + "'");
}

/// A trunk that asks for far more memory than there is, in proportion to its input.
class Greedy : public test::BatchNormTrunk {
 public:
  explicit Greedy(std::int64_t perValue) : BatchNormTrunk(4, {}), m_perValue(perValue) {}
  torch::Tensor forward(const torch::Tensor& x, const nn::Routing& routing) override {
    const auto held = torch::empty({x.numel(), m_perValue});
    return BatchNormTrunk::forward(x, routing) + 0 * held[0][0];
  }

 private:
  std::int64_t m_perValue;
};

// An event that is lost would be lost for good, if the run went on beyond it.
TEST(LogFaults, EndTheTrainingBeforeTheNextCheckpoint) {
  test::PreparedFolder folder;
  test::addBalls(folder, 2);
  auto plan = test::ballPlan();
  plan.training.steps = 6;
  plan.training.checkpointEvery = 1;
  const auto data = feed::Dataset::open(folder.path() / "index.json", plan);
  ASSERT_TRUE(data) << data.error().text();
  feed::BatchSource batches(*data, plan);
  Trainer trainer(plan, test::makeNetwork(plan), nullptr, torch::kCPU);
  Hooks hooks;
  hooks.event = [](const std::string& kind, const Json& fields) -> Result<void> {
    if (kind == "step" && fields.at("step") == 4) return fail(ErrorCode::Io, "cannot write");
    return {};
  };
  const auto done = trainer.run(batches, {folder.path() / "last", folder.path() / "best"}, hooks);
  ASSERT_FALSE(done);
  EXPECT_THAT(done.error().message, HasSubstr("cannot write"));
  EXPECT_EQ(reached(folder.path() / "last", "").value().step, 3);
}

TEST(MemoryFaults, SayWhatWouldFit) {
  at::set_num_threads(2);
  test::PreparedFolder folder;
  test::addPictures(folder);
  auto plan = test::picturePlan();
  plan.data.patch = {16, 16, 8};
  const auto data = feed::Dataset::open(folder.path() / "index.json", plan);
  feed::BatchSource batches(*data, plan);
  nn::Network student(std::make_shared<Greedy>(std::int64_t{1} << 36), test::makeNetwork(plan)->heads());
  Trainer trainer(plan, student, nullptr, torch::kCPU);
  const auto done = trainer.run(batches, {folder.path() / "last", folder.path() / "best"}, {});
  ASSERT_FALSE(done);
  const auto& error = done.error();
  EXPECT_EQ(error.code, ErrorCode::Unsupported);
  EXPECT_THAT(error.message, HasSubstr("training.batch 8 with data.patch 16x16"));
  EXPECT_THAT(error.message, HasSubstr("524288.0 GiB"));  // 8·16·16·2^36 floats
  EXPECT_THAT(error.hint, HasSubstr("estimate"));
  EXPECT_THAT(error.hint, HasSubstr("patch of at most 4x4"));
  EXPECT_THAT(error.context, HasSubstr("step 1"));
}

TEST(MemoryFaults, OfTheLoaderSayTheSame) {
  test::PreparedFolder folder;
  test::addBalls(folder, 2);
  auto plan = test::ballPlan();
  plan.data.patch = {1024, 1024, 1024};
  plan.training.batch = 4096;
  const auto data = feed::Dataset::open(folder.path() / "index.json", plan);
  for (const int threads : {0, 1}) {
    plan.training.loaderThreads = threads;
    feed::BatchSource batches(*data, plan);
    Trainer trainer(plan, test::makeNetwork(plan), nullptr, torch::kCPU);
    const auto done = trainer.run(batches, {folder.path() / "last", folder.path() / "best"}, {});
    ASSERT_FALSE(done);
    EXPECT_EQ(done.error().code, ErrorCode::Unsupported);
    EXPECT_THAT(done.error().message, HasSubstr("training.batch 4096 with data.patch 1024x1024x1024"));
    EXPECT_THAT(done.error().message, HasSubstr("16384.0 GiB more"));  // 4096·1024³ floats
    EXPECT_THAT(done.error().hint, HasSubstr("patch of at most"));
    EXPECT_THAT(done.error().context, HasSubstr("step 1, cutting patches"));
  }
}

TEST(MemoryFaults, EstimateLinearly) {
  auto plan = test::ballPlan();
  plan.training.batch = 12;
  plan.data.patch = {64, 64, 32};
  const double giga = 0x1p30;
  // 1 GiB of weights; of 9 GiB all were taken when 8 more were wanted: 16 for the batch, 8 to be had, so half of it.
  const auto error = memoryError(plan, {8 * giga, 9 * giga, giga}, 8, "here");
  EXPECT_THAT(error.message, HasSubstr("training.batch 12 with data.patch 64x64x32"));
  EXPECT_THAT(error.message, HasSubstr("8.0 GiB more could not be had of 9.0 GiB"));
  EXPECT_THAT(error.hint, HasSubstr("a batch of at most 6 (with training.accumulate 2 "));
  EXPECT_THAT(error.hint, HasSubstr("a patch of at most 48x48x24"));  // 50.8, 50.8, 25.4 to multiples of 8
  EXPECT_THAT(error.hint, HasSubstr("estimate"));
  // Nothing known: said so.
  const auto blind = memoryError(plan, {}, 8, "here");
  EXPECT_THAT(blind.hint, HasSubstr("not known"));
  EXPECT_THAT(blind.hint, HasSubstr("batch of at most 6"));
  // One sample is too much: the patch alone can help.
  plan.training.batch = 1;
  EXPECT_THAT(memoryError(plan, {8 * giga, 9 * giga, giga}, 8, "").hint, testing::Not(HasSubstr("batch of")));
}

TEST(MemoryFaults, ReadTheFiguresOfExceptions) {
  const auto old = memoryOf(
      "CUDA out of memory. Tried to allocate 2.00 GiB (GPU 0; 79.10 GiB total capacity; 76.12 GiB already allocated)",
      5);
  EXPECT_EQ(old.wanted, 2 * 0x1p30);
  EXPECT_NEAR(old.limit, 79.1 * 0x1p30, 1e3);
  EXPECT_EQ(old.fixed, 5);
  const auto recent = memoryOf(
      "CUDA out of memory. Tried to allocate 512.00 MiB. GPU 0 has a total capacity of 79.10 GiB of which 1 GiB is "
      "free",
      0);
  EXPECT_EQ(recent.wanted, 0x1p29);
  EXPECT_NEAR(recent.limit, 79.1 * 0x1p30, 1e3);
  const auto cpu = memoryOf("DefaultCPUAllocator: can't allocate memory: you tried to allocate 123456 bytes.", 0);
  EXPECT_EQ(cpu.wanted, 123456);
  EXPECT_GT(cpu.limit, 0x1p28);
  EXPECT_EQ(memoryOf("std::bad_alloc", 0).wanted, 0);
}

}  // namespace
}  // namespace lorkd::train
