// Pictures with mask pictures: which belongs to which, and what values mark, held against what was painted.
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

/// Black and white, 24 by 16, with a disc of 112 pixels, as a JPEG of another program (Pillow 9.4).
constexpr const char* kDisc =
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8X"
    "GBYUGBIUFRT/wAALCAAQABgBAREA/8QAFQABAQAAAAAAAAAAAAAAAAAACQD/xAApEAAABAMHAwUAAAAAAAAAAAABAgMSBAUHAAYIFBUhMhET"
    "MxYZIiNW/9oACAEBAAA/ADpoDRyaYgKy3Tp9KFMvFzyNBA8S0pssgUBUXXaY5AP20SKKMcAmY0NxCzKe0Nh59CaBpt4NV/U6wfUfK/h0yvH6"
    "/Bx35/Ow11+o5NMP9Zb2U+m6mYi5HGigSJaUuZQMAKILtKc4E7iJ01GOESvaO4DaoDWOaYf6y3TqDKE8xFyONBc8M4pcygYBTXQcYhwJ3ETq"
    "JvaIle4NwCzKe7zh59Ca/qV4NV/LaOfUfKzn1yvH7PPx25/Cw11+rHNMQFZb2VBm6eXi55GiuSGcU2WQKAJoIOKQgH7aJE03tATMcO4jb//Z";
/// The same of black, a rectangle of grey 90 and one of 200.
constexpr const char* kGreys =
    "/9j/4AAQSkZJRgABAQAAAQABAAD/2wBDAAMCAgMCAgMDAwMEAwMEBQgFBQQEBQoHBwYIDAoMDAsKCwsNDhIQDQ4RDgsLEBYQERMUFRUVDA8X"
    "GBYUGBIUFRT/wAALCAAQABgBAREA/8QAFgABAQEAAAAAAAAAAAAAAAAABwMI/8QAJhAAAAQEBgIDAAAAAAAAAAAAAQIDBQQGBxEACBMUFSES"
    "MSIyQf/aAAgBAQAAPwDGNKKUSrMsgtbk5Ne5jV9XUV3CpfKypyh0UwB6APzDdlGyxU0qfP1VG2Zpa5OCZOK49LfxKWjrJLGV7TUKJriQv2Eb"
    "W6tiufvK/TKilHWd8kuWeGdIh+RglV9/FL+SJoeIOJfFVUxQ+SZBuAX699jgMpRVeVZakFrbXJ020ahq6iW3VN43VOYOylEPQh+4bso2Z2ml"
    "MJ+qo5TNMvGQT3xXHq7CJV1tFJYqvSaZhLYTl+wBe/V8Vz95oKZVro6zsclzNzLpDvyMaqhsIpDxRLDxBBN5KpFKPyUIFgG/frocf//Z";
/// A PNG of 4 by 4 samples of 16 bits, four of them 3.
constexpr const char* kSixteen =
    "iVBORw0KGgoAAAANSUhEUgAAAAQAAAAEEAAAAADcCh3hAAAAFElEQVR4nGNgQALMDMwMDEwM6AAAAMwACenIu18AAAAASUVORK5CYII=";

TEST_F(PictureMasks, APictureWithItsMaskIsAnImageOfOneSlice) {
  for (const std::string name : {"a", "b", "c"}) picture("images/" + name + ".png");
  mask("masks/a.png", {255, 255, 255});
  mask("masks/b.png", {});  // nothing there
  scan();
  ASSERT_EQ(m_cases.size(), 3u);
  EXPECT_EQ(patients(), 3u);
  const auto& a = of("images/a.png");
  EXPECT_EQ(a.kind, "image2d");
  EXPECT_TRUE(a.geometry.pixels);
  EXPECT_EQ(a.geometry.size, (std::array<std::int64_t, 3>{kWide, kHigh, 1}));
  EXPECT_THAT(voxelsOf(a), UnorderedElementsAre(std::pair("mask", 3)));
  EXPECT_THAT(voxelsOf(of("images/b.png")), UnorderedElementsAre(std::pair("mask", 0))) << "looked for, and absent";
  EXPECT_THAT(of("images/c.png").labels, IsEmpty()) << "nobody has looked";
  EXPECT_THAT(refused(), IsEmpty());
}

TEST_F(PictureMasks, NamesOfManySetsSayWhichMaskIsWhose) {
  const std::vector<std::array<std::string, 2>> together{
      {"Kvasir-SEG/images/cju0.jpg", "Kvasir-SEG/masks/cju0.jpg"},
      {"CVC/Original/1.tif", "CVC/Ground Truth/1.tif"},
      {"ISIC2018_Task1-2_Training_Input/ISIC_0000001.jpg",
       "ISIC2018_Task1_Training_GroundTruth/ISIC_0000001_segmentation.png"},
      {"tn/trainval-image/0000.jpg", "tn/trainval-mask/0000.jpg"},
      {"tn/test-image/0000.jpg", "tn/test-mask/0000.jpg"},
      {"busi/benign (1).png", "busi/benign (1)_mask.png"},
      {"drive/images/21_training.tif", "drive/1st_manual/21_manual1.png"},
      {"chase/Image_01L.jpg", "chase/Image_01L_gt.png"},
      {"pairs/image_7.png", "pairs/mask_7.png"},
      {"patients/p1/image.png", "patients/p1/mask.png"},
      {"patients/p2/image.png", "patients/p2/mask.png"},
      {"camel/TrainDataset/images/x-1.png", "camel/TrainDataset/GroundTruths/x-1.png"},
  };
  for (const auto& [image, truth] : together) picture(image), mask(truth, {255, 255});
  mask("CVC/Ground Truth/2.tif", {255});  // of no picture
  scan();
  const auto all = spoken();
  EXPECT_EQ(all.size(), together.size());
  for (const auto& [image, truth] : together) {
    ASSERT_TRUE(all.contains(image)) << image;
    EXPECT_EQ(all.at(image).size(), 1u) << image;
    EXPECT_THAT(of(image).labelFiles, ElementsAre(m_data.path() / truth));
  }
  EXPECT_THAT(refused(), Contains("unpaired-label").Times(1));
}

TEST_F(PictureMasks, PartsAreOneAndMakersAreNot) {
  picture("parts/x.png"), picture("parts/y.png");
  mask("parts/x_mask.png", {255}), mask("parts/x_mask_1.png", {0, 255}), mask("parts/x_mask_2.png", {0, 255, 255});
  mask("parts/y_mask.png", {255});
  scan();
  ASSERT_EQ(m_cases.size(), 2u);
  const auto& x = of("parts/x.png");
  EXPECT_THAT(x.labels, ElementsAre("mask"));
  EXPECT_THAT(x.contested, IsEmpty());
  plan::Task task;
  task.classes.emplace_back("lesion", plan::Class{{"mask"}});
  const auto set = readSegments(x);
  ASSERT_TRUE(set);
  EXPECT_EQ(std::ranges::count(classMask(*set, task, 0)->voxels, 1), 3) << "the union of the three";
}

TEST_F(PictureMasks, TwoFoldersOfMasksAreTwoStructures) {
  for (const std::string n : {"21", "22"}) {
    picture("images/" + n + "_training.png");
    mask("1st_manual/" + n + "_manual1.png", {255});
    mask("mask/" + n + "_training_mask.png", std::vector<int>(kWide * kHigh, 255));
  }
  scan();
  EXPECT_THAT(voxelsOf(of("images/21_training.png")),
              UnorderedElementsAre(std::pair("manual1", 1), std::pair("mask", static_cast<int>(kWide * kHigh))));
}

TEST_F(PictureMasks, NamesAndFoldersNameStructures) {
  picture("idrid/1. Original Images/a. Training Set/IDRiD_01.png");
  const std::string truth = "idrid/2. All Segmentation Groundtruths/a. Training Set/";
  mask(truth + "1. Microaneurysms/IDRiD_01_MA.png", {255});
  mask(truth + "5. Optic Disc/IDRiD_01_OD.png", {255, 255});
  picture("folders/images/x.png");
  mask("folders/masks/optic_cup/x.png", {255, 255, 255});
  // Called after a picture and more, and of two values: a mask, though nobody says so.
  picture("ph2/IMD002/IMD002.png");
  mask("ph2/IMD002/IMD002_lesion.png", {255, 255, 255, 255});
  picture("ph2/IMD002/IMD002_overview.png");
  scan();
  EXPECT_THAT(voxelsOf(of("idrid/1. Original Images/a. Training Set/IDRiD_01.png")),
              UnorderedElementsAre(std::pair("MA", 1), std::pair("OD", 2)));
  EXPECT_THAT(voxelsOf(of("folders/images/x.png")), UnorderedElementsAre(std::pair("optic_cup", 3)));
  EXPECT_THAT(voxelsOf(of("ph2/IMD002/IMD002.png")), UnorderedElementsAre(std::pair("lesion", 4)));
  EXPECT_THAT(of("ph2/IMD002/IMD002_overview.png").labels, IsEmpty());
}

TEST_F(PictureMasks, ValuesAndColoursAreStructures) {
  picture("values/images/a.png"), picture("values/images/b.png");
  mask("values/masks/a.png", {1, 1, 2}), mask("values/masks/b.png", {2, 2, 2, 2});
  scan();
  EXPECT_THAT(voxelsOf(of("values/images/a.png")), UnorderedElementsAre(std::pair("1", 2), std::pair("2", 1)));
  EXPECT_THAT(voxelsOf(of("values/images/b.png")), UnorderedElementsAre(std::pair("2", 4)));
  EXPECT_THAT(of("values/images/b.png").unannotated, ElementsAre("1")) << "as in volumes: nobody has said it is absent";

  fs::remove_all(m_data / "values");
  picture("colours/images/a.png"), picture("colours/images/b.png");
  auto coloured = blank(3);
  const auto paint = [&](std::size_t pixel, int r, int g, int b) {
    for (const auto& [at, value] : {std::pair{0, r}, std::pair{1, g}, std::pair{2, b}})
      coloured.pixels[pixel * 3 + static_cast<std::size_t>(at)] = static_cast<std::uint8_t>(value);
  };
  paint(0, 255, 0, 0), paint(1, 255, 0, 0), paint(5, 0, 0, 128);
  ASSERT_TRUE(io::writePng(made("colours/masks/a.png"), coloured));
  mask("colours/masks/b.png", {255});  // white is a colour here
  scan();
  EXPECT_THAT(voxelsOf(of("colours/images/a.png")),
              UnorderedElementsAre(std::pair("#ff0000", 2), std::pair("#000080", 1)));
  EXPECT_THAT(voxelsOf(of("colours/images/b.png")), UnorderedElementsAre(std::pair("#ffffff", 1)));
  // In a plan of several sources none of these names meets one of another source.
  auto kept = of("colours/images/b.png");
  keepValuesApart(kept);
  EXPECT_THAT(kept.labels, ElementsAre("s:#ffffff"));
}

TEST_F(PictureMasks, AJpegIsMarkedWhereItIsBrightAndAsksWhenItHasMoreValues) {
  picture("images/a.png", 24, 16), picture("images/b.png", 24, 16);
  bytes("masks/a.jpg", fromBase64(kDisc));
  scan();
  EXPECT_THAT(voxelsOf(of("images/a.png")), UnorderedElementsAre(std::pair("mask", 112)));
  EXPECT_THAT(refused(), ElementsAre("mask-values")) << "which is told";
  bytes("masks/b.jpg", fromBase64(kGreys));
  scan();
  EXPECT_EQ(labelled(), 0) << "nobody knows what they mean together";
  EXPECT_THAT(refused(), Contains("label-values"));
}

TEST_F(PictureMasks, SoftEdgesAreCutAtHalfAndManyValuesRefused) {
  picture("soft/images/a.png", 20, 20);
  std::vector<int> soft(200, 255), many;
  for (int n = 0; n < 18; ++n) soft.push_back(10 + 13 * n);
  mask("soft/masks/a.png", soft, 20, 20);
  scan();
  const auto bright = std::ranges::count_if(soft, [](int v) { return v >= 128; });
  EXPECT_THAT(voxelsOf(of("soft/images/a.png")), UnorderedElementsAre(std::pair("mask", static_cast<int>(bright))));
  fs::remove_all(m_data / "soft");
  for (int n = 0; n < 90; ++n) many.push_back(n);  // numbers of single cells, say
  picture("many/images/a.png");
  mask("many/masks/a.png", many);
  const auto found = scanned(m_data.path(), m_elsewhere / "many.sqlite");
  ASSERT_TRUE(found);
  EXPECT_THAT(*found, Each(testing::Field(&Case::kind, Not("image2d"))));
}

TEST_F(PictureMasks, AnotherSizeNeedsConsentAndAnotherShapeIsRefused) {
  picture("images/a.png"), picture("images/b.png"), picture("images/c.png");
  mask("masks/a.png", {255}, kWide / 2, kHigh / 2);
  mask("masks/b.png", {255}, kHigh, kWide);
  mask("masks/c.png", {255});
  scan();
  const auto& a = of("images/a.png");
  EXPECT_THAT(a.consent, ElementsAre("label-grid"));
  EXPECT_THAT(voxelsOf(a), UnorderedElementsAre(std::pair("mask", 4))) << "one of its pixels covers four";
  EXPECT_THAT(of("images/b.png").labels, IsEmpty());
  EXPECT_THAT(of("images/c.png").consent, IsEmpty());
  EXPECT_THAT(refused(), UnorderedElementsAre("label-grid", "label-geometry"));
}

TEST_F(PictureMasks, WhatCannotBeReadIsTold) {
  for (const std::string n : {"21", "22"}) {
    picture("images/" + n + "_training.png");
    bytes("1st_manual/" + n + "_manual1.pgm", "P5");
  }
  scan();
  EXPECT_EQ(m_cases.size(), 2u);
  EXPECT_EQ(labelled(), 0);
  EXPECT_THAT(refused(), ElementsAre("mask-format")) << "once for all of them";

  fs::remove_all(m_data / "1st_manual");
  bytes("1st_manual/21_manual1.png", fromBase64(kSixteen));
  mask("1st_manual/22_manual1.png", {255});
  scan();
  EXPECT_THAT(of("images/21_training.png").labels, IsEmpty()) << "its 3 of 65535 would read as 0";
  EXPECT_THAT(refused(), ElementsAre("label-values"));
}

}  // namespace
}  // namespace lorkd::data
