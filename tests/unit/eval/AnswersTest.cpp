// Scores of classification against scikit-learn (tests/peers/classification.py) and by hand, and over patients.
#include <gmock/gmock.h>

#include <cmath>
#include <limits>

#include "core/base/File.h"
#include "core/base/Random.h"
#include "core/eval/AnswerSample.h"
#include "core/eval/Answers.h"
#include "core/eval/PairedTable.h"
#include "core/eval/StudyTable.h"
#include "core/report/StudyReport.h"
#include "tests/unit/eval/SyntheticRun.h"

namespace lorkd::eval {
namespace {

constexpr double noNumber = std::numeric_limits<double>::quiet_NaN();

/// Answers of `classes` "a", "b", ...: the class and the probabilities of each picture.
Answers answersOf(std::size_t classes, const std::vector<std::pair<int, std::vector<double>>>& pictures) {
  Answers out{"task", "expert", {}, {}};
  for (std::size_t c = 0; c < classes; ++c) out.classes.emplace_back(1, static_cast<char>('a' + c));
  for (const auto& [truth, probabilities] : pictures) {
    const auto id = "p" + std::to_string(out.pictures.size());
    out.pictures.push_back({id, id, truth, probabilities});
  }
  return out;
}

/// Those that the script makes, to the last bit.
Answers made(int pictures, int classes, int shift, int ahead, int absent) {
  std::vector<std::pair<int, std::vector<double>>> list;
  for (int i = 0; i < pictures; ++i) {
    auto& [truth, values] = list.emplace_back((3 * i + i / 7 + shift) % classes, std::vector<double>());
    if (truth == absent) truth = (absent + 1) % classes;
    double sum = 0;
    for (int c = 0; c < classes; ++c) {
      values.push_back(1 + (7 * i + 3 * c * c + 5 * i * c + shift) % 11 + (c == truth && i % 3 != 0 ? ahead : 0));
      sum += values.back();
    }
    for (auto& v : values) v /= sum;
  }
  return answersOf(static_cast<std::size_t>(classes), list);
}

TEST(Answers, AgreeWithScikitLearn) {
  const struct {
    int pictures, classes, shift, ahead, absent;
    std::vector<double> once, resampled;  // accuracy, balanced accuracy, AUC, average precision, F1, calibration error
    std::vector<std::int64_t> confusion;
  } cases[] = {
      {40,
       2,
       0,
       3,
       -1,
       {0.75, 0.744245524297, 0.765984654731, 0.766679587557, 0.744245524297, 0.190216286449},
       {0.894736842105, 0.900568181818, 0.909090909091, 0.912685579718, 0.893557422969, 0.243558929629},
       {18, 5, 5, 12}},
      {90,
       3,
       1,
       4,
       -1,
       {0.577777777778, 0.574929971989, 0.74343487395, 0.631707953488, 0.576970203286, 0.120896332866},
       {0.611111111111, 0.607738095238, 0.790663544076, 0.702805876715, 0.610406624645, 0.118585917691},
       {17, 3, 8, 6, 21, 7, 12, 2, 14}},
      {120,
       5,
       2,
       2,
       3,
       {0.358333333333, 0.37280141844, 0.639003399384, 0.440586485607, 0.379712705184, 0.0715320286779},
       {0.391666666667, 0.408715780998, 0.685186514056, 0.510268195842, 0.409327018562, 0.106534668108},
       {10, 3, 6, 5, 0, 5, 10, 5, 1, 3, 3, 8, 9, 3, 2, 0, 0, 0, 0, 0, 10, 9, 8, 6, 14}},
      {60,
       4,
       5,
       12,
       0,
       {0.766666666667, 0.763298139769, 0.838223978791, 0.810298615633, 0.7668997669, 0.304397922471},
       {0.883333333333, 0.893162393162, 0.928662856, 0.915998069896, 0.891919191919, 0.408844538732},
       {0, 0, 0, 0, 2, 22, 0, 6, 0, 0, 8, 5, 0, 0, 1, 16}},
  };
  for (const auto& known : cases) {
    const AnswerScores scores(made(known.pictures, known.classes, known.shift, known.ahead, known.absent));
    std::vector<int> times;
    for (int i = 0; i < known.pictures; ++i) times.push_back(i / 2 % 3);
    for (std::size_t m = 0; m < known.once.size(); ++m) {
      const auto& metric = classificationMetrics()[m];
      EXPECT_NEAR(scores.value(metric), known.once[m], 1e-11) << metric << " of " << known.classes << " classes";
      EXPECT_NEAR(scores.value(metric, times), known.resampled[m], 1e-11) << metric << ", resampled";
    }
    for (std::size_t i = 0, n = static_cast<std::size_t>(known.classes); i < n * n; ++i)
      EXPECT_EQ(scores.confused(i / n, i % n), known.confusion[i]);
  }
}

TEST(Answers, AucByHand) {
  // Class b has 0.1, 0.2, 0.2, 0.3 with truth a, b, a, b: pairs 0.1<0.2, 0.1<0.3, 0.2=0.2 (half), 0.2<0.3, so 3.5 of 4.
  const AnswerScores ties(answersOf(2, {{0, {0.9, 0.1}}, {1, {0.8, 0.2}}, {0, {0.8, 0.2}}, {1, {0.7, 0.3}}}));
  EXPECT_DOUBLE_EQ(ties.value("auc/b"), 3.5 / 4);
  EXPECT_DOUBLE_EQ(ties.value("auc"), 3.5 / 4) << "of two classes both have the same";
  EXPECT_DOUBLE_EQ(ties.value("accuracy/a"), 1);
  EXPECT_DOUBLE_EQ(ties.value("accuracy"), 0.5);
}

TEST(Answers, WhatHasNoValueHasNone) {
  const AnswerScores one(answersOf(3, {{1, {0.2, 0.5, 0.3}}, {1, {0.6, 0.3, 0.1}}}));
  EXPECT_TRUE(std::isnan(one.value("auc")) && std::isnan(one.value("auc/b"))) << "one class alone";
  EXPECT_TRUE(std::isnan(one.value("f1/a")) && std::isnan(one.value("average_precision/a"))) << "no picture of it";
  EXPECT_DOUBLE_EQ(one.value("balanced_accuracy"), 0.5) << "of the class that there is";
  const AnswerScores empty(answersOf(2, {}));
  for (const auto& metric : classificationMetrics()) EXPECT_TRUE(std::isnan(empty.value(metric))) << metric;
  const AnswerScores broken(answersOf(2, {{0, {noNumber, noNumber}}, {1, {0.2, 0.8}}}));
  EXPECT_TRUE(std::isnan(broken.value("auc")) && std::isnan(broken.value("calibration_error")));
  EXPECT_THROW(AnswerScores(answersOf(2, {{2, {0.2, 0.8}}})), c10::Error);
  EXPECT_EQ(absentClasses(answersOf(3, {{1, {0, 1, 0}}})), "a, c");
}

/// A result of one task: pictures of `patients` patients, each with `each` pictures of its own class, 0 or 1.
StudyResult pictureResult(const std::string& method, int patients, int each, double ahead, std::uint64_t seed = 1) {
  Random random(seed, {7});
  Answers answers{"task", method, {"a", "b"}, {}};
  for (int p = 0; p < patients; ++p) {
    const double own = random.normal(0, 1);
    for (int i = 0; i < each; ++i) {
      const int truth = p % 2;
      const double b = 1 / (1 + std::exp(-(own + (truth == 1 ? ahead : -ahead) + 0.1 * i)));
      answers.pictures.push_back(
          {std::to_string(p) + "#" + std::to_string(i), "p" + std::to_string(p), truth, {1 - b, b}});
    }
  }
  StudyResult out{1, {}};
  const AnswerScores scores(answers);
  for (const auto& metric : classificationMetrics())
    for (const char* task : {"task", "mean"}) out.table.add({task, method, metric, scores.value(metric), patients});
  out.table.addAnswers(answers);
  return out;
}

TEST(AnswerSample, IntervalsAreOverPatientsAndNotOverPictures) {
  const StudyTable once({pictureResult("expert", 24, 1, 0.7)});
  auto copies = pictureResult("expert", 24, 1, 0.7);
  Answers many{"task", "expert", {"a", "b"}, {}};
  for (int n = 0; n < 5; ++n)
    for (auto picture : copies.table.answers().front().pictures) {
      picture.id += "copy" + std::to_string(n);
      many.pictures.push_back(picture);
    }
  StudyResult five{1, {}};
  for (const auto& row : copies.table.rows()) five.table.add(row);
  five.table.addAnswers(many);
  const StudyTable repeated({five});
  for (const char* metric : {"accuracy", "balanced_accuracy", "auc", "average_precision", "f1"}) {
    const auto *a = once.find("task", "expert", metric), *b = repeated.find("task", "expert", metric);
    EXPECT_EQ(a->interval.kind, Interval::Kind::Bootstrap) << metric;
    EXPECT_EQ(b->patients, 24);
    EXPECT_NEAR(a->interval.low, b->interval.low, 1e-12) << metric << ": five equal pictures of a patient tell no more";
    EXPECT_NEAR(a->interval.high, b->interval.high, 1e-12);
    EXPECT_TRUE(a->interval.low < a->value && a->value < a->interval.high) << metric;
    EXPECT_EQ(once.find("mean", "expert", metric)->interval.low, a->interval.low) << "of one task";
  }
  EXPECT_THAT(once.find("task", "expert", "calibration_error")->interval.why, testing::HasSubstr("resamples"));
}

TEST(AnswerSample, JackknifeOfAucIsThatOfItsComponents) {
  // The jackknife's variance of AUC is nearly DeLong's (1988), computed here by its definition from the pairs.
  const auto study = pictureResult("expert", 16, 1, 0.4, 3);
  const auto& pictures = study.table.answers().front().pictures;
  std::vector<double> ofB(8), ofA(8);
  for (std::size_t i = 0; i < 8; ++i)
    for (std::size_t j = 0; j < 8; ++j) {
      const bool inOrder = pictures[2 * i + 1].probabilities[1] > pictures[2 * j].probabilities[1];
      ofB[i] += inOrder / 8.0, ofA[j] += inOrder / 8.0;
    }
  const auto variance = [](const std::vector<double>& values) {
    double mean = 0, squares = 0;
    for (const double v : values) mean += v / 8;
    for (const double v : values) squares += (v - mean) * (v - mean);
    return squares / 7;
  };
  const double deLong = std::sqrt(variance(ofB) / 8 + variance(ofA) / 8);
  const StudyTable table({study});
  const auto* row = table.find("task", "expert", "auc");
  EXPECT_EQ(row->interval.kind, Interval::Kind::T) << "eight patients of each class";
  EXPECT_NEAR((row->value - row->interval.low) / 2.13144954555978, deLong, 0.05 * deLong) << "t of 15";
}

TEST(AnswerSample, FewPatientsLeaveNoIntervalAndTheReason) {
  const StudyTable few({pictureResult("expert", 4, 3, 1)});
  EXPECT_EQ(few.find("task", "expert", "auc")->interval.why, "4 patients: too few for an interval");
  auto rare = pictureResult("expert", 8, 1, 1);
  auto answers = rare.table.answers().front();
  for (auto& picture : answers.pictures) picture.truth = picture.patient == "p3" ? 1 : 0;
  StudyResult one{1, {}};
  one.table.add({"task", "expert", "auc", 0.5, 8});
  one.table.addAnswers(answers);
  EXPECT_EQ(StudyTable({one}).find("task", "expert", "auc")->interval.why,
            "b is found in 1 patient: too few for an interval");
}

TEST(AnswerSample, DifferencesAreOnTheSamePatients) {
  const PairedTable paired({pictureResult("expert", 30, 2, 2.0), pictureResult("mtl", 30, 2, 0.3)});
  const auto* row = paired.find("task", "mtl", "auc");
  ASSERT_NE(row, nullptr);
  const auto value = [](double ahead) {
    return AnswerScores(pictureResult("x", 30, 2, ahead).table.answers().front()).value("auc");
  };
  EXPECT_NEAR(row->difference, value(0.3) - value(2.0), 1e-12);
  EXPECT_EQ(row->patients, 30);
  EXPECT_TRUE(row->interval.low < row->difference && row->interval.high < 0) << "reliably less";
  EXPECT_TRUE(std::isnan(row->test.p) && !row->test.why.empty());
  EXPECT_TRUE(std::isfinite(paired.find("task", "mtl", "accuracy")->test.p)) << "which is a mean of pictures";
}

TEST(StudyReport, SaysWhatScoresOfPicturesAreAndHowSeparateNetworksWereTrained) {
  const std::vector<StudyResult> results{pictureResult("expert", 12, 2, 1), pictureResult("stl", 12, 2, 0.5)};
  auto plan = test::syntheticPlan("pictures", "lorkd");
  plan.study.stl.learningRate = 0.0003;
  const auto file = std::filesystem::path(testing::TempDir()) / "lorkd_pictures.html";
  ASSERT_TRUE(report::writeStudyReport(file, plan, {{"stl-1", "stl", 1, -1, "finished", 9, 9, "", "", true, {}}},
                                       StudyTable(results), PairedTable(results)));
  const auto html = readFile(file).value();
  EXPECT_THAT(html, testing::HasSubstr("learning rate 0.0003 (their own) and gradient clip 12 (that of the joint"));
  EXPECT_THAT(html, testing::HasSubstr("15 bins of equal width"));
  EXPECT_THAT(html, testing::HasSubstr("<th>balanced accuracy</th>"));
  EXPECT_THAT(html, testing::HasSubstr("best mean accuracy")) << "the first mean is what the page is about";
  EXPECT_THAT(html, testing::Not(testing::HasSubstr("nobody says whose they are")));
}

TEST(Answers, SurviveTheFile) {
  const auto table = pictureResult("expert", 6, 2, 1).table;
  const auto back = Table::fromJson(Json::parse(table.json().dump()));
  ASSERT_TRUE(back) << back.error().text();
  EXPECT_EQ(back->answers(), table.answers());
  auto damaged = table.json();
  damaged.back()["pictures"][0][2] = 9;
  EXPECT_FALSE(Table::fromJson(damaged));
  damaged.back()["pictures"][0] = Json::array({"a"});
  EXPECT_FALSE(Table::fromJson(damaged));
}

}  // namespace
}  // namespace lorkd::eval
