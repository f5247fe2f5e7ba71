#include <gmock/gmock.h>

#include "core/run/Strangers.h"
#include "tests/support/TemporaryFolder.h"

namespace lorkd::run {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

plan::Plan somePlan(const std::string& teacher = {}) {
  Json json{{"name", "x"}, {"tasks", {{"a", {{"classes", {{"liver", Json::object()}}}}}}}};
  if (!teacher.empty()) json["teacher"] = {{"source", "checkpoint"}, {"checkpoint", teacher}};
  const auto plan = plan::fromJson(json, "test");
  EXPECT_TRUE(plan) << plan.error().text();
  return *plan;
}

RunDirectory made(const std::filesystem::path& path, const std::string& teacher = {}) {
  const auto run = RunDirectory::create(path, somePlan(teacher));
  EXPECT_TRUE(run) << run.error().text();
  return *run;
}

TEST(Strangers, ATeacherOfTheSameProjectIsKnownAndOneOfAnotherIsNot) {
  const test::TemporaryFolder folder;
  const auto own = made(folder / "here/runs/teacher"), other = made(folder / "there/runs/teacher");
  EXPECT_THAT(unknownPatients(made(folder / "here/runs/a", own.path().string())), IsEmpty());
  EXPECT_THAT(unknownPatients(made(folder / "here/runs/b", other.path().string())),
              ElementsAre(HasSubstr("its run lies in another project")));
  EXPECT_THAT(unknownPatients(made(folder / "here/runs/c")), IsEmpty());
  EXPECT_THAT(unknownPatients(made(folder / "here/runs/d", "/nowhere")), IsEmpty());
}

TEST(Strangers, WeightsWithoutTheirRunAreUnknownToo) {
  const test::TemporaryFolder folder;
  const auto run = made(folder / "runs/a");
  const auto begin = [&](const Json& learnt, bool same) {
    EXPECT_TRUE(writeJson(run.path() / "initial.json", {{"learnt", learnt}, {"same_project", same}}));
  };
  begin({{"patients", {"patient-1"}}}, true);
  EXPECT_THAT(unknownPatients(run), IsEmpty());
  begin({{"patients", {"patient-1"}}}, false);
  EXPECT_THAT(unknownPatients(run), ElementsAre(HasSubstr("the weights that the run began with")));
  begin(Json(), true);
  EXPECT_THAT(unknownPatients(run), ElementsAre(HasSubstr("the weights that the run began with")));
  // What a teacher began with counts for its pupils.
  EXPECT_THAT(unknownPatients(made(folder / "runs/b", run.path().string())),
              ElementsAre(HasSubstr("the teacher has learnt from the test patients: it began")));
}

}  // namespace
}  // namespace lorkd::run
