#include <gmock/gmock.h>

#include <cmath>

#include "core/eval/PairedTable.h"
#include "core/eval/PatientScores.h"

namespace lorkd::eval {
namespace {

using testing::HasSubstr;

/// The result of one training on one task of one class: patient i has one case with scores[i].
StudyResult scored(const std::string& method, std::int64_t seed, const std::vector<double>& scores,
                   const std::string& task = "liver", const std::string& metric = "dice") {
  StudyResult out{seed, {}};
  double sum = 0;
  for (std::size_t i = 0; i < scores.size(); ++i) {
    const auto name = task + std::to_string(i);
    out.table.addCase({task, method, metric + "/x", "c" + name, "p" + name, scores[i]});
    sum += scores[i];
  }
  const auto n = static_cast<std::int64_t>(scores.size());
  out.table.add({task, method, metric, sum / static_cast<double>(n), n});
  out.table.add({"mean", method, metric, sum / static_cast<double>(n), 0});
  return out;
}

const std::vector<double> sixOf{0.80, 0.85, 0.70, 0.90, 0.75, 0.82};

std::vector<double> plus(std::vector<double> scores, const std::vector<double>& more) {
  for (std::size_t i = 0; i < scores.size(); ++i) scores[i] += more[i];
  return scores;
}

TEST(PairedTable, SeedsAreAveragedBeforePatientsAreCompared) {
  const std::vector<double> d{0.01, 0.02, -0.005, 0.03, 0.015, 0.04};
  auto up = d, down = d;
  for (auto& v : up) v += 0.1;
  for (auto& v : down) v -= 0.1;
  const PairedTable table({scored("mtl", 1, plus(sixOf, up)), scored("mtl", 2, plus(sixOf, down)),
                           scored("expert", 1, sixOf), scored("expert", 2, sixOf)});
  EXPECT_EQ(table.reference(), "expert") << "though it is not the first";
  ASSERT_EQ(table.rows().size(), 2u);
  const auto& row = table.rows().front();
  EXPECT_EQ(row.task, "liver");
  EXPECT_EQ(row.method, "mtl");
  EXPECT_EQ(row.patients, 6) << "patients, not trainings";
  double mean = 0, squares = 0;
  for (const double v : d) mean += v / 6;
  for (const double v : d) squares += (v - mean) * (v - mean);
  const double reach = 2.57058183563631 * std::sqrt(squares / 5 / 6);
  EXPECT_NEAR(row.difference, mean, 1e-12);
  EXPECT_NEAR(row.interval.low, mean - reach, 1e-12);
  EXPECT_NEAR(row.interval.high, mean + reach, 1e-12);
  EXPECT_EQ(row.interval.kind, Interval::Kind::T);
  EXPECT_EQ(row.test.p, 0.0625);  // one rank of 1 against 20: 2 (1 + 1) / 64
  EXPECT_EQ(row.test.kind, SignedRank::Kind::Exact);
  EXPECT_EQ(noteOf(row), "");
  EXPECT_NEAR(table.find("mean", "mtl", "dice")->difference, mean, 1e-12);
}

TEST(PairedTable, TenPatientsAreResampled) {
  std::vector<double> base, more;
  for (int i = 0; i < 12; ++i) base.push_back(0.5 + 0.02 * i), more.push_back(0.001 * i);
  const std::vector<StudyResult> results{scored("a", 1, base), scored("b", 1, plus(base, more))};
  const PairedTable table(results);
  EXPECT_EQ(table.reference(), "a") << "without experts the first";
  const auto& row = table.rows().front();
  EXPECT_EQ(row.interval.kind, Interval::Kind::Bootstrap);
  const StudyTable single({scored("d", 1, more)});
  EXPECT_NEAR(row.interval.low, single.rows().front().interval.low, 1e-12) << "the same draws";
  EXPECT_EQ(row.test.pairs, 11) << "without the one that does not differ";
}

TEST(PairedTable, SaysWhatIsNotKnown) {
  const std::vector<double> three{0.7, 0.8, 0.9}, four{0.7, 0.8, 0.9, 0.6};
  auto other = scored("stl", 1, {0.5}, "spleen");
  const PairedTable table({scored("expert", 1, three), scored("mtl", 1, four), scored("teacher", 1, three), other});
  const auto* few = table.find("liver", "mtl", "dice");
  ASSERT_NE(few, nullptr);
  EXPECT_EQ(few->patients, 3) << "of whom both have a score";
  EXPECT_TRUE(std::isnan(few->interval.low));
  EXPECT_EQ(few->interval.why, "3 patients: too few for an interval");
  const auto* same = table.find("liver", "teacher", "dice");
  EXPECT_EQ(same->difference, 0);
  EXPECT_TRUE(std::isnan(same->test.p));
  EXPECT_EQ(noteOf(*same), "3 patients: too few for an interval; no pair differs");
  const auto* apart = table.find("spleen", "stl", "dice");
  EXPECT_TRUE(std::isnan(apart->difference));
  EXPECT_EQ(noteOf(*apart), "no patient has a score of both");
  const auto json = table.json();
  for (const auto& row : json)
    if (row["method"] == "stl") {
      EXPECT_TRUE(row["difference"].is_null() && row["p"].is_null() && row["low"].is_null());
      EXPECT_EQ(row["note"], "no patient has a score of both");
    }
  EXPECT_THAT(table.csv(), HasSubstr("dice,liver,teacher,expert,0,,,,,,0,3,3 patients: too few for an interval; no "
                                     "pair differs\r\n"));
  EXPECT_THAT(table.text("dice"), HasSubstr("–  p –  0 patients  (no patient has a score of both)\n"));
  EXPECT_TRUE(PairedTable(std::vector<StudyResult>{}).rows().empty());
}

TEST(PairedTable, TasksCountAlikeInTheMeanAndPatientsWithinThem) {
  const auto join = [](StudyResult a, const StudyResult& b) {
    a.table.append(b.table);
    return a;
  };
  const std::vector<double> two{0.5, 0.6};
  const PairedTable table({join(scored("expert", 1, sixOf), scored("expert", 1, two, "lung")),
                           join(scored("mtl", 1, plus(sixOf, {.01, .02, .03, .04, .05, .06})),
                                scored("mtl", 1, plus(two, {0.1, 0.3}), "lung"))});
  const auto* mean = table.find("mean", "mtl", "dice");
  EXPECT_NEAR(mean->difference, (0.035 + 0.2) / 2, 1e-12);
  EXPECT_EQ(mean->patients, 8);
  EXPECT_EQ(mean->interval.kind, Interval::Kind::T);
  // Variances of 6 patients and of 2, who make up nearly all of it: so there is hardly more than one degree of freedom.
  const double error = std::sqrt((0.00035 / 6 + 0.02 / 2) / 4);
  EXPECT_NEAR(mean->interval.high, mean->difference + 12.364344790677896 * error, 0.01) << "scipy.stats.t, 1.0117";
  EXPECT_EQ(mean->test.p, 2.0 / 256) << "all eight have more";
  EXPECT_EQ(table.rows().back().task, "mean");
}

TEST(PatientSample, TakesTheScoreThatItIsAskedFor) {
  auto result = scored("mtl", 1, {0.2, 0.4, 0.6, 0.8, 1.0});
  for (int i = 0; i < 5; ++i) {
    const auto name = "liver" + std::to_string(i);
    for (const char* metric : {"hd95_mm/x", "specificity/y"})
      result.table.addCase({"liver", "mtl", metric, "c" + name, "p" + name, 5.0 + i});
    result.table.addCase({"photos", "mtl", "accuracy", "f" + name, "f" + name, 1});
  }
  const auto scores = scoresOf("mtl", {result});
  EXPECT_NEAR(PatientSample(scores, "liver", "dice").mean(), 0.6, 1e-12) << "of Dice, not of millimetres";
  EXPECT_NEAR(PatientSample(scores, "liver", "hd95_mm").mean(), 7, 1e-12);
  EXPECT_NEAR(PatientSample(scores, "mean", "dice").mean(), 0.8, 1e-12) << "each task by its own main score";
  EXPECT_EQ(PatientSample(scores, "mean", "dice").patients(), 10u);
  EXPECT_EQ(PatientSample(scores, "liver", "dice/y").patients(), 0u);
  EXPECT_THAT(PatientSample(scores, "photos", "accuracy").interval({}).why, HasSubstr("alike"));
}

TEST(PairedTable, DifferencesArePrintedWithTheirSign) {
  EXPECT_EQ(formatDifference("dice", 0.01234), "+0.0123");
  EXPECT_EQ(formatDifference("dice", -0.01234), "−0.0123");
  EXPECT_EQ(formatDifference("dice", -1e-9), "0.0000");
  EXPECT_EQ(formatDifference("hd95_mm", -1.204), "−1.20\u202fmm");
  EXPECT_EQ(formatDifference("dice", NAN), "–");
  EXPECT_EQ(formatP(0.0004), "< 0.001");
  EXPECT_EQ(formatP(0.0312), "0.031");
}

}  // namespace
}  // namespace lorkd::eval
