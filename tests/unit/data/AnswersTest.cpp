// Several label files that mark one structure: found, and joined as the plan says.
#include "core/data/Answers.h"
#include "core/data/Audit.h"
#include "tests/unit/data/LayoutTree.h"

namespace lorkd::data {
namespace {

using testing::ElementsAre;
using testing::Pair;
using Mask = std::vector<std::uint8_t>;

class Answers : public LayoutTree {
 protected:
  /// Voxels of the first `end` that the case's only class has by a rule.
  static Mask joined(Case c, const std::string& rule, std::size_t end) {
    c.answers = rule;
    const auto set = readSegments(c);
    if (!set || set->segments.size() != 1) return {};
    return {set->segments[0].mask.begin(), set->segments[0].mask.begin() + static_cast<std::ptrdiff_t>(end)};
  }
  static plan::Task tumour() {
    plan::Task task;
    task.classes.push_back({"tumour", {}});
    return task;
  }
};

TEST_F(Answers, OfReadersCountAsThePlanSays) {
  image("p1/t2.nii.gz");
  labels("p1/t2_tumour_reader1.nii.gz", {1, 1, 1, 0, 0});
  labels("p1/t2_tumour_reader2.nii.gz", {0, 1, 1, 1, 0});
  labels("p1/t2_tumour_reader3.nii.gz", {0, 0, 1, 1, 0});
  scan();
  ASSERT_EQ(m_cases.size(), 1u);
  const auto& c = m_cases[0];
  EXPECT_THAT(c.labels, ElementsAre("tumour"));
  EXPECT_THAT(c.contested, ElementsAre("tumour"));
  EXPECT_THAT(refused(), ElementsAre("second-answer", "second-answer"));
  EXPECT_EQ(joined(c, "first", 5), (Mask{1, 1, 1, 0, 0}));
  EXPECT_EQ(joined(c, "last", 5), (Mask{0, 0, 1, 1, 0}));
  EXPECT_EQ(joined(c, "union", 5), (Mask{1, 1, 1, 1, 0}));
  EXPECT_EQ(joined(c, "intersection", 5), (Mask{0, 0, 1, 0, 0}));
  EXPECT_EQ(joined(c, "majority", 5), (Mask{0, 1, 1, 1, 0}));
  EXPECT_EQ(joined(c, "staple", 5).size(), 5u);
  EXPECT_TRUE(joined(c, "by dice", 5).empty());
  // Until somebody has chosen, nothing is known of it.
  EXPECT_FALSE(annotates(c, tumour(), 0));
  auto chosen = c;
  chosen.answers = "majority";
  EXPECT_TRUE(annotates(chosen, tumour(), 0));
}

// The audit shows what a training would do: the plan's choice counts in both.
TEST_F(Answers, CountInTheAuditAsThePlanSays) {
  image("p1/t2.nii.gz");
  labels("p1/t2_tumour_reader1.nii.gz", {1, 1});
  labels("p1/t2_tumour_reader2.nii.gz", {0, 1});
  image("p2/t2.nii.gz");
  labels("p2/t2_tumour_reader1.nii.gz", {1});
  scan();
  auto index = Catalogue::open(m_elsewhere / "index.sqlite");
  ASSERT_TRUE(index);
  for (const std::string choice : {"ask", "union"}) {
    const auto plan = plan::fromJson({{"tasks", {{"t", {{"classes", {{"tumour", Json::object()}}}}}}},
                                      {"data", {{"sources", {{"s", {{"path", "x"}, {"answers", choice}}}}}}}});
    ASSERT_TRUE(plan) << plan.error().text();
    AuditRequest request;
    request.plan = &*plan;
    request.sources = {"s"};
    request.voxels = false;
    SilentProgress progress;
    const auto found = audit(*index, request, progress, CancelToken());
    ASSERT_TRUE(found) << found.error().text();
    ASSERT_EQ(found->tasks.size(), 1u);
    // With no choice only the second image says what the tumour is.
    EXPECT_EQ(found->tasks[0].classes[0].images, choice == "ask" ? 1 : 2);
  }
}

TEST_F(Answers, OfTwoMapsContestWhatBothMark) {
  image("a.nii.gz");
  labels("a_seg_reader1.nii.gz", {1, 2, 0});
  labels("a_seg_reader2.nii.gz", {1, 0, 3});
  scan();
  ASSERT_EQ(m_cases.size(), 1u);
  EXPECT_THAT(m_cases[0].labels, testing::UnorderedElementsAre("1", "2", "3"));
  EXPECT_THAT(m_cases[0].contested, ElementsAre("1"));
}

/// STAPLE by its equations (Warfield, Zou and Wells 2004, eq. 15, 18, 19), written anew.
Mask estimated(const std::vector<Mask>& answers) {
  const auto n = answers.front().size(), readers = answers.size();
  double prior = 0;
  for (const auto& a : answers)
    for (const auto v : a) prior += v;
  prior /= static_cast<double>(n * readers);
  std::vector<double> p(readers, 0.99999), q(readers, 0.99999), w(n);
  for (int round = 0; round < 500; ++round) {
    for (std::size_t v = 0; v < n; ++v) {
      double in = prior, out = 1 - prior;
      for (std::size_t r = 0; r < readers; ++r) {
        in *= answers[r][v] ? p[r] : 1 - p[r];
        out *= answers[r][v] ? 1 - q[r] : q[r];
      }
      w[v] = in / (in + out);
    }
    for (std::size_t r = 0; r < readers; ++r) {
      double hit = 0, all = 0, miss = 0, none = 0;
      for (std::size_t v = 0; v < n; ++v) {
        hit += answers[r][v] ? w[v] : 0, all += w[v];
        miss += answers[r][v] ? 0 : 1 - w[v], none += 1 - w[v];
      }
      p[r] = hit / all, q[r] = miss / none;
    }
  }
  Mask out;
  for (const double x : w) out.push_back(x > 0.5);
  return out;
}

TEST(JoinAnswers, StapleTrustsWhoAgreesWithTheOthers) {
  // Two careful readers and one who marks everything in the second half.
  const image::Geometry grid{{10, 4, 1}};
  Mask careful(40), other(40), wild(40);
  for (std::size_t v = 0; v < 40; ++v) {
    careful[v] = v >= 10 && v < 20;
    other[v] = v >= 11 && v < 20;
    wild[v] = v >= 19;
  }
  const auto joined = joinAnswers("staple", grid, {careful, other, wild});
  ASSERT_TRUE(joined) << joined.error().text();
  EXPECT_EQ(*joined, estimated({careful, other, wild}));
  EXPECT_NE(*joined, *joinAnswers("union", grid, {careful, other, wild}));
  const Mask none(40);
  EXPECT_EQ(*joinAnswers("staple", grid, {none, none}), none);
  EXPECT_FALSE(joinAnswers("staple", grid, {none, Mask(3)}));
  EXPECT_FALSE(joinAnswers("first", grid, {}));
}

}  // namespace
}  // namespace lorkd::data
