#include <gmock/gmock.h>

#include <cmath>

#include "core/eval/FoldPool.h"
#include "core/eval/PairedTable.h"

namespace lorkd::eval {
namespace {

using testing::HasSubstr;

/// A run that tests these patients, one case each, with one class.
StudyResult foldOf(const std::string& method, int fold, const std::vector<std::pair<int, double>>& scores,
                   std::int64_t seed = 1) {
  StudyResult out{seed, {}, fold};
  double sum = 0;
  for (const auto& [patient, value] : scores) {
    const auto name = std::to_string(patient);
    out.table.addCase({"organs", method, "dice/liver", "case-" + name, "patient-" + name, value});
    sum += value;
  }
  const auto n = static_cast<std::int64_t>(scores.size());
  const double mean = sum / static_cast<double>(n);
  for (const char* metric : {"dice", "dice/liver"}) out.table.add({"organs", method, metric, mean, n});
  out.table.add({"organs", method, "missed", static_cast<double>(fold), n});
  out.table.add({"organs", method, "false_positive_ml/liver", static_cast<double>(fold), n});
  out.table.add({"mean", method, "dice", mean, 0});
  out.table.add({"all", method, "parameters", 1000, 0});
  out.table.add({"all", method, "peak_memory", 10.0 * fold, 0});
  return out;
}

TEST(FoldPool, IsTheMeanOverPatientsAndNotOverFolds) {
  const std::vector<StudyResult> folds{foldOf("mtl", 0, {{1, 0.9}, {2, 0.8}, {3, 0.7}}), foldOf("mtl", 1, {{4, 0.1}}),
                                       foldOf("mtl", 2, {{5, 0.5}, {6, 0.6}})};
  const auto pool = poolFolds(folds, 3);
  ASSERT_EQ(pool.results.size(), 1u);
  EXPECT_THAT(pool.text, HasSubstr("Pooled over 3 folds: every patient is tested once"));
  const StudyTable table(pool.results);
  const double mean = (0.9 + 0.8 + 0.7 + 0.1 + 0.5 + 0.6) / 6;
  for (const char* metric : {"dice", "dice/liver"}) {
    const auto* row = table.find("organs", "mtl", metric);
    ASSERT_TRUE(row) << metric;
    EXPECT_NEAR(row->value, mean, 1e-12);
    EXPECT_EQ(row->cases, 6);
    EXPECT_EQ(row->patients, 6);
    EXPECT_EQ(row->seeds, 1);
    EXPECT_TRUE(std::isnan(row->deviation)) << "folds are no seeds";
    // Of 6 patients: t with 5 degrees of freedom, over all patients.
    double squares = 0;
    for (const double v : {0.9, 0.8, 0.7, 0.1, 0.5, 0.6}) squares += (v - mean) * (v - mean);
    EXPECT_NEAR(row->interval.low, mean - 2.570582 * std::sqrt(squares / 5 / 6), 1e-5);
  }
  EXPECT_NEAR(table.find("mean", "mtl", "dice")->value, mean, 1e-12);
  EXPECT_EQ(table.find("organs", "mtl", "missed")->value, 3) << "counts are summed";
  EXPECT_NEAR(table.find("organs", "mtl", "false_positive_ml/liver")->value, (0 * 3 + 1 * 1 + 2 * 2) / 6.0, 1e-12);
  EXPECT_EQ(table.find("all", "mtl", "parameters")->value, 1000);
  EXPECT_EQ(table.find("all", "mtl", "peak_memory")->value, 20);
}

TEST(FoldPool, MethodsAreComparedOnAllPatientsAndSeedsStayApart) {
  std::vector<StudyResult> folds;
  for (int fold = 0; fold < 4; ++fold) {
    std::vector<std::pair<int, double>> own, better;
    for (int n = 0; n < 3; ++n) {
      own.emplace_back(3 * fold + n, 0.5 + 0.01 * fold);
      better.emplace_back(3 * fold + n, 0.6 + 0.01 * fold + 0.001 * n);
    }
    folds.push_back(foldOf("mtl", fold, own));
    folds.push_back(foldOf("expert", fold, better, 1));
    folds.push_back(foldOf("expert", fold, better, 2));
  }
  const auto pool = poolFolds(folds, 4);
  EXPECT_EQ(pool.results.size(), 3u);
  EXPECT_EQ(StudyTable(pool.results).find("organs", "expert", "dice")->seeds, 2);
  const PairedTable paired(pool.results);
  const auto* row = paired.find("organs", "mtl", "dice");
  ASSERT_TRUE(row);
  EXPECT_EQ(row->patients, 12);
  EXPECT_NEAR(row->difference, -0.101, 1e-12);
}

TEST(FoldPool, ThatTestTheSamePatientsAreAveraged) {
  const auto pool = poolFolds({foldOf("mtl", 0, {{1, 0.8}, {2, 0.4}}), foldOf("mtl", 1, {{1, 0.6}, {2, 0.2}})}, 2);
  EXPECT_THAT(pool.text, HasSubstr("Means over 2 folds, which all test the same patients"));
  const StudyTable table(pool.results);
  EXPECT_NEAR(table.find("organs", "mtl", "dice")->value, 0.5, 1e-12);
  EXPECT_EQ(table.find("organs", "mtl", "dice")->cases, 2);
  EXPECT_NEAR(table.find("organs", "mtl", "missed")->value, 0.5, 1e-12);
}

TEST(FoldPool, AFoldThatIsMissingIsNamed) {
  const auto pool =
      poolFolds({foldOf("mtl", 0, {{1, 0.8}}), foldOf("expert", 0, {{1, 0.6}}), foldOf("expert", 1, {{2, 0.2}})}, 2);
  EXPECT_THAT(pool.text, HasSubstr("Of mtl with seed 1 only 1 of 2 folds are finished"));
  EXPECT_THAT(pool.text, testing::Not(HasSubstr("expert")));
}

}  // namespace
}  // namespace lorkd::eval
