// Tables that name pictures: columns, blanks, splits, patients, and what cannot be used.
#include "core/data/PictureTable.h"

#include <gmock/gmock.h>

#include <sstream>

#include "core/base/File.h"
#include "core/data/PictureSet.h"
#include "core/data/layout/ColumnNames.h"
#include "core/io/Csv.h"
#include "tests/unit/data/Support.h"

namespace lorkd::data {
namespace {

namespace fs = std::filesystem;
using io::PictureSet;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;
using Folder = TemporaryFolder;

#define ASSERT_READ(result) ASSERT_TRUE(result) << (result).error().text()

// The bytes say what a file is, whatever its name ends in.
void draw(const Folder& folder, const std::string& names) {
  std::istringstream words(names);
  int n = 0;
  for (std::string name; words >> name; ++n)
    ASSERT_TRUE(io::writePng(folder / name, {4, 3, 1, std::vector<std::uint8_t>(12, static_cast<std::uint8_t>(n))}));
}

void put(const fs::path& file, const std::string& text) { ASSERT_TRUE(writeFileAtomically(file, text)); }

Result<PictureSet> readTables(const std::vector<fs::path>& files, fs::path root = {}) {
  if (root.empty()) root = files.front().parent_path();
  LORKD_TRY(places, layout::PicturePlaces::open(root));
  return readPictureTables(files, places);
}

/// Findings but the one that lists columns.
std::string codes(const PictureSet& set) {
  std::string out;
  for (const auto& f : set.findings)
    if (f.code != "label-columns") out += f.code + " " + f.message.substr(0, f.message.find(' ')) + "; ";
  return out;
}

TEST(PictureTable, FilenameAndLabelAsRadImageNetWritesThem) {
  Folder folder;
  draw(folder, "RadImageNet/CT/abd/1.png RadImageNet/CT/abd/2.jpg RadImageNet/MR/knee/1.bmp x/3.tif");
  put(folder / "train.csv",
      "filename,label\nRadImageNet/CT/abd/1.png,abd-normal\nRadImageNet/CT/abd/2.jpg,\"liver, lesion\"\n");
  put(folder / "val.csv", "filename,label\r\nRadImageNet/MR/knee/1.bmp,abd-normal\r\nx/3.tif,abd-normal\r\n");
  EXPECT_TRUE(io::isTable(folder / "train.csv"));
  const auto set = readTables({folder / "train.csv", folder / "val.csv"});
  ASSERT_READ(set);
  EXPECT_THAT(set->classes, ElementsAre("abd-normal", "liver, lesion"));
  EXPECT_EQ(codes(*set), "");
  ASSERT_EQ(set->examples.size(), 4u);
  EXPECT_EQ(set->examples[1].labels, std::vector{1});
  EXPECT_EQ(set->examples[1].split, "train");
  EXPECT_EQ(set->examples[2].split, "val");
  EXPECT_EQ(set->examples[2].id, "RadImageNet/MR/knee/1.bmp");
  const auto third = io::pictureOf(set->examples[2]);
  ASSERT_READ(third);
  EXPECT_THAT(third->pixels, testing::Each(2));
}

TEST(PictureTable, EachColumnIsAGroupAndBlanksAreUnknown) {
  Folder folder;
  draw(folder, "a.png b.png c.png d.png e.png");
  put(folder / "set.csv",
      "image,edema,density,age,patient_id,split\n"
      "a.png,1.0,10,61,p1,train\nb.png,0.0,9,52,p1,train\nc.png,,9,43,p2,test\nd.png,nan,,70,p3,Validation\n"
      "e.png,1.0,10,30,p4,train\n");
  const auto set = readTables({folder / "set.csv"});
  ASSERT_READ(set);
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
  draw(folder, "images/00_000.png images/00_001.png images/00_002.png");
  put(folder / "Data_Entry_2017.csv",
      "Image Index,Finding Labels,Patient ID\n00_000.png,Cardiomegaly|Emphysema,1\n00_001.png,No Finding,1\n"
      "00_002.png,Emphysema,2\n");
  const auto set = readTables({folder / "Data_Entry_2017.csv"});
  ASSERT_READ(set);
  EXPECT_THAT(set->classes, ElementsAre("Cardiomegaly=0", "Cardiomegaly=1", "Emphysema=0", "Emphysema=1",
                                        "No Finding=0", "No Finding=1"));
  EXPECT_THAT(set->examples[0].labels, ElementsAre(1, 3, 4));
  EXPECT_THAT(set->examples[1].labels, ElementsAre(0, 2, 5));
  EXPECT_THAT(set->examples[2].labels, ElementsAre(0, 3, 4));
}

TEST(PictureTable, WhatCannotBeUsedIsCountedWithTheFirstNames) {
  Folder folder;
  draw(folder, "a.png b.png sub/c.png one/same.png two/same.png");
  put(folder / "d.webp", "RIFF");
  put(folder / "set.csv",
      "filename,label,split\na.png,x,train\na.png,x,train\nb.png,x,\nb.png,y,\nc,y,fold2\nsame.png,x,\nd.webp,x,\n"
      "../../etc/passwd,x,\nnone1.png,x,\nnone2.png,x,\n,x,\n");
  const auto set = readTables({folder / "set.csv"});
  ASSERT_READ(set);
  EXPECT_EQ(codes(*set),
            "picture-missing 4; picture-outside 1; picture-kind 1; duplicate-picture 2; label-conflict 1; "
            "unknown-split 1; unlabelled-picture 1; ");
  EXPECT_THAT(set->findings[0].message, HasSubstr("same.png, none1.png, none2.png, ..."));
  ASSERT_EQ(set->examples.size(), 2u);
  EXPECT_EQ(set->examples[1].id, "sub/c.png");
}

TEST(PictureTable, ColumnsOfPeoplePartsAndPlacesAreNoLabels) {
  Folder folder;
  draw(folder, "a.png b.png c.png d.png");
  put(folder / "set.csv",
      "filename;Diagnose;Patientennummer;is_test;fold;center;Geschlecht;group;cluster_nr;Größe\n"
      "a.png;gut;P1;0;0;A;m;x;1;1\nb.png;böse;p1;0;1;B;w;y;2;2\nc.png;gut;P2;1;0;A;m;x;1;1\n"
      "d.png;böse;P2;1;1;B;w;y;2;2\n");
  const auto set = readTables({folder / "set.csv"});
  ASSERT_READ(set);
  EXPECT_THAT(set->classes, testing::UnorderedElementsAre("gut", "böse"));
  ASSERT_EQ(set->examples.size(), 4u);
  EXPECT_EQ(set->examples[0].patient, set->examples[1].patient) << "P1 and p1";
  EXPECT_NE(set->examples[0].patient, set->examples[2].patient);
  EXPECT_EQ(set->examples[0].split, "train");
  EXPECT_EQ(set->examples[3].split, "test");
  // What is not taken is told, with the reason.
  ASSERT_FALSE(set->findings.empty());
  for (const std::string column : {"fold", "center", "Geschlecht", "group", "cluster_nr", "Größe"})
    EXPECT_THAT(set->findings.back().message, HasSubstr(column + " ("));
}

TEST(PictureTable, AGroupIsTheDiagnosisWhereNothingElseIs) {
  Folder folder;
  draw(folder, "a.png b.png c.png d.png");
  put(folder / "set.csv", "filename,Subject,Group,Sex\na.png,1,AD,F\nb.png,2,CN,M\nc.png,3,MCI,F\nd.png,4,CN,M\n");
  const auto set = readTables({folder / "set.csv"});
  ASSERT_READ(set);
  EXPECT_THAT(set->classes, testing::UnorderedElementsAre("AD", "CN", "MCI"));
  // Numbers are parts of the set.
  put(folder / "set.csv", "filename,Subject,Group\na.png,1,1\nb.png,2,2\nc.png,3,1\nd.png,4,2\n");
  EXPECT_FALSE(readTables({folder / "set.csv"}));
}

TEST(PictureTable, PeopleAreCalledByManyNames) {
  using layout::patientRank;
  for (const std::string name : {"Patient ID", "patient_no", "PatID", "pat_nr", "Patientennummer", "paciente",
                                 "id_paciente", "ID Patient", "Patienten-ID", "patientName"})
    EXPECT_EQ(patientRank(name), 0u) << name;
  for (const std::string name :
       {"subject_id", "participant_id", "subject", "MRN", "pid", "Probandennummer", "personId"})
    EXPECT_EQ(patientRank(name), 1u) << name;
  EXPECT_EQ(patientRank("nom"), 2u);
  EXPECT_EQ(patientRank("lesion_id"), 3u);
  EXPECT_EQ(patientRank("case_id"), 4u);
  EXPECT_EQ(patientRank("StudyInstanceUID"), 5u);
  for (const std::string name : {"Patient Age", "patient_sex", "path", "pattern", "case", "study", "prenom", "label",
                                 "sub", "lesion", "pt", "subset", "patch", "image"})
    EXPECT_FALSE(patientRank(name)) << name;
}

TEST(PictureTable, ValuesThatDifferInLetterCaseAreOneClass) {
  Folder folder;
  draw(folder, "a.png b.png c.png d.png");
  put(folder / "set.csv", "filename,label\na.png,Benign\nb.png,benign\nc.png,malignant\nd.png,Malignant\n");
  const auto set = readTables({folder / "set.csv"});
  ASSERT_READ(set);
  EXPECT_THAT(set->classes, ElementsAre("Benign", "malignant"));
  EXPECT_EQ(set->examples[0].labels, set->examples[1].labels);
  EXPECT_EQ(codes(*set), "class-names-alike 2; ");
}

TEST(PictureTable, PatientsInSeveralSplitsAreTold) {
  Folder folder;
  draw(folder, "a.png b.png c.png");
  put(folder / "set.csv", "file\tclass\tset\tsubject\na.png\tx\ttrain\ts1\nb.png\ty\ttest\ts1\nc.png\ty\ttrain\ts2\n");
  const auto set = readPictureSet({folder / "set.csv"});
  ASSERT_READ(set);
  EXPECT_EQ(codes(*set), "patient-in-splits 1; ");
  EXPECT_THAT(set->findings.back().message, testing::Not(HasSubstr("s1")));  // who it is goes nowhere
}

TEST(PictureTable, AColumnOfThousandsOfFindingsIsNoLabel) {
  Folder folder;
  draw(folder, "a.png");
  std::string cell = "0";
  for (int n = 1; n <= 1000; ++n) cell += "|" + std::to_string(n);
  put(folder / "set.csv", "filename,label\na.png," + cell + "\n");
  const auto set = readTables({folder / "set.csv"});
  ASSERT_FALSE(set);
  EXPECT_THAT(set.error().message, HasSubstr("'label' has 1001 different labels"));
}

TEST(PictureTable, OtherTablesAreNone) {
  Folder folder;
  draw(folder, "1.png b.png");
  put(folder / "labels.csv", "value,name\n4,liver\n5,spleen\n");
  put(folder / "notes.csv", "filename\nb.png\n");
  put(folder / "gone.csv", "filename,label\na.png,x\nc.png,y\n");
  put(folder / "empty.csv", "");
  EXPECT_FALSE(io::isTable(folder / "empty.csv"));
  EXPECT_EQ(readTables({folder / "labels.csv"}).error().code, ErrorCode::Format);
  const auto places = layout::PicturePlaces::open(folder.path());
  ASSERT_READ(places);
  const auto sets = setsOfTables({folder / "gone.csv", folder / "labels.csv", folder / "notes.csv"}, *places);
  EXPECT_THAT(sets.sets, IsEmpty());
  EXPECT_THAT(sets.strangers, ElementsAre(folder / "labels.csv"));
  // It names pictures and says nothing of their classes: folders may.
  ASSERT_EQ(sets.told.size(), 1u);
  EXPECT_EQ(sets.told[0].first, folder / "notes.csv");
  // It speaks of pictures, and no folder may stand in for it.
  ASSERT_EQ(sets.faults.size(), 1u);
  EXPECT_EQ(sets.faults[0].first, folder / "gone.csv");
  EXPECT_THAT(sets.faults[0].second.message, Not(HasSubstr("a.png"))) << "which goes where names may not";
}

TEST(PictureTable, TheColumnWhoseCellsAreThePicturesNamesThem) {
  Folder folder;
  draw(folder, "Train_Images/000c1a.png Train_Images/000c1b.PNG Train_Images/000c1c.png masks/000c1a.png");
  put(folder / "tables/train.csv", "code of eye;stage;age\n000C1A;mild;61\n000c1b;none;52\n000c1c;mild;61\n");
  const auto set = readTables({folder / "tables/train.csv"}, folder.path());
  ASSERT_READ(set);
  EXPECT_THAT(set->classes, ElementsAre("mild", "none"));
  ASSERT_EQ(set->examples.size(), 3u);
  EXPECT_EQ(set->examples[0].id, "Train_Images/000c1a.png") << "a mask of the same name is no example";
  EXPECT_EQ(set->examples[0].split, "train");
  EXPECT_THAT(set->findings.back().message, HasSubstr("age (what a person is like)"));
}

TEST(PictureTable, TwoColumnsOfPicturesAreAQuestion) {
  Folder folder;
  draw(folder, "a/1x.png a/2x.png b/3x.png b/4x.png");
  put(folder / "t.csv", "before,after,label\n1x,3x,p\n2x,4x,q\n");
  const auto set = readTables({folder / "t.csv"});
  ASSERT_FALSE(set);
  EXPECT_THAT(set.error().message, HasSubstr("'after' and 'before'"));
  EXPECT_THAT(set.error().hint, HasSubstr("filename"));
}

TEST(PictureTable, AFolderThatIsThereHoldsThePicture) {
  Folder folder;
  draw(folder, "train/1.png test/2.png site/a/3.png site/b/3.png");
  // test/1.png is not train/1.png; of two called alike, the row's other words tell.
  put(folder / "t.csv", "file,label,ward\ntest/1.png,x,-\narchive/test/2.png,y,-\n3.png,x,b\n3.png,y,c\n");
  const auto set = readTables({folder / "t.csv"});
  ASSERT_READ(set);
  EXPECT_EQ(codes(*set), "picture-missing 2; ");
  ASSERT_EQ(set->examples.size(), 2u);
  EXPECT_EQ(set->examples[0].id, "test/2.png");
  EXPECT_EQ(set->examples[1].id, "site/b/3.png");
}

TEST(PictureTable, RowsOfReadersThatDifferAreLeftOutByColumn) {
  Folder folder;
  draw(folder, "p1.png p2.png p3.png");
  // As VinDr-CXR writes a row for each reader and box.
  put(folder / "train.csv",
      "image_id,class_name,class_id,rad_id,x_min\np1,Effusion,10,R8,\np1,Effusion,10,R9,4.5\np2,No finding,14,R8,\n"
      "p2,Effusion,10,R9,3\np3,No finding,14,R9,\n");
  const auto set = readTables({folder / "train.csv"});
  ASSERT_READ(set);
  EXPECT_THAT(set->classes, ElementsAre("Effusion", "No finding"));
  ASSERT_EQ(set->examples.size(), 2u);
  EXPECT_EQ(set->examples[1].id, "p3.png");
  EXPECT_EQ(codes(*set), "duplicate-picture 2; label-conflict 1; unlabelled-picture 1; ");
  EXPECT_THAT(set->findings[1].message, HasSubstr("'class_name'"));
  EXPECT_THAT(set->findings[1].message, HasSubstr("p2.png"));
}

TEST(PictureTable, TablesOfStudiesAndPartsBelongToThatOfFiles) {
  Folder folder;
  draw(folder, "files/p1/s1/a.jpg files/p1/s2/b.jpg files/p2/s3/c.jpg files/p2/s3/d.jpg");
  put(folder / "metadata.csv", "dicom_id,subject_id,study_id\na,1,1\nb,1,2\nc,2,3\nd,2,3\n");
  put(folder / "labels.csv", "subject_id,study_id,Edema\n1,1,1.0\n1,2,\n2,3,0.0\n");
  put(folder / "parts.csv", "dicom_id,subject_id,split\na,1,train\nb,1,train\nc,2,validate\nd,2,validate\n");
  const auto places = layout::PicturePlaces::open(folder.path());
  ASSERT_READ(places);
  const auto sets = setsOfTables({folder / "labels.csv", folder / "metadata.csv", folder / "parts.csv"}, *places);
  ASSERT_EQ(sets.sets.size(), 1u);
  ASSERT_EQ(sets.sets[0].size(), 3u);
  const auto set = readPictureTables(sets.sets[0], *places);
  ASSERT_READ(set);
  EXPECT_THAT(set->classes, ElementsAre("Edema=0", "Edema=1"));
  ASSERT_EQ(set->examples.size(), 3u);
  EXPECT_THAT(set->examples[0].labels, ElementsAre(1));
  EXPECT_THAT(set->examples[2].labels, ElementsAre(0));
  EXPECT_EQ(set->examples[2].split, "val");
  EXPECT_EQ(set->examples[2].patient, "2");
}

TEST(PictureTable, IsReadAsSpreadsheetsSaveItOrRefusedByLine) {
  Folder folder;
  draw(folder, "in/a.png in/b.png");
  const std::string text = "filename\tlabel\t\r\nin\\a.png\tcat\t\r\nin\\b.png\tdog\t\r\n";
  std::string utf16 = "\xff\xfe";
  for (const char c : text) utf16 += c, utf16 += '\0';
  put(folder / "set.csv", utf16);
  const auto set = readTables({folder / "set.csv"});
  ASSERT_READ(set);
  EXPECT_THAT(set->classes, ElementsAre("cat", "dog"));
  EXPECT_EQ(codes(*set), "");
  put(folder / "set.csv", "filename,label\nin/a.png,\"cat\nin/b.png,dog\n");
  const auto open = readTables({folder / "set.csv"});
  ASSERT_FALSE(open);
  EXPECT_THAT(open.error().text(), HasSubstr("set.csv: line 2: a quote"));
}

TEST(PictureTable, AFirstLineThatNamesAPictureIsNoHeader) {
  Folder folder;
  draw(folder, "a.png b.png");
  put(folder / "t.csv", "a.png,cat\nb.png,dog\n");
  const auto set = readTables({folder / "t.csv"});
  ASSERT_FALSE(set);
  EXPECT_EQ(set.error().code, ErrorCode::Format);
  EXPECT_THAT(set.error().hint, HasSubstr("filename,label"));
}

TEST(PictureTable, AColumnInWhichNearlyEveryPictureHasItsOwnValueIsNoLabel) {
  Folder folder;
  std::string names, table = "image,label,report\n";
  for (int n = 0; n < 80; ++n) {
    names += "p" + std::to_string(n) + ".png ";
    table += "p" + std::to_string(n) + ",words " + std::to_string(n) + ",x\n";
  }
  draw(folder, names);
  put(folder / "t.csv", table);
  const auto places = layout::PicturePlaces::open(folder.path());
  ASSERT_READ(places);
  const auto sets = setsOfTables({folder / "t.csv"}, *places);
  ASSERT_EQ(sets.faults.size(), 1u);
  EXPECT_THAT(sets.faults[0].second.message, HasSubstr("label (nearly every picture has its own)"));
}

}  // namespace
}  // namespace lorkd::data
