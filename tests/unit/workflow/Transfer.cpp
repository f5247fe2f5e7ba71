// Runs that begin from an expert.
#include <gmock/gmock.h>

#include "core/base/Digest.h"
#include "core/expert/Exporter.h"
#include "core/workflow/TransferExpert.h"
#include "tests/support/TemporaryFolder.h"
#include "tests/unit/workflow/TrainedRun.h"

namespace lorkd::workflow {
namespace {

using testing::HasSubstr;

plan::Plan taught() {
  return test::parsePlan(R"({"data": {"patch": [16, 16, 16]},
    "tasks": {"a": {"classes": {"x": {}}, "rank": 2}, "b": {"classes": {"y": {}}, "rank": 3}},
    "backbone": {"name": "unet3d", "widths": [4, 8]}})");
}

plan::Plan unseen(const std::string& widths = "[4, 8]") {
  const auto plan = test::parsePlan(R"({"seed": 9, "data": {"patch": [16, 16, 16]},
    "tasks": {"other": {"classes": {"q": {}}}, "new": {"classes": {"u": {}, "v": {}}}},
    "backbone": {"name": "unet3d", "widths": )" +
                                    widths + "}}");
  return transferPlan(plan, "new").value();
}

struct Taught {
  Taught(const std::filesystem::path& path) : network(makeNetwork(taught()).value()) {
    test::plantRanks(network, {1, 2});
    run = test::trainedRun(path, taught(), network);
  }
  nn::Network network;
  run::RunDirectory run;
};

TEST(Transfer, ThePlanIsThatOfOneTask) {
  const auto plan = unseen();
  ASSERT_EQ(plan.tasks.size(), 1u);
  EXPECT_EQ(plan.tasks[0].first, "new");
  EXPECT_EQ(plan.method, plan::PlanMethod::Mtl);
  EXPECT_EQ(transferPlan(plan, "elsewhere").error().code, ErrorCode::NotFound);
}

TEST(Transfer, BeginsWithTheFusedBackboneAndANewHead) {
  test::TemporaryFolder folder;
  Taught from(folder / "taught");
  SilentProgress progress;
  const auto run = makeTransferRun(folder / "new", unseen(), {from.run.path(), "b"}, progress);
  ASSERT_TRUE(run) << run.error().text();
  auto network = makeNetwork(run->plan()).value(), fresh = makeNetwork(run->plan()).value();
  ASSERT_TRUE(loadInitialWeights(*run, network));
  from.network->fuse(1);
  std::map<std::string, torch::Tensor> fused;
  for (const auto& [name, tensor] : from.network->expertState(1)) fused[name] = tensor;
  const auto scratch = fresh->expertState(0), begun = network->expertState(0);
  int same = 0;
  for (std::size_t i = 0; i < scratch.size(); ++i) {
    const auto& [name, tensor] = begun[i];
    if (name.starts_with("head.")) {
      EXPECT_TRUE(tensor.equal(scratch[i].second)) << "the head is as without a transfer";
    } else {
      EXPECT_TRUE(tensor.equal(fused.at(name))) << name;
      same += tensor.equal(scratch[i].second);
    }
  }
  EXPECT_LT(same, static_cast<int>(scratch.size()) - 2) << "or the test proves nothing";
  // The run says what it began with, and the same command finds it again.
  const auto origin = readJson(folder / "new/initial.json").value();
  EXPECT_EQ(origin.at("sha256"), *sha256File(folder / "new/initial.safetensors"));
  EXPECT_EQ(origin.at("from").at("task"), "b");
  EXPECT_TRUE(makeTransferRun(folder / "new", unseen(), {from.run.path(), "b"}, progress));
  EXPECT_EQ(makeTransferRun(folder / "new", unseen(), {from.run.path(), "a"}, progress).error().code,
            ErrorCode::Mismatch);
  EXPECT_THAT(makeTransferRun(folder / "more", unseen(), {from.run.path(), ""}, progress).error().text(),
              HasSubstr("--expert"));
}

TEST(Transfer, AnExportedExpertIsTheSameBeginning) {
  test::TemporaryFolder folder;
  Taught from(folder / "taught");
  SilentProgress progress;
  expert::Manifest manifest;
  manifest.task = "b";
  ASSERT_TRUE(expert::exportExpert(folder / "expert", from.network, 1, {torch::randn({1, 1, 8, 8, 8})}, manifest,
                                   {expert::safetensorsExporter()}, progress));
  ASSERT_TRUE(makeTransferRun(folder / "one", unseen(), {from.run.path(), "b"}, progress));
  const auto two = makeTransferRun(folder / "two", unseen(), {folder / "expert/expert.safetensors", ""}, progress);
  ASSERT_TRUE(two) << two.error().text();
  EXPECT_EQ(*sha256File(folder / "one/initial.safetensors"), *sha256File(folder / "two/initial.safetensors"));
  // A file that is not what its manifest says is not begun with.
  ASSERT_TRUE(nn::saveTensors(folder / "expert/expert.safetensors", {{"backbone.x", torch::zeros(3)}}));
  EXPECT_EQ(makeTransferRun(folder / "three", unseen(), {folder / "expert", ""}, progress).error().code,
            ErrorCode::Mismatch);
  EXPECT_EQ(makeTransferRun(folder / "four", unseen(), {folder / "nowhere", ""}, progress).error().code,
            ErrorCode::NotFound);
}

TEST(Transfer, AnotherArchitectureIsRefusedByTheLayersName) {
  test::TemporaryFolder folder;
  Taught from(folder / "taught");
  SilentProgress progress;
  const auto wide = makeTransferRun(folder / "wide", unseen("[6, 8]"), {from.run.path(), "a"}, progress);
  ASSERT_FALSE(wide);
  EXPECT_THAT(wide.error().text(), HasSubstr("backbone.encoder.0.conv0.weight"));
  EXPECT_THAT(wide.error().text(), HasSubstr("(4, 1, 3, 3, 3)"));
  EXPECT_FALSE(std::filesystem::exists(folder / "wide")) << "nothing is made";
  const auto deep = makeTransferRun(folder / "deep", unseen("[4, 8, 8]"), {from.run.path(), "a"}, progress);
  ASSERT_FALSE(deep);
  EXPECT_THAT(deep.error().text(), HasSubstr("backbone."));
}

TEST(Transfer, WeightsThatWereChangedAreNoticed) {
  test::TemporaryFolder folder;
  Taught from(folder / "taught");
  SilentProgress progress;
  const auto run = makeTransferRun(folder / "new", unseen(), {from.run.path(), "b"}, progress);
  ASSERT_TRUE(run);
  auto network = makeNetwork(run->plan()).value();
  ASSERT_TRUE(nn::saveTensors(folder / "new/initial.safetensors", network->expertState(0)));
  EXPECT_EQ(loadInitialWeights(*run, network).error().code, ErrorCode::Mismatch);
  std::filesystem::remove(folder / "new/initial.safetensors");
  EXPECT_FALSE(loadInitialWeights(*run, network)) << "it would train from scratch";
  EXPECT_TRUE(makeTransferRun(folder / "new", unseen(), {from.run.path(), "b"}, progress));
  EXPECT_TRUE(loadInitialWeights(*run, network)) << "made again";
  // A run without initial weights is left alone.
  const auto plain = run::RunDirectory::create(folder / "plain", unseen());
  ASSERT_TRUE(plain);
  EXPECT_TRUE(loadInitialWeights(*plain, network));
}

TEST(Transfer, WhatIsNotThereToTheEndIsNoRun) {
  test::TemporaryFolder folder;
  Taught from(folder / "taught");
  SilentProgress progress;
  // As if killed before the last of its files: a folder in its place.
  for (const char* file : {"initial.safetensors", "initial.json"}) {
    const auto out = folder / (std::string("new-") + file);
    std::filesystem::create_directories(out / file / "in the way");
    EXPECT_FALSE(makeTransferRun(out, unseen(), {from.run.path(), "b"}, progress));
    EXPECT_FALSE(run::RunDirectory::isRun(out)) << "it could be trained without " << file;
    std::filesystem::remove_all(out / file);
    const auto again = makeTransferRun(out, unseen(), {from.run.path(), "b"}, progress);
    EXPECT_TRUE(again) << again.error().text();
  }
}

data::AssignedCase caseOf(const std::string& patient, data::Split split, const std::string& kind = "volume") {
  data::AssignedCase out;
  out.tasks = {0};
  out.item.id = "case-" + patient;
  out.item.patient = patient;
  out.item.kind = kind;
  out.split = split;
  return out;
}

TEST(Transfer, TestPatientsThatTheExpertHasSeenAreRefused) {
  using data::Split;
  test::TemporaryFolder folder;
  Taught from(folder / "taught");
  ASSERT_TRUE(data::save({{caseOf("p1", Split::Train), caseOf("p2", Split::Validation), caseOf("p3", Split::Test),
                           caseOf("p4", Split::Train, "picture")}},
                         from.run.cases()));
  SilentProgress progress;
  expert::Manifest manifest;
  manifest.task = "b";
  manifest.planDigest = from.run.planDigest();
  ASSERT_TRUE(expert::exportExpert(from.run.expert("b"), from.network, 1, {torch::randn({1, 1, 8, 8, 8})}, manifest,
                                   {expert::safetensorsExporter()}, progress));
  for (const auto& source : {from.run.path(), from.run.expert("b")}) {
    const auto run =
        makeTransferRun(folder / ("from-" + source.filename().string()), unseen(), {source, "b"}, progress);
    ASSERT_TRUE(run) << run.error().text();
    EXPECT_EQ(learntBefore(*run).value(), (std::set<std::string>{"p1", "p2"}));
    EXPECT_TRUE(checkUnseen(*run, {{caseOf("p1", Split::Train), caseOf("p3", Split::Test), caseOf("p5", Split::Test),
                                    caseOf("p4", Split::Test, "picture")}}));
    for (const char* seen : {"p1", "p2"}) {
      const auto refused = checkUnseen(*run, {{caseOf("p5", Split::Train), caseOf(seen, Split::Test)}});
      ASSERT_FALSE(refused);
      EXPECT_THAT(refused.error().text(), HasSubstr(std::string("learnt from ") + seen + ", a test patient"));
    }
  }
  // Who is only predicted is not tested.
  auto predicted = caseOf("p1", Split::Test);
  predicted.tasks.clear();
  const auto knowing = run::RunDirectory::open(folder / "from-taught");
  ASSERT_TRUE(knowing) << knowing.error().text();
  EXPECT_TRUE(checkUnseen(*knowing, {{predicted}}));
  // A run that began with nothing has nobody to ask about.
  const auto plain = run::RunDirectory::create(folder / "plain", unseen());
  ASSERT_TRUE(plain);
  EXPECT_TRUE(checkUnseen(*plain, {{caseOf("p1", Split::Test)}}));
  EXPECT_TRUE(learntBefore(*plain).value().empty());
  // Runs that divide their patients otherwise do not share a folder of prepared cases.
  const auto shared = preparedFolder(*plain);
  ASSERT_TRUE(data::save({{caseOf("p1", Split::Train)}, {}, {"p1"}}, plain->cases()));
  EXPECT_NE(preparedFolder(*plain), shared);
}

TEST(Transfer, AnExpertThatCameFromAnotherKnowsThePatientsOfBoth) {
  using data::Split;
  test::TemporaryFolder folder;
  Taught from(folder / "taught");
  ASSERT_TRUE(data::save({{caseOf("p1", Split::Train), caseOf("p2", Split::Test)}}, from.run.cases()));
  SilentProgress progress;
  const auto second = makeTransferRun(folder / "second", unseen(), {from.run.path(), "b"}, progress);
  ASSERT_TRUE(second) << second.error().text();
  ASSERT_TRUE(data::save({{caseOf("p3", Split::Train), caseOf("p4", Split::Test)}}, second->cases()));
  auto network = makeNetwork(second->plan()).value();
  test::plantRanks(network, {});
  const auto trained = test::trainedRun(folder / "second", second->plan(), network);
  const auto third = makeTransferRun(folder / "third", unseen(), {trained.path(), "new"}, progress);
  ASSERT_TRUE(third) << third.error().text();
  EXPECT_EQ(learntBefore(*third).value(), (std::set<std::string>{"p1", "p3"}));
  EXPECT_FALSE(checkUnseen(*third, {{caseOf("p1", Split::Test)}}));
}

TEST(Transfer, AnExpertKnowsThePatientsOfItsTeacherFromElsewhere) {
  using data::Split;
  test::TemporaryFolder folder;
  Taught teacher(folder / "teacher");
  ASSERT_TRUE(data::save({{caseOf("p7", Split::Train), caseOf("p8", Split::Test)}}, teacher.run.cases()));
  auto plan = taught();
  plan.teacher.source = plan::TeacherSource::Checkpoint;
  plan.teacher.checkpoint = teacher.run.path().string();
  auto network = makeNetwork(plan).value();
  test::plantRanks(network, {1, 2});
  const auto student = test::trainedRun(folder / "student", plan, network);
  ASSERT_TRUE(data::save({{caseOf("p1", Split::Train), caseOf("p2", Split::Test)}}, student.cases()));
  SilentProgress progress;
  const auto run = makeTransferRun(folder / "new", unseen(), {student.path(), "b"}, progress);
  ASSERT_TRUE(run) << run.error().text();
  EXPECT_EQ(learntBefore(*run).value(), (std::set<std::string>{"p1", "p7"}));
}

/// Keeps what is said.
class Listening final : public Progress {
 public:
  void report(const std::string&, std::int64_t, std::int64_t) override {}
  void note(const std::string& line) override { said += line; }
  std::string said;
};

TEST(Transfer, SaysWherePatientsCannotBeCompared) {
  test::TemporaryFolder folder;
  Taught from(folder / "project/runs/taught");
  const auto saidOf = [&](const std::filesystem::path& out) {
    Listening progress;
    EXPECT_TRUE(makeTransferRun(folder / out, unseen(), {from.run.path(), "b"}, progress));
    return progress.said;
  };
  EXPECT_THAT(saidOf("project/runs/early"), HasSubstr("Nothing tells")) << "no list of cases yet";
  ASSERT_TRUE(data::save({{caseOf("p1", data::Split::Train)}}, from.run.cases()));
  EXPECT_EQ(saidOf("project/runs/near"), "");
  EXPECT_THAT(saidOf("elsewhere/runs/far"), HasSubstr("Nothing tells"));
}

TEST(Transfer, WithASlabTheSameCutIsNeeded) {
  test::TemporaryFolder folder;
  auto plan = taught();
  plan.data.split.slab = plan::SplitSlab::Superior;
  auto network = makeNetwork(plan).value();
  test::plantRanks(network, {1, 2});
  const auto from = test::trainedRun(folder / "taught", plan, network);
  const data::CaseList cases{{caseOf("p1", data::Split::Train), caseOf("p1", data::Split::Test)}};
  ASSERT_TRUE(data::save(cases, from.cases()));
  SilentProgress progress;
  auto next = unseen();
  for (const bool same : {true, false}) {
    next.data.split = plan.data.split;
    if (!same) next.data.split.test = 0.3;
    const auto run = makeTransferRun(folder / (same ? "same" : "other"), next, {from.path(), "b"}, progress);
    ASSERT_TRUE(run) << run.error().text();
    EXPECT_EQ(checkUnseen(*run, cases).has_value(), same);
  }
}

}  // namespace
}  // namespace lorkd::workflow
