// Pictures with mask pictures of sets with descriptions, channels and classes.
#include <algorithm>
#include <array>

#include "core/base/Base64.h"
#include "core/data/Annotations.h"
#include "core/data/Channels.h"
#include "core/data/Prepare.h"
#include "tests/unit/data/PictureMasksScene.h"

namespace lorkd::data {
namespace {

using testing::Contains;
using testing::Each;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::Not;
using testing::UnorderedElementsAre;

/// Black with a white disc of 109 pixels, 24 by 16, as a GIF (Pillow 9.4).
constexpr const char* kGifDisc =
    "R0lGODdhGAAQAIEAAAAAAP///wAAAAAAACwAAAAAGAAQAAAIOgABCBxIsKDBgwgTKlzIcGCAhxADNHQYMeLEihgbYqyocSPEjh4lMgz5EKRHkxsv"
    "npwIICXLlzAPBgQAOw==";

// The form of nnU-Net: a number for each channel, and names of values in dataset.json.
TEST_F(PictureMasks, ASetOfNnunetIsReadByItsDescription) {
  for (const std::string n : {"r_1", "r_2", "r_3"}) {
    picture("imagesTr/" + n + "_0000.png");
    mask("labelsTr/" + n + ".png", n == "r_3" ? std::vector{0, 0} : std::vector{1, 1, 2, 0, 3});
  }
  picture("imagesTs/r_9_0000.png");
  text("dataset.json", R"({"channel_names": {"0": "R", "1": "G", "2": "B"}, "file_ending": ".png", "labels":
    {"background": 0, "vessel": [1, 2], "vein": 2, "ignore": 3}, "regions_class_order": [1, 2]})");
  text("splits_final.json", R"([{"train": ["r_1", "r_3"], "val": ["r_2"]}])");
  scan();
  ASSERT_EQ(m_cases.size(), 4u);
  EXPECT_THAT(refused(), ElementsAre("splits-kept"));
  EXPECT_EQ(patients(), 4u);
  const auto& one = of("imagesTr/r_1_0000.png");
  EXPECT_THAT(voxelsOf(one), UnorderedElementsAre(std::pair("vessel", 3), std::pair("vein", 1)));
  EXPECT_THAT(one.ignored, ElementsAre(LabelPlace{0, 0, 3, 0}));
  EXPECT_THAT(one.channels, IsEmpty()) << "its colours are the channels";
  EXPECT_THAT(voxelsOf(of("imagesTr/r_3_0000.png")),
              UnorderedElementsAre(std::pair("vessel", 0), std::pair("vein", 0)));
  EXPECT_EQ(of("imagesTs/r_9_0000.png").split, "test");
  EXPECT_THAT(of("imagesTs/r_9_0000.png").labels, IsEmpty());
  EXPECT_THAT(of("imagesTr/r_2_0000.png").folds, ElementsAre("validation"));
  // What it does not name is not guessed.
  mask("labelsTr/r_2.png", {1, 255});
  scan();
  EXPECT_THAT(refused(), UnorderedElementsAre("label-values", "splits-kept"));
  EXPECT_THAT(of("imagesTr/r_2_0000.png").labels, IsEmpty());
}

TEST_F(PictureMasks, ChannelsInFilesOfTheirOwnAreChannels) {
  for (const std::string n : {"a", "b"}) {
    mask("imagesTr/" + n + "_0000.png", {1, 2, 3});
    mask("imagesTr/" + n + "_0001.png", {40, 50, 60});
    mask("labelsTr/" + n + ".png", {1});
  }
  text("dataset.json", R"({"channel_names": {"0": "red", "1": "infrared"}, "labels": {"background": 0, "road": 1}})");
  scan();
  ASSERT_EQ(m_cases.size(), 2u);
  const auto& a = of("imagesTr/a_0000.png");
  EXPECT_THAT(a.labels, ElementsAre("road"));
  EXPECT_EQ(channelNames(a), (std::vector<std::string>{"red", "infrared"}));
  plan::Data options;
  EXPECT_FALSE(readInputs(options, a)) << "the plan does not say which of them the network sees";
  options.inputs.emplace_back("infrared", plan::Input());
  options.inputs.emplace_back("red", plan::Input());
  const auto inputs = readInputs(options, a);
  ASSERT_TRUE(inputs) << inputs.error().text();
  ASSERT_EQ(inputs->size(), 2u);
  EXPECT_THAT(std::vector((*inputs)[0].voxels.begin(), (*inputs)[0].voxels.begin() + 4), ElementsAre(40, 50, 60, 0));
  EXPECT_THAT(std::vector((*inputs)[1].voxels.begin(), (*inputs)[1].voxels.begin() + 4), ElementsAre(1, 2, 3, 0));
  // Colours are channels of their own, and channels are equally large.
  picture("imagesTr/a_0001.png");
  mask("imagesTr/b_0001.png", {1}, 2 * kWide);
  scan();
  ASSERT_EQ(m_cases.size(), 1u);
  EXPECT_FALSE(readInputs(options, of("imagesTr/a_0000.png")));
  EXPECT_THAT(refused(), ElementsAre("damaged"));
}

// As those of DRIVE.
TEST_F(PictureMasks, MayBeGif) {
  for (const std::string n : {"21", "22"}) picture("images/" + n + "_training.png", 24, 16);
  bytes("1st_manual/21_manual1.gif", fromBase64(kGifDisc));
  bytes("1st_manual/22_manual1.gif", fromBase64(kGifDisc));
  scan();
  EXPECT_THAT(refused(), IsEmpty());
  for (const std::string n : {"21", "22"})
    EXPECT_THAT(voxelsOf(of("images/" + n + "_training.png")), UnorderedElementsAre(std::pair("mask", 109)));
}

TEST_F(PictureMasks, ASetInTwoFormatsShowsTheSamePeople) {
  for (const std::string format : {"PNG", "TIF"})
    for (const std::string n : {"1", "2"}) {
      picture(format + "/Original/" + n + ".png");
      mask(format + "/Ground Truth/" + n + ".png", {255});
    }
  scan();
  EXPECT_EQ(m_cases.size(), 4u);
  EXPECT_EQ(labelled(), 4);
  EXPECT_EQ(patients(), 2u);
  EXPECT_THAT(refused(), IsEmpty());
}

TEST_F(PictureMasks, ClassesOfPicturesAreNone) {
  // Words of masks among words of classes, and pictures of the same names.
  for (const std::string cls : {"with_mask", "without_mask"})
    for (const std::string n : {"1", "2"}) picture(cls + "/" + n + ".png");
  scan();
  EXPECT_THAT(m_cases, Each(testing::Field(&Case::kind, "picture")));
  // Photographs in a folder that is called as masks are mark nothing.
  fs::remove_all(m_data / "with_mask");
  fs::remove_all(m_data / "without_mask");
  for (const std::string cls : {"normal", "mask"})
    for (const std::string n : {"1", "2"}) picture(cls + "/" + n + ".png");
  scan();
  EXPECT_THAT(m_cases, Each(testing::Field(&Case::kind, "picture")));
}

TEST_F(PictureMasks, CopiesOfAMaskAreAnswersToOneQuestion) {
  picture("a.png");
  mask("a_mask.png", {255, 255});
  mask("a_mask_old.png", {255});
  mask("a_mask_v2.png", {255});
  scan();
  ASSERT_EQ(m_cases.size(), 1u);
  EXPECT_THAT(m_cases[0].labels, ElementsAre("mask"));
  EXPECT_THAT(m_cases[0].contested, ElementsAre("mask"));
}

TEST_F(PictureMasks, AClassOfFewValuesMayBeTheMasksOfTheOthers) {
  const auto asked = [&](const std::string& folder, const std::string& first, const std::string& second) {
    fs::remove_all(m_data.path() / "a");
    for (const auto& [cls, black] : {std::pair("x", first), std::pair("y", second)})
      for (const std::string n : {"1", "2", "3"}) {
        const auto path = "a/" + folder + cls + "/" + n + ".png";
        if (black == "mask" && n != "1")
          mask(path, {0, 255, 255, n == "2" ? 128 : 255});
        else if (black == "mask")
          mask(path, {});  // nothing is marked
        else
          picture(path);
      }
    scan();
    return m_cases.size() == 1 && m_cases.front().consent == std::vector<std::string>{"class-folders"};
  };
  EXPECT_TRUE(asked("", "picture", "mask"));
  EXPECT_TRUE(asked("train/", "mask", "picture"));
  EXPECT_FALSE(asked("", "picture", "picture"));
  EXPECT_FALSE(asked("", "mask", "mask")) << "drawings in black and white, of which none shows where another is";
}

TEST_F(PictureMasks, FoldersOfClassesAreASetAsWell) {
  for (const std::string cls : {"benign", "malignant"})
    for (const std::string n : {" (1)", " (2)"}) {
      picture(cls + "/" + cls + n + ".png");
      mask(cls + "/" + cls + n + "_mask.png", {255});
    }
  scan();
  const auto kinds = [&](const char* kind) { return std::ranges::count(m_cases, kind, &Case::kind); };
  EXPECT_EQ(kinds("image2d"), 4);
  EXPECT_EQ(kinds("picture"), 1);
}

TEST_F(PictureMasks, ChannelsComeInColourOrGreyAndAsLargeAsThePlanSays) {
  picture("images/a.png"), mask("masks/a.png", {255});
  mask("images/grey.png", {100});
  scan();
  plan::Data options;
  options.channels = plan::DataChannels::Rgb;
  const auto& a = of("images/a.png");
  const auto original = io::readPicture(a.imageFiles.front());
  const auto colours = readInputs(options, a);
  ASSERT_TRUE(original && colours);
  ASSERT_EQ(colours->size(), 3u);
  for (std::size_t c = 0; c < 3; ++c)
    for (std::size_t n = 0; n < colours->front().voxels.size(); ++n)
      ASSERT_EQ((*colours)[c].voxels[n], original->pixels[3 * n + c]);
  const auto same = readInputs(options, of("images/grey.png"));
  ASSERT_TRUE(same);
  EXPECT_EQ((*same)[0].voxels, (*same)[2].voxels);
  options.channels = plan::DataChannels::Grey;
  EXPECT_EQ(readInputs(options, a)->size(), 1u);

  options.longerSide = 2 * kWide;
  EXPECT_EQ(workingGrid(a.geometry, options).size, (std::array<std::int64_t, 3>{2 * kWide, 2 * kHigh, 1}));
  options.longerSide = 0;
  EXPECT_EQ(workingGrid(a.geometry, options), a.geometry);
  const auto prepared = prepareInputs(*readInputs(options, a), a.geometry, options);
  ASSERT_TRUE(prepared);
  const auto [low, high] = std::ranges::minmax(prepared->front().voxels);
  EXPECT_GE(low, -1);
  EXPECT_LE(high, 1);
  EXPECT_NEAR(prepared->front().voxels[5], 2 * (*readInputs(options, a))[0].voxels[5] / 255 - 1, 1e-5);
}

}  // namespace
}  // namespace lorkd::data
