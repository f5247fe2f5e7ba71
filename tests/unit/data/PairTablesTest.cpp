// Labels of whole volumes: tables that name them by file, patient or series, and folders that are called after classes.
#include "core/data/CaseList.h"
#include "core/data/Prepare.h"
#include "core/io/dicom/DicomWriter.h"
#include "tests/unit/data/LayoutTree.h"

namespace lorkd::data {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;

class PairTables : public LayoutTree {
 protected:
  /// What is said of each volume, by its path.
  std::map<std::string, std::vector<std::string>> said() const {
    std::map<std::string, std::vector<std::string>> out;
    for (const auto& c : m_cases)
      out[c.imageFiles.front().lexically_relative(m_data.path()).generic_string()] = c.imageLabels;
    return out;
  }
};

TEST_F(PairTables, AFileAPatientOrAFolderNamesTheVolume) {
  const struct {
    const char *path, *header, *row;  // '#' is the number of a volume
  } sets[] = {{"volumes/p00#.nii.gz", "file,diagnosis", "p00#.nii.gz"},
              {"volumes/p00#.nii.gz", "image;diagnosis", "volumes/p00#.nii.gz"},
              {"scans/p00#_T1w.nii.gz", "patient,diagnosis", "p00#"},
              {"sub-0#/anat/sub-0#_T1w.nii.gz", "participant_id\tdiagnosis", "sub-0#"},
              {"bids/sub-0#/ses-1/anat/sub-0#_ses-1_T1w.nii.gz", "ID,age,diagnosis", "0#,7#"},
              {"ADNI/ADNI_002_S_029#_MR_I11867#.nii", "Image Data ID,Subject,Age,diagnosis", "I11867#,002_S_029#,70"}};
  const std::vector<std::string> classes{"AD", "CN", "AD", "CN"};
  for (const auto& [path, header, row] : sets) {
    SCOPED_TRACE(std::string(path) + " by " + header);
    fs::remove_all(m_data.path());
    fs::remove(m_elsewhere / "index.sqlite");
    const auto numbered = [](std::string text, std::size_t n) {
      std::ranges::replace(text, '#', static_cast<char>('1' + n));
      return text;
    };
    std::string table = std::string(header) + "\n";
    const char separator = table.find('\t') != table.npos ? '\t' : table.find(';') != table.npos ? ';' : ',';
    for (std::size_t n = 0; n < 4; ++n) {
      image(numbered(path, n));
      table += numbered(row, n) + separator + classes[n] + "\n";
    }
    text("labels.csv", table);
    scan();
    const auto found = said();
    ASSERT_EQ(found.size(), 4u);
    for (std::size_t n = 0; n < 4; ++n) EXPECT_THAT(found.at(numbered(path, n)), ElementsAre(classes[n]));
    EXPECT_EQ(patients(), 4u);
  }
}

TEST_F(PairTables, ColumnsSplitsAndBlanksAreThoseOfTheTable) {
  for (const char n : {'1', '2', '3', '4'}) image(std::string("scan") + n + ".nii.gz");
  text("labels.csv",
       "scan,patient_id,tumour,oedema,split\nscan1,A,1,0,train\nscan2,A,1,1,train\nscan3,B,0,,test\n"
       "scan4,C,,1,validation\n");
  scan();
  EXPECT_THAT(said(), ElementsAre(Pair("scan1.nii.gz", ElementsAre("tumour=1", "oedema=0")),
                                  Pair("scan2.nii.gz", ElementsAre("tumour=1", "oedema=1")),
                                  Pair("scan3.nii.gz", ElementsAre("tumour=0")),
                                  Pair("scan4.nii.gz", ElementsAre("oedema=1"))));
  EXPECT_EQ(of("scan3.nii.gz").split, "test");
  EXPECT_EQ(of("scan4.nii.gz").split, "validation");
  EXPECT_EQ(of("scan1.nii.gz").patient, of("scan2.nii.gz").patient) << "as the table says";
  EXPECT_EQ(patients(), 3u);
  EXPECT_EQ(Json(of("scan2.nii.gz")).get<Case>().imageLabels, of("scan2.nii.gz").imageLabels);
}

TEST_F(PairTables, WhoIsOneByTheTableIsOneWithAllImages) {
  for (const char* file : {"a1_ses-1", "a1_ses-2", "b2_ses-1", "b2_ses-2", "c3_ses-1"})
    image(std::string(file) + ".nii.gz");
  // The second session of b2 is not in the table: it is of the same person all the same.
  text("labels.csv",
       "filename,patient_id,label\na1_ses-1.nii.gz,A,x\na1_ses-2.nii.gz,A,x\nb2_ses-1.nii.gz,A,y\n"
       "c3_ses-1.nii.gz,C,y\n");
  scan();
  EXPECT_EQ(of("a1_ses-2.nii.gz").patient, of("b2_ses-1.nii.gz").patient);
  EXPECT_EQ(of("b2_ses-2.nii.gz").patient, of("b2_ses-1.nii.gz").patient);
  EXPECT_EQ(patients(), 2u);
}

TEST_F(PairTables, WhatSpeaksOfNoVolumeGivesNoLabels) {
  for (const char n : {'1', '2', '3', '4'}) image(std::string("scan") + n + ".nii.gz");
  text("other.csv", "name,diagnosis\nanna,AD\nbert,CN\n");
  text("pairs.csv", "image,label\nscan1.nii.gz,scan1_seg.nii.gz\nscan2.nii.gz,scan2_seg.nii.gz\n");
  scan();
  for (const auto& [file, labels] : said()) EXPECT_THAT(labels, IsEmpty()) << file;
}

TEST_F(PairTables, FoldersCalledAfterClassesAreLabels) {
  for (const std::string cls : {"AD", "CN", "MCI"})
    for (const char n : {'1', '2', '3', '4'}) image("data/" + cls + "/" + cls + "_00" + n + ".nii.gz");
  scan();
  EXPECT_THAT(of("data/CN/CN_002.nii.gz").imageLabels, ElementsAre("CN"));
  EXPECT_THAT(of("data/MCI/MCI_004.nii.gz").imageLabels, ElementsAre("MCI"));
  EXPECT_EQ(patients(), 12u);
  // Folders of people, and of what files are, are no classes.
  fs::remove_all(m_data.path());
  fs::remove(m_elsewhere / "index.sqlite");
  for (const char n : {'1', '2', '3', '4'}) {
    image(std::string("imagesTr/case_00") + n + ".nii.gz");
    image(std::string("imagesTs/case_01") + n + ".nii.gz");
    labels(std::string("labelsTr/case_00") + n + ".nii.gz", {1});
  }
  scan();
  for (const auto& [file, labels] : said()) EXPECT_THAT(labels, IsEmpty()) << file;
}

TEST_F(PairTables, SeriesAreNamedByPatientOrTheirOwnNumber) {
  for (const char* key : {"PatientID", "SeriesInstanceUID"}) {
    SCOPED_TRACE(key);
    fs::remove_all(m_data.path());
    fs::remove(m_elsewhere / "index.sqlite");
    std::string table = std::string(key) + ",finding\n";
    for (const std::string n : {"1", "2", "3"}) {
      image::Volume volume(grid());
      for (std::size_t v = 0; v < volume.voxels.size(); ++v) volume.voxels[v] = static_cast<float>(v % 50);
      io::DicomHeader header;
      header.patientId = "P-" + n;
      header.studyUid = "1.2.3." + n, header.seriesUid = "1.2.3." + n + ".1";
      fs::create_directories(m_data / ("x" + n));
      const auto written = io::writeCtSeries(m_data / ("x" + n), volume, header);
      ASSERT_TRUE(written) << written.error().text();
      table += (key[0] == 'P' ? header.patientId : header.seriesUid) + (n == "2" ? ",bleeding\n" : ",none\n");
    }
    text("labels.csv", table);
    scan();
    ASSERT_EQ(m_cases.size(), 3u);
    int bleeding = 0;
    for (const auto& c : m_cases) {
      ASSERT_EQ(c.imageLabels.size(), 1u);
      bleeding += c.imageLabels.front() == "bleeding";
    }
    EXPECT_EQ(bleeding, 1);
  }
}

// A bright block off the middle of air: where the patch is cut, and what lies beside the volume.
TEST(WholeImage, IsCutAroundTheMiddleOrTheForeground) {
  TemporaryFolder folder;
  image::Volume volume(image::Geometry{{20, 20, 20}});
  for (std::int64_t k = 12; k < 18; ++k)
    for (std::int64_t j = 10; j < 16; ++j)
      for (std::int64_t i = 11; i < 17; ++i)
        volume.voxels[static_cast<std::size_t>(volume.geometry.offset(i, j, k))] = 255;
  ASSERT_TRUE(io::writeNifti(folder / "a.nii", volume));
  const auto cases = scanned(folder.path(), folder / "index.sqlite");
  ASSERT_TRUE(cases);
  plan::Data options;
  options.spacing = {1, 1, 1};
  options.normalisation = plan::DataNormalisation::Scale;
  options.patch = {8, 8, 8};
  const auto bright = [&](const std::vector<float>& values) {
    return std::ranges::count_if(values, [](float v) { return v > 0; });
  };
  const auto middle = wholeImage(options, cases->front());
  ASSERT_TRUE(middle) << middle.error().text();
  ASSERT_EQ(middle->size(), 512u);
  options.centre = plan::DataCentre::Foreground;
  EXPECT_EQ(bright(*wholeImage(options, cases->front())), 216) << "the whole block";
  EXPECT_LT(bright(*middle), 216);
  EXPECT_GT(bright(*middle), 0);
  options.patch = {24, 20, 20};
  const auto padded = wholeImage(options, cases->front());
  EXPECT_EQ(bright(*padded), 216);
  EXPECT_EQ(padded->front(), *std::ranges::min_element(*padded)) << "beside it lies what is darkest";
}

}  // namespace
}  // namespace lorkd::data
