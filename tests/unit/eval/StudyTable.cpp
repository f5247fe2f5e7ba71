#include "core/eval/StudyTable.h"

#include <gmock/gmock.h>
#include <spdlog/fmt/fmt.h>

#include <cmath>

#include "core/base/File.h"
#include "core/eval/StudyReport.h"
#include "tests/unit/eval/SyntheticRun.h"

namespace lorkd::eval {
namespace {

using testing::HasSubstr;
using testing::Not;

/// One task of two classes on patients p0.. with a case each; class "y" is only found in even ones.
StudyResult result(const std::string& method, std::int64_t seed, const std::vector<double>& scores) {
  StudyResult out{seed, {}};
  double x = 0, y = 0;
  std::int64_t even = 0;
  for (std::size_t p = 0; p < scores.size(); ++p) {
    const auto id = std::to_string(p);
    out.table.addCase({"liver", method, "dice/x", "c" + id, "p" + id, scores[p]});
    x += scores[p];
    if (p % 2 != 0) continue;
    out.table.addCase({"liver", method, "dice/y", "c" + id, "p" + id, scores[p] / 2});
    y += scores[p] / 2, ++even;
  }
  const auto n = static_cast<std::int64_t>(scores.size());
  const double meanX = x / static_cast<double>(n), meanY = y / static_cast<double>(even);
  out.table.add({"liver", method, "dice", (meanX + meanY) / 2, n});
  out.table.add({"liver", method, "dice/x", meanX, n});
  out.table.add({"liver", method, "dice/y", meanY, even});
  out.table.add({"mean", method, "dice", (meanX + meanY) / 2, 0});
  out.table.add({"all", method, "peak_memory", 1e9 * static_cast<double>(seed), 0});
  out.table.add({"all", method, "training_seconds", 100.0 * static_cast<double>(seed), 0});
  return out;
}

const std::vector<double> one{0.9, 0.7, 0.8, 0.6, 0.85, 0.75}, two{0.8, 0.9, 0.6, 0.8, 0.65, 0.95};

TEST(StudyTable, AveragesSeedsAndTakesIntervalsOverPatients) {
  const StudyTable table({result("mtl", 1, one), result("mtl", 2, two)});
  const auto* row = table.find("liver", "mtl", "dice/x");
  ASSERT_NE(row, nullptr);
  EXPECT_NEAR(row->value, (0.7666667 + 0.7833333) / 2, 1e-6);
  EXPECT_NEAR(row->deviation, std::abs(0.7666667 - 0.7833333) / std::sqrt(2.0), 1e-6);
  EXPECT_EQ(row->seeds, 2);
  EXPECT_EQ(row->cases, 6);
  EXPECT_EQ(row->patients, 6);
  // The seeds are averaged per case first: 0.85, 0.8, 0.7, 0.7, 0.75, 0.85.
  const StudyTable averaged({result("mtl", 1, {0.85, 0.8, 0.7, 0.7, 0.75, 0.85})});
  const auto* same = averaged.find("liver", "mtl", "dice/x");
  EXPECT_NEAR(row->interval.low, same->interval.low, 1e-12);
  EXPECT_NEAR(row->interval.high, same->interval.high, 1e-12);
  EXPECT_LT(row->interval.low, row->value);
  EXPECT_GT(row->interval.high, row->value);
  EXPECT_EQ(table.find("all", "mtl", "peak_memory")->value, 2e9);
  EXPECT_EQ(table.find("all", "mtl", "training_seconds")->value, 150);
}

TEST(StudyTable, TheMeanOverOneTaskIsThatTask) {
  const StudyTable table({result("mtl", 1, one)});
  const auto *task = table.find("liver", "mtl", "dice"), *mean = table.find("mean", "mtl", "dice");
  EXPECT_EQ(task->interval.low, mean->interval.low);
  EXPECT_EQ(task->interval.high, mean->interval.high);
  // A class by itself is another figure.
  const auto* x = table.find("liver", "mtl", "dice/x");
  EXPECT_LT(task->interval.low, task->value);
  EXPECT_GT(x->interval.low, task->interval.high);
}

TEST(StudyTable, CasesOfOnePatientStayTogether) {
  // Six cases of two patients who differ: a resample is one of three mixtures.
  StudyResult single{1, {}};
  for (int c = 0; c < 6; ++c)
    single.table.addCase({"liver", "mtl", "dice/x", "c" + std::to_string(c), c < 3 ? "p" : "q", c < 3 ? 0.2 : 0.8});
  single.table.add({"liver", "mtl", "dice/x", 0.5, 6});
  const StudyTable table({single});
  EXPECT_NEAR(table.rows().front().interval.low, 0.2, 1e-12);
  EXPECT_NEAR(table.rows().front().interval.high, 0.8, 1e-12);
  EXPECT_EQ(table.rows().front().patients, 2);
}

TEST(StudyTable, AClassOfOnePatientLeavesNoInterval) {
  const StudyTable table({result("mtl", 1, {0.9, 0.7})});  // class "y" is found in one
  EXPECT_TRUE(std::isfinite(table.find("liver", "mtl", "dice/x")->interval.low));
  for (const char* metric : {"dice", "dice/y"})
    EXPECT_TRUE(std::isnan(table.find("liver", "mtl", metric)->interval.low)) << metric;
}

TEST(StudyTable, TablesWithoutSingleCasesHaveNoInterval) {
  Table old;
  old.add({"mean", "mtl", "dice", 0.8, 4});
  const StudyTable table({{1, old}});
  EXPECT_TRUE(std::isnan(table.rows().front().interval.low));
  EXPECT_EQ(table.text("dice"), "task     mtl\nmean  0.8000\n");
  EXPECT_EQ(table.csv(),
            "task,method,metric,value,low,high,deviation,cases,patients,seeds\r\nmean,mtl,dice,0.8,,,,4,0,1\r\n");
  EXPECT_TRUE(table.json()[0]["low"].is_null());
}

TEST(StudyTable, SingleCasesSurviveTheFile) {
  const auto first = result("mtl", 1, one);
  const auto back = Table::fromJson(Json::parse(first.table.json().dump()));
  ASSERT_TRUE(back) << back.error().text();
  EXPECT_EQ(back->rows().size(), first.table.rows().size());
  ASSERT_EQ(back->cases().size(), 9u);
  EXPECT_EQ(back->cases()[1].id, "c0");
  EXPECT_EQ(back->cases()[1].metric, "dice/y");
  EXPECT_EQ(back->cases()[1].patient, "p0");
  EXPECT_EQ(back->csv(), first.table.csv()) << "single cases are no rows of the table";
}

TEST(StudyReport, OneSelfContainedPage) {
  auto plan = test::syntheticPlan("Livers <b>", "lorkd");
  plan.teacher.checkpoint = "/home/DOE^JANE/teacher";
  const StudyTable table({result("mtl", 1, one), result("mtl", 2, two), result("expert", 1, two)});
  // Two seeds of three tasks: pairs' mean cosines of 0.2 and 0.4, conflicts in half and in a quarter of the steps.
  const auto conflict = [](double cosine, double fraction) {
    ConflictHistory out;
    out.tasks = {"a", "b", "c"};
    out.measurements = 2;
    const double none = std::numeric_limits<double>::quiet_NaN();
    out.cosine = {{1, cosine - 0.1, none}, {cosine - 0.1, 1, cosine + 0.1}, {none, cosine + 0.1, 1}};
    out.fraction = {{10, 20}, {0, 2 * fraction}};
    return out;
  };
  EXPECT_DOUBLE_EQ(meanCosine(conflict(0.2, 0.5)), 0.2);
  EXPECT_TRUE(std::isnan(meanCosine({})));
  const auto file = std::filesystem::path(testing::TempDir()) / "lorkd_study.html";
  const auto written = writeStudyReport(
      file, plan,
      {{"livers-mtl-1", "mtl", 1, "finished", 9, 9, "", "../livers-mtl-1/report.html", true, conflict(0.2, 0.5)},
       {"livers-mtl-2", "mtl", 2, "finished", 9, 9, "", "../livers-mtl-2/report.html", true, conflict(0.4, 0.25)},
       {"livers-teacher-1", "teacher", 1, "failed", 3, 9, "loss <nan>", "../livers-teacher-1/report.html", false, {}}},
      table);
  ASSERT_TRUE(written) << written.error().text();
  const auto html = readFile(file).value();
  for (const char* external : {"<script", "<link", "<img", "@import", "url(", "src=", "http://localhost"})
    EXPECT_THAT(html, Not(HasSubstr(external)));
  EXPECT_THAT(html, Not(HasSubstr("DOE^JANE")));
  EXPECT_THAT(html, HasSubstr("<h1>Livers &lt;b&gt;</h1>"));
  EXPECT_THAT(html, HasSubstr("<a href='../livers-mtl-1/report.html'>"));
  EXPECT_THAT(html, Not(HasSubstr("href='../livers-teacher-1"))) << "a failed run has no report";
  EXPECT_THAT(html, HasSubstr("loss &lt;nan&gt;"));
  EXPECT_THAT(html, HasSubstr("LoRKD experts"));
  EXPECT_THAT(html, HasSubstr("<th>MTL</th><td class='n'>0.375 ± 0.177</td><td class='n'>0.300 ± 0.141</td>"));
  const auto* row = table.find("liver", "mtl", "dice");
  EXPECT_THAT(html, HasSubstr(fmt::format("{:.3f} – {:.3f}", row->interval.low, row->interval.high)));
}

}  // namespace
}  // namespace lorkd::eval
