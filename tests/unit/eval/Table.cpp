#include "core/eval/Table.h"

#include <gmock/gmock.h>

#include <cmath>

#include "core/eval/TableView.h"

using namespace lorkd;
using eval::Table;

namespace {

Table example() {
  Table t;
  t.add({"mean", "expert", "dice", 0.8, 9});
  t.add({"liver, left \"lobe\"", "expert", "dice", 0.875, 4});
  t.add({"肝", "mtl", "dice", 0.1 + 0.2, 5});
  t.add({"肝", "mtl", "auc", std::nan(""), 5});
  t.add({"肝", "mtl", "parameters", 57235872, 0});
  return t;
}

}  // namespace

TEST(Table, ValueOrNotANumber) {
  const auto t = example();
  EXPECT_EQ(t.value("mean", "expert", "dice"), 0.8);
  EXPECT_TRUE(std::isnan(t.value("mean", "mtl", "dice")));
  auto twice = t;
  twice.append(twice);
  EXPECT_EQ(twice.rows().size(), 2 * t.rows().size());
}

TEST(Table, TextHasTasksDownMethodsAcrossAndMeanLast) {
  EXPECT_EQ(example().text("dice"),
            "task                expert     mtl\n"
            "liver, left \"lobe\"  0.8750       –\n"
            "肝                        –  0.3000\n"
            "mean                0.8000       –\n");
  EXPECT_EQ(example().text("accuracy"), "");
  EXPECT_THAT(example().text("parameters"), testing::HasSubstr("57\u202f235\u202f872"));
}

TEST(Table, CsvQuotesAndKeepsEveryDigit) {
  EXPECT_EQ(example().csv(),
            "task,method,metric,value,cases\r\n"
            "mean,expert,dice,0.8,9\r\n"
            "\"liver, left \"\"lobe\"\"\",expert,dice,0.875,4\r\n"
            "肝,mtl,dice,0.30000000000000004,5\r\n"
            "肝,mtl,auc,,5\r\n"
            "肝,mtl,parameters,57235872,0\r\n");
}

TEST(Table, JsonRoundTripAndRubbish) {
  const auto json = example().json();
  const auto back = Table::fromJson(Json::parse(json.dump()));
  ASSERT_TRUE(back);
  EXPECT_EQ(back->csv(), example().csv());
  for (const char* rubbish :
       {"{}", "3", R"([{"task":"a"}])", R"([{"task":1,"method":"m","metric":"x","value":1}])", "[7]"}) {
    const auto bad = Table::fromJson(Json::parse(rubbish));
    ASSERT_FALSE(bad) << rubbish;
    EXPECT_EQ(bad.error().code, ErrorCode::Format);
  }
}

TEST(Table, ScoresOfSurfacesHaveUnitsAndWorseIsLess) {
  EXPECT_EQ(eval::formatValue("hd95_mm/liver", 3.456), "3.46\u202fmm");
  EXPECT_EQ(eval::formatValue("volume_difference_ml", 1.2), "+1.20\u202fml");
  EXPECT_EQ(eval::formatValue("volume_difference_ml", -1.2), "-1.20\u202fml");
  EXPECT_EQ(eval::formatValue("missed", 3), "3");
  EXPECT_EQ(eval::formatValue("nsd", 0.5), "0.5000");
  EXPECT_EQ(eval::metricTitle("nsd/liver"), "NSD: liver");
  EXPECT_EQ(eval::metricTitle("dice/liver"), "dice/liver");
  EXPECT_GT(eval::merit("hd95_mm", 1), eval::merit("hd95_mm", 2));
  EXPECT_GT(eval::merit("volume_difference_ml", -1), eval::merit("volume_difference_ml", 2));
  EXPECT_GT(eval::merit("nsd", 0.9), eval::merit("nsd", 0.8));
}

TEST(TableView, ScoresOfSurfacesStandBesideDiceWhereTheyFit) {
  Table one, many;
  for (const char* metric : {"dice", "specificity", "nsd", "dice/liver", "hd95_mm", "parameters"}) {
    one.add({"abdomen", "expert", metric, 1, 4});
    for (const char* method : {"expert", "mtl", "stl", "teacher"}) many.add({"abdomen", method, metric, 1, 4});
  }
  using Groups = std::vector<std::vector<std::string>>;
  EXPECT_EQ(eval::metricGroups(one), (Groups{{"dice", "nsd", "hd95_mm"}, {"specificity"}, {"parameters"}}));
  EXPECT_EQ(eval::metricGroups(many), (Groups{{"dice"}, {"nsd"}, {"hd95_mm"}, {"specificity"}, {"parameters"}}));
  EXPECT_EQ(eval::linesOf(one, {"dice", "nsd"}, true), (std::vector<eval::ResultLine>{{"abdomen", "liver"}}));
  EXPECT_EQ(eval::linesOf(one, {"dice", "nsd"}, false), (std::vector<eval::ResultLine>{{"abdomen", ""}}));
}

TEST(Table, FormatsCounts) {
  EXPECT_EQ(eval::formatCount(999), "999");
  EXPECT_EQ(eval::formatCount(1000), "1\u202f000");
  EXPECT_EQ(eval::formatCount(-1234567), "-1\u202f234\u202f567");
}
