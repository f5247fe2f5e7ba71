// Tables that name pictures: columns, blanks, splits, patients, and what cannot be used.
#include <gmock/gmock.h>

#include "core/io/Images2D.h"
#include "tests/unit/io/Support.h"

using namespace lorkd;
using namespace lorkd::io;
using namespace lorkd::io::test;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

namespace {

// Pictures as PIL writes them, so that no writer of this program stands behind the truth. False where it is not there.
bool draw(const Folder& folder, const std::string& names) {
  return run("/usr/bin/python3 -c \"import os; from PIL import Image; os.chdir('" + folder.path().string() +
             "')\nfor n, p in enumerate('" + names +
             "'.split()):\n os.makedirs(os.path.dirname(p) or '.', exist_ok=True)\n"
             " Image.new('RGB' if n % 2 else 'L', (4, 3), (n, 2 * n, 3 * n) if n % 2 else n).save(p)\"")
             .code == 0;
}

#define DRAW_OR_SKIP(folder, names) \
  if (!draw(folder, names)) GTEST_SKIP() << "PIL is not there"

std::string codes(const PictureSet& set) {
  std::string out;
  for (const auto& f : set.findings) out += f.code + " " + f.message.substr(0, f.message.find(' ')) + "; ";
  return out;
}

TEST(PictureTable, FilenameAndLabelAsRadImageNetWritesThem) {
  Folder folder;
  DRAW_OR_SKIP(folder, "RadImageNet/CT/abd/1.png RadImageNet/CT/abd/2.jpg RadImageNet/MR/knee/1.bmp x/3.tif");
  put(folder / "train.csv",
      "filename,label\nRadImageNet/CT/abd/1.png,abd-normal\nRadImageNet/CT/abd/2.jpg,\"liver, lesion\"\n");
  put(folder / "val.csv", "filename,label\r\nRadImageNet/MR/knee/1.bmp,abd-normal\r\nx/3.tif,abd-normal\r\n");
  EXPECT_TRUE(isPictureTable(folder / "train.csv"));
  const auto set = readPictureTables({folder / "train.csv", folder / "val.csv"});
  ASSERT_OK(set);
  EXPECT_THAT(set->classes, ElementsAre("abd-normal", "liver, lesion"));
  EXPECT_THAT(set->findings, IsEmpty()) << codes(*set);
  ASSERT_EQ(set->examples.size(), 4u);
  EXPECT_EQ(set->examples[1].labels, std::vector{1});
  EXPECT_EQ(set->examples[1].split, "train");
  EXPECT_EQ(set->examples[2].split, "val");
  EXPECT_EQ(set->examples[2].id, "RadImageNet/MR/knee/1.bmp");
  // What PIL drew.
  const auto grey = pictureOf(set->examples[2]);
  ASSERT_OK(grey);
  EXPECT_THAT(grey->pixels, testing::Each(2));
  const auto colour = pictureOf(set->examples[3]);
  ASSERT_OK(colour);
  EXPECT_EQ(colour->channels, 3);
  EXPECT_THAT((std::vector(colour->pixels.begin(), colour->pixels.begin() + 3)), ElementsAre(3, 6, 9));
}

TEST(PictureTable, EachColumnIsAGroupAndBlanksAreUnknown) {
  Folder folder;
  DRAW_OR_SKIP(folder, "a.png b.png c.png d.png e.png");
  put(folder / "set.csv",
      "image,edema,density,age,patient_id,split\n"
      "a.png,1.0,10,61,p1,train\nb.png,0.0,9,52,p1,train\nc.png,,9,43,p2,test\nd.png,nan,,70,p3,Validation\n"
      "e.png,1.0,10,30,p4,train\n");
  const auto set = readPictureTables({folder / "set.csv"});
  ASSERT_OK(set);
  // In the order of the numbers; ages repeat nothing and are no classes.
  EXPECT_THAT(set->classes, ElementsAre("edema=0", "edema=1", "density=9", "density=10"));
  ASSERT_EQ(set->examples.size(), 4u);
  EXPECT_THAT(set->examples[0].labels, ElementsAre(1, 3));
  EXPECT_THAT(set->examples[1].labels, ElementsAre(0, 2));
  EXPECT_THAT(set->examples[2].labels, ElementsAre(2));
  EXPECT_EQ(set->examples[0].patient, "p1");
  EXPECT_EQ(set->examples[2].split, "test");
  EXPECT_EQ(codes(*set), "unlabelled-picture 1; ");
  EXPECT_THAT(set->findings[0].message, HasSubstr("d.png"));
}

TEST(PictureTable, SeveralFindingsInACellAreColumnsOfTheirOwn) {
  Folder folder;
  DRAW_OR_SKIP(folder, "images/00_000.png images/00_001.png images/00_002.png");
  put(folder / "Data_Entry_2017.csv",
      "Image Index,Finding Labels,Patient ID\n00_000.png,Cardiomegaly|Emphysema,1\n00_001.png,No Finding,1\n"
      "00_002.png,Emphysema,2\n");
  const auto set = readPictureTables({folder / "Data_Entry_2017.csv"});
  ASSERT_OK(set);
  EXPECT_THAT(set->classes, ElementsAre("Cardiomegaly=0", "Cardiomegaly=1", "Emphysema=0", "Emphysema=1",
                                        "No Finding=0", "No Finding=1"));
  EXPECT_THAT(set->examples[0].labels, ElementsAre(1, 3, 4));
  EXPECT_THAT(set->examples[1].labels, ElementsAre(0, 2, 5));
  EXPECT_THAT(set->examples[2].labels, ElementsAre(0, 3, 4));
}

TEST(PictureTable, WhatCannotBeUsedIsCountedWithTheFirstNames) {
  Folder folder;
  DRAW_OR_SKIP(folder, "a.png b.png sub/c.png one/same.png two/same.png");
  put(folder / "d.gif", "GIF89a");
  put(folder / "set.csv",
      "filename,label,split\na.png,x,train\na.png,x,train\nb.png,x,\nb.png,y,\nc,y,fold2\nsame.png,x,\nd.gif,x,\n"
      "../../etc/passwd,x,\nnone1.png,x,\nnone2.png,x,\n,x,\n");
  const auto set = readPictureTables({folder / "set.csv"});
  ASSERT_OK(set);
  EXPECT_EQ(codes(*set),
            "picture-missing 4; picture-outside 1; picture-kind 1; duplicate-picture 2; label-conflict 1; "
            "unknown-split 1; unlabelled-picture 1; ");
  EXPECT_THAT(set->findings[0].message, HasSubstr("same.png, none1.png, none2.png, ..."));
  ASSERT_EQ(set->examples.size(), 2u);
  EXPECT_EQ(set->examples[1].id, "sub/c.png");
}

TEST(PictureTable, PatientsInSeveralSplitsAreTold) {
  Folder folder;
  DRAW_OR_SKIP(folder, "a.png b.png c.png");
  put(folder / "set.csv", "file\tclass\tset\tsubject\na.png\tx\ttrain\ts1\nb.png\ty\ttest\ts1\nc.png\ty\ttest\ts2\n");
  const auto set = readPictureTables({folder / "set.csv"});
  ASSERT_OK(set);
  EXPECT_EQ(codes(*set), "patient-in-splits 1; ");
  EXPECT_THAT(set->findings[0].message, testing::Not(HasSubstr("s1")));  // who it is goes nowhere
}

TEST(PictureTable, AColumnOfThousandsOfFindingsIsNoLabel) {
  Folder folder;
  DRAW_OR_SKIP(folder, "a.png");
  std::string cell = "0";
  for (int n = 1; n <= 1000; ++n) cell += "|" + std::to_string(n);
  put(folder / "set.csv", "filename,label\na.png," + cell + "\n");
  const auto set = readPictureTables({folder / "set.csv"});
  ASSERT_FALSE(set);
  EXPECT_THAT(set.error().message, HasSubstr("'label' has 1001 different labels"));
}

TEST(PictureTable, OtherTablesAreNone) {
  Folder folder;
  put(folder / "labels.csv", "label,name\n1,liver\n");
  put(folder / "notes.csv", "filename\na.png\n");
  put(folder / "empty.csv", "");
  for (const char* name : {"labels.csv", "notes.csv", "empty.csv"}) EXPECT_FALSE(isPictureTable(folder / name)) << name;
  EXPECT_EQ(readPictureTables({folder / "labels.csv"}).error().code, ErrorCode::Format);
  put(folder / "gone.csv", "filename,label\na.png,x\n");
  const auto gone = readPictureTables({folder / "gone.csv"});
  ASSERT_FALSE(gone);
  EXPECT_EQ(gone.error().code, ErrorCode::InvalidArgument);
  EXPECT_THAT(gone.error().context, HasSubstr("a.png"));
  EXPECT_THAT(gone.error().message, Not(HasSubstr("a.png"))) << "which goes where names may not";
}

}  // namespace
