// Patterns of paths: what one writes it reads.
#include <gmock/gmock.h>

#include <random>

#include "core/base/PathPattern.h"

namespace lorkd {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::Pair;
using Parts = std::map<std::string, std::string>;

std::optional<Parts> read(const std::string& pattern, const std::string& path) {
  const auto made = PathPattern::compile(pattern);
  EXPECT_TRUE(made) << made.error().text();
  if (!made) return std::nullopt;
  const auto match = made->match(path);
  return match ? std::optional(match->parts) : std::nullopt;
}

TEST(PathPatternTest, ReadsWhatItWrites) {
  std::mt19937 random(3);
  const auto upTo = [&](int n) { return std::uniform_int_distribution<int>(0, n - 1)(random); };
  const auto word = [&] {
    std::string out;
    for (int n = 1 + upTo(5); n > 0; --n) out += "abcXYZ019.+"[upTo(11)];
    return out;
  };
  for (int n = 0; n < 500; ++n) {
    // Folders and a file of parts with fixed text between them; a part may come again later.
    std::string pattern, path;
    Parts parts;
    const int folders = upTo(4);
    for (int f = 0; f <= folders; ++f) {
      std::string before;
      std::map<std::string, bool> here;
      for (int p = upTo(3); p >= 0; --p) {
        const auto name = std::string("p") + std::to_string(upTo(6));
        if (here.contains(name)) continue;
        here[name] = true;
        const auto value = parts.emplace(name, word()).first->second;
        pattern += before + "{" + name + "}";
        path += before + value;
        before = "_";
      }
      pattern += f < folders ? "/" : ".nii.gz";
      path += f < folders ? "/" : ".nii.gz";
    }
    const auto found = read(pattern, path);
    ASSERT_TRUE(found) << pattern << " on " << path;
    EXPECT_EQ(*found, parts) << pattern << " on " << path;
    EXPECT_FALSE(read(pattern, "x/" + path)) << pattern;
  }
}

TEST(PathPatternTest, PartsFoldersAndStars) {
  EXPECT_THAT(*read("{patient}/{channel}.nii.gz", "P1/t1.nii.gz"),
              ElementsAre(Pair("channel", "t1"), Pair("patient", "P1")));
  // As many characters as fit go to the first part.
  EXPECT_THAT(*read("{case}_{channel}.nii", "BraTS20_001_flair.nii"),
              ElementsAre(Pair("case", "BraTS20_001"), Pair("channel", "flair")));
  EXPECT_THAT(*read("{case}/{case}_{channel}.nii", "a_b/a_b_c_d.nii"),
              ElementsAre(Pair("case", "a_b"), Pair("channel", "c_d")));
  EXPECT_FALSE(read("{case}/{case}.nii", "a/b.nii"));
  EXPECT_TRUE(read("**/x.nii", "x.nii") && read("**/x.nii", "a/b/x.nii"));
  EXPECT_EQ(read("{site:**}/images/{case}.nii", "a/b/images/1.nii")->at("site"), "a/b");
  EXPECT_EQ(read("{site:**}/images/{case}.nii", "images/1.nii")->at("site"), "");
  EXPECT_EQ(read("images/{case}/", "images/7/")->at("case"), "7");
  EXPECT_FALSE(read("images/{case}/", "images/7") || read("images/*", "images/") || read("images/{case}", "images/7/"));
  EXPECT_TRUE(read("subset*/*.mhd", "subset/1.mhd"));
  EXPECT_FALSE(read("subset*/*.mhd", "subset1/a/1.mhd"));
  EXPECT_THAT(*read("{patient:P[0-9]{2}}_{label:liver|spleen}.nii", "P01_liver.nii"),
              ElementsAre(Pair("label", "liver"), Pair("patient", "P01")));
  EXPECT_FALSE(read("{label:liver|spleen}.nii", "livers.nii"));
  // What another pattern says of a part holds here, too.
  const auto digits = PathPattern::compile("{patient:[0-9]+}_{sequence:t2|t2_SPACE}.nii");
  const auto same = PathPattern::compile("{patient}_{sequence}_seg.nii", digits->restrictions());
  ASSERT_TRUE(same);
  EXPECT_THAT(same->match("2_t2_SPACE_seg.nii")->parts,
              ElementsAre(Pair("patient", "2"), Pair("sequence", "t2_SPACE")));
  // What any other could stand for counts: fewer is closer.
  const auto open = [](const std::string& pattern, const std::string& path) {
    return PathPattern::compile(pattern)->match(path)->open;
  };
  EXPECT_EQ(open("{a}/{b:x.*}_*.nii", "123/x1_45.nii"), 5u);
  EXPECT_EQ(open("**/{a}/{a}.nii", "12/3/3.nii"), 3u);
}

TEST(PathPatternTest, SaysWhatIsWrongAndWhere) {
  const std::vector<std::pair<std::string, std::string>> wrong{{"", "it is empty"},
                                                               {"{patient", "character 1: '{' is not closed"},
                                                               {"a}b", "character 2: '}' without '{'"},
                                                               {"{Patient}.nii", "small letters"},
                                                               {"{}", "has a name"},
                                                               {"/a.nii", "character 1: a folder without a name"},
                                                               {"../a.nii", "below the source's folder"},
                                                               {"a/**/", "any folder"},
                                                               {"a**/b", "character 2: '**' stands for whole folders"},
                                                               {"a/**", "'**' stands for whole folders"},
                                                               {"{a}_{a}.nii", "{a} stands twice"},
                                                               {"{a}/{a:x}.nii", "{a} stands before"},
                                                               {"{a:**}/{a}.nii", "whole folders"},
                                                               {"{a:(}.nii", "is not closed"},
                                                               {"**/a/**/b/**/c/**/d", "more than 3 times"},
                                                               {std::string(1001, 'a'), "longer"}};
  for (const auto& [pattern, words] : wrong) {
    const auto made = PathPattern::compile(pattern);
    ASSERT_FALSE(made) << pattern;
    EXPECT_THAT(made.error().message, HasSubstr(words)) << pattern;
  }
}

}  // namespace
}  // namespace lorkd
