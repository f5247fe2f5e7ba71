#include "core/eval/StudyTable.h"

#include <gmock/gmock.h>
#include <spdlog/fmt/fmt.h>

#include <cmath>

#include "core/base/File.h"
#include "core/report/StudyReport.h"
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
  EXPECT_GT(x->interval.low, task->interval.low);
  EXPECT_GT(x->interval.high, task->interval.high);
}

TEST(StudyTable, EachScoreHasItsOwnInterval) {
  auto with = result("mtl", 1, one);
  const StudyTable before({with});
  for (int p = 0; p < 6; ++p) {
    const auto id = std::to_string(p);
    with.table.addCase({"liver", "mtl", "specificity/z", "c" + id, "p" + id, p == 0 ? 1.0 : 0.0});
    with.table.addCase({"liver", "mtl", "hd95_mm/x", "c" + id, "p" + id, 2.0 + p});
    with.table.addCase({"spots", "mtl", "accuracy", "s" + id, "p" + id, 0.5});  // of pictures
  }
  with.table.add({"liver", "mtl", "hd95_mm", 4.5, 6});
  const StudyTable table({with});
  for (const char* metric : {"dice", "dice/x"}) {
    const auto *plain = before.find("liver", "mtl", metric), *same = table.find("liver", "mtl", metric);
    EXPECT_EQ(plain->interval.low, same->interval.low) << metric;
    EXPECT_EQ(plain->interval.high, same->interval.high) << metric;
  }
  const auto* mm = table.find("liver", "mtl", "hd95_mm");
  EXPECT_TRUE(mm->interval.low > 2 && mm->interval.low < 4.5 && mm->interval.high > 4.5 && mm->interval.high < 7);
  // Half of the mean over both kinds of task is the pictures' 0.5, which does not vary.
  const auto *mean = table.find("mean", "mtl", "dice"), *task = table.find("liver", "mtl", "dice");
  EXPECT_NEAR(mean->interval.low, (task->interval.low + 0.5) / 2, 1e-9);
}

TEST(StudyTable, CasesOfOnePatientStayTogether) {
  // Patients with three cases each are as many as patients with one: of five a t interval, of twelve a bootstrap.
  for (const int patients : {5, 12}) {
    StudyResult single{1, {}}, triple{1, {}};
    for (int p = 0; p < patients; ++p)
      for (int c = 0; c < 3; ++c) {
        const auto patient = "p" + std::to_string(p), id = patient + std::to_string(c);
        triple.table.addCase({"liver", "mtl", "dice/x", id, patient, 0.05 * p});
        if (c == 0) single.table.addCase({"liver", "mtl", "dice/x", id, patient, 0.05 * p});
      }
    single.table.add({"liver", "mtl", "dice/x", 0.025 * (patients - 1), patients});
    triple.table.add({"liver", "mtl", "dice/x", 0.025 * (patients - 1), 3 * patients});
    const auto by1 = StudyTable({single}).rows().front(), by3 = StudyTable({triple}).rows().front();
    EXPECT_EQ(by3.patients, patients);
    EXPECT_EQ(by3.interval.kind, patients < 10 ? Interval::Kind::T : Interval::Kind::Bootstrap);
    EXPECT_NEAR(by3.interval.low, by1.interval.low, 1e-12);
    EXPECT_NEAR(by3.interval.high, by1.interval.high, 1e-12);
    if (patients == 5) {
      EXPECT_NEAR(by1.interval.high, 0.1 + 2.77644510519779 * std::sqrt(0.00625 / 5), 1e-12);
      EXPECT_NEAR(by1.interval.low, 0.1 - 2.77644510519779 * std::sqrt(0.00625 / 5), 1e-12);
    }
  }
}

TEST(StudyTable, TooFewPatientsLeaveNoIntervalAndTheReason) {
  const StudyTable table({result("mtl", 1, {0.9, 0.7, 0.8, 0.6})});  // class "y" is found in two
  for (const char* metric : {"dice", "dice/x", "dice/y"}) {
    const auto* row = table.find("liver", "mtl", metric);
    EXPECT_TRUE(std::isnan(row->interval.low)) << metric;
    EXPECT_EQ(row->interval.why, metric == std::string("dice/y") ? "2 patients: too few for an interval"
                                                                 : "4 patients: too few for an interval");
  }
  EXPECT_THAT(table.notes("dice"), testing::ElementsAre("liver: 4 patients: too few for an interval",
                                                        "mean: 4 patients: too few for an interval"));
  EXPECT_THAT(table.csv(), HasSubstr(",4,4,1,,4 patients: too few for an interval\r\n"));
  EXPECT_EQ(table.json()[0]["note"], "4 patients: too few for an interval");
}

TEST(StudyTable, AClassOfOnePatientLeavesNoInterval) {
  auto six = result("mtl", 1, one);
  six.table.addCase({"liver", "mtl", "dice/rare", "c0", "p0", 0.5});
  const StudyTable table({six});
  EXPECT_EQ(table.find("liver", "mtl", "dice")->interval.why, "rare is found in 1 patient: too few for an interval");
  EXPECT_TRUE(std::isfinite(table.find("liver", "mtl", "dice/x")->interval.low));
}

TEST(StudyTable, IntervalsOfSharesEndAtOne) {
  const StudyTable table({result("mtl", 1, {0.99, 0.99, 0.99, 0.99, 0.6})});
  EXPECT_EQ(table.find("liver", "mtl", "dice/x")->interval.high, 1);
}

TEST(StudyTable, PatientsWhoAreAlikeLeaveNoInterval) {
  const StudyTable table({result("mtl", 1, std::vector<double>(12, 0.8))});
  EXPECT_THAT(table.find("liver", "mtl", "dice/x")->interval.why, HasSubstr("alike"));
  EXPECT_TRUE(std::isnan(table.find("liver", "mtl", "dice/x")->interval.low));
}

TEST(StudyTable, TablesWithoutSingleCasesHaveNoInterval) {
  Table old;
  old.add({"mean", "mtl", "dice", 0.8, 4});
  const StudyTable table({{1, old}});
  EXPECT_TRUE(std::isnan(table.rows().front().interval.low));
  EXPECT_EQ(table.text("dice"), "task     mtl\nmean  0.8000\n");
  EXPECT_EQ(table.csv(),
            "task,method,metric,value,low,high,deviation,cases,patients,seeds,interval,note\r\n"
            "mean,mtl,dice,0.8,,,,4,0,1,,no scores of single cases\r\n");
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
  const std::vector<StudyResult> results{result("mtl", 1, one), result("mtl", 2, two), result("expert", 1, two)};
  const StudyTable table(results);
  const PairedTable paired(results);
  // Two seeds of three tasks: pairs' mean cosines of 0.2 and 0.4, conflicts in half and in a quarter of the steps.
  const auto conflict = [](double cosine, double fraction) {
    report::ConflictHistory out;
    out.tasks = {"a", "b", "c"};
    out.measurements = 2;
    const double none = std::numeric_limits<double>::quiet_NaN();
    out.cosine = {{1, cosine - 0.1, none}, {cosine - 0.1, 1, cosine + 0.1}, {none, cosine + 0.1, 1}};
    out.fraction = {{10, 20}, {0, 2 * fraction}};
    return out;
  };
  EXPECT_DOUBLE_EQ(report::meanCosine(conflict(0.2, 0.5)), 0.2);
  EXPECT_TRUE(std::isnan(report::meanCosine({})));
  const auto file = std::filesystem::path(testing::TempDir()) / "lorkd_study.html";
  const auto written = report::writeStudyReport(
      file, plan,
      {{"livers-mtl-1", "mtl", 1, -1, "finished", 9, 9, "", "../livers-mtl-1/report.html", true, conflict(0.2, 0.5)},
       {"livers-mtl-2", "mtl", 2, -1, "finished", 9, 9, "", "../livers-mtl-2/report.html", true, conflict(0.4, 0.25)},
       {"livers-teacher-1",
        "teacher",
        1,
        -1,
        "failed",
        3,
        9,
        "loss <nan>",
        "../livers-teacher-1/report.html",
        false,
        {}}},
      table, paired);
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
  EXPECT_THAT(html, HasSubstr(fmt::format("{:.3f} – {:.3f} (t)", row->interval.low, row->interval.high)));
  EXPECT_THAT(html, HasSubstr("No interval – 3 patients: too few for an interval (y · liver)</p>"));
  EXPECT_THAT(html, HasSubstr("Differences from LoRKD experts"));
  const auto* difference = paired.find("mean", "mtl", "dice");
  EXPECT_THAT(html, HasSubstr("<td>MTL</td><td class='n'>" + formatDifference("dice", difference->difference)));
  EXPECT_THAT(html, HasSubstr(formatDifference("dice", difference->interval.low) + " to "));
}

}  // namespace
}  // namespace lorkd::eval
