#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <fstream>

#include "core/run/Plan.h"
#include "tests/support/TemporaryFolder.h"

namespace lorkd::plan {
using testing::HasSubstr;

/// A good plan of two tasks, changed by what a test needs.
Json goodPlan() {
  return Json::parse(R"({
    "data": {"sources": {"ct": {"path": "data/ct"}}},
    "tasks": {
      "liver": {"rank": 8, "sources": ["ct"], "classes": {"liver": {}, "spleen": {"labels": ["Milz"]}}},
      "Brain 2": {"classes": {"brain": {"color": "#0072B2"}}}
    }})");
}

TEST(PlanFromJson, DefaultsFillWhatIsAbsent) {
  const auto plan = fromJson(goodPlan());
  ASSERT_TRUE(plan) << plan.error().text();
  // Figures from the schema's text, not from the generated structs.
  EXPECT_EQ(plan->training.batch, 6);
  EXPECT_EQ(plan->losses.transfer, 0.1);
  EXPECT_EQ(plan->training.optimiser, TrainingOptimiser::Adamw);
  EXPECT_EQ(plan->data.clip, (std::array<double, 2>{-500, 1000}));
  EXPECT_EQ(plan->tasks.find("liver")->rank, 8);
  EXPECT_EQ(plan->tasks.find("Brain 2")->rank, 4);
  EXPECT_TRUE(plan->conflict.enabled);
}

TEST(PlanFromJson, CompleteJsonComesBackEqual) {
  auto json = goodPlan();
  json["lowrank"]["scaling"] = "fixed";
  json["training"]["learning_rate"] = 3e-4;
  json["data"]["patch"] = {16, 24, 32};
  const auto plan = fromJson(json).value();
  const auto complete = toJson(plan);
  EXPECT_EQ(fromJson(complete).value(), plan);
  EXPECT_EQ(complete.at("lowrank").at("alpha"), 16);
  EXPECT_EQ(complete.at("data").at("split").at("slab"), "none");
  EXPECT_EQ(toJson(fromJson(complete).value()).dump(), complete.dump());
}

TEST(PlanFromJson, TheOrderOfTasksAndClassesIsTheResearchers) {
  auto json = Json::parse(R"({"tasks": {"z": {"classes": {"q": {}, "b": {}, "m": {}}}, "a": {"classes": {"x": {}}}}})");
  const auto plan = fromJson(toJson(fromJson(json).value())).value();
  EXPECT_EQ(plan.tasks[0].first, "z");
  EXPECT_EQ(plan.tasks[1].first, "a");
  const auto& classes = plan.tasks[0].second.classes;
  EXPECT_EQ(classes[0].first + classes[1].first + classes[2].first, "qbm");
  EXPECT_EQ(plan.tasks.indexOf("a"), 1);
  EXPECT_EQ(plan.tasks.indexOf("none"), -1);
  EXPECT_EQ(plan.tasks.find("none"), nullptr);
}

TEST(PlanDigest, IsStableAndFollowsEveryChange) {
  const auto plan = fromJson(goodPlan()).value();
  // Writing a default out is no other plan; any other value is.
  auto same = goodPlan();
  same["training"]["batch"] = 6;
  same["tasks"]["Brain 2"]["rank"] = 4.0;
  EXPECT_EQ(digest(fromJson(same).value()), digest(plan));
  EXPECT_EQ(digest(plan).size(), 64u);
  auto other = goodPlan();
  other["tasks"]["Brain 2"]["rank"] = 5;
  EXPECT_NE(digest(fromJson(other).value()), digest(plan));
  auto swapped = goodPlan();
  const auto liver = swapped["tasks"]["liver"];
  swapped["tasks"].erase("liver");
  swapped["tasks"]["liver"] = liver;  // now last: task numbers differ, so it is another run
  EXPECT_NE(digest(fromJson(swapped).value()), digest(plan));
}

TEST(PlanLoad, AnchorsPathsAtThePlansFolder) {
  test::TemporaryFolder folder;
  auto json = goodPlan();
  json["data"]["sources"]["abs"] = {{"path", "/somewhere/else"}};
  json["teacher"] = {{"source", "checkpoint"}, {"checkpoint", "../teacher"}};
  std::filesystem::create_directories(folder / "plans");
  std::ofstream(folder / "plans/p.json") << json.dump();
  const auto plan = load(folder / "plans/p.json");
  ASSERT_TRUE(plan) << plan.error().text();
  EXPECT_EQ(plan->data.sources.find("ct")->path, (folder / "plans/data/ct").string());
  EXPECT_EQ(plan->data.sources.find("abs")->path, "/somewhere/else");
  EXPECT_EQ(plan->teacher.checkpoint, (folder / "teacher").string());
}

TEST(PlanLoad, TakesTheTasksOfAnotherFile) {
  test::TemporaryFolder folder;
  std::ofstream(folder / "p.json") << goodPlan().dump();
  std::ofstream(folder / "tasks.json") << R"({"tasks": {"spleen": {"classes": {"spleen": {}}}}})";
  const auto plan = load(folder / "p.json", {"tasks.spleen.rank=2"}, folder / "tasks.json");
  ASSERT_TRUE(plan) << plan.error().text();
  ASSERT_EQ(plan->tasks.size(), 1u);
  EXPECT_EQ(plan->tasks.front().second.rank, 2);
  EXPECT_NE(plan->data.sources.find("ct"), nullptr);
  std::ofstream(folder / "none.json") << "{}";
  EXPECT_THAT(load(folder / "p.json", {}, folder / "none.json").error().text(), HasSubstr("none.json"));
  EXPECT_EQ(load(folder / "p.json", {}, folder / "nowhere.json").error().code, ErrorCode::NotFound);
}

TEST(PlanLoad, NamesTheFileThatIsNoPlan) {
  test::TemporaryFolder folder;
  EXPECT_EQ(load(folder / "none.json").error().code, ErrorCode::NotFound);
  std::ofstream(folder / "cut.json") << goodPlan().dump().substr(0, 40);
  const auto cut = load(folder / "cut.json");
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, ErrorCode::Format);
  std::ofstream(folder / "rank.json") << R"({"tasks": {"liver": {"rank": 0, "classes": {"liver": {}}}}, "sed": 1})";
  const auto rank = load(folder / "rank.json");
  ASSERT_FALSE(rank);
  EXPECT_EQ(rank.error().code, ErrorCode::InvalidArgument);
  EXPECT_THAT(rank.error().text(), HasSubstr("rank.json"));
  EXPECT_THAT(rank.error().text(), HasSubstr("tasks.liver.rank: 0 is not allowed; allowed: 1 to 256"));
  EXPECT_THAT(rank.error().text(), HasSubstr("did you mean 'seed'?"));
}

TEST(FieldSchema, FollowsReferencesAndNamedLists) {
  EXPECT_EQ(fieldSchema("training.learning_rate")->at("maximum"), 100);
  EXPECT_EQ(fieldSchema("tasks.any name.rank")->at("maximum"), 256);
  EXPECT_EQ(fieldSchema("teacher.backbone.preset")->at("default"), "small");
  EXPECT_EQ(fieldSchema("teacher.backbone")->at("title"), "Teacher network");  // of the reference
  EXPECT_EQ(fieldSchema("backbone")->at("title"), "Student network");
  const auto wrong = fieldSchema("training.learning_rat");
  ASSERT_FALSE(wrong);
  EXPECT_EQ(wrong.error().code, ErrorCode::NotFound);
  EXPECT_THAT(wrong.error().text(), HasSubstr("learning_rate"));
  EXPECT_FALSE(fieldSchema("seed.deeper"));
  EXPECT_FALSE(fieldSchema(""));
}

TEST(PlanSet, ChangesTheFieldNamed) {
  auto plan = goodPlan();
  for (const char* assignment :
       {"tasks.liver.rank=16", "tasks.Brain 2.color=#D55E00", "training.learning_rate=1e-4", "data.patch=[16,16,8]",
        "data.mirror=true", "name=12", "name=a=b", "lowrank.scaling=fixed", "data.sources.ct.path=/x y/z",
        "tasks.liver.classes.spleen.labels=[\"a\",\"b\"]", "tasks.liver.layers.\"backbone.encoder.0.conv1\".rank=7",
        "tasks.liver.layers.\"backbone.encoder.0.conv1\".rank=3",
        "tasks.Brain 2.layers={\"backbone.stem\":{\"rank\":5}}"}) {
    const auto outcome = set(plan, assignment);
    EXPECT_TRUE(outcome) << assignment << ": " << outcome.error().text();
  }
  const auto read = fromJson(plan);
  ASSERT_TRUE(read) << read.error().text();
  EXPECT_EQ(read->tasks.find("liver")->rank, 16);
  EXPECT_EQ(read->tasks.find("liver")->layers.find("backbone.encoder.0.conv1")->rank, 3);
  EXPECT_EQ(read->tasks.find("Brain 2")->layers.find("backbone.stem")->rank, 5);
  EXPECT_EQ(read->tasks.find("Brain 2")->color, "#D55E00");
  EXPECT_EQ(read->training.learningRate, 1e-4);
  EXPECT_EQ(read->data.patch, (std::array<std::int64_t, 3>{16, 16, 8}));
  EXPECT_TRUE(read->data.mirror);
  EXPECT_EQ(read->name, "a=b");
  EXPECT_EQ(read->lowrank.scaling, LowRankScaling::Fixed);
  EXPECT_EQ(read->data.sources.find("ct")->path, "/x y/z");
  EXPECT_EQ(read->tasks.find("liver")->classes.find("spleen")->labels, (std::vector<std::string>{"a", "b"}));
}

TEST(PlanSet, NumbersOfATextFieldStayText) {
  auto plan = goodPlan();
  ASSERT_TRUE(set(plan, "name=12"));
  EXPECT_EQ(plan["name"], "12");
  ASSERT_TRUE(set(plan, "name=\"quoted\""));
  EXPECT_EQ(plan["name"], "quoted");
}

TEST(PlanSet, SaysWhatIsWrongAndChangesNothing) {
  const std::pair<const char*, const char*> bad[] = {{"tasks.livr.rank=8", "liver, Brain 2"},
                                                     {"data.sources.mr.path=x", "there are: ct"},
                                                     {"training.stpes=8", "did you mean 'steps'?"},
                                                     {"tasks.liver.rank", "FIELD=VALUE"},
                                                     {"=8", "FIELD=VALUE"},
                                                     {"tasks.liver.rank=eight", "a whole number from 1 to 256"},
                                                     {"tasks.liver.rank=", "a whole number from 1 to 256"},
                                                     {"tasks.liver.rank=2.5", "a whole number from 1 to 256"},
                                                     {"data.mirror=yes", "true or false"},
                                                     {"training=7", "an object"},
                                                     {"seed.x=7", "seed"},
                                                     {"tasks.liver.layers.backbone.stem.rank=7", "in quotes"},
                                                     {"tasks.liver.layers.\"backbone.stem\".rnk=7", "did you mean"}};
  for (const auto& [assignment, words] : bad) {
    auto plan = goodPlan();
    const auto outcome = set(plan, assignment);
    ASSERT_FALSE(outcome) << assignment;
    EXPECT_EQ(outcome.error().code, ErrorCode::InvalidArgument);
    EXPECT_THAT(outcome.error().text(), HasSubstr(words)) << assignment;
    EXPECT_EQ(plan, goodPlan()) << assignment;
  }
  auto plan = goodPlan();  // out of range is found by validation
  ASSERT_TRUE(set(plan, "tasks.liver.rank=257"));
  EXPECT_THAT(fromJson(plan).error().text(), HasSubstr("tasks.liver.rank: 257 is not allowed; allowed: 1 to 256"));
}

TEST(PlanColours, OwnElsePaletteInTurn) {
  const auto plan = fromJson(goodPlan()).value();
  EXPECT_EQ(taskColor(plan, 0), "#E69F00");
  EXPECT_EQ(taskColor(plan, 1), "#56B4E9");
  EXPECT_EQ(classColor(plan, 0, 0), "#E69F00");
  EXPECT_EQ(classColor(plan, 0, 1), "#56B4E9");
  EXPECT_EQ(classColor(plan, 1, 0), "#0072B2");
}

TEST(LowRankScale, FollowsTheRule) {
  LowRank options;
  EXPECT_DOUBLE_EQ(lowRankScale(options, 4, 4), 4);  // the published 2D code: alpha 16, rank 4
  EXPECT_DOUBLE_EQ(lowRankScale(options, 12, 24), 16.0 / 24);
  options.scaling = LowRankScaling::AlphaOverRank;  // plans of before the rule of layers say so in words
  EXPECT_DOUBLE_EQ(lowRankScale(options, 12, 24), 16.0 / 12);
  options.scaling = LowRankScaling::Fixed;
  EXPECT_DOUBLE_EQ(lowRankScale(options, 12, 24), 2);
}

}  // namespace lorkd::plan
