#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <limits>

#include "core/run/Plan.h"

namespace lorkd::plan {

/// A good plan with `patch` merged into it (RFC 7396).
Json planWith(const std::string& patch) {
  auto plan = Json::parse(R"({
    "data": {"sources": {"ct": {"path": "/ct"}}},
    "tasks": {"liver": {"classes": {"liver": {}, "spleen": {}}}}})");
  plan.merge_patch(Json::parse(patch));
  return plan;
}

struct Case {
  std::string patch, field, value, allowed, hint;
};

TEST(PlanFaults, EachIsNamedWithValueRangeAndHint) {
  const Case cases[] = {
      {R"({"tasks":{"liver":{"rank":0}}})", "tasks.liver.rank", "0", "1 to 256", "Rank r"},
      {R"({"tasks":{"liver":{"rank":257}}})", "tasks.liver.rank", "257", "1 to 256", ""},
      {R"({"tasks":{"liver":{"rank":1e300}}})", "tasks.liver.rank", "1e+300", "1 to 256", ""},
      {R"({"tasks":{"liver":{"rank":18446744073709551615}}})", "tasks.liver.rank", "18446744073709551615", "1 to 256",
       ""},
      {R"({"tasks":{"liver":{"rank":2.5}}})", "tasks.liver.rank", "2.5", "a whole number from 1 to 256", ""},
      {R"({"tasks":{"liver":{"rank":"8"}}})", "tasks.liver.rank", "\"8\"", "a whole number from 1 to 256", ""},
      {R"({"tasks":{"liver":{"rank":true}}})", "tasks.liver.rank", "true", "a whole number from 1 to 256", ""},
      {R"({"tasks":{"liver":{"ranks":8}}})", "tasks.liver.ranks", "8", "no field of this name", "did you mean 'rank'?"},
      {R"({"zzzzzzzz":8})", "zzzzzzzz", "8", "no field of this name", "known are: version, name"},
      {R"({"device":"gpu"})", "device", "\"gpu\"", "one of: auto, cpu, cuda", ""},
      {R"({"device":"cud"})", "device", "\"cud\"", "one of: auto, cpu, cuda", "did you mean 'cuda'?"},
      {R"({"seed":-1})", "seed", "-1", "0 to 9007199254740991", ""},
      {R"({"version":2})", "version", "2", "1 to 1", ""},
      {R"({"data":{"spacing":[1,1]}})", "data.spacing", "[1,1]", "a list of 3 numbers, each 0.05 to 50 mm", ""},
      {R"({"data":{"spacing":[1,1,0]}})", "data.spacing.2", "0", "0.05 to 50", ""},
      {R"({"data":{"patch":[32,32,"32"]}})", "data.patch.2", "\"32\"", "a whole number from 8 to 1024", ""},
      {R"({"data":{"mirror":1}})", "data.mirror", "1", "true or false", ""},
      {R"({"data":{"clip":[100,100]}})", "data.clip", "[100.0,100.0]", "the lower clip below the upper", ""},
      {R"({"data":[]})", "data", "[]", "an object {...}", ""},
      {R"({"data":{"sources":{"ct":{"layout":{"images":["a","{b"]}}}}})", "data.sources.ct.layout.images.1", "\"{b\"",
       "a pattern of paths", "character 1: '{' is not closed"},
      {R"({"data":{"sources":{"ct":{"layout":{"labels":["../x"]}}}}})", "data.sources.ct.layout.labels.0", "\"../x\"",
       "a pattern of paths", "below the source's folder"},
      {R"({"data":{"sources":{"ct":{"layout":{"patients":{"pattern":"(a"}}}}}})",
       "data.sources.ct.layout.patients.pattern", "\"(a\"", "a regular expression", "'(' is not closed"},
      {R"({"data":{"sources":{"ct":{"layout":{"images":["{a}"],"table":"t.csv"}}}}})", "data.sources.ct.layout.table",
       "\"t.csv\"", "patterns or a table", ""},
      {R"({"data":{"sources":{"ct":{"layout":{"images":["{a}"],"reader":"luna16"}}}}})",
       "data.sources.ct.layout.reader", "\"luna16\"", "auto, where patterns or a table are given", ""},
      {R"({"data":{"sources":{"mr":{}}}})", "data.sources.mr.path", "missing", "text", "folder"},
      {R"({"tasks":{"liver":null}})", "tasks", "{}", "at least 1 entry", ""},
      {R"({"tasks":null})", "tasks", "missing", "an object {...}", ""},
      {R"({"tasks":{"liver":{"classes":null}}})", "tasks.liver.classes", "missing", "an object {...}", ""},
      {R"({"tasks":{"liver":{"color":"red"}}})", "tasks.liver.color", "\"red\"", "#rrggbb, or empty", ""},
      {R"({"tasks":{"../up":{"classes":{"a":{}}}}})", "tasks.../up", "\"../up\"",
       "a name of letters, digits, '-', '_' and ' '", "folder"},
      {R"({"tasks":{"":{"classes":{"a":{}}}}})", "tasks.", "\"\"", "a name of letters, digits, '-', '_' and ' '", ""},
      {R"({"tasks":{"liver":{"classes":{"a.b":{}}}}})", "tasks.liver.classes.a.b", "\"a.b\"",
       "a name of letters, digits, '-', '_' and ' '", ""},
      {R"({"data":{"sources":{"a\\b":{"path":"x"}}}})", "data.sources.a\\b", "\"a\\\\b\"",
       "a name of letters, digits, '-', '_' and ' '", ""},
      {R"({"tasks":{"liver":{"sources":["ctt"]}}})", "tasks.liver.sources", "\"ctt\"", "names of data.sources",
       "did you mean 'ct'?"},
      {R"({"data":{"split":{"validation":0.6,"test":0.4}}})", "data.split", "0.6 + 0.4", "validation + test below 1",
       ""},
      {R"({"data":{"split":{"test":0.9}}})", "data.split", "0.15 + 0.9", "validation + test below 1", ""},
      {R"({"teacher":{"source":"checkpoint"}})", "teacher.checkpoint", "\"\"",
       "the run directory of an earlier teacher", "set teacher.source"},
      {R"({"tasks":{"sex":{"kind":"classification","classes":{"m":{},"f":{}}}}})", "tasks.sex.kind",
       "\"classification\"", "segmentation", "mixed"},
      {R"({"training":{"best":"auc"}})", "training.best", "\"auc\"", "auto, dice or nsd", "no such score"},
      {R"({"tasks":{"liver":{"kind":"classification"}},"training":{"best":"nsd"}})", "training.best", "\"nsd\"",
       "auto, accuracy, balanced_accuracy, auc or f1", "no such score"},
      {R"({"tasks":{"liver":{"kind":"classification","classes":{"spleen":null}}}})", "tasks.liver.classes",
       R"(["liver"])", "at least 2 classes", ""},
  };
  for (const auto& c : cases) {
    const auto faults = validate(planWith(c.patch));
    ASSERT_EQ(faults.size(), 1u) << c.patch << (faults.empty() ? "" : "\n" + faults.back().text());
    EXPECT_EQ(faults[0].field, c.field) << c.patch;
    EXPECT_EQ(faults[0].value, c.value) << c.patch;
    EXPECT_EQ(faults[0].allowed, c.allowed) << c.patch;
    EXPECT_THAT(faults[0].hint, testing::HasSubstr(c.hint)) << c.patch;
    EXPECT_FALSE(fromJson(planWith(c.patch)));
  }
}

TEST(PlanFaults, APlanInTheMakingHasInputsBeforeItHasTasks) {
  for (const char* begun : {R"({"data":{"inputs":{"T1":{},"FLAIR":{}}}})",
                            R"({"data":{"inputs":{"T1":{}},"channels":"rgb"},"tasks":{}})"}) {
    const auto faults = validate(Json::parse(begun));
    ASSERT_EQ(faults.size(), 1u) << begun;
    EXPECT_EQ(faults.front().field, "tasks") << faults.front().text();
  }
}

TEST(PlanFaults, NoneInAGoodPlan) {
  for (const char* patch :
       {"{}", R"({"data":{"split":{"validation":0.6,"test":0.39}}})", R"({"tasks":{"liver":{"rank":256}}})",
        R"({"tasks":{"肝脏":{"rank":1.0,"classes":{"左 肾":{}}}}})",
        R"({"teacher":{"source":"checkpoint","checkpoint":"t"}})", R"({"data":{"sources":null}})",
        R"({"tasks":{"liver":{"color":"#aabbCC","sources":["ct"]}}})"})
    EXPECT_TRUE(validate(planWith(patch)).empty()) << patch << validate(planWith(patch))[0].text();
}

TEST(PlanFaults, AllAreReportedAtOnceStructureAndRules) {
  const auto faults = validate(planWith(
      R"({"seed":"x","tasks":{"liver":{"rank":0,"sources":["none"]}},"data":{"split":{"test":0.9,"slab":"up"}}})"));
  std::vector<std::string> fields;
  for (const auto& fault : faults) fields.push_back(fault.field);
  EXPECT_THAT(fields, testing::UnorderedElementsAre("seed", "tasks.liver.rank", "data.split.slab",
                                                    "tasks.liver.sources", "data.split"));
}

TEST(PlanFaults, WhatIsNoObjectIsOneFault) {
  for (const char* text : {"[]", "7", "null", "\"plan\""}) {
    const auto faults = validate(Json::parse(text));
    ASSERT_EQ(faults.size(), 1u) << text;
    EXPECT_EQ(faults[0].field, "plan");
  }
}

TEST(PlanFaults, NotANumberFromAProgramIsRefused) {
  auto plan = planWith("{}");
  plan["losses"]["dice"] = std::numeric_limits<double>::quiet_NaN();
  EXPECT_EQ(validate(plan).size(), 1u);
  plan["losses"]["dice"] = std::numeric_limits<double>::infinity();
  EXPECT_EQ(validate(plan).size(), 1u);
}

/// Every number of the schema: its limits are accepted and what lies beyond them is refused under its own name.
void tryLimits(const Json& definition, const std::string& path, int& tried) {
  for (const auto& [key, unused] : definition.at("properties").items()) {
    const auto here = path.empty() ? key : path + "." + key;
    const auto field = fieldSchema(here).value();
    if (field.contains("properties")) {
      tryLimits(field, here, tried);
    } else if (field.contains("minimum") && field.contains("maximum")) {
      const auto faultsAt = [&](double value) {
        Json patch;
        patch[Json::json_pointer("/" + [&] {
          auto p = here;
          std::ranges::replace(p, '.', '/');
          return p;
        }())] = value;
        return validate(planWith(patch.dump()));
      };
      const double low = field["minimum"], high = field["maximum"];
      const double beyond = field["type"] == "integer" ? 1 : 1e-3 * std::max(1.0, std::abs(high));
      for (double bad : {low - beyond, high + (high > 1e15 ? 1e3 : beyond)}) {
        const auto faults = faultsAt(bad);
        ASSERT_FALSE(faults.empty()) << here << " = " << bad;
        EXPECT_EQ(faults[0].field, here);
      }
      for (double good : {low, high})
        for (const auto& fault : faultsAt(good)) EXPECT_NE(fault.field, here) << fault.text();
      ++tried;
    }
  }
}

TEST(PlanFaults, EveryRangeOfTheSchemaIsEnforced) {
  int tried = 0;
  tryLimits(schema().at("$defs").at("Plan"), "", tried);
  EXPECT_GE(tried, 30);
}

}  // namespace lorkd::plan
