#include "core/workflow/Workflow.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>

#include "core/data/Phantom.h"
#include "core/data/Prepare.h"
#include "core/plugin/Registry.h"
#include "core/workflow/ControlDesk.h"
#include "core/workflow/SourceGrid.h"
#include "core/workflow/Study.h"
#include "plugins/Plugins.h"
#include "tests/support/TemporaryFolder.h"

namespace lorkd::workflow {
namespace {

plan::Plan parse(const char* text) {
  static const bool registered = (registerPlugins(plugin::registry()), true);
  EXPECT_TRUE(registered);
  const auto plan = plan::fromJson(*parseJson(text, "test"), "test");
  EXPECT_TRUE(plan) << plan.error().text();
  return *plan;
}

plan::Plan volumes() {
  return parse(R"({"seed": 3, "data": {"patch": [16, 24, 32]},
    "tasks": {"a": {"classes": {"x": {}, "y": {}}, "rank": 2}, "b": {"classes": {"z": {}}, "rank": 3}},
    "backbone": {"name": "unet3d", "widths": [4, 8]},
    "teacher": {"backbone": {"name": "unet3d", "widths": [6, 12]}, "steps": 7}})");
}

plan::Plan pictures() {
  return parse(R"({"data": {"patch": [32, 32, 8]},
    "tasks": {"a": {"kind": "classification", "classes": {"x": {}, "y": {}}}},
    "backbone": {"name": "shufflenetv2", "preset": "tiny"}})");
}

// Keeps what is said.
struct Notes final : Progress {
  void report(const std::string&, std::int64_t, std::int64_t) override {}
  void note(const std::string& text) override { all += text + "\n"; }
  std::string all;
};

TEST(FindCases, WhatNeedsConsentIsLeftOutUntilThePlanAccepts) {
  test::TemporaryFolder folder;
  data::PhantomOptions small;
  small.resolution = 0.4;
  Notes notes;
  ASSERT_TRUE(data::writePhantomSet(folder / "data", 6, small, notes, CancelToken()));  // two abdomens
  // Numbers of files say nothing of places: two neighbours in the middle are found by the index.
  {
    auto index = data::Catalogue::open(folder / "first.sqlite");
    ASSERT_TRUE(index && index->scan("s", folder / "data", notes, CancelToken()));
    const auto all = index->cases();
    const auto abdomen = std::ranges::find(*all, "ABDOMEN", &data::Case::bodyPart);
    ASSERT_NE(abdomen, all->end());
    for (const std::size_t n : {7u, 8u}) std::filesystem::remove(abdomen->imageFiles.at(n));
  }
  auto plan = parse(R"({"data": {"sources": {"s": {"path": "/"}}, "split": {"slab": "superior", "validation": 0}},
    "tasks": {"body": {"classes": {"liver": {}}}}})");
  plan.data.sources[0].second.path = (folder / "data").string();
  std::filesystem::create_directory(folder / "project");
  const auto abdomens = [&] {
    std::set<std::string> ids;
    const auto list = findCases(plan, folder / "project", notes, CancelToken());
    EXPECT_TRUE(list) << list.error().text();
    if (!list) return ids.size();
    for (const auto* c : list->of(data::Split::Train, 0)) ids.insert(c->item.id);
    return ids.size();
  };
  EXPECT_EQ(abdomens(), 1u);
  EXPECT_NE(notes.all.find("missing-slice"), std::string::npos) << notes.all;
  EXPECT_NE(notes.all.find("data.sources.s.accept"), std::string::npos);
  const auto without = dataDigest(plan, 1, {});
  plan.data.sources[0].second.accept = {"missing-slice"};
  EXPECT_EQ(abdomens(), 2u);
  EXPECT_NE(dataDigest(plan, 1, {}), without) << "what was prepared without them is not used";
}

TEST(MakeNetwork, TheSeedDeterminesEveryWeight) {
  auto plan = volumes();
  const auto first = makeNetwork(plan), again = makeNetwork(plan);
  plan.seed = 4;
  const auto other = makeNetwork(plan);
  ASSERT_TRUE(first && again && other);
  bool differs = false;
  const auto a = (*first)->named_parameters(), b = (*again)->named_parameters(), c = (*other)->named_parameters();
  for (const auto& item : a) {
    EXPECT_TRUE(torch::equal(item.value(), b[item.key()])) << item.key();
    differs = differs || !torch::equal(item.value(), c[item.key()]);
  }
  EXPECT_TRUE(differs);
}

TEST(MakeNetwork, MethodsDifferInFactorsAndWidths) {
  auto plan = volumes();
  const auto experts = makeNetwork(plan);
  const auto teacher = makeNetwork(teacherPlan(plan));
  plan.method = plan::PlanMethod::Mtl;
  const auto shared = makeNetwork(plan);
  ASSERT_TRUE(experts && teacher && shared);
  // Fused, an expert has as many parameters as the shared network with that task's head.
  for (const int task : {0, 1}) {
    EXPECT_EQ((*shared)->factorParameters(task), 0);
    EXPECT_EQ((*experts)->expertParameters(task), (*shared)->expertParameters(task));
  }
  EXPECT_EQ((*experts)->factorParameters(0) * 3, (*experts)->factorParameters(1) * 2) << "ranks 2 and 3";
  EXPECT_EQ((*teacher)->backbone().featureChannels(), 6);
  EXPECT_EQ(teacherPlan(plan).training.steps, 7);
}

TEST(MakeNetwork, TasksAndSizesThatDoNotFitAreNamed) {
  auto plan = volumes();
  plan.data.patch = {15, 24, 32};
  EXPECT_EQ(makeNetwork(plan).error().context, "data.patch");
  plan = volumes();
  plan.backbone = pictures().backbone;
  EXPECT_EQ(makeNetwork(plan).error().context, "backbone.name");
  plan = pictures();
  plan.backbone = volumes().backbone;
  EXPECT_EQ(makeNetwork(plan).error().context, "backbone.name");
  plan.backbone.name = "nowhere";
  EXPECT_EQ(makeNetwork(plan).error().code, ErrorCode::NotFound);
}

TEST(MakeNetwork, ColourTakesThreeChannels) {
  auto plan = pictures();
  for (const int channels : {1, 3}) {
    plan.data.channels = channels == 3 ? plan::DataChannels::Rgb : plan::DataChannels::Grey;
    auto network = makeNetwork(plan);
    ASSERT_TRUE(network);
    (*network)->eval();
    EXPECT_EQ((*network)->predict(torch::zeros({2, channels, 32, 32}), 0).sizes(), (at::IntArrayRef{2, 2}));
  }
}

TEST(SetUpDevice, TakesThePlansThreadsAndRefusesAMissingDevice) {
  const int before = at::get_num_threads();
  auto plan = volumes();
  plan.threads = 1;
  plan.device = plan::PlanDevice::Cpu;
  ASSERT_TRUE(setUpDevice(plan));
  EXPECT_EQ(at::get_num_threads(), 1);
  at::set_num_threads(before);
  plan.device = plan::PlanDevice::Cuda;
  if (!torch::cuda::is_available()) {
    EXPECT_EQ(setUpDevice(plan).error().code, ErrorCode::Unsupported);
  }
}

TEST(ControlDesk, ACheckpointAskedForDuringOtherWorkIsNotForgotten) {
  test::TemporaryFolder folder;
  const auto run = run::RunDirectory::create(folder / "run", volumes());
  ASSERT_TRUE(run) << run.error().text();
  StatusKeeper status(*run);
  CancelToken cancel;
  ControlDesk desk(*run, status, cancel);
  SilentProgress quiet;
  ObeyingProgress progress(quiet, desk);
  ASSERT_TRUE(run->send(run::Command::Checkpoint));
  progress.report("preparing", 1, 2);
  EXPECT_EQ(desk.poll(), train::Control::Checkpoint);
  EXPECT_EQ(desk.poll(), train::Control::Continue) << "once is enough";
  ASSERT_TRUE(run->send(run::Command::Stop));
  progress.report("preparing", 2, 2);  // so soon after the first that it does not look
  EXPECT_EQ(desk.poll(), train::Control::Stop);
  EXPECT_TRUE(cancel.cancelled());
}

TEST(TeacherRun, AnotherTasksTeacherIsRefused) {
  test::TemporaryFolder folder;
  auto taught = volumes();
  ASSERT_TRUE(run::RunDirectory::create(folder / "teacher", teacherPlan(taught)));
  taught.teacher.source = plan::TeacherSource::Checkpoint;
  taught.teacher.checkpoint = (folder / "teacher").string();
  const auto good = run::RunDirectory::create(folder / "good", taught);
  ASSERT_TRUE(good) << good.error().text();
  EXPECT_TRUE(teacherRun(*good));
  taught.tasks.front().second.classes.front().second.labels = {"elsewhere"};
  const auto bad = run::RunDirectory::create(folder / "bad", taught);
  ASSERT_TRUE(bad);
  EXPECT_EQ(teacherRun(*bad).error().code, ErrorCode::Mismatch);
  taught.teacher.checkpoint = (folder / "nowhere").string();
  const auto none = run::RunDirectory::create(folder / "none", taught);
  ASSERT_TRUE(none);
  EXPECT_EQ(teacherRun(*none).error().code, ErrorCode::NotFound);
  EXPECT_EQ(loadTrained(*good).error().code, ErrorCode::NotFound);
}

/// Share of kept voxels, and the lowest and highest S coordinate among them.
struct Kept {
  double share = 0, low = 1e9, high = -1e9;
};
Kept kept(const image::Geometry& g, const plan::Data& options) {
  const auto keep = heldOut(g, options);
  Kept out;
  for (std::int64_t k = 0; k < g.size[2]; ++k)
    for (std::int64_t j = 0; j < g.size[1]; ++j)
      for (std::int64_t i = 0; i < g.size[0]; ++i) {
        if (!keep[static_cast<std::size_t>(g.offset(i, j, k))]) continue;
        const double s = g.indexToLps({double(i), double(j), double(k)})[2];
        out.share += 1.0 / static_cast<double>(g.voxels());
        out.low = std::min(out.low, s);
        out.high = std::max(out.high, s);
      }
  return out;
}

TEST(HeldOut, TheSlabIsWhereThePatientsHeadIsWhateverTheSliceOrder) {
  image::Geometry g;
  g.size = {4, 5, 41};
  g.spacing = {1, 1, 2};
  g.origin = {0, 0, -40};  // S from -40 to 40
  plan::Data options;
  options.spacing = {1, 1, 2};
  EXPECT_NEAR(kept(g, options).share, 1, 1e-9) << "no slab: everything counts";
  options.split.test = 0.25;
  options.split.slab = plan::SplitSlab::Superior;
  auto flipped = g;
  flipped.origin = {0, 0, 40};
  flipped.direction[2][2] = -1;
  for (const auto& grid : {g, flipped}) {
    const auto k = kept(grid, options);  // 10 of 41 slices
    EXPECT_NEAR(k.share, 10.0 / 41, 1e-9);
    EXPECT_EQ(k.high, 40);
    EXPECT_EQ(k.low, 22);
  }
  options.split.slab = plan::SplitSlab::Inferior;
  const auto k = kept(g, options);
  EXPECT_EQ(k.low, -40);
  EXPECT_EQ(k.high, -22);
}

TEST(HeldOut, NothingThatWasTrainedOnCountsInATiltedScan) {
  image::Geometry g;
  g.size = {60, 60, 40};
  g.spacing = {4, 4, 4};
  const double angle = 15 * std::numbers::pi / 180;
  g.direction = {{{1, 0, 0}, {0, std::cos(angle), -std::sin(angle)}, {0, std::sin(angle), std::cos(angle)}}};
  plan::Data options;
  options.spacing = {5, 5, 5};
  options.split.test = 0.2;
  options.split.slab = plan::SplitSlab::Superior;
  const auto grid = data::workingGrid(g, options);
  const auto trained = data::slabOf(grid.size[2], options.split, data::Split::Train);
  const auto keep = heldOut(g, options);
  std::int64_t kept = 0;
  for (std::int64_t k = 0; k < g.size[2]; ++k)
    for (std::int64_t j = 0; j < g.size[1]; ++j) {
      if (!keep[static_cast<std::size_t>(g.offset(30, j, k))]) continue;
      ++kept;
      EXPECT_GT(grid.lpsToIndex(g.indexToLps({30, double(j), double(k)}))[2], double(trained.second) - 0.5);
    }
  EXPECT_NEAR(static_cast<double>(kept) / static_cast<double>(g.size[1] * g.size[2]), 0.2, 0.03);
}

}  // namespace
}  // namespace lorkd::workflow
