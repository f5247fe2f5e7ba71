// What a scan says of whose images are: the same of volumes, of pictures with masks and of pictures of classes; and
// volumes of patients whose DICOM series lie beside them.
#include <gmock/gmock.h>

#include "core/data/PictureSet.h"
#include "core/data/PictureCase.h"
#include "core/io/Images2D.h"
#include "core/io/dicom/DicomWriter.h"
#include "tests/unit/data/LayoutTree.h"

namespace lorkd::data {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

class PeopleFindings : public LayoutTree {
 protected:
  void anew() {
    fs::remove_all(m_data.path());
    fs::create_directories(m_data.path());
    fs::remove(m_elsewhere / "index.sqlite");
  }
  void picture(const std::string& path, bool mask = false) {
    io::Picture p{8, 6, 1, std::vector<std::uint8_t>(48, 0)};
    if (!mask)
      for (std::size_t n = 0; n < p.pixels.size(); ++n) p.pixels[n] = static_cast<std::uint8_t>(n * 5 + m_made * 17);
    p.pixels[9] = 255;
    ++m_made;
    ASSERT_TRUE(io::writePng(made(path), p));
  }
  void masked(const std::string& name) {
    picture("images/" + name + ".png");
    picture("masks/" + name + ".png", true);
  }
  void series(const std::string& folder, const std::string& who) {
    io::DicomHeader header;
    header.patientId = who;
    header.uidSeed = folder;
    ASSERT_TRUE(io::writeCtSeries(m_data / folder, image::Volume(grid()), header));
  }
  std::string messageOf(const std::string& code) const {
    const auto rejected = Catalogue::open(m_elsewhere / "index.sqlite")->rejected();
    for (const auto& [file, finding] : *rejected)
      if (finding.code == code) return finding.message;
    return {};
  }

 private:
  std::size_t m_made = 0;
};

TEST_F(PeopleFindings, PicturesWithMasksSayWhoIsTakenForOne) {
  for (const std::string name : {"pat1slice1", "pat1slice2", "pat2slice1", "pat2slice2"}) masked(name);
  scan();
  ASSERT_EQ(m_cases.size(), 4u);
  EXPECT_EQ(patients(), 2u);
  EXPECT_THAT(messageOf("patients-by-name"), testing::AllOf(HasSubstr("4 images"), HasSubstr("pat1slice1")));
  anew();
  for (const std::string name : {"site1_001", "site1_002", "site2_001", "site2_002"}) masked(name);
  scan();
  EXPECT_EQ(patients(), 4u);
  EXPECT_THAT(refused(), ElementsAre("people-unknown"));
  anew();
  for (const std::string who : {"Meier", "Huber", "Vogt"})
    for (const std::string n : {"1", "2"}) masked(who + "/img" + n);
  scan();
  std::set<std::string> people;
  for (const auto& c : m_cases)
    if (c.kind == kPictureCase) people.insert(c.patient);
  EXPECT_EQ(people.size(), 3u);
  EXPECT_THAT(refused(), testing::Contains("patients-by-name"));
}

TEST_F(PeopleFindings, PicturesOfClassesSayItAndFollowTheRule) {
  for (const std::string cls : {"benign", "malignant"})
    for (const std::string name : {"Meier_20200101", "Meier_20210101", "Huber_20200101", "Huber_20210101"})
      picture(cls + "/" + name + (cls == "benign" ? "_x" : "") + ".png");
  scan();
  ASSERT_EQ(m_cases.size(), 1u);
  EXPECT_EQ(m_cases.front().counts.people, 4) << "meier and meier x, since x may be somebody";
  EXPECT_THAT(messageOf("patients-by-name"), HasSubstr("_20200101"));
  layout::Chosen chosen;
  chosen.layout.patients.pattern = "/([A-Z][a-z]+)_";
  SilentProgress progress;
  auto index = Catalogue::open(m_elsewhere / "index.sqlite");
  ASSERT_TRUE(index->scan("s", m_data.path(), progress, CancelToken(), chosen));
  const auto cases = index->cases();
  ASSERT_EQ(cases->size(), 1u);
  EXPECT_EQ(cases->front().counts.people, 2);
  // Whoever reads the set later reads it by the same rule.
  const auto set = readPictureSet(cases->front().imageFiles, cases->front().people);
  ASSERT_TRUE(set);
  std::set<std::string> people;
  for (const auto& example : set->examples) people.insert(example.patient);
  EXPECT_THAT(people, ElementsAre("Huber", "Meier"));
  const auto bare = pictureDigest(cases->front().imageFiles), ruled = inputDigest(cases->front());
  EXPECT_NE(*bare, *ruled) << "another division is another input";
}

TEST_F(PeopleFindings, PartsThatShareAPersonAreTold) {
  for (const std::string part : {"train", "test"})
    for (const std::string n : {"1", "2"}) image(part + "/sub-0" + n + "_" + part + ".nii.gz");
  scan();
  EXPECT_EQ(patients(), 2u);
  EXPECT_THAT(messageOf("patient-in-splits"), HasSubstr("train/sub-01"));
  anew();
  // Names alone may be those of two people: who is not joined is told.
  for (const std::string part : {"train", "test"}) image(part + "/patient_0412_" + part + ".nii.gz");
  scan();
  EXPECT_THAT(messageOf("alike-in-splits"), HasSubstr("train/patient_0412"));
  anew();
  for (const std::string part : {"train", "test"})
    for (const std::string n : {"1", "2"}) image(part + "/case_" + n + ".nii.gz");
  scan();
  EXPECT_EQ(patients(), 4u);
  EXPECT_THAT(refused(), IsEmpty()) << "each part counts from 1";
}

TEST_F(PeopleFindings, VolumesOfDicomPatientsAreTheirs) {
  struct Set {
    std::string series, volume;
    bool same;
  };
  for (const auto& set : {Set{"#/DICOM", "#/t1_mprage.nii.gz", true},           // beside it
                          Set{"dicom/#", "nifti/ID-#_t1.nii.gz", true},         // the PatientID in the name
                          Set{"dicom/Anna#/1", "nifti/Anna#_t1.nii.gz", true},  // called as the folder of the series
                          Set{"dicom/#", "nifti/other#.nii.gz", false}}) {      // nothing says so
    anew();
    for (const std::string n : {"4711", "4712"}) {
      const auto numbered = [&](std::string path) {
        path.replace(path.find('#'), 1, n);
        return path;
      };
      series(numbered(set.series), "ID-" + n);
      image(numbered(set.volume));
    }
    scan();
    ASSERT_EQ(m_cases.size(), 4u) << set.volume;
    EXPECT_EQ(patients(), set.same ? 2u : 4u) << set.volume;
    EXPECT_EQ(messageOf("patients-of-dicom").empty(), !set.same) << set.volume;
  }
}

TEST_F(PeopleFindings, OneNameInTwoFormsOfUnicodeIsOne) {
  const std::string apart = "Mu\xcc\x88ller", whole = "Müller";
  image(apart + "_1.nii.gz");
  image(whole + "_2.nii.gz");
  labels(whole + "_1_seg.nii.gz", {1});
  image("x.nii.gz");
  text("who.csv", "Datei,Patientennummer\n" + whole + "_1.nii.gz,7\n" + apart + "_2.nii.gz,7\nx.nii.gz,8\n");
  text("list.csv", "image,label,age\n" + whole + "_1.nii.gz," + apart + "_1_seg.nii.gz,61\nx.nii.gz,,70\n");
  scan();
  EXPECT_THAT(of(apart + "_1.nii.gz").labels, ElementsAre("1"));
  SilentProgress progress;
  layout::Chosen chosen;
  chosen.layout.patients.table = "who.csv";
  auto index = Catalogue::open(m_elsewhere / "index.sqlite");
  ASSERT_TRUE(index->scan("s", m_data.path(), progress, CancelToken(), chosen));
  m_cases = *index->cases();
  EXPECT_EQ(patients(), 2u);
  EXPECT_THAT(refused(), Not(Contains("patient-unsaid")));
  chosen = {};
  chosen.layout.table = "list.csv";
  ASSERT_TRUE(index->scan("s", m_data.path(), progress, CancelToken(), chosen));
  m_cases = *index->cases();
  ASSERT_EQ(m_cases.size(), 2u);
  EXPECT_THAT(of(apart + "_1.nii.gz").labels, ElementsAre("1"));
  EXPECT_THAT(messageOf("table-column"), HasSubstr("age")) << "a column that nobody reads";
}

}  // namespace
}  // namespace lorkd::data
