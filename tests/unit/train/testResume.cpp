// A killed run that goes on from its last checkpoint ends with the weights of an undisturbed one, to the bit.
#include <gmock/gmock.h>

#include "core/base/File.h"
#include "tests/unit/train/Scene.h"

namespace lorkd::train {
namespace {

struct Killed {};

struct Case {
  bool pictures;
  plan::TrainingOptimiser optimiser;
  bool teacher;
};

class Resume : public testing::TestWithParam<Case> {
 protected:
  void SetUp() override {
    at::set_num_threads(2);
    plan = GetParam().pictures ? test::picturePlan() : test::ballPlan();
    plan.training.optimiser = GetParam().optimiser;
    plan.losses.transfer = GetParam().teacher ? 0.5 : 0;
    if (GetParam().pictures)
      test::addPictures(folder);
    else
      test::addBalls(folder, 3);
  }

  /// Trains with so many loader threads, as if killed before step `kill` (negative: undisturbed).
  nn::NamedTensors train(const std::string& name, int threads, std::int64_t kill = -1) {
    auto feedPlan = plan;
    feedPlan.training.loaderThreads = threads;
    const auto data = feed::Dataset::open(folder.path() / "index.json", plan);
    EXPECT_TRUE(data);
    feed::BatchSource batches(*data, feedPlan);
    auto student = test::makeNetwork(plan);
    auto teacher = GetParam().teacher ? test::makeNetwork(plan, 6, false, 4) : nn::Network(nullptr);
    Trainer trainer(plan, student, teacher, torch::kCPU);
    Hooks hooks;
    hooks.control = [&](std::int64_t step, double) {
      if (step == kill) throw Killed{};
      return Control::Continue;
    };
    hooks.validate = [&](nn::Network& network, std::int64_t step, const auto&) -> Result<Validation> {
      network->eval();
      return Validation{static_cast<double>(step), Json::object()};
    };
    hooks.event = [&](const std::string& kind, const Json& fields) -> Result<void> {
      if (kind == "step") losses[name][fields["step"].get<std::int64_t>()] = fields["losses"].dump();
      return {};
    };
    try {
      const auto outcome =
          trainer.run(batches, {folder.path() / (name + "-last"), folder.path() / (name + "-best")}, hooks);
      EXPECT_TRUE(outcome) << outcome.error().text();
      EXPECT_EQ(kill, -1);
    } catch (const Killed&) {
      EXPECT_EQ(trainer.step(), kill);
    }
    return test::snapshot(student);
  }
  std::string bytes(const std::string& name) { return readFile(folder.path() / name).value_or("missing"); }

  test::PreparedFolder folder;
  plan::Plan plan;
  std::map<std::string, std::map<std::int64_t, std::string>> losses;
};

TEST_P(Resume, EndsWithTheSameBits) {
  const auto start = test::snapshot(test::makeNetwork(plan));
  const auto undisturbed = train("whole", 1);
  EXPECT_GT(test::differences(start, undisturbed), 5);
  EXPECT_EQ(test::differences(train("again", 1), undisturbed), 0) << "repeated runs differ";

  EXPECT_GT(test::differences(train("killed", 0, 5), undisturbed), 5);  // last checkpoint at step 3
  EXPECT_EQ(test::differences(train("killed", 2, 7), undisturbed) > 5, true);
  EXPECT_EQ(test::differences(train("killed", 2), undisturbed), 0);
  EXPECT_EQ(losses["killed"], losses["whole"]);
  // Optimiser state, batch-norm statistics, best figure and projector too: the files are equal.
  EXPECT_EQ(bytes("killed-last"), bytes("whole-last"));
  EXPECT_EQ(bytes("killed-best"), bytes("whole-best"));

  // A finished run has nothing left to do.
  losses.clear();
  EXPECT_EQ(test::differences(train("whole", 1), undisturbed), 0);
  EXPECT_TRUE(losses.empty());
}

INSTANTIATE_TEST_SUITE_P(All, Resume,
                         testing::Values(Case{false, plan::TrainingOptimiser::Adamw, true},
                                         Case{false, plan::TrainingOptimiser::Sgd, false},
                                         Case{true, plan::TrainingOptimiser::Adamw, false},
                                         Case{true, plan::TrainingOptimiser::Sgd, true}),
                         [](const auto& info) {
                           return std::string(info.param.pictures ? "Pictures" : "Volumes") +
                                  plan::toString(info.param.optimiser) + (info.param.teacher ? "Taught" : "");
                         });

TEST(ResumeErrors, RefuseCheckpointsOfOthers) {
  test::PreparedFolder folder;
  test::addBalls(folder, 2);
  auto plan = test::ballPlan();
  plan.training.steps = 1;
  const CheckpointPaths paths{folder.path() / "last", folder.path() / "best"};
  const auto data = feed::Dataset::open(folder.path() / "index.json", plan);
  {
    feed::BatchSource batches(*data, plan);
    ASSERT_TRUE(Trainer(plan, test::makeNetwork(plan), nn::Network(nullptr), torch::kCPU).run(batches, paths, {}));
  }
  const auto before = readFile(paths.last).value();
  EXPECT_EQ(reached(paths.last, plan::digest(plan)).value().step, 1);

  auto other = plan;
  other.training.learningRate *= 2;
  feed::BatchSource batches(*data, other);
  auto student = test::makeNetwork(other);
  const auto outcome = Trainer(other, student, nn::Network(nullptr), torch::kCPU).run(batches, paths, {});
  ASSERT_FALSE(outcome);
  EXPECT_EQ(outcome.error().code, ErrorCode::Mismatch);
  EXPECT_THAT(outcome.error().message, testing::HasSubstr("another plan"));
  EXPECT_FALSE(outcome.error().hint.empty());
  EXPECT_EQ(readFile(paths.last).value(), before);

  EXPECT_EQ(loadWeights(student, paths.last, plan::digest(other)).error().code, ErrorCode::Mismatch);
  EXPECT_TRUE(loadWeights(student, paths.last, ""));
  auto wide = test::makeNetwork(plan, 8);
  EXPECT_EQ(loadWeights(wide, paths.last, "").error().code, ErrorCode::Mismatch);
  EXPECT_EQ(loadWeights(student, folder.path() / "none", "").error().code, ErrorCode::NotFound);
  EXPECT_EQ(loadWeights(student, folder.path() / "case0-train.safetensors", "").error().code, ErrorCode::Format);
  std::filesystem::resize_file(paths.last, 1000);
  EXPECT_EQ(loadWeights(student, paths.last, "").error().code, ErrorCode::Format);
}

}  // namespace
}  // namespace lorkd::train
