// Scores of classes that may be there together: each a question of its own, over the pictures of which it is known.
#include <c10/util/Exception.h>
#include <gmock/gmock.h>

#include <cmath>

#include "core/base/Truth.h"
#include "core/eval/AnswerSample.h"
#include "core/eval/Answers.h"
#include "core/eval/PatientScores.h"
#include "core/eval/StudyTable.h"

namespace lorkd::eval {
namespace {

/// Five pictures of three people; nothing is known of "b" in the second, nor of "c" at all.
Answers fivePictures() {
  Answers out{"chest", "expert", {"a", "b", "c"}, {}};
  out.overlapping = true;
  out.threshold = 0.5;
  const auto add = [&](const char* patient, std::vector<std::uint8_t> truths, std::vector<double> probabilities) {
    out.pictures.push_back(
        {"p" + std::to_string(out.pictures.size()), patient, -1, std::move(probabilities), std::move(truths)});
  };
  add("x", {1, 0, notKnown}, {0.9, 0.2, 0.5});
  add("x", {1, notKnown, notKnown}, {0.4, 0.99, 0.5});
  add("y", {0, 1, notKnown}, {0.4, 0.6, 0.5});
  add("y", {0, 1, notKnown}, {0.2, 0.1, 0.5});
  add("z", {1, 1, notKnown}, {0.7, 0.8, 0.5});
  return out;
}

TEST(Overlapping, ScoresByHand) {
  const AnswerScores scores(fivePictures());
  // a: there in 0.9, 0.4 and 0.7, not in 0.4 and 0.2. Of six pairs five are in order, one is a tie.
  EXPECT_DOUBLE_EQ(scores.value("auc/a"), 5.5 / 6);
  // b: there in 0.6, 0.1 and 0.8, not in 0.2.
  EXPECT_DOUBLE_EQ(scores.value("auc/b"), 2.0 / 3);
  EXPECT_TRUE(std::isnan(scores.value("auc/c")));
  EXPECT_DOUBLE_EQ(scores.value("auc"), (5.5 / 6 + 2.0 / 3) / 2) << "the class of which nothing is known is left out";
  // b from the largest down: 0.8 there, 0.6 there, 0.2 not, 0.1 there.
  EXPECT_DOUBLE_EQ(scores.value("average_precision/b"), (1 + 1 + 0.75) / 3);
  EXPECT_DOUBLE_EQ(scores.value("f1/a"), 2.0 * 2 / (3 + 2));
  EXPECT_DOUBLE_EQ(scores.value("accuracy/a"), 4.0 / 5);
  EXPECT_DOUBLE_EQ(scores.value("accuracy/b"), 3.0 / 4);
  EXPECT_DOUBLE_EQ(scores.value("balanced_accuracy/a"), (2.0 / 3 + 1) / 2);
  EXPECT_DOUBLE_EQ(scores.value("balanced_accuracy/b"), (2.0 / 3 + 1) / 2);
  // By picture: both right, the one known wrong, both right, one of two right, both right.
  EXPECT_DOUBLE_EQ(scores.value("accuracy"), (1 + 0 + 1 + 0.5 + 1) / 5);
  // a in bins of 1/15: 0.9 there; 0.4 and 0.4 one there; 0.2 not; 0.7 there.
  EXPECT_NEAR(scores.value("calibration_error/a"), (0.1 + 0.2 + 0.2 + 0.3) / 5, 1e-12);
  EXPECT_EQ(scores.picturesOf(0), 3);
  EXPECT_EQ(absentClasses(fivePictures()), "c");
  EXPECT_TRUE(tellsApart(fivePictures()));
}

TEST(Overlapping, OneClassThatIsEverywhereTellsNothingApart) {
  Answers all{"t", "expert", {"a"}, {{"p", "p", -1, {0.7}, {1}}, {"q", "q", -1, {0.2}, {1}}}};
  all.overlapping = true;
  EXPECT_FALSE(tellsApart(all));
  EXPECT_TRUE(std::isnan(AnswerScores(all).value("auc")));
  EXPECT_DOUBLE_EQ(AnswerScores(all).value("f1"), 2.0 / 3);
  all.pictures.front().truths.clear();
  EXPECT_THROW(AnswerScores{all}, c10::Error);
}

TEST(Overlapping, TablesKeepWhatIsNotKnown) {
  Table table;
  table.addAnswers(fivePictures());
  const auto back = Table::fromJson(table.json());
  ASSERT_TRUE(back) << back.error().text();
  EXPECT_EQ(back->answers(), table.answers());
  for (const auto& wrong : {Json{1, 0}, Json{1, 0, 2}, Json{1, 0, nullptr, 1}, Json(1)}) {
    auto json = table.json();
    json.back()["pictures"][0][2] = wrong;
    EXPECT_FALSE(Table::fromJson(json)) << wrong;
  }
}

TEST(Overlapping, PatientsAreResampledWithAllTheirClasses) {
  StudyResult result{1, {}};
  result.table.addAnswers(fivePictures());
  const std::vector<StudyResult> results{result};
  const AnswerBook book(results);
  const AnswerSample sample(book, "chest", "auc/a", "expert");
  EXPECT_EQ(sample.patients(), 3u);
  EXPECT_DOUBLE_EQ(sample.mean(), 5.5 / 6);
  const auto accuracy = scoresOf("expert", results).at("chest").at("accuracy");
  EXPECT_EQ(accuracy.size(), 5u);
  EXPECT_DOUBLE_EQ(accuracy.at({"y", "p3"}), 0.5);
}

}  // namespace
}  // namespace lorkd::eval
