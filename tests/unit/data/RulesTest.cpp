// Patterns, tables and readers, through a scan of small volumes.
#include <gmock/gmock.h>

#include "core/data/Channels.h"
#include "core/io/dicom/DicomWriter.h"
#include "tests/unit/data/LayoutTree.h"

namespace lorkd::data {
namespace {

using testing::Each;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

class Rules : public LayoutTree {
 protected:
  plan::Layout m_layout;

  Result<std::vector<Case>> read() {
    LORKD_TRY(catalogue, Catalogue::open(m_elsewhere / "index.sqlite"));
    SilentProgress progress;
    LORKD_CHECK(catalogue.scan("s", m_data.path(), progress, CancelToken(), {m_layout}));
    return catalogue.cases();
  }
  void scan() {
    const auto found = read();
    ASSERT_TRUE(found) << found.error().text();
    m_cases = *found;
  }
  /// What was told under a code.
  std::vector<std::string> told(const std::string& code) const {
    std::vector<std::string> out;
    const auto rejected = Catalogue::open(m_elsewhere / "index.sqlite")->rejected();
    for (const auto& [file, finding] : *rejected)
      if (finding.code == code) out.push_back(finding.message);
    return out;
  }
  std::string readAs() const { return Catalogue::open(m_elsewhere / "index.sqlite")->readAs("s")->reader; }
  /// An image that begins elsewhere, or has larger voxels.
  void imageAt(const std::string& path, double shift, double scale = 1) {
    auto g = grid();
    g.origin = {shift, shift, shift};
    for (auto& side : g.spacing) side *= scale;
    for (auto& count : g.size) count = static_cast<std::int64_t>(static_cast<double>(count) / scale);
    image::Volume volume(g);
    for (std::size_t n = 0; n < volume.voxels.size(); ++n) volume.voxels[n] = static_cast<float>(n % 11);
    write(path, volume);
  }
  /// Contrasts and masks of two people, whose names say nothing by words.
  void study() {
    for (const std::string who : {"anna", "bert"}) {
      image("study/" + who + "/alpha.nii.gz");
      image("study/" + who + "/beta.nii.gz");
      labels("study/" + who + "/drawn/liver.nii.gz", {1, 1});
      labels("study/" + who + "/drawn/tumour_left.nii.gz", {0, 1});
      labels("study/" + who + "/net/liver.nii.gz", {1});
    }
  }
};

TEST_F(Rules, PatternsSayWhatEachFileIs) {
  study();
  m_layout.images = {"study/{patient}/{channel}.nii.gz"};
  m_layout.labels = {"study/{patient}/drawn/{label}"};
  scan();
  EXPECT_THAT(spoken(), ElementsAre(Pair("study/anna/alpha.nii.gz", UnorderedElementsAre("liver", "tumour_left")),
                                    Pair("study/bert/alpha.nii.gz", UnorderedElementsAre("liver", "tumour_left"))));
  EXPECT_EQ(patients(), 2u);
  EXPECT_EQ(channelNames(m_cases.front()), (std::vector<std::string>{"alpha", "beta"}));
  EXPECT_THAT(voxelsOf(m_cases.front()), ElementsAre(Pair("liver", 2), Pair("tumour_left", 1)));
  EXPECT_EQ(readAs(), "rules");
  // What no pattern names is left out, and told once.
  ASSERT_EQ(told("no-rule").size(), 1u);
  EXPECT_THAT(told("no-rule").front(), HasSubstr("2 left out (no pattern names it)"));
  EXPECT_THAT(told("no-rule").front(), HasSubstr("study/anna/net/liver.nii.gz"));
}

TEST_F(Rules, AnotherRuleReadsTheSameFilesAnew) {
  study();
  m_layout.images = {"study/{patient}/{channel}.nii.gz"};
  scan();
  EXPECT_THAT(spoken(), Each(Pair(testing::_, IsEmpty())));
  m_layout.labels = {"study/{patient}/net/{label}.nii.gz"};
  scan();
  EXPECT_THAT(voxelsOf(m_cases.front()), ElementsAre(Pair("liver", 1)));
  EXPECT_EQ(Catalogue::open(m_elsewhere / "index.sqlite")->readAs("s")->layout, m_layout);
  m_layout = {};
  scan();
  EXPECT_EQ(readAs(), "names");
}

TEST_F(Rules, OfPatternsOfOneStructureTheFirstCounts) {
  study();
  m_layout.images = {"study/{patient}/{channel:alpha}.nii.gz"};
  m_layout.labels = {"study/{patient}/net/{label}.nii.gz", "study/{patient}/drawn/{label}.nii.gz"};
  scan();
  EXPECT_THAT(voxelsOf(m_cases.front()), ElementsAre(Pair("liver", 1), Pair("tumour_left", 1)));
  EXPECT_EQ(told("second-label").size(), 2u);
  EXPECT_THAT(m_cases.front().contested, IsEmpty());
}

TEST_F(Rules, ReadersAreSeveralAnswers) {
  image("a.nii.gz");
  labels("a_x1.nii.gz", {1, 1});
  labels("a_x2.nii.gz", {1});
  m_layout.images = {"{case}.nii.gz"};
  m_layout.labels = {"{case}_x{reader:[0-9]}.nii.gz"};
  scan();
  ASSERT_EQ(m_cases.size(), 1u);
  EXPECT_EQ(m_cases.front().labelFiles.size(), 2u);
  EXPECT_THAT(m_cases.front().contested, ElementsAre("1"));
}

TEST_F(Rules, LabelsAloneAreLabelsAndOthersWhatTheirNamesSay) {
  for (const std::string who : {"CHUM-001", "CHUM-002"}) {
    image(who + "/" + who + "_ct.nii.gz");
    labels(who + "/" + who + ".nii.gz", {1, 2});
  }
  m_layout.labels = {"{patient}/{patient}.nii.gz"};
  scan();
  EXPECT_THAT(spoken(), ElementsAre(Pair("CHUM-001/CHUM-001_ct.nii.gz", UnorderedElementsAre("1", "2")),
                                    Pair("CHUM-002/CHUM-002_ct.nii.gz", UnorderedElementsAre("1", "2"))));
  EXPECT_EQ(patients(), 2u);
}

TEST_F(Rules, WhatIsNotClearIsLeftOutAndTold) {
  image("A/1.nii.gz");
  image("B/1.nii.gz");
  image("C/2.nii.gz");
  labels("C/seg_2.nii.gz", {1});
  labels("C/seg_9.nii.gz", {1});
  m_layout.images = {"*/{case:[0-9]}.nii.gz"};
  m_layout.labels = {"*/seg_{case}.nii.gz"};
  scan();
  EXPECT_THAT(spoken(), ElementsAre(Pair("C/2.nii.gz", ElementsAre("1"))));
  EXPECT_THAT(told("same-image"), testing::SizeIs(2));
  EXPECT_THAT(told("unpaired-label"), testing::SizeIs(1));
  EXPECT_THAT(told("same-image").front(), HasSubstr("case 1"));
  // Images and labels alike.
  m_layout.images = {"C/{case}.nii.gz"};
  m_layout.labels = {"C/{patient}.nii.gz"};
  scan();
  EXPECT_THAT(m_cases, IsEmpty());
  EXPECT_THAT(told("two-rules"), testing::SizeIs(3));
}

TEST_F(Rules, LabelsThatFitTwoImagesFitNone) {
  image("P1/a/x.nii.gz");
  image("P1/b/x.nii.gz");
  labels("masks/P1.nii.gz", {1});
  m_layout.images = {"{patient}/{study}/x.nii.gz"};
  m_layout.labels = {"masks/{patient}.nii.gz"};
  scan();
  EXPECT_EQ(m_cases.size(), 2u);
  EXPECT_EQ(patients(), 1u);
  EXPECT_THAT(spoken(), Each(Pair(testing::_, IsEmpty())));
  ASSERT_THAT(told("unpaired-label"), testing::SizeIs(1));
  EXPECT_THAT(told("unpaired-label").front(), HasSubstr("2 images"));
}

TEST_F(Rules, TheChannelWithTheLabelsGridIsTheFirst) {
  image("P1/fine.nii.gz");
  imageAt("P1/coarse.nii.gz", 0.5, 2);
  imageAt("P1/far.nii.gz", 500);
  auto g = grid();
  g.origin = {0.5, 0.5, 0.5};
  for (auto& side : g.spacing) side *= 2;
  for (auto& count : g.size) count /= 2;
  image::LabelMap map(g);
  map.voxels[3] = 1;
  write("P1/seg.nii.gz", map);
  m_layout.images = {"{patient}/{channel:fine|coarse|far}.nii.gz"};
  m_layout.labels = {"{patient}/seg.nii.gz"};
  scan();
  ASSERT_EQ(m_cases.size(), 1u);
  EXPECT_EQ(channelNames(m_cases.front()), (std::vector<std::string>{"coarse", "fine"}));
  EXPECT_THAT(m_cases.front().consent, IsEmpty());
  EXPECT_THAT(told("channel-elsewhere"), testing::SizeIs(1));
}

TEST_F(Rules, AFolderOfDicomIsAnImage) {
  for (const std::string who : {"case_1", "case_2", "other"}) {
    io::DicomHeader header;
    header.patientId = header.uidSeed = who;
    ASSERT_TRUE(io::writeCtSeries(m_data / ("scans/" + who), image::Volume(grid()), header));
    labels("drawn/" + who + ".nii.gz", {1, 1});
  }
  m_layout.images = {"scans/case_{case}/"};
  m_layout.labels = {"drawn/{label:case}_{case}.nii.gz"};
  scan();
  ASSERT_EQ(m_cases.size(), 2u);
  for (const auto& c : m_cases) {
    EXPECT_EQ(c.kind, "dicom");
    EXPECT_THAT(voxelsOf(c), ElementsAre(Pair("case", 2)));
  }
  EXPECT_THAT(told("no-rule"), ElementsAre(HasSubstr("drawn/other.nii.gz, scans/other/")));
  // The same by a table.
  text("list.csv", "image,label\nscans/other,drawn/other.nii.gz\n");
  m_layout = {};
  m_layout.table = "list.csv";
  scan();
  ASSERT_EQ(m_cases.size(), 1u);
  EXPECT_THAT(voxelsOf(m_cases.front()), ElementsAre(Pair("1", 2)));
}

TEST_F(Rules, ATableNamesImagesAndLabels) {
  image("in/a1.nii.gz");
  image("in/a2.nii.gz");
  image("in/b1.nii.gz");
  image("in/stray.nii.gz");
  labels("out/a.nii.gz", {1, 1, 1});
  labels("out/b.nii.gz", {1});
  text("list.csv",
       "image;channel;label;structure;patient;split\n"
       "in/a1.nii.gz;T1;out/a.nii.gz;liver;P7;train\n"
       "in/a2.nii.gz;T2;out/a.nii.gz;liver;P7;train\n"
       "in/b1.nii.gz;T1;out/b.nii.gz;liver;P8;test\n"
       "in/gone.nii.gz;T1;;;P9;test\n");
  m_layout.table = "list.csv";
  scan();
  ASSERT_EQ(m_cases.size(), 2u);
  EXPECT_EQ(channelNames(of("in/a1.nii.gz")), (std::vector<std::string>{"T1", "T2"}));
  EXPECT_EQ(of("in/a1.nii.gz").split, "train");
  EXPECT_EQ(of("in/b1.nii.gz").split, "test");
  EXPECT_THAT(voxelsOf(of("in/a1.nii.gz")), ElementsAre(Pair("liver", 3)));
  EXPECT_EQ(readAs(), "table");
  EXPECT_THAT(told("table-row"), ElementsAre(HasSubstr("line 5 of list.csv")));
  EXPECT_THAT(told("no-rule"), ElementsAre(HasSubstr("in/stray.nii.gz")));
  EXPECT_THAT(told("unknown-kind"), IsEmpty());
  // The table alone has changed.
  text("list.csv", "image,label\nin/b1.nii.gz,out/b.nii.gz\n");
  scan();
  EXPECT_EQ(m_cases.size(), 1u);
}

TEST_F(Rules, ATableMayCallPatientsAndPartsAsTablesOfPicturesDo) {
  for (const std::string name : {"a", "b", "c"}) image(name + ".nii.gz");
  text("list.csv", "image,Patient_ID,set\na.nii.gz,P1,train\nb.nii.gz,P1,train\nc.nii.gz,P2,test\n");
  m_layout.table = "list.csv";
  scan();
  ASSERT_EQ(m_cases.size(), 3u);
  EXPECT_EQ(of("a.nii.gz").patient, of("b.nii.gz").patient);
  EXPECT_NE(of("a.nii.gz").patient, of("c.nii.gz").patient);
  EXPECT_EQ(of("c.nii.gz").split, "test");
}

TEST_F(Rules, ATableMayComeFromWindows) {
  for (const std::string name : {"in/a", "in/b"}) image(name + ".nii.gz");
  labels("out/a.nii.gz", {1, 1});
  text("who.csv", "image;patient;;\r\nin\\a.nii.gz;P1;;\r\nin\\b.nii.gz;P1;;\r\n");
  text("list.csv", "\xef\xbb\xbfimage,label\r\nin\\a.nii.gz,.\\out\\a.nii.gz\r\nin\\b.nii.gz,\r\n");
  m_layout.table = "list.csv";
  m_layout.patients.table = "who.csv";
  scan();
  ASSERT_EQ(m_cases.size(), 2u);
  EXPECT_THAT(voxelsOf(of("in/a.nii.gz")), ElementsAre(Pair("1", 2)));
  EXPECT_EQ(patients(), 1u);
  EXPECT_THAT(told("patient-unsaid"), IsEmpty());
  text("list.csv", "image,label\nin/a.nii.gz,\"out/a.nii.gz\nin/b.nii.gz,\n");
  EXPECT_THAT(read().error().text(), HasSubstr("list.csv: line 2: a quote"));
}

TEST_F(Rules, ATableThatContradictsItselfIsRefused) {
  image("a.nii.gz");
  image("b.nii.gz");
  labels("l.nii.gz", {1});
  m_layout.table = "list.csv";
  const std::vector<std::pair<std::string, std::string>> wrong{
      {"picture,label\na.nii.gz,\n", "no column is called image"},
      {"image,patient\na.nii.gz,P1\nb.nii.gz,P2\na.nii.gz,P3\n", "line 4: a.nii.gz has another patient"},
      {"image,split\na.nii.gz,exam\n", "line 2: the split 'exam' is unknown"},
      {"image,label\na.nii.gz,l.nii.gz\nb.nii.gz,l.nii.gz\n", "line 3: l.nii.gz is that of another image"},
      {"image,label\na.nii.gz,b.nii.gz\nb.nii.gz,\n", "line 3: b.nii.gz is a label file"},
      {"image,channel,patient\na.nii.gz,T1,P\nb.nii.gz,T1,P\n", "line 3: the image has the channel 'T1' twice"},
      {"image,case,patient\na.nii.gz,1,P\nb.nii.gz,1,Q\n", "line 3: the channels of one image have two patients"},
      {"image\n../a.nii.gz\n", "line 2: ../a.nii.gz does not lie in the source's folder"},
      {"image,label\n,l.nii.gz\n", "line 2: the image is missing"},
      {"image\nz.nii.gz\n", "none of the files"}};
  for (const auto& [table, words] : wrong) {
    text("list.csv", table);
    const auto found = read();
    ASSERT_FALSE(found) << table;
    EXPECT_THAT(found.error().text(), HasSubstr(words)) << table;
    EXPECT_THAT(found.error().text(), HasSubstr("data.sources.s.layout")) << table;
  }
  m_layout.table = "none.csv";
  EXPECT_EQ(read().error().code, ErrorCode::NotFound);
}

TEST_F(Rules, PatientsByPatternAndTable) {
  for (const std::string name : {"x_P1_a", "x_P1_b", "x_P2_a", "odd"}) image(name + ".nii.gz");
  m_layout.patients.pattern = "_(P[0-9])_";
  scan();
  EXPECT_EQ(m_cases.size(), 4u);
  EXPECT_EQ(patients(), 3u);
  EXPECT_THAT(told("patient-unsaid"), ElementsAre(HasSubstr("1 image(s) are, such as odd.nii.gz")));
  text("who.csv", "image,patient\nodd,P2\nx_P1_b.nii.gz,P3\n");
  m_layout.patients.table = "who.csv";
  scan();
  EXPECT_EQ(of("odd.nii.gz").patient, of("x_P2_a.nii.gz").patient);
  EXPECT_NE(of("x_P1_a.nii.gz").patient, of("x_P1_b.nii.gz").patient);
  EXPECT_THAT(told("patient-unsaid"), IsEmpty());
  text("who.csv", "image,patient\nodd,P2\nodd,P3\n");
  EXPECT_THAT(read().error().text(), HasSubstr("line 3: odd has another patient"));
  m_layout.patients = {"(", ""};
  EXPECT_THAT(read().error().text(), HasSubstr("character 2"));
}

TEST_F(Rules, AKnownSetIsReadAsSuch) {
  for (const std::string who : {"segrap_0000", "segrap_0001"}) {
    image(who + "/image.nii.gz");
    image(who + "/image_contrast.nii.gz");
    labels(who + "/Brain.nii.gz", {1, 1});
  }
  scan();
  EXPECT_EQ(readAs(), "segrap2023");
  EXPECT_EQ(m_cases.size(), 2u);
  EXPECT_THAT(voxelsOf(m_cases.front()), ElementsAre(Pair("Brain", 2)));
  EXPECT_THAT(told("layout-reader"), ElementsAre(HasSubstr("SegRap2023")));
  m_layout.reader = "names";
  scan();
  EXPECT_THAT(told("layout-reader"), IsEmpty());
}

}  // namespace
}  // namespace lorkd::data
