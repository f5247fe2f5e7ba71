// What labels of whole images say of a task's classes.
#include <gmock/gmock.h>

#include "core/base/Truth.h"
#include "core/data/ImageLabels.h"

namespace lorkd::data {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

plan::Task overlappingTask(const std::vector<std::pair<std::string, std::vector<std::string>>>& classes) {
  plan::Task task;
  task.kind = plan::TaskKind::Classification;
  task.outputs = plan::TaskOutputs::Overlapping;
  for (const auto& [name, labels] : classes) task.classes.emplace_back(name, plan::Class{labels, ""});
  return task;
}

// As CheXpert has them: 1, 0, -1 (uncertain) and blank.
const std::vector<std::string> kChexpert{"Edema=-1", "Edema=0", "Edema=1", "Mass=0", "Mass=1", "View=AP", "View=PA"};

TEST(ImageLabels, BlankIsNotKnownAndUncertainIsAsThePlanSays) {
  auto task = overlappingTask({{"oedema", {"Edema=1"}}, {"Mass", {}}});
  const auto of = [&](const std::vector<std::string>& labels) {
    return ClassLabels(task, kChexpert).overlapping(labels);
  };
  EXPECT_THAT(of({"Edema=1", "Mass=0", "View=AP"}), ElementsAre(1, 0));
  EXPECT_THAT(of({"Edema=0", "Mass=1"}), ElementsAre(0, 1)) << "a column of 0 and 1 is meant by its name";
  EXPECT_THAT(of({"View=PA"}), ElementsAre(notKnown, notKnown));
  EXPECT_THAT(of({"Edema=-1", "Mass=1"}), ElementsAre(notKnown, 1));
  task.uncertain = plan::TaskUncertain::Present;
  EXPECT_THAT(of({"Edema=-1", "Mass=1"}), ElementsAre(1, 1));
  task.uncertain = plan::TaskUncertain::Absent;
  EXPECT_THAT(of({"Edema=-1"}), ElementsAre(0, notKnown));
}

TEST(ImageLabels, AValueOfAnotherKindOfColumnIsNoSign) {
  // Grades are no 0 and 1: the name alone stands for none of them, and -1 is a grade like the others.
  const std::vector<std::string> grades{"grade=-1", "grade=0", "grade=1", "grade=2"};
  const ClassLabels named(overlappingTask({{"grade", {}}, {"low", {"grade=0", "grade=1"}}}), grades);
  EXPECT_FALSE(named.speaks(0));
  EXPECT_TRUE(named.speaks(1));
  EXPECT_THAT(named.overlapping({"grade=1"}), ElementsAre(notKnown, 1));
  EXPECT_THAT(named.overlapping({"grade=-1"}), ElementsAre(notKnown, 0));
}

TEST(ImageLabels, AClassOfSeveralColumnsIsAbsentWhereAllSayNo) {
  const ClassLabels classes(overlappingTask({{"any", {"Edema=1", "Mass=1"}}}), kChexpert);
  EXPECT_THAT(classes.overlapping({"Edema=0", "Mass=1"}), ElementsAre(1));
  EXPECT_THAT(classes.overlapping({"Edema=0", "Mass=0"}), ElementsAre(0));
  EXPECT_THAT(classes.overlapping({"Edema=0"}), ElementsAre(notKnown));
}

TEST(ImageLabels, ExclusiveClassesWantOne) {
  const ClassLabels classes(overlappingTask({{"AD", {}}, {"rest", {"MCI", "CN"}}}), {"AD", "CN", "MCI", "FTD"});
  EXPECT_EQ(classes.exclusive({"AD"}), 0);
  EXPECT_EQ(classes.exclusive({"CN"}), 1);
  EXPECT_EQ(classes.exclusive({"FTD"}), -1);
  EXPECT_EQ(classes.exclusive({"AD", "CN"}), -2);
  EXPECT_THAT(classes.overlapping({"FTD"}), ElementsAre(0, 0)) << "it is of another class";
  // What another source calls its images says nothing.
  EXPECT_THAT(ClassLabels(overlappingTask({{"AD", {}}}), {"tumour", "none"}).overlapping({"none"}),
              ElementsAre(notKnown));
  // A set that only numbers its classes follows the plan's order.
  const ClassLabels numbered(overlappingTask({{"cat", {}}, {"dog", {}}}), {"0", "1"});
  EXPECT_EQ(numbered.exclusive({"1"}), 1);
}

TEST(ImageLabels, SeveralAtOnceMakeClassesOverlap) {
  const std::vector<std::string> names{"a=0", "a=1", "b=0", "b=1", "c=1"};
  const auto together = labelsTogether(names, {{1, 3}, {0, 3}, {1, 2, 4}});
  EXPECT_THAT(together, UnorderedElementsAre(Pair(1, 3), Pair(1, 4))) << "that something is absent is no label";
  Case set;
  set.kind = "picture";
  set.labels = names;
  set.counts.together = together;
  EXPECT_TRUE(overlapsByData(overlappingTask({{"a", {}}, {"b", {}}}), {&set}));
  EXPECT_FALSE(overlapsByData(overlappingTask({{"b", {}}, {"c", {}}}), {&set}));
  EXPECT_THAT(labelsTogether(std::vector<std::string>(300, "x"), {{1, 3}}), IsEmpty());
  auto task = overlappingTask({{"AD", {}}, {"stroke", {}}});
  task.kind = plan::TaskKind::Classification3d;
  Case one, two;
  one.imageLabels = {"AD"}, two.imageLabels = {"stroke"};
  EXPECT_FALSE(overlapsByData(task, {&one, &two}));
  two.imageLabels = {"AD", "stroke"};
  EXPECT_TRUE(overlapsByData(task, {&one, &two}));
}

}  // namespace
}  // namespace lorkd::data
