// What the results of a run say of networks from elsewhere.
#include <gmock/gmock.h>

#include "core/base/File.h"
#include "core/eval/RunMetrics.h"
#include "core/report/Report.h"
#include "tests/support/TemporaryFolder.h"
#include "tests/unit/eval/SyntheticRun.h"

namespace lorkd::report {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Warnings, ATeacherOfAnotherProjectStandsInMetricsAndReport) {
  const test::TemporaryFolder folder;
  for (const std::string place : {"there", "here"}) {
    auto plan = test::syntheticPlan("pupil", "lorkd");
    plan.teacher.source = plan::TeacherSource::Checkpoint;
    plan.teacher.checkpoint = (folder / (place + "/runs/teacher")).string();
    ASSERT_TRUE(run::RunDirectory::create(plan.teacher.checkpoint, test::syntheticPlan("teacher", "teacher")));
    const auto run = test::syntheticRun(folder / "here/runs/pupil", plan, 0.8);
    eval::Table table;
    table.add({"mean", "expert", "dice", 0.8, 3});
    ASSERT_TRUE(eval::writeMetrics(run, table));
    EXPECT_TRUE(eval::readMetrics(run));
    ASSERT_TRUE(writeReport(run.path() / "report.html", {run}, table));
    const auto metrics = readFile(run.metrics()).value(), report = readFile(run.path() / "report.html").value();
    if (place == "there") {
      EXPECT_THAT(metrics, HasSubstr("Nothing tells whether the teacher has learnt from the test patients"));
      EXPECT_THAT(report, HasSubstr("Nothing tells whether the teacher has learnt from the test patients"));
    } else {
      EXPECT_THAT(metrics, Not(HasSubstr("warnings")));
      EXPECT_THAT(report, Not(HasSubstr("Nothing tells")));
    }
  }
}

}  // namespace
}  // namespace lorkd::report
