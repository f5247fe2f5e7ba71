#include "core/workflow/Study.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <chrono>
#include <fstream>
#include <map>
#include <thread>

#include "core/base/File.h"
#include "core/run/RunDirectory.h"
#include "core/workflow/StudyJobs.h"
#include "tests/support/TemporaryFolder.h"

namespace lorkd::workflow {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using State = StudyJob::State;

plan::Plan somePlan(const char* more = "{}") {
  auto json = *parseJson(R"({"name": "Two organs, again", "seed": 5, "tasks": {"a": {"classes": {"x": {}}}},
    "training": {"steps": 4}, "teacher": {"steps": 9},
    "study": {"methods": ["lorkd", "mtl", "lorkd"], "seeds": [1, 2]}})",
                         "test");
  json.merge_patch(*parseJson(more, "test"));
  const auto plan = plan::fromJson(json, "test");
  EXPECT_TRUE(plan) << plan.error().text();
  return *plan;
}

std::vector<std::string> namesOf(const std::vector<StudyRun>& runs) {
  std::vector<std::string> out;
  for (const auto& run : runs) out.push_back(run.path.filename().string());
  return out;
}

TEST(StudyRuns, TheTeacherOfASeedComesFirstAndIsShared) {
  const auto runs = studyRuns(somePlan(), {});
  ASSERT_TRUE(runs) << runs.error().text();
  EXPECT_THAT(namesOf(*runs),
              ElementsAre("Two-organs-again-teacher-1", "Two-organs-again-lorkd-1", "Two-organs-again-mtl-1",
                          "Two-organs-again-teacher-2", "Two-organs-again-lorkd-2", "Two-organs-again-mtl-2"));
  const auto &teacher = (*runs)[3], &pupil = (*runs)[4], &plain = (*runs)[5];
  EXPECT_FALSE(teacher.shown) << "needed, but not among the methods";
  EXPECT_EQ(teacher.plan.training.steps, 9);
  EXPECT_EQ(pupil.teacher, 3);
  EXPECT_EQ(pupil.plan.teacher.source, plan::TeacherSource::Checkpoint);
  EXPECT_EQ(pupil.plan.teacher.checkpoint, teacher.path.string());
  EXPECT_EQ(pupil.plan.seed, 2);
  EXPECT_EQ(plain.teacher, -1);
  EXPECT_EQ(plain.plan.method, plan::PlanMethod::Mtl);
  EXPECT_EQ(pupil.plan.study, plan::Study{}) << "a study may grow without changing its runs";
}

TEST(StudyRuns, MethodsAndSeedsCanBeChosenAndATeacherGivenIsKept) {
  StudyOptions options;
  options.methods = {plan::PlanMethod::StlKd, plan::PlanMethod::Teacher};
  options.seeds = {7};
  const auto own = studyRuns(somePlan(), options);
  ASSERT_TRUE(own);
  EXPECT_THAT(namesOf(*own), ElementsAre("Two-organs-again-teacher-7", "Two-organs-again-stl_kd-7"));
  EXPECT_TRUE((*own)[0].shown);
  options.methods.pop_back();
  const auto given = studyRuns(somePlan(R"({"teacher": {"source": "checkpoint", "checkpoint": "/t"}})"), options);
  ASSERT_TRUE(given);
  ASSERT_EQ(given->size(), 1u);
  EXPECT_EQ(given->front().plan.teacher.checkpoint, "/t");
  EXPECT_EQ(given->front().teacher, -1);
  const auto none = studyRuns(somePlan(R"({"teacher": {"source": "none"}})"), options);
  ASSERT_FALSE(none);
  EXPECT_THAT(none.error().message, HasSubstr("stl_kd"));
}

TEST(StudyRuns, SeparateNetworksHaveARecipeOfTheirOwn) {
  StudyOptions options;
  options.methods = {plan::PlanMethod::Stl, plan::PlanMethod::StlKd, plan::PlanMethod::Mtl};
  options.seeds = {1};
  const auto trainings = [&](const char* more) {
    const auto runs = studyRuns(somePlan(more), options);
    EXPECT_TRUE(runs) << runs.error().text();
    std::map<plan::PlanMethod, plan::Training> out;
    for (const auto& run : *runs) out[run.method] = run.plan.training;
    return out;
  };
  auto same = trainings("{}");
  EXPECT_EQ(same[plan::PlanMethod::Stl], same[plan::PlanMethod::Mtl]) << "by itself that of the joint training";
  auto own = trainings(R"({"study": {"stl": {"learning_rate": 0.0003, "gradient_clip": 0}}})");
  for (const auto method : {plan::PlanMethod::Stl, plan::PlanMethod::StlKd}) {
    EXPECT_EQ(own[method].learningRate, 0.0003);
    EXPECT_EQ(own[method].gradientClip, 0);
  }
  EXPECT_EQ(own[plan::PlanMethod::Mtl], same[plan::PlanMethod::Mtl]);
}

/// A stand-in for the trainer: "bad" runs fail, "slow" ones wait for SIGTERM, the rest finish.
class Jobs : public testing::Test {
 protected:
  void SetUp() override {
    std::ofstream(script) << "#!/bin/sh\n"
                             "name=$(basename \"$2\"); echo \"$name\" >>'"
                          << log.string()
                          << "'\n"
                             "case $name in\n"
                             "  bad*) exit 1;;\n"
                             "  late*) if [ $(grep -c late '"
                          << log.string()
                          << "') = 1 ]; then (flock 9; sleep 0.6) 9>>\"$2/.lock\" & sleep 0.2; exit 1; fi;;\n"
                             "  slow*) trap 'exit 3' TERM; while :; do sleep 0.05; done;;\n"
                             "esac\n"
                             "printf '{\"state\":\"finished\"}' >\"$2/status.json\"\n";
    fs::permissions(script, fs::perms::owner_all);
  }
  StudyJob job(const std::string& name, int after = -1) {
    const auto run = run::RunDirectory::create(folder / name, somePlan());
    EXPECT_TRUE(run) << run.error().text();
    return {folder / name, after};
  }
  void workThrough(std::vector<StudyJob>& jobs, int atOnce = 1) {
    work(jobs, {script.string(), "resume"}, atOnce, progress, cancel);
  }
  std::string started() const { return readFile(log).value_or(""); }

  test::TemporaryFolder folder;
  fs::path script = folder / "trainer", log = folder / "started";
  SilentProgress progress;
  CancelToken cancel;
};

TEST_F(Jobs, RunInOrderAndAreNotRepeated) {
  std::vector<StudyJob> jobs{job("pupil", 1), job("teacher"), job("other")};
  workThrough(jobs);
  for (const auto& j : jobs) EXPECT_EQ(j.state, State::Done) << j.message;
  EXPECT_EQ(started(), "teacher\npupil\nother\n");
  for (auto& j : jobs) j.state = State::Waiting;
  workThrough(jobs, 2);
  EXPECT_EQ(started(), "teacher\npupil\nother\n") << "finished runs are kept";
}

TEST_F(Jobs, AFailureEndsOnlyThoseThatWaitForIt) {
  std::vector<StudyJob> jobs{job("bad"), job("pupil", 0), job("other")};
  workThrough(jobs);
  EXPECT_EQ(jobs[0].state, State::Failed);
  EXPECT_THAT(jobs[0].message, HasSubstr("code 1"));
  EXPECT_EQ(jobs[1].state, State::Failed);
  EXPECT_THAT(jobs[1].message, HasSubstr("teacher"));
  EXPECT_EQ(jobs[2].state, State::Done);
}

TEST_F(Jobs, CancelStopsTheRunningOnesAndStartsNoMore) {
  std::vector<StudyJob> jobs{job("slow-1"), job("slow-2"), job("other")};
  std::jthread stopper([&] {
    for (int i = 0; i < 200 && started().size() < 14; ++i) std::this_thread::sleep_for(std::chrono::milliseconds(20));
    std::this_thread::sleep_for(std::chrono::milliseconds(100));  // the shell sets its trap
    cancel.cancel();
  });
  workThrough(jobs, 2);
  for (const auto& j : jobs) EXPECT_EQ(j.state, State::Stopped) << j.message;
  EXPECT_EQ(started().find("other"), std::string::npos);
}

TEST_F(Jobs, ARunThatAnotherTakesFirstIsWaitedForToo) {
  std::vector<StudyJob> jobs{job("late")};
  workThrough(jobs);
  EXPECT_EQ(jobs[0].state, State::Done) << jobs[0].message;
  EXPECT_EQ(started(), "late\nlate\n");
}

TEST_F(Jobs, ARunThatAnotherHoldsIsWaitedFor) {
  std::vector<StudyJob> jobs{job("held")};
  auto lock = run::RunDirectory::open(folder / "held")->lock();
  ASSERT_TRUE(lock);
  std::jthread other([&] {
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    EXPECT_EQ(started(), "");
    lock->reset();
  });
  workThrough(jobs);
  EXPECT_EQ(jobs[0].state, State::Done);
}

}  // namespace
}  // namespace lorkd::workflow
