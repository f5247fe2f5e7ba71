#include <gtest/gtest.h>

#include <chrono>
#include <limits>

#include "core/base/File.h"
#include "core/base/Json.h"
#include "tests/support/TemporaryFolder.h"

namespace lorkd {

TEST(ParseJson, KeepsTheOrderOfKeys) {
  const auto json = parseJson(R"({"z": 1, "a": {"y": [1, 2.5, null, true], "b": "\u00e4"}})", "x");
  ASSERT_TRUE(json);
  EXPECT_EQ(json->dump(), R"({"z":1,"a":{"y":[1,2.5,null,true],"b":"ä"}})");
}

TEST(ParseJson, NamesFileAndPlaceOfAFault) {
  for (const char* text : {"", "{", "[1,]", "{\"a\" 1}", "nul", "\"\xff\"", "1e999", "[1] 2", "{'a':1}"}) {
    const auto json = parseJson(text, "plan.json");
    ASSERT_FALSE(json) << text;
    EXPECT_EQ(json.error().code, ErrorCode::Format);
    EXPECT_NE(json.error().text().find("plan.json"), std::string::npos);
  }
  EXPECT_NE(parseJson("{\n\n \"a\": ?}", "p").error().text().find("line 3"), std::string::npos);
}

TEST(ParseJson, RefusesAKeyTwiceButNotInSeparateObjects) {
  const auto json = parseJson(R"({"a": {"rank": 1, "rank": 2}})", "p");
  ASSERT_FALSE(json);
  EXPECT_NE(json.error().text().find("rank"), std::string::npos);
  EXPECT_FALSE(parseSortedJson(R"({"a": 1, "b": {"a": 1}, "a": 2})", "p"));
  EXPECT_TRUE(parseJson(R"([{"a": {"a": 1}}, {"a": 1}])", "p"));
}

TEST(ParseJson, RefusesDeepNestingWithoutOverflow) {
  const auto nested = [](std::size_t n) { return std::string(n, '[') + std::string(n, ']'); };
  EXPECT_TRUE(parseJson(nested(150), "p"));
  EXPECT_FALSE(parseJson(nested(300), "p"));
  EXPECT_FALSE(parseJson(nested(2'000'000), "p"));
  EXPECT_FALSE(parseJson(std::string(2'000'000, '['), "p"));
}

TEST(ParseJson, BoundsTheKeysOfOneObject) {
  std::string text = "{";
  for (int i = 0; i < 25'000; ++i) text += (i ? ",\"" : "\"") + std::to_string(i) + "\":0";
  text += "}";
  EXPECT_FALSE(parseJson(text, "p"));
  EXPECT_EQ(parseSortedJson(text, "p").value().size(), 25'000u);
}

// Each of these took quadratic time once: minutes.
TEST(ParseJson, LongListsTakeLinearTime) {
  std::string objects = "[{\"a\":[]}", numbers = "[0", keys = "{\"k\":{}";
  for (int i = 0; i < 300'000; ++i) {
    objects += ",{\"a\":[]}";
    numbers += ",1";
    keys += ",\"" + std::to_string(i) + "\":{\"b\":1}";
  }
  const auto start = std::chrono::steady_clock::now();
  EXPECT_EQ(parseJson(objects + "]", "p").value().size(), 300'001u);
  EXPECT_EQ(parseJson(numbers + "]", "p").value().size(), 300'001u);
  EXPECT_EQ(parseSortedJson(keys + "}", "p").value().size(), 300'001u);
  EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(30));
}

TEST(ReadJson, HasALimit) {
  test::TemporaryFolder folder;
  ASSERT_TRUE(writeJson(folder / "x.json", Json::array({1, 2, 3})));
  EXPECT_TRUE(readJson(folder / "x.json", 100));
  EXPECT_EQ(readJson(folder / "x.json", 5).error().code, ErrorCode::InvalidArgument);
}

TEST(WriteJson, WritesWhatIsNotFiniteAsNull) {
  test::TemporaryFolder folder;
  const Json json{{"b", std::numeric_limits<double>::quiet_NaN()}, {"a", 0.1}, {"s", "bad \xff text"}};
  ASSERT_TRUE(writeJson(folder / "x.json", json));
  const auto back = readJson(folder / "x.json");
  ASSERT_TRUE(back);
  EXPECT_TRUE(back->at("b").is_null());
  EXPECT_EQ(back->at("a").get<double>(), 0.1);
  EXPECT_EQ(readJson(folder / "none.json").error().code, ErrorCode::NotFound);
}

}  // namespace lorkd
