// What folders and names of pictures say: classes, parts, whose they are; by paths alone.
#include "core/data/layout/PictureFolders.h"

#include <gmock/gmock.h>

#include <map>
#include <set>

#include "core/data/layout/PicturePeople.h"
#include "core/data/layout/Words.h"

namespace lorkd::data::layout {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

PictureFolders foldersOf(const std::vector<std::string>& paths) {
  return pictureFolders(std::vector<std::filesystem::path>(paths.begin(), paths.end()));
}

/// "class/split" of each picture; masks are "-".
std::vector<std::string> saidOf(const PictureFolders& said) {
  std::vector<std::string> out;
  for (const auto& place : said.pictures) {
    std::string words;
    for (const int cls : place.classes) words += (words.empty() ? "" : "+") + said.classes.at(std::size_t(cls));
    out.push_back(place.mask ? "-" : words + "/" + place.split);
  }
  return out;
}

TEST(PictureFolders, ClassesLieAtAnyDepth) {
  EXPECT_THAT(saidOf(foldersOf({"cat/1.png", "dog/1.png"})), ElementsAre("cat/", "dog/"));
  // Below an archive's own folder and the parts of the set (Kermany), and the parts called in other words.
  EXPECT_THAT(saidOf(foldersOf({"chest_xray/train/NORMAL/a.jpeg", "chest_xray/val/PNEUMONIA/b.jpeg",
                                "chest_xray/test/NORMAL/c.jpeg"})),
              ElementsAre("NORMAL/train", "PNEUMONIA/val", "NORMAL/test"));
  EXPECT_THAT(saidOf(foldersOf({"Training/glioma/a.jpg", "Testing/notumor/b.jpg"})),
              ElementsAre("glioma/train", "notumor/test"));
  // Two archives, one of them for validation, with the same classes (NCT-CRC-HE).
  EXPECT_THAT(saidOf(foldersOf({"NCT-CRC-HE-100K/ADI/a.tif", "NCT-CRC-HE-100K/TUM/b.tif", "CRC-VAL-HE-7K/ADI/c.tif",
                                "CRC-VAL-HE-7K/TUM/d.tif"})),
              ElementsAre("ADI/", "TUM/", "ADI/val", "TUM/val"));
  // Kinds of files below the class (COVID-19 Radiography).
  EXPECT_THAT(saidOf(foldersOf({"D/COVID/images/1.png", "D/COVID/masks/1.png", "D/Normal/images/1.png"})),
              ElementsAre("COVID/", "-", "Normal/"));
  // A mask beside its picture (BUSI).
  EXPECT_THAT(saidOf(foldersOf({"benign/benign (1).png", "benign/benign (1)_mask.png", "normal/normal (1).png"})),
              ElementsAre("benign/", "-", "normal/"));
}

TEST(PictureFolders, DeeperFoldersThatRefineAClassAreClassesToo) {
  const std::string root = "BreaKHis_v1/histology_slides/breast/";
  const auto said = foldersOf({root + "benign/SOB/adenosis/SOB_B_A_14-22549AB/40X/a.png",
                               root + "benign/SOB/fibroadenoma/SOB_B_F_14-9133/100X/b.png",
                               root + "malignant/SOB/ductal_carcinoma/SOB_M_DC_14-2523/40X/c.png"});
  EXPECT_THAT(saidOf(said), ElementsAre("benign+adenosis/", "benign+fibroadenoma/", "malignant+ductal_carcinoma/"));
  EXPECT_EQ(said.pictures[0].person, "sob_b_a_14-22549ab");
  EXPECT_EQ(said.question, "");
}

TEST(PictureFolders, WhatOnlySaysWhatFilesAreIsNoClass) {
  const std::vector<std::vector<std::string>> sets{
      {"images/1.jpg", "masks/1.jpg"},
      {"Original/1.tif", "Ground Truth/1.tif"},
      {"training/images/21_training.tif", "training/1st_manual/21_manual1.tif", "test/mask/01_test_mask.tif"},
      {"ISIC2018_Task1-2_Training_Input/a.jpg", "ISIC2018_Task1_Training_GroundTruth/a_segmentation.png",
       "ISIC2018_Task1-2_Validation_Input/b.jpg"},
      {"trainval-image/1.jpg", "trainval-mask/1.jpg", "test-image/2.jpg", "test-mask/2.jpg"},
      {"train_images/1.png", "test_images/2.png"},
      {"images_001/images/1.png", "images_002/images/2.png"}};
  for (const auto& set : sets) {
    const auto said = foldersOf(set);
    EXPECT_THAT(said.classes, IsEmpty()) << set[0];
    EXPECT_NE(said.refusal, "") << set[0];
  }
  EXPECT_THAT(foldersOf(sets[0]).refusal, HasSubstr("2D segmentation"));
}

TEST(PictureFolders, PatientsAndNumbersAreNoClasses) {
  for (const std::vector<std::string>& set :
       {std::vector<std::string>{"P001/1.png", "P002/1.png"},
        {"train/patient00001/study1/view1.jpg", "train/patient00002/study1/view1.jpg"},
        {"10000032/a.png", "10000980/b.png"},
        {"fold1/a.png", "fold2/b.png"},
        {"1/a.png", "7/b.png"}}) {
    const auto said = foldersOf(set);
    EXPECT_THAT(said.classes, IsEmpty()) << set[0];
    EXPECT_NE(said.refusal, "") << set[0];
  }
  EXPECT_EQ(foldersOf({"P001/1.png", "P002/1.png"}).pictures[1].person, "p002");
  // Patients below and above classes (IDC: 8863/0 and 8863/1).
  const auto said = foldersOf({"8863/0/a.png", "8863/1/b.png", "8864/0/c.png"});
  EXPECT_THAT(saidOf(said), ElementsAre("0/", "1/", "0/"));
  EXPECT_EQ(said.pictures[1].person, "8863");
}

TEST(PictureFolders, DegreesAreClassesAndWhatMayBeIsAsked) {
  EXPECT_EQ(foldersOf({"Grade 1/a.png", "Grade 2/b.png"}).question, "");
  EXPECT_EQ(foldersOf({"train/0/a.png", "train/1/b.png", "test/0/c.png", "test/1/d.png"}).question, "");
  EXPECT_THAT(foldersOf({"eye1/a.png", "eye2/b.png"}).question, HasSubstr("eye1, eye2"));
  EXPECT_THAT(foldersOf({"1/a.png", "2/b.png", "3/b.png"}).question, HasSubstr("1, 2, 3"));
}

TEST(PictureFolders, PlacesThatHoldTheSameClassesAreNone) {
  const auto said = foldersOf({"siteA/normal/1.png", "siteA/ill/2.png", "siteB/normal/3.png", "siteB/ill/4.png"});
  EXPECT_THAT(said.classes, ElementsAre("ill", "normal"));
  EXPECT_THAT(said.told, HasSubstr("siteA, siteB"));
}

TEST(PictureFolders, ViewsAndSidesBelowClassesAreNone) {
  const std::vector<std::vector<std::string>> sets{
      {"normal/AP/1.png", "normal/lateral/2.png", "fracture/AP/3.png", "fracture/lateral/4.png"},
      {"ja/left/1.png", "ja/right/2.png", "nein/left/3.png", "nein/right/4.png"},
      {"AP/ja/1.png", "AP/nein/2.png", "LAT/ja/3.png", "LAT/nein/4.png"},
      {"train/x/sub-1/T1/1.png", "train/x/sub-1/T2/2.png", "test/y/sub-2/T1/3.png", "test/y/sub-2/T2/4.png"},
      {"normal/Station1/1.png", "normal/Ward/2.png", "ill/Station1/3.png", "ill/Ward/4.png"}};
  const std::vector<std::vector<std::string>> classes{
      {"fracture", "normal"}, {"ja", "nein"}, {"ja", "nein"}, {"x", "y"}, {"ill", "normal"}};
  for (std::size_t n = 0; n < sets.size(); ++n) {
    const auto said = foldersOf(sets[n]);
    EXPECT_THAT(said.classes, testing::ElementsAreArray(classes[n])) << sets[n][0];
    EXPECT_EQ(said.question, "") << sets[n][0];
    EXPECT_NE(said.told, "") << sets[n][0];
  }
  EXPECT_THAT(foldersOf({"left/1.png", "right/2.png"}).classes, ElementsAre("left", "right"))
      << "nothing else is there";
}

TEST(PictureFolders, WhichOfTwoCrossedLevelsIsOfClassesIsAsked) {
  for (const std::string between : {"", "P01/", "P02/x/"}) {
    const auto said = foldersOf({"red/" + between + "big/1.png", "red/" + between + "small/2.png",
                                 "blue/" + between + "big/3.png", "blue/" + between + "small/4.png"});
    EXPECT_THAT(said.classes, ElementsAre("big", "small")) << between;
    EXPECT_THAT(said.question, testing::AllOf(HasSubstr("blue, red"), HasSubstr("big, small"))) << between;
  }
}

TEST(PictureFolders, OneClassInOtherLettersIsOne) {
  const auto said =
      foldersOf({"train/Benign/1.png", "train/Malignant/2.png", "test/benign/3.png", "test/malignant/4.png"});
  EXPECT_THAT(saidOf(said), ElementsAre("Benign/train", "Malignant/train", "Benign/test", "Malignant/test"));
  EXPECT_THAT(said.alike, testing::Contains("benign and Benign"));
}

TEST(PictureFolders, AugmentedPicturesAreCopies) {
  const auto said =
      foldersOf({"Original Dataset/cat/1.png", "Original Dataset/dog/1.png", "Augmented Dataset/cat/1.png"});
  EXPECT_THAT(said.classes, ElementsAre("cat", "dog"));
  EXPECT_FALSE(said.pictures[0].copy);
  EXPECT_TRUE(said.pictures[2].copy);
  EXPECT_FALSE(foldersOf({"Augmented/cat/1.png", "Augmented/dog/1.png"}).pictures[0].copy) << "there are no others";
}

TEST(PictureFolders, OnePlaceOrOneFolderHasNoClasses) {
  EXPECT_THAT(foldersOf({"a.png", "b.png"}).refusal, HasSubstr("no folder names a class"));
  EXPECT_THAT(foldersOf({"set/cat/a.png", "set/cat/b.png"}).refusal, HasSubstr("one folder, cat"));
  EXPECT_THAT(foldersOf({}).classes, IsEmpty());
}

TEST(PictureFolders, FoldersSayKindAndPart) {
  const auto words = [](const char* name) {
    const auto said = folderWords(name);
    return std::string(!said.kind                  ? ""
                       : *said.kind == Role::Image ? "image"
                                                   : "labels") +
           "|" + said.split + "|" + said.rest;
  };
  EXPECT_EQ(words("stage_2_train_images"), "image|train|");
  EXPECT_EQ(words("HAM10000_images_part_1"), "image||HAM10000");
  EXPECT_EQ(words("GroundTruth"), "labels||");
  EXPECT_EQ(words("benign"), "||benign");
  EXPECT_EQ(words("a. Training Set"), "|train|");
  EXPECT_EQ(words("Eczema Photos"), "image||Eczema");
  EXPECT_EQ(words("all"), "||all");
  EXPECT_TRUE(folderWords("Augmented Dataset").copies);
  EXPECT_FALSE(folderWords("segmented neutrophils").copies);
  EXPECT_EQ(words("0"), "||0");
  EXPECT_EQ(words("Testing"), "|test|");
}

std::vector<std::string> people(const std::vector<std::string>& stems, const std::string& cls = "") {
  std::vector<PictureName> names;
  for (const auto& stem : stems) names.push_back({stem, cls});
  return peopleOfPictures(names).who;
}

/// Who pictures are of as numbers in order; 0 where nothing says it.
std::vector<int> peopleByNumber(const std::vector<std::string>& stems, const std::string& cls = "") {
  std::map<std::string, int> numbers;
  std::vector<int> out;
  for (const auto& who : people(stems, cls))
    out.push_back(who.empty() ? 0 : numbers.emplace(who, static_cast<int>(numbers.size()) + 1).first->second);
  return out;
}

TEST(PictureFolders, NamesOfPicturesTellWhoseTheyAre) {
  EXPECT_THAT(peopleByNumber({"CNV-1016042-1", "CNV-1016042-2", "CNV-1016043-1"}, "CNV"), ElementsAre(1, 1, 0));
  EXPECT_THAT(people({"CNV-1016042-1", "CNV-1016042-2", "CNV-1016043-1"}, "CNV").front(), "1016042")
      << "under whatever class";
  EXPECT_THAT(peopleByNumber({"person1_bacteria_1", "person1_virus_6", "person12_bacteria_1"}), ElementsAre(1, 1, 0));
  EXPECT_THAT(peopleByNumber({"7_left", "7_right", "8_left"}), ElementsAre(1, 1, 0));
  EXPECT_THAT(peopleByNumber({"00000001_000", "00000001_001", "00000002_000"}), ElementsAre(1, 1, 0));
  EXPECT_THAT(peopleByNumber({"TCGA-AA-1234-01Z-00", "TCGA-AA-1234-02", "TCGA-AB-1234-01"}), ElementsAre(1, 1, 0));
  EXPECT_THAT(peopleByNumber({"OAS1_0028_MR1_mpr-1_100", "OAS1_0028_MR1_mpr-2_101", "OAS1_0031_MR1_mpr-1_100"}),
              ElementsAre(1, 1, 0));
  // Numbers of pictures, or of the set, are of nobody.
  EXPECT_THAT(people({"ISIC_0024306", "ISIC_0024307", "ISIC_0024308"}), testing::Each(""));
  EXPECT_THAT(people({"benign (1)", "benign (2)", "benign (3)"}, "benign"), testing::Each(""));
  EXPECT_THAT(people({"covid-19-pneumonia-12", "covid-19-pneumonia-13", "covid-19-pneumonia-14"}), testing::Each(""));
  EXPECT_THAT(people({"000c1434d8d7", "001639a390f0", "0024cdab0c1e"}), testing::Each(""));
}

TEST(PictureFolders, ClassesThatDifferInLetterCaseAreOne) {
  const auto said =
      foldersOf({"train/Benign/1.png", "train/Malignant/2.png", "test/benign/3.png", "test/malignant/4.png"});
  EXPECT_THAT(said.classes, ElementsAre("Benign", "Malignant"));
  EXPECT_EQ(said.pictures[2].classes, said.pictures[0].classes);
  EXPECT_THAT(said.alike, ElementsAre("benign and Benign", "malignant and Malignant"));
}

}  // namespace
}  // namespace lorkd::data::layout
