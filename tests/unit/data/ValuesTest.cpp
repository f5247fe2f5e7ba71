// What the values of label maps mean: by lists of names, and in their own source only.
#include "core/data/Annotations.h"
#include "core/data/CaseList.h"
#include "tests/unit/data/LayoutTree.h"

namespace lorkd::data {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::UnorderedElementsAre;

class Values : public LayoutTree {
 protected:
  /// A plan of sources "a" and, if `two`, "b", whose only class is made of these labels.
  static plan::Plan of(const std::vector<std::string>& labels, bool two = true) {
    Json sources{{"a", {{"path", "a"}, {"annotates", {"2"}}}}};
    if (two) sources["b"] = {{"path", "b"}};
    return plan::fromJson({{"tasks", {{"t", {{"classes", {{"organ", {{"labels", labels}}}}}}}}},
                           {"data", {{"sources", sources}, {"split", {{"validation", 0}, {"test", 0}}}}}})
        .value();
  }
  /// The scanned cases, those below folder b as source "b", as the plan has them.
  std::vector<Case> taken(const plan::Plan& plan) const {
    auto cases = m_cases;
    for (auto& c : cases) {
      c.source = c.imageFiles.front().lexically_relative(m_data.path()).begin()->string();
      takeSource(c, plan);
    }
    return cases;
  }
};

TEST_F(Values, OfSeveralSourcesStayApart) {
  image("a/p1.nii.gz");
  labels("a/p1_seg.nii.gz", {1, 0, 3});
  image("b/p2.nii.gz");
  labels("b/p2_seg.nii.gz", {0, 1});
  scan();
  const auto plan = of({"a:1", "b:1"});
  const auto cases = taken(plan);
  ASSERT_EQ(cases.size(), 2u);
  EXPECT_THAT(cases[0].labels, UnorderedElementsAre("a:1", "a:3", "a:2"));  // 2: the plan says it was looked for
  EXPECT_THAT(cases[1].labels, ElementsAre("b:1"));

  // Joined by whoever knows that they are the same.
  const auto joined = assign(plan, cases);
  ASSERT_TRUE(joined) << joined.error().text();
  EXPECT_EQ(joined->cases.size(), 2u);
  const auto set = readSegments(cases[0], {"a:1"});
  ASSERT_TRUE(set) << set.error().text();
  ASSERT_EQ(set->segments.size(), 1u);
  EXPECT_EQ(std::ranges::count(set->segments[0].mask, 1), 1);
  EXPECT_EQ(set->segments[0].mask[0], 1);

  // One of them alone; and "1" of nobody is refused, for it would be either.
  const auto one = assign(of({"b:1"}), cases);
  ASSERT_TRUE(one) << one.error().text();
  EXPECT_EQ(one->cases.size(), 1u);
  for (const std::vector<std::string>& bare : {std::vector<std::string>{"1"}, {"b:1", "1"}}) {
    const auto refused = assign(of(bare), cases);
    ASSERT_FALSE(refused);
    EXPECT_THAT(refused.error().text(), HasSubstr("a:1"));
  }
}

TEST_F(Values, OfTheOnlySourceAreCalledAsTheyAre) {
  image("a/p1.nii.gz");
  labels("a/p1_seg.nii.gz", {1, 0, 3});
  scan();
  const auto plan = of({"1"}, false);
  const auto cases = taken(plan);
  EXPECT_THAT(cases.at(0).labels, UnorderedElementsAre("1", "2", "3"));
  EXPECT_TRUE(assign(plan, cases));
}

TEST_F(Values, HaveTheNamesOfAListAbove) {
  image("set/images/p1.nii.gz");
  labels("set/labels/p1.nii.gz", {1, 2, 5});
  text("set/labels.txt", "# ITK-SnAP Label Description File\n1 255 0 0 1 1 1 \"liver\"\n2 0 255 0 1 1 1 \"spleen\"\n");
  image("other/p2.nii.gz");
  labels("other/p2_seg_spleen.nii.gz", {1});
  text("other/colours.ctbl", "1 liver 221 130 101 255\n");
  scan();
  EXPECT_EQ(spoken()["set/images/p1.nii.gz"], (std::set<std::string>{"liver", "spleen", "5"}));
  // The mask of one structure is what its file is called: the list names the values of maps.
  EXPECT_EQ(spoken()["other/p2.nii.gz"], (std::set<std::string>{"spleen"}));
}

TEST_F(Values, OfTwoListsThatDifferAreRefused) {
  image("images/p1.nii.gz");
  labels("labels/p1.nii.gz", {1, 2});
  text("a.ctbl", "1 liver 221 130 101 255\n");
  text("b.ctbl", "1 spleen 221 130 101 255\n");
  scan();
  EXPECT_THAT(refused(), UnorderedElementsAre("label-values", "unknown-kind"));
  EXPECT_TRUE(m_cases.at(0).labels.empty());
  text("b.ctbl", "1 liver 0 0 0 255\n");
  scan();
  EXPECT_EQ(spoken()["images/p1.nii.gz"], (std::set<std::string>{"liver", "2"}));
  EXPECT_TRUE(refused().empty());
}

}  // namespace
}  // namespace lorkd::data
