// Data sets as they lie on disk: names of folders and files as their archives unpack, with a few voxels in them. What a
// scan makes of them is compared with what each of these sets means.
#include <gmock/gmock.h>

#include "core/data/Channels.h"
#include "core/io/dicom/DicomWriter.h"
#include "tests/unit/data/LayoutTree.h"

namespace lorkd::data {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::Pair;
using testing::UnorderedElementsAre;

class Layouts : public LayoutTree {};

TEST_F(Layouts, ImagesAndLabelsFindEachOtherByName) {
  // Image and labels of the first of two patients, as the sets have them.
  const std::vector<std::array<std::string, 4>> sets{
      {"MSD", "Task09_Spleen/imagesTr/spleen_#.nii.gz", "Task09_Spleen/labelsTr/spleen_#.nii.gz", ""},
      {"nnU-Net", "Dataset001_X/imagesTr/la_00#_0000.nii.gz", "Dataset001_X/labelsTr/la_00#.nii.gz", ""},
      {"AMOS", "amos22/imagesTr/amos_000#.nii.gz", "amos22/labelsTr/amos_000#.nii.gz", ""},
      {"FLARE22", "T/images/FLARE22_Tr_000#_0000.nii.gz", "T/labels/FLARE22_Tr_000#.nii.gz", ""},
      {"BTCV", "RawData/Training/img/img000#.nii.gz", "RawData/Training/label/label000#.nii.gz", ""},
      {"LiTS", "Training Batch 1/volume-#.nii", "Training Batch 1/segmentation-#.nii", ""},
      {"KiTS", "data/case_0000#/imaging.nii.gz", "data/case_0000#/segmentation.nii.gz", ""},
      {"SegTHOR", "train/Patient_0#/Patient_0#.nii.gz", "train/Patient_0#/GT.nii.gz", ""},
      {"WORD", "WORD-V0.1.0/imagesVal/word_000#.nii.gz", "WORD-V0.1.0/labelsVal/word_000#.nii.gz", ""},
      {"VerSe", "v/rawdata/sub-verse00#/sub-verse00#_ct.nii.gz",
       "v/derivatives/sub-verse00#/sub-verse00#_seg-vert_msk.nii.gz", "vert"},
      {"MONAI Label", "studies/case_#.nii.gz", "studies/labels/final/case_#.nii.gz", ""},
      {"BIDS", "sub-0#/anat/sub-0#_T1w.nii.gz", "sub-0#/anat/sub-0#_T1w_dseg.nii.gz", ""},
      {"ImageCAS", "1-200/#.img.nii.gz", "1-200/#.label.nii.gz", ""},
      {"CT-ORG", "OrganSegmentations/volume-#.nii.gz", "OrganSegmentations/labels-#.nii.gz", ""},
      {"pancreas", "images/scan_#.nii.gz", "other/masks/scan_#.nii.gz", ""}};
  for (const auto& [name, imagePath, labelPath, structure] : sets) {
    fs::remove_all(m_data.path());
    fs::remove(m_elsewhere / "index.sqlite");
    const auto numbered = [](std::string path, char number) {
      std::ranges::replace(path, '#', number);
      return path;
    };
    for (const char number : {'1', '2'}) {
      image(numbered(imagePath, number));
      labels(numbered(labelPath, number), {1, 2, 2});
    }
    scan();
    EXPECT_EQ(patients(), 2u) << name;
    const auto one = structure.empty() ? "1" : structure + " 1", two = structure.empty() ? "2" : structure + " 2";
    EXPECT_THAT(spoken(), ElementsAre(Pair(numbered(imagePath, '1'), UnorderedElementsAre(one, two)),
                                      Pair(numbered(imagePath, '2'), UnorderedElementsAre(one, two))))
        << name;
    for (const auto& c : m_cases) EXPECT_THAT(voxelsOf(c), ElementsAre(Pair(one, 1), Pair(two, 2))) << name;
  }
}

TEST_F(Layouts, AMaskAStructure) {
  for (const std::string patient : {"s0000", "s0001"}) {
    image(patient + "/ct.nii.gz");
    labels(patient + "/segmentations/liver.nii.gz", {1, 1, 1});
    labels(patient + "/segmentations/urinary_bladder.nii.gz", patient == "s0000" ? std::vector{0, 1} : std::vector{0});
  }
  image("set_1/case_01/case_01_IMG_CT.nii.gz");
  labels("set_1/case_01/case_01_OAR_Brainstem.nii.gz", {1});
  labels("set_1/case_01/case_01_OAR_OpticNrv_L.nii.gz", {1, 1});
  scan();
  EXPECT_THAT(spoken(), ElementsAre(Pair("s0000/ct.nii.gz", UnorderedElementsAre("liver", "urinary_bladder")),
                                    Pair("s0001/ct.nii.gz", UnorderedElementsAre("liver", "urinary_bladder")),
                                    Pair("set_1/case_01/case_01_IMG_CT.nii.gz",
                                         UnorderedElementsAre("Brainstem", "OpticNrv_L"))));
  // Masks overlap, and an empty one says that there is none.
  EXPECT_THAT(voxelsOf(of("s0000/ct.nii.gz")), ElementsAre(Pair("liver", 3), Pair("urinary_bladder", 1)));
  EXPECT_THAT(voxelsOf(of("s0001/ct.nii.gz")), ElementsAre(Pair("liver", 3), Pair("urinary_bladder", 0)));
  EXPECT_THAT(of("s0001/ct.nii.gz").unannotated, UnorderedElementsAre("Brainstem", "OpticNrv_L"));
}

TEST_F(Layouts, ACaseNumberedLikeAChannelIsACase) {
  for (const std::string n : {"0000", "0001", "0002"}) {
    image("nnunet/imagesTr/case_" + n + "_0000.nii.gz");
    image("nnunet/imagesTr/case_" + n + "_0001.nii.gz");
    labels("nnunet/labelsTr/case_" + n + ".nii.gz", {1});
    image("amos/imagesTr/amos_" + n + ".nii.gz");
    labels("amos/labelsTr/amos_" + n + ".nii.gz", {1});
  }
  scan();
  ASSERT_EQ(m_cases.size(), 6u);
  for (const auto& c : m_cases) {
    const bool amos = c.imageFiles.front().filename().string().starts_with("amos");
    EXPECT_EQ(c.imageFiles.size(), amos ? 1u : 2u);
    EXPECT_THAT(c.labels, ElementsAre("1")) << c.imageFiles.front();
  }
  EXPECT_EQ(patients(), 6u);
}

TEST_F(Layouts, NumbersMeanWhatTheirSetSays) {
  for (const char number : {'1', '2'}) {
    const std::string n(1, number);
    image("Dataset003_Liver/imagesTr/liver_" + n + "_0000.nii.gz");
    labels("Dataset003_Liver/labelsTr/liver_" + n + ".nii.gz", {1, 1});
    image("Dataset009_Spleen/imagesTr/spleen_" + n + "_0000.nii.gz");
    image("Dataset009_Spleen/imagesTr/spleen_" + n + "_0001.nii.gz");
    labels("Dataset009_Spleen/labelsTr/spleen_" + n + ".nii.gz", {1, 2, 2, 3, 9});
  }
  text("Dataset003_Liver/dataset.json", R"({"labels": {"0": "background", "1": "liver", "2": "cyst"}})");
  text(
      "Dataset009_Spleen/dataset.json",
      R"({"labels": {"background": 0, "spleen": 1, "whole": [1, 2], "ignore": 3}, "channel_names": {"0": "CT", "1": "PT"}})");
  scan();
  EXPECT_THAT(
      spoken(),
      ElementsAre(
          Pair("Dataset003_Liver/imagesTr/liver_1_0000.nii.gz", UnorderedElementsAre("liver", "cyst")),
          Pair("Dataset003_Liver/imagesTr/liver_2_0000.nii.gz", UnorderedElementsAre("liver", "cyst")),
          Pair("Dataset009_Spleen/imagesTr/spleen_1_0000.nii.gz", UnorderedElementsAre("spleen", "whole", "9")),
          Pair("Dataset009_Spleen/imagesTr/spleen_2_0000.nii.gz", UnorderedElementsAre("spleen", "whole", "9"))));
  // A region of several values; what is to be ignored is no structure; a cyst was looked for and is absent.
  const auto& spleen = of("Dataset009_Spleen/imagesTr/spleen_1_0000.nii.gz");
  EXPECT_THAT(voxelsOf(spleen), ElementsAre(Pair("9", 1), Pair("spleen", 1), Pair("whole", 3)));
  const auto ignored = SegmentReader(spleen).ignored();
  ASSERT_TRUE(ignored && *ignored);
  EXPECT_EQ(std::ranges::count((*ignored)->voxels, 1), 1);
  EXPECT_EQ((*ignored)->voxels[3], 1);
  EXPECT_THAT(spleen.unannotated, UnorderedElementsAre("liver", "cyst"));
  EXPECT_THAT(voxelsOf(of("Dataset003_Liver/imagesTr/liver_1_0000.nii.gz")),
              ElementsAre(Pair("cyst", 0), Pair("liver", 2)));
  EXPECT_THAT(channelNames(spleen), ElementsAre("CT", "PT"));
  EXPECT_THAT(refused(), IsEmpty());
}

TEST_F(Layouts, ADescriptionThatMakesNoSenseIsNamed) {
  image("imagesTr/a.nii.gz");
  labels("labelsTr/a.nii.gz", {1});
  text("dataset.json", R"({"labels": {"background": 0, "liver": "one"}})");
  scan();
  EXPECT_THAT(spoken(), ElementsAre(Pair("imagesTr/a.nii.gz", IsEmpty())));
  EXPECT_THAT(refused(), ElementsAre("label-values"));
}

TEST_F(Layouts, WhatOnlySomeAnnotateIsNotKnownOfTheOthers) {
  for (const std::string n : {"1", "2"})
    for (const std::string hospital : {"A", "B"}) {
      image(hospital + "/case" + n + "/ct.nii.gz");
      labels(hospital + "/case" + n + "/label.nii.gz", hospital == "A" ? std::vector{1, 2} : std::vector{1, 1});
      text(hospital + "/case" + n + "/labels.csv", "value,name\n1,liver\n2,spleen\n");
    }
  scan();
  EXPECT_THAT(of("A/case1/ct.nii.gz").labels, UnorderedElementsAre("liver", "spleen"));
  EXPECT_THAT(of("B/case1/ct.nii.gz").labels, ElementsAre("liver"));
  EXPECT_THAT(of("B/case1/ct.nii.gz").unannotated, ElementsAre("spleen"));
  plan::Task task;
  for (const char* name : {"liver", "spleen"}) task.classes.emplace_back(name, plan::Class());
  task.classes.emplace_back("both", plan::Class{{"liver", "spleen"}, ""});
  for (std::size_t cls = 0; cls < 3; ++cls) {
    EXPECT_TRUE(annotates(of("A/case1/ct.nii.gz"), task, cls));
    EXPECT_EQ(annotates(of("B/case1/ct.nii.gz"), task, cls), cls == 0)
        << "a half of what makes a class is not the class";
  }
  // Each class is met once, and nothing is said of what is not annotated.
  SegmentReader reader(of("B/case1/ct.nii.gz"));
  std::vector<bool> known;
  ASSERT_TRUE(
      eachClassMask(reader, task, CancelToken(), [&](std::size_t, std::optional<image::Mask> mask) -> Result<void> {
        known.push_back(mask.has_value());
        return {};
      }));
  EXPECT_THAT(known, ElementsAre(true, false, false));
  auto told = of("B/case1/ct.nii.gz");
  takeAnnotated(told, {"Spleen"});
  EXPECT_TRUE(annotates(told, task, 1) && annotates(told, task, 2));
  EXPECT_THAT(voxelsOf(told), ElementsAre(Pair("liver", 2)));
}

TEST_F(Layouts, FramesAndVisitsAreOfOnePatient) {
  for (const std::string patient : {"patient001", "patient002"})
    for (const std::string frame : {"01", "12"}) {
      image("training/" + patient + "/" + patient + "_frame" + frame + ".nii.gz");
      labels("training/" + patient + "/" + patient + "_frame" + frame + "_gt.nii.gz", {1});
    }
  for (const std::string visit : {"t0", "t1"}) image("flat/pat01_" + visit + ".nii.gz");
  for (const std::string visit : {"1", "2"})
    image("bids/sub-07/ses-" + visit + "/anat/sub-07_ses-" + visit + "_T1w.nii.gz");
  scan();
  EXPECT_EQ(m_cases.size(), 8u);
  EXPECT_EQ(patients(), 4u);
}

TEST_F(Layouts, ContrastsOfOneGridAreOneImage) {
  for (const std::string contrast : {"flair", "t1", "t1ce", "t2"})
    image("BraTS20_Training_001/BraTS20_Training_001_" + contrast + ".nii");
  labels("BraTS20_Training_001/BraTS20_Training_001_seg.nii", {1, 2, 4});
  image("imagesTr/CHUM-001__CT.nii.gz");
  image("imagesTr/CHUM-001__PT.nii.gz");
  labels("labelsTr/CHUM-001.nii.gz", {1});
  scan();
  EXPECT_THAT(spoken(), ElementsAre(Pair("BraTS20_Training_001/BraTS20_Training_001_flair.nii",
                                         UnorderedElementsAre("1", "2", "4")),
                                    Pair("imagesTr/CHUM-001__CT.nii.gz", UnorderedElementsAre("1"))));
  EXPECT_THAT(channelNames(of("imagesTr/CHUM-001__CT.nii.gz")), ElementsAre("CT", "PT"));
  EXPECT_THAT(refused(), IsEmpty());
}

TEST_F(Layouts, PiecesOlderAnswersAndHouseKeepingAreNoImages) {
  image("case_00000/imaging.nii.gz");
  labels("case_00000/segmentation.nii.gz", {1, 2});
  labels("case_00000/instances/kidney_instance-1_annotation-1.nii.gz", {1});
  image("studies/spleen_1.nii.gz");
  labels("studies/labels/final/spleen_1.nii.gz", {1});
  labels("studies/labels/original/spleen_1.nii.gz", {0, 1});
  text(".git/annex/objects/x.nii.gz", "something");
  text("studies/._spleen_1.nii.gz", "something");
  text("studies/Thumbs.db", "something");
  scan();
  EXPECT_THAT(spoken(), ElementsAre(Pair("case_00000/imaging.nii.gz", UnorderedElementsAre("1", "2")),
                                    Pair("studies/spleen_1.nii.gz", UnorderedElementsAre("1"))));
  EXPECT_EQ(of("studies/spleen_1.nii.gz").labelFiles.front(), m_data / "studies/labels/final/spleen_1.nii.gz");
  EXPECT_THAT(refused(), UnorderedElementsAre("part-of-annotation", "second-label"));
}

TEST_F(Layouts, AMaskBesideADicomSeriesTurnedAsNiftiHasIt) {
  image::Volume ct(grid());
  io::DicomHeader header;
  header.patientId = "P";
  header.uidSeed = "series";
  ASSERT_TRUE(io::writeCtSeries(m_data / "PANCREAS_0001/CT", ct, header));
  // The same voxels from the other end of two axes.
  image::LabelMap map(grid());
  map.geometry.direction = {{{-1, 0, 0}, {0, -1, 0}, {0, 0, 1}}};
  map.geometry.origin = ct.geometry.indexToLps({kSide - 1, kSide - 1, 0});
  map.at(kSide - 1, kSide - 2, 4) = 1;
  ASSERT_TRUE(io::writeNifti(made("PANCREAS_0001/label0001.nii.gz"), map));
  scan();
  ASSERT_EQ(m_cases.size(), 1u);
  EXPECT_THAT(m_cases[0].labels, ElementsAre("1"));
  EXPECT_THAT(m_cases[0].consent, IsEmpty());
  const auto set = readSegments(m_cases[0]);
  ASSERT_TRUE(set && set->segments.size() == 1) << (set ? "" : set.error().text());
  image::Mask mask(set->geometry);
  mask.voxels = set->segments[0].mask;
  EXPECT_EQ(std::ranges::count(mask.voxels, 1), 1);
  const auto there = mask.geometry.lpsToIndex(map.geometry.indexToLps({kSide - 1, kSide - 2, 4}));
  EXPECT_EQ(mask.at(std::lround(there[0]), std::lround(there[1]), std::lround(there[2])), 1);
}

TEST_F(Layouts, LabelsOfTheImagesVoxelsThatLieElsewhereAreAskedAbout) {
  image("p1/ct.nii.gz");
  image::LabelMap map(grid());
  map.at(1, 2, 3) = 1;
  map.geometry.origin = {300, 0, 0};  // as where a program has written another affine, or none
  map.geometry.direction = {{{0, 1, 0}, {1, 0, 0}, {0, 0, 1}}};
  write("p1/label.nii.gz", map);
  scan();
  auto c = of("p1/ct.nii.gz");
  EXPECT_THAT(c.consent, ElementsAre("label-affine"));
  EXPECT_THAT(refused(), ElementsAre("label-affine"));
  const auto set = readSegments(c);
  ASSERT_TRUE(set && set->segments.size() == 1) << (set ? "" : set.error().text());
  const auto& mask = set->segments[0].mask;
  EXPECT_EQ(std::ranges::count(mask, 1), 1);
  EXPECT_EQ(mask[static_cast<std::size_t>(grid().offset(1, 2, 3))], 1);
}

TEST_F(Layouts, MasksOfSeveralStructuresBesideADicomSeries) {
  io::DicomHeader header;
  header.patientId = "P";
  header.uidSeed = "series";
  ASSERT_TRUE(io::writeCtSeries(m_data / "case1", image::Volume(grid()), header));
  labels("case1/masks/liver.nii.gz", {1});
  labels("case1/masks/spleen.nii.gz", {0, 1, 1});
  scan();
  ASSERT_EQ(m_cases.size(), 1u);
  EXPECT_THAT(voxelsOf(m_cases[0]), ElementsAre(Pair("liver", 1), Pair("spleen", 2)));
}

TEST_F(Layouts, TwoAnswersAreNotUnited) {
  image("s1/ct.nii.gz");
  labels("s1/segmentations/liver.nii.gz", {1});
  labels("s1/masks/Liver.nii.gz", {0, 1});
  scan();
  EXPECT_THAT(voxelsOf(of("s1/ct.nii.gz")), IsEmpty());  // nobody has said which of them counts
  EXPECT_THAT(refused(), ElementsAre("second-answer"));
  auto chosen = of("s1/ct.nii.gz");
  chosen.answers = "union";
  EXPECT_THAT(voxelsOf(chosen), ElementsAre(Pair(testing::AnyOf("liver", "Liver"), 2)));
}

}  // namespace
}  // namespace lorkd::data
