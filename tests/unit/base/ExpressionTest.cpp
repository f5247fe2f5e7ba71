// Regular expressions against the standard library's, on texts and expressions drawn at random.
#include <gmock/gmock.h>

#include <chrono>
#include <random>
#include <regex>

#include "core/base/Expression.h"

namespace lorkd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Optional;

/// An expression of letters a to c. What repeats is never empty: there the two may go round differently.
class Drawing {
 public:
  explicit Drawing(unsigned seed) : m_random(seed) {}

  int upTo(int n) { return std::uniform_int_distribution<int>(0, n - 1)(m_random); }
  std::string text() {
    std::string out;
    for (int n = upTo(9); n > 0; --n) out += "abc"[upTo(3)];
    return out;
  }
  std::string expression(int depth = 0) {
    std::string out;
    for (int n = 1 + upTo(3); n > 0; --n) out += atom(depth) + count();
    if (depth < 2 && upTo(3) == 0) out += "|" + solid(depth + 1);
    return out;
  }

 private:
  std::string atom(int depth) {
    switch (upTo(depth < 2 ? 5 : 4)) {
      case 0:
        return "[ab]";
      case 1:
        return "[^a]";
      case 2:
        return ".";
      case 3:
        return std::string(1, "abc"[upTo(3)]);
      default:
        return "(?:" + solid(depth + 1) + ")";
    }
  }
  /// Never empty.
  std::string solid(int depth) { return std::string(1, "abc"[upTo(3)]) + expression(depth); }
  std::string count() {
    static const char* const counts[] = {"", "", "", "*", "+", "?", "*?", "+?", "{2}", "{1,2}", "{0,2}?", "{1,}"};
    return counts[upTo(12)];
  }
  std::mt19937 m_random;
};

TEST(ExpressionTest, MatchesWhatTheStandardLibraryMatches) {
  Drawing draw(7);
  int matched = 0;
  for (int n = 0; n < 2000; ++n) {
    const auto source = draw.expression();
    const auto ours = Expression::compile(source);
    ASSERT_TRUE(ours) << source << ": " << ours.error().text();
    const std::regex theirs(source);
    for (int m = 0; m < 4; ++m) {
      const auto text = draw.text();
      EXPECT_EQ(ours->matchWhole(text).has_value(), std::regex_match(text, theirs)) << source << " on " << text;
      std::smatch found;
      const bool there = std::regex_search(text, found, theirs);
      const auto own = ours->find(text);
      ASSERT_EQ(own.has_value(), there) << source << " on " << text;
      if (!there) continue;
      ++matched;
      EXPECT_EQ(own->front(), found.str()) << source << " on " << text;
    }
  }
  EXPECT_GT(matched, 2000);
}

TEST(ExpressionTest, GroupsHoldWhatTheyTook) {
  const auto date = Expression::compile("(?<who>[A-Z]+\\d{3})_(\\d{4})(?:-(\\d\\d))?");
  ASSERT_TRUE(date) << date.error().text();
  EXPECT_THAT(date->names(), ElementsAre("", "who", "", ""));
  const auto found = date->find("images/CHUM012_2020-07.nii.gz");
  ASSERT_TRUE(found);
  EXPECT_THAT(*found, ElementsAre(Optional(std::string("CHUM012_2020-07")), Optional(std::string("CHUM012")),
                                  Optional(std::string("2020")), Optional(std::string("07"))));
  EXPECT_EQ(date->find("P001_1999")->at(3), std::nullopt);
  // A letter beyond ASCII is one.
  const auto letters = Expression::compile("^.ü?[^x]$");
  ASSERT_TRUE(letters);
  EXPECT_TRUE(letters->find("äö"));
  EXPECT_TRUE(letters->find("äüö"));
  EXPECT_FALSE(letters->find("ä"));
}

TEST(ExpressionTest, SaysWhatIsWrongAndWhere) {
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"a(b", "character 4: a '(' is not closed"},
      {"a)b", "character 2: ')' without '('"},
      {"*a", "character 1: nothing stands before it"},
      {"a{2,1}", "at most fewer times"},
      {"a{x}", "expected a count"},
      {"[b-a]", "a range from a later"},
      {"[ab", "a '[' is not closed"},
      {"(a)\\1", "going back to a group"},
      {"(?=a)", "looking ahead"},
      {"(?<n>a)(?<n>b)", "a second group is called 'n'"},
      {"a\\", "a '\\' ends the expression"},
      {"\\q", "means nothing here"},
      {"[ä]", "beyond ASCII"},
      {std::string(2000, 'a'), "longer than"},
      {std::string(200, '(') + std::string(200, ')'), "too deep"},
      {"((a{1000}){1000}){1000}", "repeats too much"},
      {"(((){1000}){1000}){1000}", "repeats too much"}};
  for (const auto& [source, words] : wrong) {
    const auto made = Expression::compile(source);
    ASSERT_FALSE(made) << source;
    EXPECT_THAT(made.error().message, HasSubstr(words)) << source;
  }
}

TEST(ExpressionTest, TakesNoLongTime) {
  const auto begin = std::chrono::steady_clock::now();
  for (const std::string source : {"(a+)+b", "(a|aa)*b", "(a*)*(a*)*b", "((a?){20}){20}b"}) {
    const auto made = Expression::compile(source);
    ASSERT_TRUE(made) << source;
    EXPECT_FALSE(made->matchWhole(std::string(1000, 'a')));
  }
  EXPECT_LT(std::chrono::steady_clock::now() - begin, std::chrono::seconds(20));
}

}  // namespace
}  // namespace lorkd
